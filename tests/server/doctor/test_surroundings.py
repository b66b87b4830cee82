"""What is there before anything is started: settings and versions."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.doctor.variables import is_unusable, usable, variables
from rememberizer_mcp.server.doctor.versions import Declared, declared, installed, versions
from rememberizer_mcp.server.settings.settings import SECRETS, variable

CANARY = "canary-of-the-doctor"
NEEDS = Declared(python=">=3.11", packages=["mcp>=2.3,<3", "httpx>=0.28", 'keyring>=25; extra == "keyring"'])
PRESENT = {"mcp": "2.3.0", "httpx": "0.28.1"}


def said(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.text) for finding in findings]


def set_all(**settings: str) -> None:
    os.environ.update({f"REMEMBERIZER_{name}": value for name, value in settings.items()})


def test_without_settings_every_default_applies() -> None:
    assert said(variables()) == [("ok", "None is set; every default applies.")]


@pytest.mark.promise("doctor:looks:settings")
def test_each_setting_is_shown_as_it_is_understood() -> None:
    set_all(TOOLSETS="all", READ_ONLY="1", BASE_URL="https://api.example.org/api/v1", OAUTH_PORT="9000", EMAIL="")
    assert said(variables()) == [
        ("ok", "REMEMBERIZER_BASE_URL is `https://api.example.org/api/v1/`."),
        ("ok", "REMEMBERIZER_TOOLSETS is `auth,knowledge,mementos,vector_stores`."),
        ("ok", "REMEMBERIZER_READ_ONLY is `on`."),
        ("ok", "REMEMBERIZER_OAUTH_PORT is `9000`."),
    ]


@pytest.mark.promise("doctor:looks:settings", "doctor:safe:only-reads", "settings:secrets:never-shown")
def test_of_a_secret_is_shown_only_that_it_is_set(tmp_path: Path) -> None:
    set_all(EMAIL="ada@example.org", OAUTH_CLIENT_ID="app", ISSUER_CLIENT_ID="us", READ_ONLY="off")
    values = dict.fromkeys(SECRETS, CANARY) | {"store": f"redis://:{CANARY}@127.0.0.1", "store_keys": CANARY * 2}
    os.environ.update({variable(name): value for name, value in values.items()})
    assert [text for _, text in said(variables()) if text.endswith("is set.")] == [
        f"{variable(name)} is set." for name in SECRETS
    ]
    for name, value in values.items():
        (tmp_path / name).write_text(value)
        del os.environ[variable(name)]
        os.environ[f"{variable(name)}_FILE"] = str(tmp_path / name)
    found = variables()
    assert CANARY not in str(found)
    assert [text for _, text in said(found) if "file" in text] == [
        f"{variable(name)} is set, from the file {tmp_path / name}." for name in SECRETS
    ]


@pytest.mark.promise("doctor:looks:settings", "doctor:safe:only-reads")
def test_what_can_not_be_used_is_a_failure_that_does_not_repeat_it() -> None:
    set_all(
        BASE_URL=f"https://ada:{CANARY}@api.example.org/", PASSWORD=CANARY, LOG_LEVEL=CANARY, TOOLSETS="all",
        CAPTCHA_FILE=CANARY, API_TOKEN=CANARY, API_TOKEN_FILE=CANARY,
    )  # fmt: skip
    found = variables()
    failures = [finding for finding in found if finding.level == "failure"]
    assert [finding.text.split()[0].rstrip(":") for finding in failures] == [
        "REMEMBERIZER_CAPTCHA_FILE", "REMEMBERIZER_API_TOKEN", "REMEMBERIZER_BASE_URL", "REMEMBERIZER_PASSWORD",
        "REMEMBERIZER_LOG_LEVEL",
    ]  # fmt: skip
    assert failures[1].next_step == (
        "Correct or remove REMEMBERIZER_API_TOKEN or REMEMBERIZER_API_TOKEN_FILE where the server is started."
    )
    assert said(found)[5:] == [("ok", "REMEMBERIZER_TOOLSETS is `all`.")]
    assert CANARY not in str(found)


@pytest.mark.promise("doctor:looks:settings", "settings:secrets:never-shown")
def test_a_setting_in_lower_case_is_looked_at_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CANARY)
    os.environ |= {
        "rememberizer_email": "ada@example.org", "rememberizer_password_file": f"{tmp_path / 'secret'}",
        "rememberizer_base_url": CANARY, "rememberizer_log_level": "info", "REMEMBERIZER_LOG_LEVEL": "debug",
    }  # fmt: skip
    found = variables()
    assert is_unusable("base_url")
    assert is_unusable("log_level")
    assert said(found) == [
        ("failure", "REMEMBERIZER_LOG_LEVEL and rememberizer_log_level differ in letter case only; keep one."),
        ("failure", "rememberizer_base_url: must be an address that begins with https://."),
        ("ok", "REMEMBERIZER_EMAIL is `ada@example.org`."),
        ("ok", f"REMEMBERIZER_PASSWORD is set, from the file {tmp_path / 'secret'}."),
    ]
    assert found[0].next_step == (
        "Correct or remove REMEMBERIZER_LOG_LEVEL or rememberizer_log_level where the server is started."
    )


@pytest.mark.promise("doctor:looks:settings")
@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("REMEMBERIZER_PASSWROD", "Did you mean REMEMBERIZER_PASSWORD?"),
        ("rememberizer_toolset", "Did you mean REMEMBERIZER_TOOLSETS?"),
        ("REMEMBERIZER_SANDBOX", "Remove it; docs/settings.md lists those that there are."),
        ("REMEMBERIZER_CAPTCHA_FIEL", "Did you mean REMEMBERIZER_CAPTCHA_FILE?"),
    ],
)
def test_a_misspelt_setting_is_a_warning_with_the_nearest_name(name: str, step: str) -> None:
    os.environ[name] = CANARY
    (found,) = variables()
    assert (found.level, found.next_step) == ("warning", step)
    assert found.text == f"{name} is no setting of this version and is ignored."


def test_one_bad_setting_does_not_hide_the_others() -> None:
    set_all(LOG_LEVEL="loud", KEEP_SIGNED_IN="keyring", OPEN_BROWSER="sometimes")
    assert (usable("keep_signed_in"), usable("open_browser")) == ("keyring", "auto")


@pytest.mark.promise("doctor:looks:settings")
@pytest.mark.parametrize("others", [{}, {"LOG_LEVEL": "loud"}])
def test_a_checkbox_of_a_host_counts_as_the_server_understands_it(others: Mapping[str, str]) -> None:
    set_all(KEEP_SIGNED_IN="true", **others)
    assert usable("keep_signed_in") == "keyring"


@pytest.mark.promise("doctor:looks:settings")
def test_a_field_that_nobody_filled_in_is_not_set() -> None:
    set_all(API_TOKEN="${user_config.api_token}", TOOLSETS="${user_config.toolsets}", BASE_URL="${user_config.url}")
    assert said(variables()) == [("ok", "None is set; every default applies.")]
    assert usable("base_url") == "https://api.rememberizer.ai/api/v1/"


@pytest.mark.promise("doctor:looks:settings")
def test_what_is_installed_here_is_what_was_declared() -> None:
    python, packages = versions(declared())
    assert (python.name, python.level, packages.name, packages.level) == ("python", "ok", "packages", "ok")
    assert f"mcp {installed('mcp')}" in packages.text


@pytest.mark.promise("doctor:looks:settings")
@pytest.mark.parametrize(
    ("present", "level", "text"),
    [
        ({"mcp": "2.3.0"}, "failure", "httpx is not installed."),
        ({**PRESENT, "mcp": "2.1.9"}, "failure", "mcp 2.1.9 must not be used"),
        (
            {**PRESENT, "mcp": "2.2.0"},
            "warning",
            "mcp 2.2.0 is not a version that this release was made for (<3,>=2.3).",
        ),
        ({**PRESENT, "mcp": "3.0.0b1"}, "warning", "mcp 3.0.0b1 is not a version"),
        ({**PRESENT, "mcp": "2.4.0rc1"}, "ok", "mcp 2.4.0rc1, httpx 0.28.1, all as declared."),
    ],
)
def test_packages_that_do_not_fit_are_named(present: Mapping[str, str], level: str, text: str) -> None:
    _, found = versions(NEEDS, version_of=present.get)
    assert found.level == level
    assert text in found.text


@pytest.mark.promise("doctor:looks:settings")
@pytest.mark.parametrize(("version", "level"), [("3.10.12", "failure"), ("3.11.0", "ok"), ("3.15.0a2+", "ok")])
def test_a_python_that_is_too_old_is_a_failure(version: str, level: str) -> None:
    found, _ = versions(NEEDS, python=version, version_of=PRESENT.get)
    assert (found.level, f"Python {version} at" in found.text) == (level, True)


def test_code_that_is_not_installed_declares_nothing() -> None:
    (found,) = versions(None)
    assert (found.level, found.name) == ("warning", "packages")
    assert installed("no-such-distribution-anywhere") is None
    assert declared("no-such-distribution-anywhere") is None
