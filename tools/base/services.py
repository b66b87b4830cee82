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
    """The parts that tools use. The keys are those of the settings, if they hold some."""

    settings: Settings
    sessions: SessionStore
    attempts: AttemptLimiter
    secrets: KnownSecrets
    owner_of: Callable[[], str | None]
    """Finds the owner of the request that is answered."""
    ways: SignInWays
    opens_browser: bool
    """Whether the server may open the sign-in page itself."""
    patience_seconds: float
    """How long a call waits for a person."""
    api_key: ApiKey | None
    store_key: ApiKey | None
    now: Callable[[], float]
    """The wall clock, in Unix seconds."""
    store_of_key: StoreOfKey
    questions: Questions

    @property
    def owner(self) -> str | None:
        """Whose default session a call without a handle means; ``None`` if nobody is known by more than a handle."""
        return self.owner_of()

    @property
    def key_without_account(self) -> ApiKey | None:
        """The API key, unless there was an account whose session ended by itself."""
        return None if self.sessions.has_ended(self.owner) else self.api_key
