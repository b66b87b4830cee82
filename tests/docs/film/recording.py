"""The demo in a pseudo-terminal, and photographs of the sign-in page while the demo's person is held up."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
from playwright.async_api import Browser, ViewportSize

from tests.docs.film.screen import COLUMNS, ROWS, words
from tests.docs.regions import ROOT
from tests.support.browser import watched
from tests.support.process import clean_environment

PAGE_SIZE: ViewportSize = {"width": 440, "height": 480}
SCALE = 1.5
LONGEST_SECONDS = 180
"""On a busy machine; the demo works for six seconds, the browser for two."""
AT_THE_PAGE = "the person opens the link"


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What the terminal got at once, and when, in seconds since the start."""

    at: float
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Everything that was seen; ``photographs`` are PNGs of the page: as it comes, and after the sign-in."""

    chunks: tuple[Chunk, ...]
    address: str
    photographs: tuple[bytes, ...]


async def record(browser: Browser, folder: Path) -> Recording:
    """Run the demo once.

    Args:
        browser: For the photographs.
        folder: For files that are needed meanwhile.
    """
    chunks: list[Chunk] = []
    address, photographs = "", tuple[bytes, ...]()
    gate = folder / "gate"
    os.mkfifo(gate)
    command = [sys.executable, "-m", "tests.docs.film.demo", str(gate)]
    with anyio.fail_after(LONGEST_SECONDS):
        async for chunk in terminal(command, environment(folder)):
            chunks.append(chunk)
            said = words(b"".join(each.data for each in chunks))
            if not address and AT_THE_PAGE in said:
                address = _found(r"sign_in_url +(\S+)", said)
                photographs = await photograph(browser, address)
                await anyio.to_thread.run_sync(gate.write_bytes, b"\n")
    return Recording(chunks=tuple(chunks), address=address, photographs=photographs)


def environment(folder: Path) -> Mapping[str, str]:
    """A terminal with colours, and a folder of its own for the sandbox's files."""
    known = {name: value for name, value in clean_environment().items() if name != "NO_COLOR"}
    return known | {"TERM": "xterm-256color", "XDG_RUNTIME_DIR": str(folder)}


async def terminal(command: list[str], environ: Mapping[str, str]) -> AsyncIterator[Chunk]:
    """Run a command in a terminal, and give what it writes as it comes.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    begun = time.perf_counter()
    process = await anyio.open_process(command, cwd=ROOT, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    async with process:
        os.close(theirs)
        while data := await anyio.to_thread.run_sync(_read, ours, abandon_on_cancel=True):
            yield Chunk(at=time.perf_counter() - begun, data=data)
    os.close(ours)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


async def photograph(browser: Browser, address: str) -> tuple[bytes, ...]:
    """The page as it comes, and after the guest was signed in there."""
    look = {"viewport": PAGE_SIZE, "device_scale_factor": SCALE, "color_scheme": "light"}
    async with watched(browser, **look) as profile:
        page = await profile.open(address)
        as_it_comes = await page.screenshot()
        await page.get_by_role("button", name="Continue as Ada").click()
        await page.get_by_role("heading", name="You are signed in").wait_for()
        return as_it_comes, await page.screenshot()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux tells that the other side has closed
        return b""


def _found(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    assert found is not None
    return found[1]
