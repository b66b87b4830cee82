"""What several tests of the sandbox need: a client in process, and a sandbox that runs as a process."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio.streams.buffered import BufferedByteReceiveStream
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
NAME = "Ada Lovelace"
WAIT_SECONDS = 20

_PROGRAM = """
import signal, sys
from pathlib import Path
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.listener import serve_sandbox

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore it
serve_sandbox(SandboxConfig(), port=0, runtime_dir=Path(sys.argv[1]), announce=lambda line: print(line, flush=True))
"""


class API(httpx.AsyncClient):
    """A client of one sandbox, in process, with the calls that most tests begin with."""

    def __init__(self, sandbox: Sandbox, *, fails: bool = False) -> None:
        transport = httpx.ASGITransport(app=sandbox.app, raise_app_exceptions=not fails)
        super().__init__(transport=transport, base_url="http://sandbox.test/api/v1/")

    async def sign_up(self, **changes: Any) -> httpx.Response:
        body = {"email": EMAIL, "password": PASSWORD, "name": NAME, "captcha": SANDBOX_CAPTCHA, **changes}
        return await self.post("auth/signup/", json=body)

    async def sign_in(self, **changes: Any) -> httpx.Response:
        body = {"login": EMAIL, "password": PASSWORD, "captcha": SANDBOX_CAPTCHA, **changes}
        return await self.post("auth/signin/", json=body)

    async def verify(self, code: Any, *, token: str | None = None) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token or self.access}"}
        return await self.post("auth/verify-email/", json={"verification_code": code}, headers=bearer)

    async def refresh(self, token: str | None = None) -> httpx.Response:
        """Refresh by the jar's own cookie, or by a given token and no jar."""
        if token is None:
            return await self.post("auth/custom-refresh/")
        return await self._without_jar("auth/custom-refresh/", {"refresh_token": token})

    async def log_out(self, **cookies: str) -> httpx.Response:
        """Log out by the jar's own cookies, or by the given cookies and no jar."""
        if not cookies:
            return await self.post("auth/custom-logout/")
        return await self._without_jar("auth/custom-logout/", cookies)

    async def me(self, token: str | None = None) -> httpx.Response:
        """Ask who is signed in, by the jar, or by a given bearer token."""
        return await self.get("me/", headers={"Authorization": f"Bearer {token}"} if token else {})

    @property
    def access(self) -> str:
        return self.cookies["access_token"]

    @property
    def refresh_token(self) -> str:
        return self.cookies["refresh_token"]

    async def _without_jar(self, path: str, cookies: dict[str, str]) -> httpx.Response:
        kept = list(self.cookies.jar)
        self.cookies.clear()
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        response = await self.post(path, headers={"Cookie": header})
        self.cookies.clear()
        for cookie in kept:
            self.cookies.jar.set_cookie(cookie)
        return response


def newest_code(sandbox: Sandbox) -> str:
    return sandbox.outbox.letters()[-1].code


def wrong_code(sandbox: Sandbox) -> str:
    return newest_code(sandbox)[::-1] + "x"


@dataclass
class Served:
    """A sandbox that runs as a process of its own."""

    lines: list[str]
    base_url: str
    outbox_url: str
    pid: int
    returncode: int | None = None
    errors: str = ""


@asynccontextmanager
async def served(directory: Path, *, ending: signal.Signals = signal.SIGTERM) -> AsyncIterator[Served]:
    """Run `serve_sandbox` with its runtime files in a directory; end it by that signal."""
    errors = directory / "stderr.txt"
    command = [sys.executable, "-W", "error", "-c", _PROGRAM, str(directory)]
    with anyio.fail_after(WAIT_SECONDS), errors.open("wb") as stderr:
        async with await anyio.open_process(command, stderr=stderr) as process:
            assert process.stdout is not None
            text = await BufferedByteReceiveStream(process.stdout).receive_until(b"Press Ctrl-C to end it.\n", 10_000)
            lines = text.decode().splitlines()
            urls = [line.split()[-1] for line in lines if "http://" in line]
            sandbox = Served(lines=lines, base_url=urls[0], outbox_url=urls[2], pid=process.pid)
            yield sandbox
            process.send_signal(ending)
            sandbox.returncode = await process.wait()
    sandbox.errors = errors.read_text()
