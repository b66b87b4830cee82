"""``Clients``: who is served by a process."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from .api.turns import Turns

if TYPE_CHECKING:
    from mcp.server.auth.provider import TokenVerifier
    from mcp.server.auth.settings import AuthSettings

    from .signin.public import PublicPages


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
        auth: What a client is told of the issuer whose tokens say who it is.
        token_verifier: Checks those tokens.
        pages: Where people elsewhere sign in; without it they sign in at a port of this machine.
    """

    owner_of: Callable[[], str | None] = lambda: "stdio"
    most_sessions: int = 1
    remembered_seconds: float = inf
    turns: Callable[[], Turns] = Turns
    name_sessions: bool = False
    may_open_browser: bool = True
    auth: "AuthSettings | None" = None
    token_verifier: "TokenVerifier | None" = None
    pages: "PublicPages | None" = None
