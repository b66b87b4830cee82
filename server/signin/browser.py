"""Opening the default browser, without a shell (S38)."""

import os
import sys
from collections.abc import Mapping
from subprocess import DEVNULL
from typing import Literal

import anyio

from ..settings.settings import PREFIX

OPEN_SECONDS = 5.0
_SCRIPT = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def should_open(wish: Literal["auto", "always", "never"], *, platform: str, environ: Mapping[str, str]) -> bool:
    """Whether the server opens the page itself, as REMEMBERIZER_OPEN_BROWSER wishes.

    Under ``auto`` it does so only where a person sits at a desktop, by the platform (as ``sys.platform``) and by what
    the environment tells of a remote shell or a display.
    """
    if wish != "auto":
        return wish == "always"
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    return platform in ("darwin", "win32") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


async def open_browser(url: str, *, limit_seconds: float = OPEN_SECONDS) -> bool:
    """Open a page, and say whether something was found that opens pages. What it prints is dropped (stdout is MCP's).

    A launcher that still runs after ``limit_seconds`` has opened the page.

    Raises:
        ValueError: The address is not http or https.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError("only web pages are opened")
    with anyio.move_on_after(limit_seconds):
        # In a process of its own: a launcher that waits for its browser would hold one of our threads.
        # Without our settings, some of which are secrets: a browser that this starts keeps its environment for long.
        # `-P`, because the host chose our working directory, where a file may be called like a module.
        done = await anyio.run_process(
            [sys.executable, "-P", "-c", _SCRIPT, url], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, check=False,
            start_new_session=os.name == "posix",
            env={name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)},
        )  # fmt: skip
        return done.returncode == 0
    return True
