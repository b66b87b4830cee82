"""Whether the sign-in page would be opened in a browser, and why not."""

import webbrowser
from collections.abc import Callable, Mapping

from ..signin.browser import should_open
from .report import Finding

_BY_LINK = "signing in still works by the link that the agent shows"


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
    """What happens when somebody has to sign in.

    Args:
        wish: REMEMBERIZER_OPEN_BROWSER.
        platform: As ``sys.platform``.
        environ: The environment, which tells of a remote shell or a display.
        has_browser: Whether there is one.
    """
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
