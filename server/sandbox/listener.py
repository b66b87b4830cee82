"""The sandbox on a loopback port: its pages beside a sandbox that is used in process, or all of it for programs."""

import asyncio  # noqa: TID251 -- a signal handler reaches the event loop by it
import hmac
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from pathlib import Path

import anyio
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..loopback import HOST, PATIENCE_SECONDS, Connections, LoopbackServer, WithHeaders, is_asked_here, serving
from .app import Sandbox
from .config import OUTBOX_PATH, SANDBOX_CAPTCHA, SANDBOX_GUEST_EMAIL, SANDBOX_GUEST_PASSWORD, SandboxConfig
from .mailbox import OutboxAddress, published
from .wire.pages import Pages
from .wire.web import web_app

_NAMES = (HOST, "localhost")
_MOST_CONNECTIONS = 256
_PATIENCE_SECONDS = 0.5  # of a process of its own, which has nothing else to close
_HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none


@asynccontextmanager
async def outbox_listener(
    sandbox: Sandbox, runtime_dir: Path | None = None, *, port: int = 0, everything: bool = False
) -> AsyncIterator[OutboxAddress]:
    """Serve the outbox and the consent page while the body runs, and publish the outbox's address in a file.

    The outbox is below the key of this start, 256 random bits (security.md S20). `everything` serves the API and its
    first page too. The file is removed before the port closes.

    Raises:
        ValueError: the port can't be had.
    """
    key = secrets.token_urlsafe(32)
    server = LoopbackServer(
        keyed_app(sandbox, otherwise=sandbox.app if everything else web_app(sandbox.browser_routes), key=key),
        connections=Connections(most=_MOST_CONNECTIONS),
        port=port,
        patience_seconds=_PATIENCE_SECONDS if everything else PATIENCE_SECONDS,
    )
    async with serving(server):
        with published(f"{server.origin}/{key}{OUTBOX_PATH}", runtime_dir) as address:
            yield address


def serve_sandbox(
    config: SandboxConfig, *, port: int, announce: Callable[[str], None], runtime_dir: Path | None = None
) -> None:
    """Serve everything on 127.0.0.1 until one of `ending_signals`, then return; those stay ignored.

    It must run in the main thread. Port 0 is any free one. `announce` gets one line at a time; one of them holds the
    key of the outbox page, so the lines are for the person's own terminal.

    Raises:
        ValueError: the port or the data file can't be used.
    """

    async def serve() -> None:
        with heeding(ending_signals()) as came:
            async with outbox_listener(sandbox, runtime_dir, port=port, everything=True) as address:
                for line in _announcement(config, address):
                    announce(line)
                await came.wait()

    with Sandbox(config) as sandbox:
        anyio.run(serve)


def ending_signals() -> set[signal.Signals]:
    """Give SIGINT and SIGTERM, and SIGHUP unless it is ignored, as under nohup."""
    hangup = set() if signal.getsignal(_HANGUP) is signal.SIG_IGN else {_HANGUP}
    return {signal.SIGINT, signal.SIGTERM} | hangup


@contextmanager
def heeding(signals: Collection[signal.Signals]) -> Iterator[anyio.Event]:
    """Take signals over while the body runs; the event is set when one comes, and others change nothing.

    If one came they are ignored after the body: they often come together, and what is left is to end.
    """
    came, loop = anyio.Event(), asyncio.get_running_loop()
    numbers: set[int] = set()

    def heed(number: int, _: object) -> None:
        numbers.add(number)  # its handler stays: Python reports one that is replaced while another signal is handled
        loop.call_soon_threadsafe(came.set)

    before = {number: signal.signal(number, heed) for number in signals}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if numbers else handler)


def keyed_app(sandbox: Sandbox, *, otherwise: ASGIApp, key: str) -> ASGIApp:
    """Serve the outbox page below a secret first path segment, and another application elsewhere.

    Both answer this machine only, at the address of their own port.
    """
    pages = Pages()
    for_people = web_app([pages.outbox_route(sandbox.outbox, sandbox.shown_keys)])
    refused = JSONResponse({"detail": "This sandbox answers its own address on this machine only."}, 403)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen: ASGIApp = otherwise
        is_from_here = scope["client"] is not None and ip_address(scope["client"][0]).is_loopback
        if not (is_from_here and is_asked_here(scope, names=_NAMES)):
            chosen = refused
        elif hmac.compare_digest(scope["path"].lstrip("/").partition("/")[0].encode(), key.encode()):
            scope["root_path"] = f"/{key}"
            chosen = for_people
        await chosen(scope, receive, send)

    return WithHeaders(app, pages.headers())


def _announcement(config: SandboxConfig, address: OutboxAddress) -> list[str]:
    return [
        "Rememberizer sandbox: no real account, and no mail leaves this machine.",
        f"  Commands to try: {address.base_url}",
        f"  API base URL:    {address.base_url}api/v1/",
        f"  Outbox:          {address.url}",
        f"  Captcha token:   {SANDBOX_CAPTCHA}",
        f"  Guest:           {SANDBOX_GUEST_EMAIL}, password {SANDBOX_GUEST_PASSWORD}",
        f"  Data:            {config.data or 'in memory, gone when the sandbox ends'}",
        "Press Ctrl-C to end it.",
    ]
