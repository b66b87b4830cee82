"""``Settings``: what is accepted, what is refused in which words, and that no value of a secret shows."""

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from rememberizer_mcp.server.setting_values import is_loopback
from rememberizer_mcp.server.settings import Settings, UnusableSettings, load_settings, unknown_variables

CANARY = "canary-s3cret"


def problems_of(**variables: str) -> tuple[str, ...]:
    """What is wrong with these settings; an empty tuple if nothing is."""
    os.environ.update({f"REMEMBERIZER_{name}": value for name, value in variables.items()})
    try:
        load_settings()
    except UnusableSettings as error:
        return error.problems
    return ()


@pytest.mark.promise("D120")
def test_a_field_of_a_bundle_that_nobody_filled_in_is_not_set() -> None:
    """Claude Desktop leaves the placeholders of such fields as they stand."""
    names = [name for name in Settings.model_fields if name != "sandbox"]
    os.environ.update({f"REMEMBERIZER_{name.upper()}": f"${{user_config.{name}}}" for name in names})
    assert load_settings() == Settings()


@pytest.mark.promise("D120")
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


@pytest.mark.promise("D120")
@pytest.mark.parametrize("value", ["${user_config.log_level", "$user_config.log_level", "x${user_config.log_level}"])
def test_what_only_resembles_a_placeholder_is_a_value(value: str) -> None:
    assert problems_of(LOG_LEVEL=value) == ("REMEMBERIZER_LOG_LEVEL: must be `debug`, `info`, `warning` or `error`",)


@pytest.mark.promise("D120")
@pytest.mark.parametrize(("checked", "kept"), [("true", "keyring"), ("false", "off")])
def test_a_hosts_checkbox_keeps_the_sign_in(checked: str, kept: str) -> None:
    os.environ["REMEMBERIZER_KEEP_SIGNED_IN"] = checked
    assert load_settings().keep_signed_in == kept


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_with_nothing_set_the_documented_defaults_hold() -> None:
    assert load_settings().model_dump() == {
        "base_url": "https://api.rememberizer.ai/api/v1/",
        "email": None,
        "password": None,
        "captcha": None,
        "refresh_token": None,
        "api_token": None,
        "vector_store_token": None,
        "toolsets": ("auth", "knowledge"),
        "read_only": False,
        "upload_dirs": (),
        "keep_signed_in": "off",
        "oauth_client_id": None,
        "oauth_client_secret": None,
        "oauth_port": 8976,
        "lazy_sign_in": True,
        "open_browser": "auto",
        "recaptcha_site_key": None,
        "sign_in_minutes": 10,
        "secret_arguments": True,
        "session_idle_minutes": 720,
        "session_hours": 168,
        "max_sessions": None,
        "timeout_seconds": 20,
        "log_level": "warning",
    }


def test_every_setting_is_read_from_its_variable() -> None:
    given = {
        "BASE_URL": "http://localhost:8765/api/v1",
        "EMAIL": "ada@example.org",
        "PASSWORD": CANARY,
        "CAPTCHA": "solved",
        "REFRESH_TOKEN": "canary-refresh",
        "KEEP_SIGNED_IN": "keyring",
        "OAUTH_CLIENT_ID": "app",
        "OAUTH_CLIENT_SECRET": "canary-secret",
        "OAUTH_PORT": "9000",
        "LAZY_SIGN_IN": "off",
        "OPEN_BROWSER": "never",
        "RECAPTCHA_SITE_KEY": "site-key_1",
        "SIGN_IN_MINUTES": "0.5",
        "SECRET_ARGUMENTS": "off",
        "SESSION_IDLE_MINUTES": "0.5",
        "SESSION_HOURS": "1",
        "MAX_SESSIONS": "3",
        "TIMEOUT_SECONDS": "5",
        "LOG_LEVEL": "debug",
    }
    assert problems_of(**given) == ()
    loaded = load_settings()
    assert loaded.base_url == "http://localhost:8765/api/v1/"
    assert (loaded.email, loaded.secret_arguments, loaded.log_level) == ("ada@example.org", False, "debug")
    assert (loaded.session_idle_minutes, loaded.session_hours, loaded.timeout_seconds) == (0.5, 1, 5)
    assert loaded.max_sessions == 3
    assert (loaded.keep_signed_in, loaded.open_browser, loaded.lazy_sign_in) == ("keyring", "never", False)
    assert (loaded.oauth_client_id, loaded.oauth_port, loaded.recaptcha_site_key) == ("app", 9000, "site-key_1")
    assert loaded.sign_in_minutes == 0.5
    assert loaded.secret_values() == [CANARY, "solved", "canary-refresh", "canary-secret"]


@pytest.mark.parametrize("alone", ["OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"])
def test_an_oauth_app_needs_its_id_and_its_secret(alone: str) -> None:
    (problem,) = problems_of(**{alone: CANARY})
    assert "REMEMBERIZER_OAUTH_CLIENT_ID and REMEMBERIZER_OAUTH_CLIENT_SECRET go together" in problem
    assert CANARY not in problem


@pytest.mark.promise("D30")
def test_all_problems_are_named_at_once_and_no_value() -> None:
    found = problems_of(
        BASE_URL=f"ftp://{CANARY}/",
        EMAIL=CANARY,
        PASSWORD=CANARY,
        SECRET_ARGUMENTS=CANARY,
        SESSION_IDLE_MINUTES="inf",
        SESSION_HOURS="nan",
        MAX_SESSIONS="0",
        TIMEOUT_SECONDS="601",
        LOG_LEVEL=CANARY,
        CAPTCHA_FILE=f"/nowhere/{CANARY}",
    )
    names = [problem.split(" ")[0].rstrip(":").removeprefix("REMEMBERIZER_") for problem in found]
    fields = "CAPTCHA_FILE BASE_URL EMAIL SECRET_ARGUMENTS SESSION_IDLE_MINUTES SESSION_HOURS MAX_SESSIONS"
    assert names == [*fields.split(), "TIMEOUT_SECONDS", "LOG_LEVEL"]
    assert CANARY not in " ".join(found)


@pytest.mark.parametrize("value", ["nan", "-1", "0", "inf", "1e999", "soon"])
def test_a_time_budget_that_is_none_is_refused(value: str) -> None:
    assert problems_of(TIMEOUT_SECONDS=value) == (
        "REMEMBERIZER_TIMEOUT_SECONDS: must be a number above 0, at most 600",
    )


@pytest.mark.promise("D30")
@pytest.mark.parametrize(
    ("name", "values", "allowed"),
    [
        ("EMAIL", ["ada"], "must have the form of an e-mail address"),
        ("SECRET_ARGUMENTS", ["perhaps"], "must be `on` or `off`"),
        ("SESSION_IDLE_MINUTES", ["0", "inf", "soon"], "must be a number above 0"),
        ("SESSION_HOURS", ["-1", "nan", "soon"], "must be a number above 0"),
        ("MAX_SESSIONS", ["0", "1000001", "1.5", "many"], "must be a whole number from 1 to 1000000"),
        ("TIMEOUT_SECONDS", ["0", "600.1"], "must be a number above 0, at most 600"),
        ("LOG_LEVEL", ["loud", "WARNING"], "must be `debug`, `info`, `warning` or `error`"),
    ],
)
def test_a_value_out_of_bounds_is_answered_with_what_is_allowed(name: str, values: list[str], allowed: str) -> None:
    for value in values:
        assert problems_of(**{name: value}) == (f"REMEMBERIZER_{name}: {allowed}",)


def test_the_bounds_themselves_are_allowed() -> None:
    assert problems_of(TIMEOUT_SECONDS="600", MAX_SESSIONS="1000000") == ()


def test_a_password_is_not_blamed_for_an_unusable_email() -> None:
    assert problems_of(EMAIL="ada", PASSWORD=CANARY) == ("REMEMBERIZER_EMAIL: must have the form of an e-mail address",)


@pytest.mark.promise("S5")
@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://api.example.org", "https://api.example.org/"),
        (" https://api.example.org/v1 ", "https://api.example.org/v1/"),
        ("HTTPS://API.example.org/v1/", "https://API.example.org/v1/"),
        ("http://127.0.0.1:8765/api/v1/", "http://127.0.0.1:8765/api/v1/"),
        ("http://127.9.9.9/", "http://127.9.9.9/"),
        ("http://[::1]:80", "http://[::1]:80/"),
        ("http://LOCALHOST/", "http://LOCALHOST/"),
    ],
)
def test_a_usable_base_url_ends_with_a_slash(given: str, used: str) -> None:
    assert problems_of(BASE_URL=given) == ()
    assert load_settings().base_url == used


@pytest.mark.promise("S5")
@pytest.mark.parametrize(
    ("given", "because"),
    [
        ("http://api.rememberizer.ai/", "plain http is allowed to this machine only"),
        ("http://127.0.0.1.example.org/", "plain http is allowed to this machine only"),
        ("http://localhost.example.org/", "plain http is allowed to this machine only"),
        ("http://app.localhost/", "plain http is allowed to this machine only"),
        ("http://notlocalhost/", "plain http is allowed to this machine only"),
        ("http://0.0.0.0/", "plain http is allowed to this machine only"),
        ("http://10.0.0.1/", "plain http is allowed to this machine only"),
        ("http://[::ffff:10.0.0.1]/", "plain http is allowed to this machine only"),
        ("http://localhost@example.org/", "must hold no user name"),
        (f"https://ada:{CANARY}@example.org/", "must hold no user name"),
        (f"https://:{CANARY}@example.org/", "must hold no user name"),
        (f"https://example.org/?key={CANARY}", "must hold no user name, password, query or fragment"),
        (f"https://example.org/#{CANARY}", "must hold no user name, password, query or fragment"),
        ("https://example.org:99999/", "port"),
        (f"https://ada:{CANARY}/x@example.org/", ""),
        (f"https://ada:{CANARY}@ex\u2100mple.org/", ""),
        (f"https://[{CANARY}]/", ""),
        ("https://[::1/", ""),
        ("api.rememberizer.ai", "must be an address that begins with https://"),
        ("https:///api/", "must be an address that begins with https://"),
        ("file:///etc/passwd", "must be an address that begins with https://"),
    ],
)
def test_an_unusable_base_url_is_refused_and_never_repeated(given: str, because: str) -> None:
    (problem,) = problems_of(BASE_URL=given)
    assert problem.startswith("REMEMBERIZER_BASE_URL: ")
    assert because in problem
    assert CANARY not in problem


@pytest.mark.parametrize(
    "given",
    [
        "https://exa mple.org/",
        "https://example..org/",
        "https://xn--/",
        "https://example.org[::1]/",
        "https://ho%73t/",
        "https://" + "a" * 64 + ".org/",
    ],
)
def test_a_host_that_can_not_exist_is_refused_at_the_start(given: str) -> None:
    (problem,) = problems_of(BASE_URL=given)
    assert problem.startswith("REMEMBERIZER_BASE_URL: ")


@pytest.mark.promise("S5")
@example(pieces=["example.org", "[::1]"])
@example(pieces=["[::1]", "example.org"])
@example(pieces=["example.org", "\\", ".localhost"])
@example(pieces=["example.org", "%2f", ".localhost"])
@settings(deadline=None)
@given(
    pieces=st.lists(
        st.sampled_from(
            ["127.0.0.1", "localhost", ".localhost", "[::1]", "example.org", "@", ":", "80", "\\", "%2f", ".", ";", "/"]
        ),
        min_size=1,
        max_size=5,
    )
)
def test_plain_http_never_leaves_this_machine_however_a_url_is_read(pieces: list[str]) -> None:
    if problems_of(BASE_URL=f"http://{''.join(pieces)}"):
        return
    host = httpx.URL(load_settings().base_url + "me/").host
    assert is_loopback(host)
    assert not set(host) & set("\\%;@")


@pytest.mark.parametrize("value", ["ada", "@example.org", "ada@", "a@b@c", "ada @example.org", "ada@example.org\n"])
def test_an_email_without_the_form_of_one_is_refused(value: str) -> None:
    (problem,) = problems_of(EMAIL=value)
    assert problem.startswith("REMEMBERIZER_EMAIL: ")


def test_a_password_without_its_email_is_refused() -> None:
    assert problems_of(PASSWORD=CANARY) == ("REMEMBERIZER_PASSWORD: needs REMEMBERIZER_EMAIL beside it",)


@pytest.mark.parametrize("name", ["PASSWORD", "CAPTCHA"])
def test_a_secret_that_is_no_unicode_text_is_refused(name: str) -> None:
    (problem,) = problems_of(EMAIL="ada@example.org", **{name: f"{CANARY}\udcff"})
    assert problem.startswith(f"REMEMBERIZER_{name}: ")
    assert CANARY not in problem


@pytest.mark.promise("D31")
@pytest.mark.parametrize("content", [b"pass word ", b"pass word \n", b"pass word \r\n", b"\xef\xbb\xbfpass word \r\n"])
def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "password", content)
    assert problems_of(EMAIL="ada@example.org", PASSWORD_FILE=path, CAPTCHA_FILE=path) == ()
    assert load_settings().secret_values() == ["pass word ", "pass word "]


@pytest.mark.promise("D31")
@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"\n"], ids=["no text", "empty", "an empty line"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    (problem,) = problems_of(EMAIL="ada@example.org", PASSWORD_FILE=written(tmp_path / CANARY, content))
    assert problem.startswith("REMEMBERIZER_PASSWORD_FILE names a file that ")
    assert CANARY not in problem


NOT_FILLED = "`~` is not filled in: write the whole path"


@pytest.mark.promise("D31")
def test_what_is_no_file_with_a_secret_is_told_apart(tmp_path: Path) -> None:
    paths = {"PASSWORD": tmp_path / "missing", "CAPTCHA": tmp_path, "API_TOKEN": "/dev/zero", "REFRESH_TOKEN": "~/none"}
    assert problems_of(**{f"{name}_FILE": str(path) for name, path in paths.items()}) == (
        "REMEMBERIZER_PASSWORD_FILE names a file that does not exist",
        "REMEMBERIZER_CAPTCHA_FILE names a folder",
        f"REMEMBERIZER_REFRESH_TOKEN_FILE names a file that does not exist ({NOT_FILLED})",
        "REMEMBERIZER_API_TOKEN_FILE names a file of more than 64 KiB",
    )


@pytest.mark.promise("D31")
def test_a_secret_comes_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=(f"{CANARY}\n",))
    writing.start()
    assert problems_of(CAPTCHA_FILE=str(pipe)) == ()
    writing.join()


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "captcha", b"from the file")
    assert problems_of(CAPTCHA=CANARY, CAPTCHA_FILE=path) == (
        "REMEMBERIZER_CAPTCHA and REMEMBERIZER_CAPTCHA_FILE are both set; keep one",
    )


def test_a_problem_names_a_setting_as_it_is_spelt() -> None:
    os.environ |= {"rememberizer_log_level": "loud", "REMEMBERIZER_Timeout_Seconds": "x", "REMEMBERIZER_READ_ONLY": "x"}
    with pytest.raises(UnusableSettings) as refused:
        load_settings()
    assert sorted(problem.partition(":")[0] for problem in refused.value.problems) == [
        "REMEMBERIZER_READ_ONLY", "REMEMBERIZER_Timeout_Seconds", "rememberizer_log_level",
    ]  # fmt: skip


@pytest.mark.parametrize("spell", [str.lower, str.title, str.upper])
def test_the_letter_case_of_a_name_does_not_count(spell: Callable[[str], str], tmp_path: Path) -> None:
    os.environ[spell("REMEMBERIZER_EMAIL")] = "ada@example.org"
    os.environ[spell("REMEMBERIZER_PASSWORD_FILE")] = written(tmp_path / "password", CANARY.encode())
    os.environ[spell("REMEMBERIZER_CAPTCHA")] = "${user_config.captcha}"
    os.environ[spell("REMEMBERIZER_CAPTCHA_FILE")] = ""
    assert unknown_variables(os.environ) == []
    loaded = load_settings()
    assert (loaded.email, loaded.secret_values()) == ("ada@example.org", [CANARY])
    os.environ[spell("REMEMBERIZER_PASSWORD")] = CANARY
    both = f"{spell('REMEMBERIZER_PASSWORD')} and {spell('REMEMBERIZER_PASSWORD_FILE')}"
    assert problems_of() == (f"{both} are both set; keep one",)


@pytest.mark.parametrize("name", ["EMAIL", "PASSWORD", "PASSWORD_FILE"])
def test_a_setting_in_two_spellings_is_refused(name: str) -> None:
    upper, lower = f"REMEMBERIZER_{name}", f"rememberizer_{name.lower()}"
    os.environ |= {"REMEMBERIZER_TIMEOUT_SECONDS": "x", lower: CANARY, upper: CANARY, "rememberizer_odd": "1"}
    twice, *others = problems_of(ODD="2")
    assert twice == f"{upper} and {lower} differ in letter case only; keep one"
    assert others[-1] == "REMEMBERIZER_TIMEOUT_SECONDS: must be a number above 0, at most 600"
    assert CANARY not in str(others)


@pytest.mark.parametrize("empty", ["", "${user_config.email}"])
def test_a_second_spelling_that_says_nothing_is_none(empty: str) -> None:
    for said, other in (("rememberizer_email", "REMEMBERIZER_EMAIL"), ("REMEMBERIZER_EMAIL", "rememberizer_email")):
        os.environ |= {said: "ada@example.org", other: empty}
        assert load_settings().email == "ada@example.org"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert problems_of(EMAIL="", PASSWORD="", CAPTCHA_FILE="", TIMEOUT_SECONDS="", BASE_URL="") == ()
    assert load_settings() == Settings()


def test_only_the_command_line_switches_the_sandbox_on() -> None:
    assert problems_of(SANDBOX="on") == ()
    assert not load_settings().sandbox
    assert load_settings(sandbox=True).sandbox
    assert unknown_variables(os.environ) == ["REMEMBERIZER_SANDBOX"]


def test_a_dotenv_file_of_the_working_directory_is_not_read(tmp_path: Path) -> None:
    written(tmp_path / ".env", b"REMEMBERIZER_EMAIL=mallory@example.org\nEMAIL=mallory@example.org\n")
    with contextlib.chdir(tmp_path):
        assert load_settings().email is None


@pytest.mark.promise("S44")
def test_secrets_show_in_no_form_of_the_settings() -> None:
    assert problems_of(EMAIL="ada@example.org", PASSWORD=CANARY, CAPTCHA=CANARY) == ()
    loaded = load_settings()
    for shown in (repr(loaded), str(loaded), repr(loaded.model_dump()), loaded.model_dump_json()):
        assert CANARY not in shown
    os.environ["REMEMBERIZER_LOG_LEVEL"] = "loud"
    with pytest.raises(UnusableSettings) as refused:
        load_settings()
    assert CANARY not in repr(refused.value)
    assert (refused.value.__cause__, refused.value.__context__) == (None, None)


def test_settings_do_not_change_once_they_are_made() -> None:
    made = Settings(email="ada@example.org", password=SecretStr(CANARY))
    with pytest.raises(ValueError, match="frozen") as refused:
        made.email = "mallory@example.org"  # type: ignore[misc] # that it can't be assigned is what is tested
    assert CANARY not in str(refused.value)


def test_variables_that_no_setting_reads_are_told() -> None:
    names = ["REMEMBERIZER_PASWORD", "rememberizer_emial", "REMEMBERIZER_EMAIL_FILE", "REMEMBERIZER_PASSWORD_FILE"]
    environ = dict.fromkeys([*names, "REMEMBERIZER_EMAIL", "rememberizer_timeout_seconds", "HOME"], "x")
    assert unknown_variables(environ) == ["REMEMBERIZER_EMAIL_FILE", "REMEMBERIZER_PASWORD", "rememberizer_emial"]


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("a.localhost", False),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("127.1", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 -- an address to refuse, nothing binds it
        ("::", False),
        ("localhost.example.org", False),
        ("xlocalhost", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.promise("D30")
def test_without_a_way_to_sign_in_the_start_ends() -> None:
    """No tool would sign in, no tool could be told to, and no key stands in for an account."""
    problem = (
        "REMEMBERIZER_LAZY_SIGN_IN: with `off`, nobody could sign in: "
        "add `auth` to REMEMBERIZER_TOOLSETS, or set REMEMBERIZER_API_TOKEN"
    )
    assert problems_of(TOOLSETS="knowledge", LAZY_SIGN_IN="off") == (problem,)


@pytest.mark.parametrize(
    "others",
    [
        {"TOOLSETS": "auth"},
        {"TOOLSETS": "knowledge", "API_TOKEN": "key-1"},
        {"TOOLSETS": "vector_stores", "VECTOR_STORE_TOKEN": "key-2"},
    ],
)
def test_lazy_sign_in_can_be_off_where_there_is_another_way(others: dict[str, str]) -> None:
    assert problems_of(LAZY_SIGN_IN="off", **others) == ()


def test_an_unusable_toolset_is_named_alone() -> None:
    assert [each.partition(":")[0] for each in problems_of(TOOLSETS="typo", LAZY_SIGN_IN="off")] == [
        "REMEMBERIZER_TOOLSETS"
    ]
