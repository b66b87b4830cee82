"""The operating system's keyring, which matters where a sign-in is to be kept."""

import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..errors import SignInFailed
from ..sessions.keychain import Ring, system_keyring
from .report import Finding

LIMIT_SECONDS = 5.0
"""Well below what the doctor gives the process of this check, which has to start first."""
NOBODY = ("rememberizer-mcp doctor", "nobody")
"""An entry that does not exist: reading it shows that the keyring can be read, and no secret."""
NO_LIBRARY = "The library `keyring` is not installed where the doctor runs."
_OFF = "REMEMBERIZER_KEEP_SIGNED_IN"


def keyring(
    wish: str,
    *,
    find: Callable[[], Ring] = system_keyring,
    library: Callable[[str], object] = find_spec,
    limit_seconds: float = LIMIT_SECONDS,
) -> Finding:
    """Whether a sign-in can be kept; a failure only where somebody asked for it.

    Args:
        wish: REMEMBERIZER_KEEP_SIGNED_IN. Only with `keyring` is the keyring read, which can open a dialog.
        find: Gives the backend, or raises SignInFailed where there is none of the operating system's.
        library: Gives something for a library that is installed.
        limit_seconds: For both steps together; what still runs then is left to the end of the process.
    """
    done, outcome = _bounded(lambda: _look(find, read=wish == "keyring"), limit_seconds)
    if wish == "keyring":
        return _wanted(outcome, library) if done else _silent(limit_seconds)
    said = outcome if done and not isinstance(outcome, Exception) else None
    usable = f"; {said} could be used" if said else "; none could be used now"
    return Finding.ok("keyring", f"Not used, since {_OFF} is `off`{usable}.")


def _look(find: Callable[[], Ring], *, read: bool) -> str:
    ring = find()
    if read:
        ring.get_password(*NOBODY)
    return f"{type(ring).__module__}.{type(ring).__name__}"


def _bounded(work: Callable[[], str], seconds: float) -> tuple[bool, Any]:
    """What it gave or raised, and whether it ended in time. Its thread holds up nobody's end."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:  # noqa: BLE001 -- keyring's backends raise what their systems lead to
            outcome.append(error)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(outcome), outcome[0] if outcome else None


def _wanted(outcome: Any, library: Callable[[str], object]) -> Finding:
    if not isinstance(outcome, Exception):
        return Finding.ok("keyring", f"{outcome} can be read; sign-ins are kept there.")
    if not isinstance(outcome, SignInFailed):
        step = f"Unlock it, in a session with a desktop, or set {_OFF} to `off`."
        return Finding.failure("keyring", f"It is locked or refuses the access ({type(outcome).__name__}).", step)
    if library("keyring") is None:
        step = f"Install `rememberizer-mcp[keyring]`, or set {_OFF} to `off`."
        return Finding.failure("keyring", NO_LIBRARY, step)
    step = (
        "Set up Secret Service, KWallet, the macOS Keychain or the Windows Credential Locker, name no other backend "
        f"in PYTHON_KEYRING_BACKEND or keyringrc.cfg, or set {_OFF} to `off`."
    )
    return Finding.failure("keyring", "There is none of the operating system's own, and no other is used.", step)


def _silent(seconds: float) -> Finding:
    step = f"Answer the system's dialog, or unlock it, and run this again; or set {_OFF} to `off`."
    return Finding.failure("keyring", f"It did not answer within {seconds:g} s: it may be locked.", step)
