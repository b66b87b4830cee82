"""What a tool body works with: ``Services``, of which each run of the server has one, and the client of the call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
from mcp.server.mcpserver import Context

from ...server.api.asking import Asker
from ...server.logs.redaction import KnownSecrets
from ...server.sessions.limiter import AttemptLimiter
from ...server.sessions.store import SessionStore
from ...server.settings.settings import Settings
from ...server.signin.ways import SignInWays
from .caller import Caller
from .questions import Questions


@dataclass
class StoreOfKey:
    """Which vector store the key is for: it names exactly one, so it is asked for once a process."""

    id: str | None = None


SMART_SECONDS = 45.0
"""What an agentic search has at least: a language model of upstream's works behind it."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts that tools use.

    Args:
        settings: What the server was told.
        sessions: Every session of this process.
        attempts: Counts sign-in attempts.
        secrets: The registry of values that logs redact.
        owner: Whose default session a call without a handle means; over stdio the process is the client.
        ways: How to sign in without secrets in the arguments.
        opens_browser: Whether the server may open the sign-in page itself.
        patience_seconds: How long a call waits for a person.
        api_key: Asks with the API key of the settings, if they hold one.
        store_key: The same for a vector store's.
        now: The wall clock, in Unix seconds.
        store_of_key: Which store that is.
        questions: What clients were asked.
    """

    settings: Settings
    sessions: SessionStore
    attempts: AttemptLimiter
    secrets: KnownSecrets
    owner: str
    ways: SignInWays
    opens_browser: bool
    patience_seconds: float
    api_key: Asker | None
    store_key: Asker | None
    now: Callable[[], float]
    store_of_key: StoreOfKey
    questions: Questions

    def for_call(self, context: Context[Any, Any], *, writes: bool) -> "CallServices":
        """The same parts for one call of this client."""
        return CallServices(**vars(self), caller=Caller(context, self.questions), writes=writes)

    def deadline(self, *, at_least: float = 0) -> float:
        """When the call that begins now has used up its time with upstream: seconds on anyio's clock.

        Args:
            at_least: Seconds that the call has in any case, where upstream is known to be slow.
        """
        return anyio.current_time() + max(self.settings.timeout_seconds, at_least)


@dataclass(frozen=True, kw_only=True)
class CallServices(Services):
    """The parts for one call, and the client that made it.

    Args:
        caller: The client.
        writes: Whether the call changes what is stored at Rememberizer.
    """

    caller: Caller
    writes: bool
