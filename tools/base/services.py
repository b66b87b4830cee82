"""``Services``: what tools work with; each run of the server has one."""

from collections.abc import Callable
from dataclasses import dataclass

from ...server.api.api_key import ApiKey
from ...server.logs.redaction import KnownSecrets
from ...server.sessions.limiter import AttemptLimiter
from ...server.sessions.store import SessionStore
from ...server.settings.settings import Settings
from ...server.signin.ways import SignInWays
from .questions import Questions


@dataclass
class StoreOfKey:
    """The id of the vector store that the key opens. A key opens exactly one, so a process asks for the id once."""

    id: str | None = None


@dataclass(kw_only=True)
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
        api_key: The API key of the settings, if they hold one.
        store_key: The same for a vector store's.
        now: The wall clock, in Unix seconds.
        store_of_key: The store that ``store_key`` opens.
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
    api_key: ApiKey | None
    store_key: ApiKey | None
    now: Callable[[], float]
    store_of_key: StoreOfKey
    questions: Questions

    @property
    def key_without_account(self) -> ApiKey | None:
        """The API key, unless there was an account whose session ended by itself."""
        return None if self.sessions.has_ended(self.owner) else self.api_key
