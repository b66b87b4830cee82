"""Values as hosts and people really write them: placeholders, white space around them, any letter case."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.variables import usable, variables
from rememberizer_mcp.server.settings.settings import SECRETS, Settings, load_settings
from rememberizer_mcp.server.settings.values import TOOLSETS

from tests.server.settings.test_settings import CANARY, problems_of, written
from tests.support.process import SERVE, clean_environment
from tests.support.unusable_proxies import without_proxies

NAMES = [name for name in Settings.model_fields if name != "sandbox"]
UNFILLED = "is nothing but a placeholder, which the host did not fill in"
PLACEHOLDERS = [
    "${REMEMBERIZER_API_TOKEN}", "${env:TOKEN}", "${input:rememberizer-token}", "${TOKEN:-}", "${A:-${B}}",
    "${userHome}", "${{ secrets.TOKEN }}", "{{REMEMBERIZER_TOKEN}}", "{{ token }}", "{env:TOKEN}", "{file:~/.token}",
    "$REMEMBERIZER_API_TOKEN", "%REMEMBERIZER_API_TOKEN%", "$MY_2ND_KEY", "${A}${B}", "${A}, ${B}", " ${TOKEN}\r",
    '"${TOKEN}"', "'${TOKEN}'", ' "${TOKEN}" ', "'$MY_KEY'", '"<MY_KEY>"', "${MY_KEY", "$env:TOKEN", "{MY_KEY}",
    "<YOUR_API_KEY>", "$S3_KEY",
]  # fmt: skip
VALUES = [
    "pa${ss", "pass${word}", "${pass}word", "${pass", "${}", "{pass}", "{{pass}", "{environment:x}", "$ecret",
    "$SECRET", "$Two_Words", "$_A", "$A_", "%SECRET%", "%TWO_WORDS", "TWO_WORDS%", "$5_000", "{env:}", "{{}}",
    "$$MY_KEY", "x%A_B%", "<pass>", "{PASS}", "<A_B", "A_B>", "$env", "$env:", "${PASS", "{A_B", "'", '"', "'pass",
    'pass"', "'pass\"", "'a'b'",
]  # fmt: skip


@pytest.mark.promise("package:bundle:empty-fields")
def test_a_field_of_a_bundle_that_nobody_filled_in_is_not_set() -> None:
    """Claude Desktop leaves the placeholders of such fields as they stand."""
    names = [name for name in Settings.model_fields if name != "sandbox"]
    os.environ.update({f"REMEMBERIZER_{name.upper()}": f"${{user_config.{name}}}" for name in names})
    assert load_settings() == Settings()


@pytest.mark.promise("package:bundle:empty-fields")
@pytest.mark.parametrize(
    "value", ["${user_config.a.b}", "${user_config.upload-dirs}", "${user_config.a},${user_config.b}"]
)
def test_no_placeholder_is_taken_for_a_key(value: str, tmp_path: Path) -> None:
    os.environ["REMEMBERIZER_API_TOKEN"] = value
    os.environ["REMEMBERIZER_API_TOKEN_FILE"] = written(tmp_path / "key", b"key-1")
    token = load_settings().api_token
    assert token is not None
    assert token.get_secret_value() == "key-1"
    os.environ["REMEMBERIZER_API_TOKEN_FILE"] = value
    assert load_settings().api_token is None


@pytest.mark.promise("package:bundle:empty-fields")
@pytest.mark.parametrize(
    "value",
    [
        "${user_config.log_level",
        "$user_config.log_level",
        "x${user_config.log_level}",
        "${user_config.a}x}",
        "${user_config.a{b}",
    ],
)
def test_what_only_resembles_a_placeholder_is_a_value(value: str) -> None:
    assert problems_of(LOG_LEVEL=value) == ("REMEMBERIZER_LOG_LEVEL: must be `debug`, `info`, `warning` or `error`",)


@pytest.mark.promise("package:bundle:empty-fields")
@pytest.mark.parametrize(("checked", "kept"), [("true", "keyring"), ("false", "off")])
def test_a_hosts_checkbox_keeps_the_sign_in(checked: str, kept: str) -> None:
    os.environ["REMEMBERIZER_KEEP_SIGNED_IN"] = checked
    assert load_settings().keep_signed_in == kept


@pytest.mark.promise("settings:values:placeholder")
@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_an_unfilled_placeholder_is_refused_by_the_settings_name(value: str) -> None:
    """Of every setting, alone: none of the others is blamed for it."""
    assert problems_of(**{name.upper(): value for name in NAMES}) == tuple(
        f"REMEMBERIZER_{name.upper()}: {UNFILLED}" for name in NAMES
    )


@pytest.mark.promise("settings:values:placeholder")
@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_a_file_that_nobody_filled_in_is_refused_as_well(value: str, tmp_path: Path) -> None:
    path = written(tmp_path / "key", value.encode())
    assert problems_of(API_TOKEN_FILE=path, CAPTCHA_FILE=value) == (
        "REMEMBERIZER_CAPTCHA_FILE names a placeholder that the host did not fill in",
        "REMEMBERIZER_API_TOKEN_FILE names a file that holds nothing but a placeholder",
    )


@pytest.mark.promise("settings:values:placeholder")
@pytest.mark.parametrize("value", VALUES)
def test_a_password_that_only_resembles_a_placeholder_is_one(value: str, tmp_path: Path) -> None:
    path = written(tmp_path / "captcha", value.encode())
    assert problems_of(EMAIL="ada@example.org", PASSWORD=value, CAPTCHA_FILE=path) == ()
    assert load_settings().secret_values() == [value, value]


@pytest.mark.promise("settings:values:placeholder")
@pytest.mark.parametrize(
    "value",
    [
        "$TOKEN", "$KEY2", "${KEY", "${key", "$(cat_key)", "{KEY}", "<key>", "<your-key>", "%key%", "[[KEY]]", "#{KEY}",
        "@{KEY}", "(KEY)",
    ],
)  # fmt: skip
def test_what_no_key_looks_like_is_refused_as_one(value: str, tmp_path: Path) -> None:
    keys = ["API_TOKEN", "REFRESH_TOKEN", "VECTOR_STORE_TOKEN"]
    assert set(problems_of(**dict.fromkeys(keys, value))) == {f"REMEMBERIZER_{name}: {UNFILLED}" for name in keys}
    os.environ |= {f"REMEMBERIZER_{name}": "" for name in keys}
    path = written(tmp_path / "key", value.encode())
    assert problems_of(API_TOKEN_FILE=path) == (f"REMEMBERIZER_API_TOKEN: {UNFILLED}",)


@pytest.mark.parametrize("value", ["sk_<abc>", "<abc", "a$TOKEN", "$token", "x{KEY}", "%key", "$2b$10$x", "SK_KEY"])
def test_a_key_that_only_resembles_a_placeholder_is_one(value: str) -> None:
    assert problems_of(API_TOKEN=value, REFRESH_TOKEN=value) == ()
    assert load_settings().secret_values() == [value, value]


@pytest.mark.promise("settings:values:placeholder")
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_around_a_whole_value_are_taken_off_and_around_a_secret_refused(quote: str, tmp_path: Path) -> None:
    """As docker's files of variables keep them; a password may begin and end with them."""
    plain = {name.upper(): value for name, value in GIVEN.items() if name not in SECRETS}
    file = {"API_TOKEN_FILE": written(tmp_path / "key", b"solved")}
    assert problems_of(**plain, **file, OAUTH_CLIENT_SECRET="x", ISSUER_CLIENT_SECRET="x") == ()
    meant = load_settings()
    quoted = {name: f"{quote} {value}{quote}" for name, value in (plain | file).items()}
    assert problems_of(**quoted) == ()
    assert load_settings() == meant
    told = "stands in quotes, which would be a part of it; write it without them"
    os.environ.pop("REMEMBERIZER_API_TOKEN_FILE")
    secrets = {name.upper(): f"{quote}{CANARY}{quote}" for name in SECRETS}
    assert set(problems_of(**secrets)) == {f"REMEMBERIZER_{name}: {told}" for name in secrets}
    nothing = dict.fromkeys([*secrets, "OAUTH_CLIENT_ID", "ISSUER_CLIENT_ID", "READ_ONLY"], quote * 2)
    assert problems_of(**nothing, LAZY_SIGN_IN="on") == ()
    path = written(tmp_path / "key", f"{quote}{CANARY}{quote}\n".encode())
    assert problems_of(API_TOKEN_FILE=path) == (
        "REMEMBERIZER_API_TOKEN_FILE names a file that holds quotes around the secret; write it without them",
    )


@pytest.mark.traced
@pytest.mark.promise("settings:values:placeholder")
def test_with_a_placeholder_for_a_key_the_server_does_not_start() -> None:
    environment = clean_environment(API_TOKEN="${REMEMBERIZER_API_TOKEN}")
    done = subprocess.run(SERVE, env=environment, input=b"", capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines() == [
        "rememberizer-mcp can't start:", f"  REMEMBERIZER_API_TOKEN: {UNFILLED}",
    ]  # fmt: skip


@pytest.mark.promise("settings:values:placeholder", "doctor:looks:settings")
def test_the_doctor_names_a_placeholder_as_the_start_does() -> None:
    os.environ |= {"REMEMBERIZER_API_TOKEN": "${KEY}", "REMEMBERIZER_READ_ONLY": "ON "}
    assert [(each.level, each.text) for each in variables()] == [
        ("failure", f"REMEMBERIZER_API_TOKEN: {UNFILLED}."), ("ok", "REMEMBERIZER_READ_ONLY is `ON`."),
    ]  # fmt: skip


GIVEN = {
    "base_url": "http://localhost:1/", "email": "ada@example.org", "toolsets": "knowledge,mementos", "read_only": "on",
    "upload_dirs": "/notes,/Mail", "keep_signed_in": "keyring", "oauth_client_id": "app", "oauth_port": "9000",
    "lazy_sign_in": "off", "open_browser": "never", "recaptcha_site_key": "key_1", "sign_in_minutes": "5",
    "secret_arguments": "off", "session_idle_minutes": "0.5", "session_hours": "1e1", "timeout_seconds": "5",
    "log_level": "debug", "public_url": "https://mcp.example.org", "issuer": "https://id.example.org",
    "issuer_client_id": "us", **dict.fromkeys(SECRETS, "canary"), "store": "redis://127.0.0.1", "store_keys": "k" * 32,
}  # fmt: skip
WORDS = ["toolsets", "read_only", "keep_signed_in", "lazy_sign_in", "open_browser", "secret_arguments", "log_level"]


@pytest.mark.promise("settings:values:case-and-space")
@pytest.mark.parametrize("space", [" ", "\t", "\r", "\r\n", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}"])
def test_white_space_around_any_value_says_nothing(space: str, tmp_path: Path) -> None:
    assert set(GIVEN) == set(NAMES)
    assert problems_of(**{name.upper(): value for name, value in GIVEN.items()}) == ()
    plain = load_settings()
    assert problems_of(**{name.upper(): f"{space}{value}{space}" for name, value in GIVEN.items()}) == ()
    assert load_settings() == plain
    assert usable("log_level") == "debug"
    os.environ |= {f"REMEMBERIZER_{name.upper()}": space for name in SECRETS}
    paths = {name: written(tmp_path / name, f"{space}{GIVEN[name]}{space}".encode()) for name in SECRETS}
    assert problems_of(**{f"{name.upper()}_FILE": f"{space}{path}{space}" for name, path in paths.items()}) == ()
    again = load_settings()
    assert again.secret_values() == plain.secret_values()
    assert again.model_dump(exclude={*SECRETS}) == plain.model_dump(exclude={*SECRETS})


@pytest.mark.promise("settings:values:case-and-space")
@pytest.mark.parametrize("spell", [str.upper, str.title, str.swapcase])
def test_the_letter_case_of_words_does_not_count(spell: Callable[[str], str]) -> None:
    assert problems_of(**{name.upper(): value for name, value in GIVEN.items()}) == ()
    plain = load_settings()
    assert problems_of(**{name.upper(): spell(GIVEN[name]) for name in WORDS}) == ()
    assert load_settings() == plain


@pytest.mark.promise("settings:values:case-and-space")
@pytest.mark.parametrize(
    ("name", "value", "understood"),
    [
        ("LOG_LEVEL", "INFO", "info"), ("LOG_LEVEL", "warn", "warning"), ("LOG_LEVEL", "WARN\r", "warning"),
        ("READ_ONLY", "on\r", True), ("READ_ONLY", "Yes", True), ("LAZY_SIGN_IN", "FALSE", False),
        ("KEEP_SIGNED_IN", "True", "keyring"), ("TOOLSETS", "Auth, ALL", TOOLSETS),
        ("LOG_LEVEL", "CRITICAL", "error"), ("LOG_LEVEL", "fatal", "error"), ("LOG_LEVEL", '"Info"', "info"),
        ("READ_ONLY", '"on"', True), ("TOOLSETS", "'auth, all'", TOOLSETS), ("OAUTH_PORT", '"9000"', 9000),
        ("OPEN_BROWSER", "false", "never"), ("OPEN_BROWSER", "TRUE", "always"), ("OPEN_BROWSER", "0", "never"),
        ("OPEN_BROWSER", "on", "always"), ("OPEN_BROWSER", "Auto", "auto"), ("KEEP_SIGNED_IN", "0", "off"),
        ("KEEP_SIGNED_IN", "no", "off"), ("KEEP_SIGNED_IN", "on", "keyring"), ("KEEP_SIGNED_IN", "1", "keyring"),
        ("TOOLSETS", " \r", ("auth", "knowledge")), ("OAUTH_PORT", " \t", 8976), ("READ_ONLY", " ", False),
    ],
)  # fmt: skip
def test_values_are_understood_as_they_were_meant(name: str, value: str, understood: object) -> None:
    assert problems_of(**{name: value}) == ()
    assert getattr(load_settings(), name.lower()) == understood


@pytest.mark.promise("settings:values:case-and-space")
@pytest.mark.parametrize("word", ["on", "true", "yes", "1", "y", "t", "off", "false", "no", "0", "n", "f"])
def test_every_switch_takes_the_same_words(word: str) -> None:
    names = ["READ_ONLY", "LAZY_SIGN_IN", "SECRET_ARGUMENTS", "KEEP_SIGNED_IN", "OPEN_BROWSER"]
    assert problems_of(**dict.fromkeys(names, word)) == ()
    found = load_settings()
    is_on = found.read_only
    assert (found.lazy_sign_in, found.secret_arguments) == (is_on, is_on)
    assert found.keep_signed_in == ("keyring" if is_on else "off")
    assert found.open_browser == ("always" if is_on else "never")


@pytest.mark.promise("settings:values:case-and-space")
def test_the_server_starts_with_such_values_and_the_doctor_shows_what_they_mean() -> None:
    written_by_a_host = {"LOG_LEVEL": "INFO", "READ_ONLY": "on\r", "TOOLSETS": "Knowledge ", "BASE_URL": "\t"}
    environment = without_proxies(clean_environment(**written_by_a_host))
    done = subprocess.run(SERVE, env=environment, input=b"", capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    os.environ |= {f"REMEMBERIZER_{name}": value for name, value in written_by_a_host.items()}
    assert sorted(each.text for each in variables()) == [
        "REMEMBERIZER_LOG_LEVEL is `info`.", "REMEMBERIZER_READ_ONLY is `on`.", "REMEMBERIZER_TOOLSETS is `knowledge`.",
    ]  # fmt: skip
