"""The sandbox as a process of its own, for curl and for programs in other languages."""

import signal
from collections.abc import Callable
from pathlib import Path

import anyio

from .app import Sandbox, build_sandbox
from .config import LOOPBACK, SandboxConfig
from .http_server import HTTPServer, listen, serving
from .listener import keyed_app, make_key, outbox_url
from .runtime_files import published
from .wire.captcha import SANDBOX_CAPTCHA

_HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)
"""Windows has none."""


def serve_sandbox(
    config: SandboxConfig, *, port: int, announce: Callable[[str], None], runtime_dir: Path | None = None
) -> None:
    """Serve the API, its first page and the outbox on 127.0.0.1 until one of `ending_signals`, then return.

    It must run in the main thread, and leaves those signals ignored. Port 0 is any free one. `announce` gets one line
    at a time; one of them holds the key of the outbox page, so the lines are for the person's own terminal.

    Raises:
        ValueError: the port or the data file can't be used.
    """
    with build_sandbox(config) as sandbox:
        anyio.run(_serve, sandbox, config, port, runtime_dir, announce)


def ending_signals() -> set[signal.Signals]:
    """Give SIGINT and SIGTERM, and SIGHUP unless it is ignored, as under nohup."""
    hangup = set() if signal.getsignal(_HANGUP) is signal.SIG_IGN else {_HANGUP}
    return {signal.SIGINT, signal.SIGTERM} | hangup


async def _serve(
    sandbox: Sandbox, config: SandboxConfig, port: int, runtime_dir: Path | None, announce: Callable[[str], None]
) -> None:
    key = make_key()
    with listen(port) as listening:
        port = listening.getsockname()[1]
        app = keyed_app(sandbox, otherwise=sandbox.app, key=key, port=port)
        server = HTTPServer(app, signals=ending_signals())
        async with serving(server, listening):
            with published(outbox_url(port, key), runtime_dir) as address:
                for line in _announcement(config, port, address.url):
                    announce(line)
                await server.ended.wait()


def _announcement(config: SandboxConfig, port: int, outbox: str) -> list[str]:
    base_url = f"http://{LOOPBACK}:{port}/"
    return [
        "Rememberizer sandbox: no real account, and no mail leaves this machine.",
        f"  Commands to try: {base_url}",
        f"  API base URL:    {base_url}api/v1/",
        f"  Outbox:          {outbox}",
        f"  Captcha token:   {SANDBOX_CAPTCHA}",
        f"  Data:            {config.data or 'in memory, gone when the sandbox ends'}",
        "Press Ctrl-C to end it.",
    ]
