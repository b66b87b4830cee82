"""``build_server``: the one place where the parts meet."""

import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from mcp.server.caching import CacheHint
from mcp.server.mcpserver import MCPServer

from ..tools import auth
from ..tools.services import Services
from . import __version__
from .api.client import RememberizerAPI, Transport, asgi_transport
from .limiter import AttemptLimiter
from .logs import KnownSecrets
from .session import Session
from .settings import Settings
from .states import Environment
from .store import Limits, SessionStore

if TYPE_CHECKING:
    from .sandbox.config import SandboxConfig

OWNER = "stdio"
"""Over stdio there is one process per client, so the process owns the sessions."""
SANDBOX_BASE_URL = "http://127.0.0.1/api/v1/"
LIST_TTL_MS = 3_600_000
INSTRUCTIONS = (
    "Sign in to Rememberizer with `login` before tools that need an account; `session_status` says how things stand. "
    "Every failure names its cause and the tool that repairs it."
)

SANDBOX_INSTRUCTIONS = (
    " This is the sandbox, with no real accounts: its captcha response is `sandbox-captcha`, and the user can read the "
    "mail that it sent with `rememberizer-mcp sandbox outbox`."
)


def build_server(
    settings: Settings,
    *,
    transport: Transport | None = None,
    sandbox: "SandboxConfig | None" = None,
    secrets: KnownSecrets | None = None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> MCPServer[Services]:
    """The MCP server. Nothing is opened before it runs, and each run has sessions of its own.

    Args:
        settings: What the server was told.
        transport: Carries the upstream calls in place of the network; tests pass a fake upstream.
        sandbox: How the embedded sandbox behaves, where ``settings.sandbox`` asks for one.
        secrets: The registry that the log handler redacts by.
        now: The wall clock, in Unix seconds.
        sleep: How retries and the sweeper wait.
    """
    known = secrets or KnownSecrets()
    known.learn(settings.secret_values())

    def lifespan(_: MCPServer[Services]) -> AbstractAsyncContextManager[Services]:
        return _services(settings, transport=transport, sandbox=sandbox, secrets=known, now=now, sleep=sleep)

    return MCPServer(
        "rememberizer-mcp",
        title="Rememberizer",
        description="Sign in to Rememberizer, and stay signed in, without a secret in the conversation.",
        version=__version__,
        instructions=INSTRUCTIONS + (SANDBOX_INSTRUCTIONS if settings.sandbox else ""),
        tools=[*auth.toolset(settings)],
        lifespan=lifespan,
        subscriptions=False,  # no list ever changes while the process runs
        cache_hints={
            "tools/list": CacheHint(ttl_ms=LIST_TTL_MS, scope="public"),
            "server/discover": CacheHint(ttl_ms=LIST_TTL_MS, scope="public"),
        },
        log_level="WARNING",
    )


@asynccontextmanager
async def _services(
    settings: Settings,
    *,
    transport: Transport | None,
    sandbox: "SandboxConfig | None",
    secrets: KnownSecrets,
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncIterator[Services]:
    """One run of the server: at its end the sweeper stops, memory is wiped and the connections are closed."""
    async with AsyncExitStack() as stack:
        base_url = settings.base_url
        if settings.sandbox and transport is None:
            transport, base_url = await stack.enter_async_context(_embedded_sandbox(sandbox)), SANDBOX_BASE_URL
        api = RememberizerAPI(base_url=base_url, transport=transport, sleep=sleep, now=now)
        stack.push_async_callback(_shielded, api.aclose)
        tasks = await stack.enter_async_context(anyio.create_task_group())
        stack.callback(tasks.cancel_scope.cancel)
        environment = Environment(
            api=api, secrets=secrets, spawn=tasks.start_soon, budget_seconds=settings.timeout_seconds, now=now
        )
        sessions = SessionStore(make=partial(_session, environment), limits=_limits(settings), now=now)
        stack.callback(sessions.wipe)
        tasks.start_soon(sessions.keep_sweeping, sleep)
        attempts = AttemptLimiter(now=now)
        yield Services(settings=settings, sessions=sessions, attempts=attempts, secrets=secrets, owner=OWNER)


def _session(environment: Environment, handle: str, owner: str) -> Session:
    return Session(handle=handle, owner=owner, environment=environment)


def _limits(settings: Settings) -> Limits:
    return Limits(
        idle_seconds=settings.session_idle_minutes * 60,
        lifetime_seconds=settings.session_hours * 3600,
        most_sessions=settings.max_sessions or 1,
    )


async def _shielded(close: Callable[[], Awaitable[None]]) -> None:
    with anyio.CancelScope(shield=True):
        await close()
        await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one


@asynccontextmanager
async def _embedded_sandbox(config: "SandboxConfig | None") -> AsyncIterator[Transport]:
    from .sandbox.app import build_sandbox  # noqa: PLC0415 -- nobody pays for a sandbox that was not asked for
    from .sandbox.config import SandboxConfig  # noqa: PLC0415 -- as above
    from .sandbox.listener import outbox_listener  # noqa: PLC0415 -- as above

    with build_sandbox(config or SandboxConfig()) as sandbox:
        async with outbox_listener(sandbox, runtime_directory()):
            yield asgi_transport(sandbox.app)


def runtime_directory() -> Path:
    """The user's runtime directory, where a running sandbox leaves the address of its outbox."""
    from platformdirs import user_runtime_path  # noqa: PLC0415 -- needed with a sandbox only

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that XDG_RUNTIME_DIR is not set, which hosts don't pass on to a server
        return user_runtime_path()
