"""A sign-in outlives the host: real server processes, a real HTTP service, and a real keyring between them."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

from tests.support.host import host
from tests.support.http_sandbox import http_sandbox, newest_code
from tests.support.process import LONGEST_SECONDS
from tests.support.secret_service import bare_environment, secret_service

EMAIL, PASSWORD = "ada@example.org", "canary-password-ada"
CREDENTIALS = {"email": EMAIL, "password": PASSWORD, "captcha": SANDBOX_CAPTCHA}


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[str]:
    runtime = tmp_path / "sandbox"
    runtime.mkdir(mode=0o700)
    with http_sandbox(runtime) as base_url:
        yield base_url


@pytest.fixture
def unlocked(base_url: str) -> Iterator[dict[str, str]]:
    with secret_service() as environment:
        yield keeping(environment, base_url)


@pytest.fixture
def kept(unlocked: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """What the first process leaves behind: an account, and its sign-in in the keyring."""
    with host(environment=unlocked) as first:
        first.call("signup", name="Ada", **CREDENTIALS)
        first.call("verify", verification_code=newest_code(tmp_path / "sandbox"))
        first.call("logout")
        assert first.call("login", **CREDENTIALS)["method"] == "password"
    return unlocked


def keeping(environment: dict[str, str], base_url: str) -> dict[str, str]:
    settings = {"BASE_URL": base_url, "KEEP_SIGNED_IN": "keyring", "OPEN_BROWSER": "never", "LOG_LEVEL": "debug"}
    return environment | {f"REMEMBERIZER_{name}": value for name, value in settings.items()}


def in_the_keyring(environment: dict[str, str]) -> str:
    """The refresh token that stands there, or nothing, as keyring's own command reads it."""
    service = f"rememberizer-mcp {environment['REMEMBERIZER_BASE_URL']}"
    command = [sys.executable, "-m", "keyring", "get", service, EMAIL]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.promise("keyring:kept:until-logout", "keyring:kept:never-a-plain-file", "settings:secrets:never-shown")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_a_sign_in_outlives_each_restart_of_the_host_until_its_logout(kept: dict[str, str]) -> None:
    tokens = [in_the_keyring(kept)]
    with host(environment=kept) as second:
        status = second.call("login")
        assert (status["state"], status["method"], status["email"]) == ("signed_in", "refresh_token", EMAIL)
        tokens.append(in_the_keyring(kept))
        assert second.call("refresh")["state"] == "signed_in"
        tokens.append(in_the_keyring(kept))
        printed = second.end()
    assert all(tokens)
    assert len(set(tokens)) == len(tokens)
    assert not [token for token in tokens if token in printed]
    with host(environment=kept) as third:
        assert third.call("login", email=EMAIL.upper())["state"] == "signed_in"
        assert third.call("logout")["next"] == "Signed out, here and at Rememberizer."
    assert in_the_keyring(kept) == ""
    with host(environment=kept) as fourth:
        assert fourth.call("login")["state"] == "pending"


@pytest.mark.promise("keyring:kept:until-logout")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_two_hosts_at_once_use_up_no_token_of_each_other(kept: dict[str, str]) -> None:
    with host(environment=kept) as one, host(environment=kept) as other:
        assert one.call("login")["state"] == "signed_in"
        assert other.call("login")["state"] == "signed_in"  # which rotates the token that the first one kept
        for each in (one, other, one, other):
            assert each.call("refresh")["state"] == "signed_in"
        assert one.call("session_status")["can_refresh"]
        assert other.call("logout")["next"] == "Signed out, here and at Rememberizer."
        assert one.fails("refresh")["code"] == "session_expired"
        assert one.call("login")["state"] == "pending"
    assert in_the_keyring(kept) == ""


@pytest.mark.traced
@pytest.mark.promise("keyring:kept:until-logout")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_a_kept_sign_in_that_was_revoked_is_forgotten(kept: dict[str, str]) -> None:
    elsewhere = {"Cookie": f"refresh_token={in_the_keyring(kept)}"}
    url = kept["REMEMBERIZER_BASE_URL"] + "auth/custom-logout/"
    assert httpx.post(url, headers=elsewhere, trust_env=False).status_code == httpx.codes.NO_CONTENT
    with host(environment=kept) as second:
        assert second.call("login")["state"] == "pending"
    assert in_the_keyring(kept) == ""


@pytest.mark.promise("keyring:refused:says-what-to-do", "keyring:kept:never-a-plain-file")
def test_without_a_keyring_login_refuses_and_writes_no_file(tmp_path: Path, base_url: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with host(environment=keeping(bare_environment(home), base_url)) as only:
        refused = only.fails("login")
    assert refused["code"] == "sign_in_failed"
    assert "REMEMBERIZER_KEEP_SIGNED_IN" in refused["hint"]
    assert not [path for path in home.rglob("*") if not path.is_dir()]
