"""The keyring and the browser, as far as the doctor looks at them."""

import threading
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest
from rememberizer_mcp.server.doctor.desktop import NOBODY, browser, keyring
from rememberizer_mcp.server.doctor.examination import examine
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.errors import SignInFailed
from rememberizer_mcp.server.sessions.keychain import Ring

from tests.support.held_keyring import in_a_task
from tests.support.keychain import calls
from tests.support.process import clean_environment
from tests.support.secret_service import bare_environment, secret_service

CANARY = "canary-of-the-doctor"
WANTED = {"REMEMBERIZER_KEEP_SIGNED_IN": "keyring"}


class Fake:
    """A keyring that can only be read, which may fail."""

    def __init__(self, *, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[tuple[str, str]] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append((service, username))
        if self.failure:
            raise self.failure
        return None

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def refuse() -> Ring:
    raise SignInFailed


async def child(name: str, environment: Mapping[str, str]) -> Finding:
    """The one finding of a check, in a process of its own."""
    (found,) = (await examine([name], environ=environment, limit_seconds=20))[name]
    return found


@pytest.mark.promise("doctor:looks:settings", "doctor:safe:only-reads")
async def test_a_keyring_that_nobody_asked_for_is_not_read() -> None:
    ring = Fake()
    found = await in_a_task(lambda: keyring("off", find=lambda: ring))
    assert (found.level, ring.asked) == ("ok", [])
    assert "Fake could be used" in found.text


async def test_no_keyring_is_all_right_where_nobody_asked_for_one() -> None:
    found = await in_a_task(lambda: keyring("off", find=refuse))
    assert (found.level, found.text) == (
        "ok", "Not used, since REMEMBERIZER_KEEP_SIGNED_IN is `off`; none could be used now.",
    )  # fmt: skip


@pytest.mark.promise("doctor:looks:settings", "doctor:safe:only-reads")
async def test_a_keyring_that_was_asked_for_is_read_at_an_entry_that_is_nobodys() -> None:
    ring = Fake()
    found = await in_a_task(lambda: keyring("keyring", find=lambda: ring))
    assert (found.level, ring.asked) == ("ok", [NOBODY])
    assert "can be read" in found.text


@pytest.mark.promise("doctor:looks:settings", "doctor:safe:only-reads")
async def test_a_refusal_is_a_failure_without_the_keyrings_words() -> None:
    found = await in_a_task(lambda: keyring("keyring", find=lambda: Fake(failure=RuntimeError(CANARY))))
    assert (found.level, found.text) == ("failure", "It is locked or refuses the access (RuntimeError).")
    assert CANARY not in str(found)


@pytest.mark.promise("doctor:looks:settings")
@pytest.mark.parametrize(
    ("library", "text", "step"),
    [
        (None, "The library `keyring` is not installed where the doctor runs.", "Install `rememberizer-mcp[keyring]`"),
        (object(), "There is none of the operating system's own", "Set up Secret Service"),
    ],
)
async def test_a_missing_library_and_a_missing_keyring_are_told_apart(library: object, text: str, step: str) -> None:
    found = await in_a_task(lambda: keyring("keyring", find=refuse, has_library=lambda: library is not None))
    assert found.level == "failure"
    assert found.text.startswith(text)
    assert f"{found.next_step}".startswith(step)


@pytest.mark.promise("doctor:safe:ends")
@pytest.mark.parametrize("wish", ["keyring", "off"])
async def test_a_keyring_that_hangs_holds_up_nobody(wish: str) -> None:
    answers = threading.Event()

    def find() -> Ring:
        answers.wait(20)
        return Fake()

    found = await in_a_task(lambda: keyring(wish, find=find, limit_seconds=0.1))
    answers.set()
    assert found.level == ("failure" if wish == "keyring" else "ok")
    assert ("did not answer within 0.1 s" in found.text) == (wish == "keyring")


@pytest.mark.promise("doctor:looks:settings")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_a_real_keyring_is_named_and_a_locked_one_is_a_failure() -> None:
    with secret_service() as environment:
        found = anyio.run(child, "keyring", environment | WANTED)
        assert (found.level, found.text) == (
            "ok", "keyring.backends.SecretService.Keyring can be read; sign-ins are kept there.",
        )  # fmt: skip
        calls(["lock"], environment=environment)
        locked = anyio.run(child, "keyring", environment | WANTED)
    assert locked.level == "failure"
    assert "locked" in locked.text


@pytest.mark.promise("doctor:looks:settings")
async def test_a_machine_without_a_keyring_fails_only_who_wants_one(tmp_path: Path) -> None:
    assert (await child("keyring", bare_environment(tmp_path))).level == "ok"
    assert (await child("keyring", bare_environment(tmp_path) | WANTED)).level == "failure"


@pytest.mark.promise("doctor:looks:settings")
@pytest.mark.parametrize(
    ("wish", "platform", "environ", "text"),
    [
        ("never", "darwin", {}, "None is opened, since REMEMBERIZER_OPEN_BROWSER is `never`"),
        ("auto", "darwin", {"SSH_CONNECTION": "x"}, "since this is a remote shell (SSH)"),
        ("auto", "linux", {"SSH_TTY": "x", "DISPLAY": ":0"}, "since this is a remote shell (SSH)"),
        ("auto", "linux", {}, "since there is no display (DISPLAY, WAYLAND_DISPLAY)"),
        ("auto", "linux", {"DISPLAY": ":0"}, "The sign-in page is opened in the default browser."),
        ("auto", "win32", {}, "The sign-in page is opened in the default browser."),
        ("always", "linux", {"SSH_TTY": "x"}, "The sign-in page is opened in the default browser."),
    ],
)
def test_whether_a_browser_is_opened_has_a_reason(
    wish: str, platform: str, environ: Mapping[str, str], text: str
) -> None:
    found = browser(wish, platform=platform, environ=environ, has_browser=lambda: True)
    assert found.level == "ok"
    assert text in found.text


@pytest.mark.traced
@pytest.mark.promise("doctor:looks:settings", "doctor:safe:only-reads")
async def test_a_desktop_without_a_browser_is_a_warning_and_none_is_opened(tmp_path: Path) -> None:
    environment = clean_environment(OPEN_BROWSER="always") | {"PATH": str(tmp_path)}
    environment.pop("DISPLAY", None)
    assert (await child("browser", environment)).level == "warning"
    program = tmp_path / "w3m"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'opened'}\n")
    program.chmod(0o755)
    assert (await child("browser", environment)).level == "ok"
    assert list(tmp_path.iterdir()) == [program]
