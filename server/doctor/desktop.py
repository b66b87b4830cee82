"""What signing in uses of the desktop: the operating system's keyring, and a browser."""

import webbrowser
from collections.abc import Callable, Mapping
from functools import partial

import anyio
import anyio.to_thread

from ..errors import SignInFailed
from ..hosts.system import has_keyring
from ..sessions.keychain import Ring, system_keyring
from ..signin.browser import should_open
from .report import NO_LIBRARY, Finding

LIMIT_SECONDS = 5.0
"""Well below what the doctor gives the process of this check, which has to start first."""
NOBODY = ("rememberizer-mcp doctor", "nobody")
"""An entry that does not exist: reading it shows that the keyring can be read, and no secret."""
_OFF = "REMEMBERIZER_KEEP_SIGNED_IN"
_BY_LINK = "signing in still works by the link that the agent shows"


async def keyring(
    wish: str,
    *,
    find: Callable[[], Ring] = system_keyring,
    has_library: Callable[[], bool] = has_keyring,
    limit_seconds: float = LIMIT_SECONDS,
) -> Finding:
    """Whether a sign-in can be kept, as REMEMBERIZER_KEEP_SIGNED_IN wishes; a failure only where that is `keyring`.

    Only then is the keyring read, which can open a dialog. A thread that still runs at the limit ends with its process.
    """
    is_wanted, backend, refusal = wish == "keyring", "", None
    try:
        with anyio.move_on_after(limit_seconds):
            backend = await anyio.to_thread.run_sync(partial(_look, find, read=is_wanted), abandon_on_cancel=True)
    except Exception as error:  # noqa: BLE001 -- keyring's backends raise what their systems lead to
        refusal = error
    if not is_wanted:
        usable = f"{backend} could be used" if backend else "none could be used now"
        return Finding.ok("keyring", f"Not used, since {_OFF} is `off`; {usable}.")
    if backend:
        return Finding.ok("keyring", f"{backend} can be read; sign-ins are kept there.")
    if refusal:
        return _refused(refusal, has_library=has_library())
    step = f"Answer the system's dialog, or unlock it, and run this again; or set {_OFF} to `off`."
    return Finding.failure("keyring", f"It did not answer within {limit_seconds:g} s: it may be locked.", step)


def _look(find: Callable[[], Ring], *, read: bool) -> str:
    ring = find()
    if read:
        ring.get_password(*NOBODY)
    return f"{type(ring).__module__}.{type(ring).__name__}"


def _refused(refusal: Exception, *, has_library: bool) -> Finding:
    if not isinstance(refusal, SignInFailed):
        text = f"It is locked or refuses the access ({type(refusal).__name__})."
        return Finding.failure("keyring", text, f"Unlock it, in a session with a desktop, or set {_OFF} to `off`.")
    if not has_library:
        step = f"Install `rememberizer-mcp[keyring]`, or set {_OFF} to `off`."
        return Finding.failure("keyring", NO_LIBRARY, step)
    step = (
        "Set up Secret Service, KWallet, the macOS Keychain or the Windows Credential Locker, name no other backend "
        f"in PYTHON_KEYRING_BACKEND or keyringrc.cfg, or set {_OFF} to `off`."
    )
    return Finding.failure("keyring", "There is none of the operating system's own, and no other is used.", step)


def has_browser() -> bool:
    """Whether Python finds a browser that it could open; it opens none."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def browser(
    wish: str, *, platform: str, environ: Mapping[str, str], has_browser: Callable[[], bool] = has_browser
) -> Finding:
    """Whether the sign-in page would be opened in a browser, as REMEMBERIZER_OPEN_BROWSER wishes, and why not."""
    opens = wish == "always" or (wish == "auto" and should_open("auto", platform=platform, environ=environ))
    if not opens:
        return Finding.ok("browser", f"None is opened, {_reason(wish, environ)}; {_BY_LINK}.")
    if has_browser():
        return Finding.ok("browser", "The sign-in page is opened in the default browser.")
    step = f"Install one or set BROWSER, or set REMEMBERIZER_OPEN_BROWSER to `never`; {_BY_LINK}."
    return Finding.warning("browser", "One should be opened for the sign-in, but none is found.", step)


def _reason(wish: str, environ: Mapping[str, str]) -> str:
    if wish == "never":
        return "since REMEMBERIZER_OPEN_BROWSER is `never`"
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "since this is a remote shell (SSH)"
    return "since there is no display (DISPLAY, WAYLAND_DISPLAY)"
