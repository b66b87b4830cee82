"""``Settings``: what is accepted, what is refused in which words, and that no value of a secret shows."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from rememberizer_mcp.server.settings.settings import (
    Settings,
    UnusableSettings,
    load_settings,
    unknown_variables,
    variables_set,
)

CANARY = "canary-s3cret"


def problems_of(**variables: str) -> tuple[str, ...]:
    """What is wrong with these settings; an empty tuple if nothing is."""
    os.environ.update({f"REMEMBERIZER_{name}": value for name, value in variables.items()})
    try:
        load_settings()
    except UnusableSettings as error:
        return error.problems
    return ()


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
        "public_url": None,
        "issuer": None,
        "issuer_client_id": None,
        "issuer_client_secret": None,
        "store": None,
        "store_keys": (),
        "lazy_sign_in": True,
        "open_browser": "auto",
        "recaptcha_site_key": None,
        "sign_in_minutes": 10,
        "secret_arguments": True,
        "session_idle_minutes": 720,
        "session_hours": 168,
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
        "TIMEOUT_SECONDS": "5",
        "LOG_LEVEL": "debug",
    }
    assert problems_of(**given) == ()
    loaded = load_settings()
    assert loaded.base_url == "http://localhost:8765/api/v1/"
    assert (loaded.email, loaded.secret_arguments, loaded.log_level) == ("ada@example.org", False, "debug")
    assert (loaded.session_idle_minutes, loaded.session_hours, loaded.timeout_seconds) == (0.5, 1, 5)
    assert (loaded.keep_signed_in, loaded.open_browser, loaded.lazy_sign_in) == ("keyring", "never", False)
    assert (loaded.oauth_client_id, loaded.oauth_port, loaded.recaptcha_site_key) == ("app", 9000, "site-key_1")
    assert loaded.sign_in_minutes == 0.5
    assert loaded.secret_values() == [CANARY, "solved", "canary-refresh", "canary-secret"]


@pytest.mark.parametrize("alone", ["CLIENT_ID", "CLIENT_SECRET"])
@pytest.mark.parametrize("whose", ["OAUTH", "ISSUER"])
def test_an_oauth_app_needs_its_id_and_its_secret(whose: str, alone: str) -> None:
    (problem,) = problems_of(**{f"{whose}_{alone}": CANARY})
    assert f"REMEMBERIZER_{whose}_CLIENT_ID and REMEMBERIZER_{whose}_CLIENT_SECRET go together" in problem
    assert CANARY not in problem


@pytest.mark.promise("settings:unusable:named-at-once")
def test_all_problems_are_named_at_once_and_no_value() -> None:
    found = problems_of(
        BASE_URL=f"ftp://{CANARY}/",
        EMAIL=CANARY,
        PASSWORD=CANARY,
        SECRET_ARGUMENTS=CANARY,
        SESSION_IDLE_MINUTES="inf",
        SESSION_HOURS="nan",
        TIMEOUT_SECONDS="601",
        LOG_LEVEL=CANARY,
        CAPTCHA_FILE=f"/nowhere/{CANARY}",
    )
    names = [problem.split(" ")[0].rstrip(":").removeprefix("REMEMBERIZER_") for problem in found]
    fields = "CAPTCHA_FILE BASE_URL EMAIL SECRET_ARGUMENTS SESSION_IDLE_MINUTES SESSION_HOURS"
    assert names == [*fields.split(), "TIMEOUT_SECONDS", "LOG_LEVEL"]
    assert CANARY not in " ".join(found)


@pytest.mark.parametrize("value", ["nan", "-1", "0", "inf", "1e999", "soon"])
def test_a_time_budget_that_is_none_is_refused(value: str) -> None:
    assert problems_of(TIMEOUT_SECONDS=value) == (
        "REMEMBERIZER_TIMEOUT_SECONDS: must be a number above 0, at most 600",
    )


@pytest.mark.promise("settings:unusable:named-at-once")
@pytest.mark.parametrize(
    ("name", "values", "allowed"),
    [
        ("EMAIL", ["ada"], "must have the form of an e-mail address"),
        ("KEEP_SIGNED_IN", ["perhaps"], "must be `off` or `keyring`"),
        ("OAUTH_PORT", ["0", "65536", "x"], "must be a port from 1 to 65535"),
        ("LAZY_SIGN_IN", ["perhaps"], "must be `on` or `off`"),
        ("OPEN_BROWSER", ["perhaps"], "must be `auto`, `always` or `never`"),
        ("RECAPTCHA_SITE_KEY", ["a b"], "must be a site key: letters, digits, `-` and `_`"),
        ("SIGN_IN_MINUTES", ["0", "1441", "soon"], "must be a number above 0, at most 1440"),
        ("READ_ONLY", ["perhaps"], "must be `on` or `off`"),
        ("SECRET_ARGUMENTS", ["perhaps"], "must be `on` or `off`"),
        ("SESSION_IDLE_MINUTES", ["0", "inf", "soon"], "must be a number above 0"),
        ("SESSION_HOURS", ["-1", "nan", "soon"], "must be a number above 0"),
        ("TIMEOUT_SECONDS", ["0", "600.1"], "must be a number above 0, at most 600"),
        ("LOG_LEVEL", ["loud", "warn ing"], "must be `debug`, `info`, `warning` or `error`"),
    ],
)
def test_a_value_out_of_bounds_is_answered_with_what_is_allowed(name: str, values: list[str], allowed: str) -> None:
    for value in values:
        assert problems_of(**{name: value}) == (f"REMEMBERIZER_{name}: {allowed}",)


def test_the_bounds_themselves_are_allowed() -> None:
    assert problems_of(TIMEOUT_SECONDS="600", SIGN_IN_MINUTES="1440", OAUTH_PORT="65535") == ()
    assert problems_of(OAUTH_PORT="1") == ()


def test_a_password_is_not_blamed_for_an_unusable_email() -> None:
    assert problems_of(EMAIL="ada", PASSWORD=CANARY) == ("REMEMBERIZER_EMAIL: must have the form of an e-mail address",)


@pytest.mark.parametrize("value", ["ada", "@example.org", "ada@", "a@b@c", "ada @example.org", "ada@exa\nmple.org"])
def test_an_email_without_the_form_of_one_is_refused(value: str) -> None:
    (problem,) = problems_of(EMAIL=value)
    assert problem.startswith("REMEMBERIZER_EMAIL: ")


def test_a_password_without_its_email_is_refused() -> None:
    assert problems_of(PASSWORD=CANARY) == ("REMEMBERIZER_PASSWORD: needs REMEMBERIZER_EMAIL beside it",)


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
        os.environ[said] = "ada"
        assert problems_of() == (f"{said}: must have the form of an e-mail address",)


def test_other_programs_variables_are_none_of_ours() -> None:
    environ = {"HOME": "/a", "EMAIL": "b", "rememberizer_email": "c", "REMEMBERIZER_CAPTCHA": ""}
    assert variables_set(environ) == {"REMEMBERIZER_EMAIL": "c"}


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


@pytest.mark.promise("settings:secrets:never-shown")
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
