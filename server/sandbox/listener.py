"""The loopback listener beside a sandbox that is used in process: pages for a person's browser, nothing else."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.types import ASGIApp

from .app import Sandbox
from .config import LOOPBACK, OUTBOX_PATH
from .http_server import HTTPServer, listen, serving
from .runtime_files import OutboxAddress, published
from .wire.guard import KeyedPages, LoopbackGuard
from .wire.pages import Pages
from .wire.web import WithHeaders, web_app

_PATIENCE_SECONDS = 0.1  # the process that has a sandbox in it ends within a second, and has more to close


@asynccontextmanager
async def outbox_listener(sandbox: Sandbox, runtime_dir: Path | None = None) -> AsyncIterator[OutboxAddress]:
    """Serve the pages on 127.0.0.1 while the body runs, and publish the outbox's address in the runtime directory.

    The consent page needs no key, for it has a sign-in of its own; what is yielded names its `authorize_url`.
    It takes no signal handlers over. At the end the file is removed before the server stops.

    Raises:
        ValueError: no port can be had.
    """
    key = make_key()
    with listen(0) as listening:
        port: int = listening.getsockname()[1]
        consent = web_app(sandbox.browser_routes)
        app = keyed_app(sandbox, otherwise=consent, key=key, port=port)
        server = HTTPServer(app, patience_seconds=_PATIENCE_SECONDS)
        async with serving(server, listening):
            with published(outbox_url(port, key), runtime_dir) as address:
                yield address


def keyed_app(sandbox: Sandbox, *, otherwise: ASGIApp, key: str, port: int) -> ASGIApp:
    """Put the pages that need the key in front of another application, and the guard in front of both."""
    pages = Pages()
    for_people = web_app([pages.outbox_route(sandbox.outbox, sandbox.shown_keys)])
    keyed = KeyedPages(for_people, key=key, otherwise=otherwise)
    return WithHeaders(LoopbackGuard(keyed, port=port), pages.headers())


def make_key() -> str:
    """Make the key of one start: 256 random bits, safe in a URL (security.md S20)."""
    return secrets.token_urlsafe(32)


def outbox_url(port: int, key: str) -> str:
    """Give the address of the outbox page."""
    return f"http://{LOOPBACK}:{port}/{key}{OUTBOX_PATH}"
