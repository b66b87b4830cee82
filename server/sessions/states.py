"""The states of a session, and what all sessions of a process share.

    signed_out --signup--> unverified --verify--> signed_in --refresh refused--> expired
        |                      ^                      ^                             |
        +------login-----------+----------------------+-----------login------------+

``logout`` leads from each of them to ``signed_out``. A login or signup that fails leaves the session as it was. While a
sign-in page is open for a session, it is shown as ``pending``, whatever account it still holds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple, Protocol

from ..api.client import RememberizerAPI
from ..api.oauth import OAuthClient
from ..errors import SignInFailed
from ..logs.redaction import KnownSecrets
from ..meter import Meter
from .flight import Spawn
from .keychain import Keychain
from .shelf import MemoryShelf, Shelf


class State(StrEnum):
    """What a session can be."""

    SIGNED_OUT = "signed_out"
    """No account: before the first sign-in and after a logout."""
    PENDING = "pending"
    """What is shown while a sign-in page is open; never the state of an account."""
    UNVERIFIED = "unverified"
    """Signed up or signed in, and the e-mail address is not verified yet."""
    SIGNED_IN = "signed_in"
    """An account, as far as anybody knows."""
    EXPIRED = "expired"
    """Upstream refused to renew it; only ``login`` or ``logout`` lead on."""


WaitingFor = Literal["credentials", "new_account", "consent", "verification_code"]
"""What a sign-in page waits for: a sign-in, a sign-up, Rememberizer's consent page, or the mailed code."""

Outcome = Literal["signed_in", "too_many_attempts", "declined", "failed", "expired", "closed", "replaced"]
"""How a sign-in page ended; ``replaced`` is by another sign-in."""


class EndedPage(NamedTuple):
    """The last sign-in page of a session: how it ended, and the confirm code, which tells it from others."""

    outcome: Outcome
    confirm_code: str


class GivenBack(NamedTuple):
    """What became of a sign-out: whether upstream confirmed it, and whether the keyring has nothing of it left."""

    confirmed: bool
    forgotten: bool


class EndedAccount(NamedTuple):
    """The account of a session that ended by itself."""

    email: str | None


class Page(Protocol):
    """What a session knows of the sign-in page that is open for it."""

    confirm_code: str
    """What page and tool result both show, so that a forwarded link is noticed."""
    expires_at: float
    """When nobody is waited for any longer, in Unix seconds."""
    for_account: str | None
    """The e-mail of the account that was asked for, if one was."""
    wants_code: bool
    """Whether the account is signed in, and only its verification code is missing."""
    trouble: SignInFailed | None
    """What went wrong there, where the person alone can't repair it."""

    @property
    def url(self) -> str: ...

    @property
    def waiting_for(self) -> WaitingFor: ...

    def finish(self) -> None: ...

    def close(self, *, replaced: bool = False) -> None: ...

    def run_out(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What every session of a process shares.

    Args:
        api: The REST client.
        secrets: The registry of values that logs redact.
        spawn: Starts a task that outlives its caller.
        budget_seconds: How long a refresh may take, whoever waits for it.
        keychain: The keyring, where the user opted in.
        now: The wall clock, in Unix seconds.
        meter: Is told of each refresh.
        client: The OAuth app, where one is configured.
        shelf: Keeps values for some time: in this process, or for all that share the sessions.
    """

    api: RememberizerAPI
    secrets: KnownSecrets
    spawn: Spawn
    budget_seconds: float
    keychain: Keychain | None = None
    now: Callable[[], float] = time.time
    meter: Meter = field(default_factory=Meter)
    client: OAuthClient | None = None
    shelf: Shelf = field(default_factory=MemoryShelf)
