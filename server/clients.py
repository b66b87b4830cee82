"""``Clients``: who is served by a process, and ``Authorization``: whose tokens say who they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from pydantic import SecretStr

from .api.turns import Turns
from .meter import Meter
from .sessions.shelf import SharedShelf

if TYPE_CHECKING:
    from mcp.server.auth.provider import TokenVerifier
    from mcp.server.auth.settings import AuthSettings

    from .api.issuer import Issuer
    from .signin.public import PublicPages


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """How people elsewhere are known, and where they sign in.

    Args:
        url: The public URL of the server.
        issuer: Gives out the tokens that say who asks. The run of the server closes it.
        verifier: Checks the tokens.
        settings: What a client is told of the issuer.
        pages: Where people sign in to Rememberizer.
    """

    url: str
    issuer: "Issuer"
    verifier: "TokenVerifier"
    settings: "AuthSettings"
    pages: "PublicPages"


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Who is served by a process. Over stdio that is one client, and whatever the process holds is theirs.

    Args:
        owner_of: Finds the owner of the request that is answered.
        most_sessions: How many sessions there can be.
        remembered_seconds: How long is remembered what an owner had whose session ended.
        turns: Makes the turns that the calls to Rememberizer take.
        name_sessions: Whether each can have several, and the tools therefore list ``session``.
        may_open_browser: Whether a page that the server opens is on their screen.
        meter: Is told what the server does.
        authorization: How people elsewhere are known; without it all are on this machine, and sign in at a port of it.
        shared: What all processes of the service share; without it this process keeps everything. The run of the server
            closes it.
        keys: Secrets that all processes of the service have; the first seals, and all open.
    """

    owner_of: Callable[[], str | None] = lambda: "stdio"
    most_sessions: int = 1
    remembered_seconds: float = inf
    turns: Callable[[], Turns] = Turns
    name_sessions: bool = False
    may_open_browser: bool = True
    meter: Meter = field(default_factory=Meter)
    authorization: Authorization | None = None
    shared: SharedShelf | None = None
    keys: Sequence[SecretStr] = ()

    @property
    def pages(self) -> "PublicPages | None":
        """Where people elsewhere sign in."""
        return self.authorization.pages if self.authorization else None
