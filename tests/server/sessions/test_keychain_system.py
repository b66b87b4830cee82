"""``Keychain`` against the operating system's keyring: a real Secret Service, none at all, and what poses as one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.keychain import calls
from tests.support.secret_service import bare_environment, secret_service

pytestmark = pytest.mark.traced

EMAIL = "Ada@Example.org"
USER = "ada@example.org"
FIRST, SECOND = "canary-first-refresh-token", "canary-second-refresh-token"
SWITCH_OFF = "set REMEMBERIZER_KEEP_SIGNED_IN to `off`"

PLAIN_FILE = """
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.backends import SecretService


class PlaintextKeyring(KeyringBackend):
    priority = 0.5

    def get_password(self, service, username):
        return None

    def set_password(self, service, username, password):
        Path(__file__).with_name("plain.txt").write_text(password)

    delete_password = get_password


class Posing(SecretService.Keyring):
    priority = 9

    def set_password(self, service, username, password):
        Path(__file__).with_name("plain.txt").write_text(password)


Posing.__module__, Posing.__name__, Posing.__qualname__ = SecretService.__name__, "Keyring", "Keyring"
"""


CHOSEN = """
import importlib
import sys

import keyring
from rememberizer_mcp.server.sessions.keychain import system_keyring

for module, name in (each.rsplit(".", 1) for each in sys.argv[1:]):
    ring = getattr(importlib.import_module(f"keyring.backends.{module}"), name)()
    keyring.set_keyring(ring)
    assert system_keyring() is ring
"""


@pytest.fixture
def unlocked() -> Iterator[dict[str, str]]:
    with secret_service() as environment:
        yield environment


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with backends of other people: one writes a plain file, one poses as the Secret Service's."""
    package = tmp_path / "backends" / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "file.py").write_text(PLAIN_FILE)
    return tmp_path / "backends"


@pytest.mark.promise("keyring:kept:never-a-plain-file")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_a_kept_sign_in_is_there_in_the_next_process(unlocked: dict[str, str]) -> None:
    first = calls(["imported"], ["last_account"], ["read", None], ["keep", EMAIL, FIRST], environment=unlocked)
    assert first.results == [False, None, None, True]
    second = calls(["read", None], ["read", USER], ["read", "grace@example.org"], environment=unlocked)
    assert second.results == [
        {"email": EMAIL, "refresh_token": FIRST},
        {"email": USER, "refresh_token": FIRST},
        None,
    ]
    assert first.log == second.log == ""


@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_a_rotated_token_replaces_the_one_before(unlocked: dict[str, str]) -> None:
    calls(["keep", EMAIL, FIRST], environment=unlocked)
    later = calls(["keep", EMAIL.upper(), SECOND], ["stored"], environment=unlocked)
    assert later.results == [True, {USER: SECOND, "Last account": EMAIL.upper()}]


@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_a_forgotten_sign_in_leaves_nothing(unlocked: dict[str, str]) -> None:
    calls(["keep", EMAIL, FIRST], environment=unlocked)
    later = calls(["forget", EMAIL], ["stored"], ["read", None], ["forget", EMAIL], environment=unlocked)
    assert later.results == [True, {}, None, True]


@pytest.mark.promise("keyring:kept:never-a-plain-file")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_no_file_of_the_home_holds_the_token_in_plain(unlocked: dict[str, str]) -> None:
    assert calls(["keep", EMAIL, FIRST], environment=unlocked).results == [True]
    files = [path for path in Path(unlocked["HOME"]).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if FIRST.encode() in path.read_bytes()]


@pytest.mark.promise("keyring:refused:says-what-to-do")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
def test_a_locked_keyring_refuses_and_says_what_to_do(unlocked: dict[str, str]) -> None:
    calls(["keep", EMAIL, FIRST], environment=unlocked)
    locked = calls(
        ["lock"],
        ["last_account"],
        ["read", None],
        ["keep", EMAIL, SECOND],
        ["forget", EMAIL],
        environment=unlocked,
    )
    _, refused, *others = locked.results
    assert refused.startswith("sign_in_failed: The operating system's keyring is locked")
    assert "unlock it" in refused
    assert SWITCH_OFF in refused
    assert others == [None, False, False]
    assert locked.log.count(" WARNING ") == 3
    assert FIRST not in locked.log
    assert SECOND not in locked.log


@pytest.mark.promise("keyring:refused:says-what-to-do")
def test_without_the_library_the_extra_is_named(tmp_path: Path) -> None:
    without = calls(["uninstall"], ["last_account"], ["keep", EMAIL, FIRST], environment=bare_environment(tmp_path))
    assert without.results[1].startswith("sign_in_failed: The keyring library is not installed")
    assert "`rememberizer-mcp[keyring]`" in without.results[1]
    assert SWITCH_OFF in without.results[1]
    assert without.results[2] is False
    assert FIRST not in without.log


def assert_none_usable(environment: dict[str, str]) -> None:
    refused = calls(["last_account"], ["keep", EMAIL, FIRST], environment=environment)
    assert refused.results[0].startswith("sign_in_failed: This machine offers no keyring of its operating system")
    assert SWITCH_OFF in refused.results[0]
    assert refused.results[1] is False
    assert FIRST not in refused.log


@pytest.mark.promise("keyring:refused:says-what-to-do")
@pytest.mark.parametrize(
    "named",
    [
        {},
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.chainer.ChainerBackend"},
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"},
        {"PYTHON_KEYRING_BACKEND": "no.such.Backend"},
    ],
    ids=lambda named: str(*named.values()),
)
def test_a_machine_without_a_keyring_refuses(tmp_path: Path, named: dict[str, str]) -> None:
    assert_none_usable(bare_environment(tmp_path, **named))


@pytest.mark.promise("keyring:kept:never-a-plain-file")
@pytest.mark.parametrize("backend", ["PlaintextKeyring", "Posing"])
@pytest.mark.parametrize("by_file", [False, True])
def test_no_configuration_smuggles_a_plain_file_in(
    tmp_path: Path, elsewhere: Path, backend: str, by_file: bool
) -> None:
    name = f"keyrings.alt.file.{backend}"
    environment = bare_environment(tmp_path)
    if by_file:
        config = tmp_path / "config" / "python_keyring" / "keyringrc.cfg"
        config.parent.mkdir()
        config.write_text(f"[backend]\ndefault-keyring={name}\nkeyring-path={elsewhere}\n")
    else:
        environment |= {"PYTHON_KEYRING_BACKEND": name, "PYTHONPATH": str(elsewhere)}
    assert_none_usable(environment)
    assert not list(elsewhere.rglob("plain.txt"))


@pytest.mark.promise("keyring:kept:never-a-plain-file")
@pytest.mark.needs("dbus-run-session", "gnome-keyring-daemon")
@pytest.mark.parametrize("with_a_plain_file", [False, True])
def test_a_chain_is_as_good_as_its_worst_member(
    unlocked: dict[str, str], elsewhere: Path, with_a_plain_file: bool
) -> None:
    environment = unlocked | {"PYTHON_KEYRING_BACKEND": "keyring.backends.chainer.ChainerBackend"}
    if with_a_plain_file:
        info = elsewhere / "keyrings_alt-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keyrings.alt\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[keyring.backends]\nfile = keyrings.alt.file\n")
        assert_none_usable(environment | {"PYTHONPATH": str(elsewhere)})
        assert not list(elsewhere.rglob("plain.txt"))
    else:
        kept = calls(["last_account"], ["keep", EMAIL, FIRST], ["stored"], environment=environment)
        assert kept.results == [None, True, {USER: FIRST, "Last account": EMAIL}]


def test_the_keyring_of_every_operating_system_is_taken() -> None:
    """Each that the keyring library has for one; none of them is asked for anything here."""
    desktops = ("SecretService.Keyring", "libsecret.Keyring", "kwallet.DBusKeyring", "kwallet.DBusKeyringKWallet4")
    names = (*desktops, "macOS.Keyring", "Windows.WinVaultKeyring")
    done = subprocess.run([sys.executable, "-c", CHOSEN, *names], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
