"""``OwnSessions``: how many sessions of 2025-11-25 one owner can have, so that one leaves room for all others."""

from collections import OrderedDict
from time import monotonic

from mcp.server.streamable_http_manager import DEFAULT_MAX_SESSIONS, DEFAULT_SESSION_IDLE_TIMEOUT
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..sessions.fading import Fading
from .principal import owner_of

MOST_OF_ONE = 100
"""The SDK takes 10,000 in all and refuses more; each costs some 40 KB, and ends half an hour after its last request."""
_ID = b"mcp-session-id"


class OwnSessions:
    """Middleware inside the SDK's: beyond ``MOST_OF_ONE`` the owner's session that was left unused for longest ends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._known = Fading[OrderedDict[str, None]](
            seconds=DEFAULT_SESSION_IDLE_TIMEOUT, most=DEFAULT_MAX_SESSIONS, now=monotonic
        )
        """The ids of each owner's sessions, the one that was left unused for longest first; some may have ended."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, which names the session."""

        async def note_and_send(message: Message) -> None:
            used = dict(message.get("headers", ())).get(_ID)
            if used and (owner := owner_of()):
                await self._note(owner, used.decode(), scope)
            await send(message)

        await self._app(scope, receive, note_and_send)

    async def _note(self, owner: str, used: str, scope: Scope) -> None:
        ids = self._known.get(owner) or OrderedDict()
        ids[used] = None
        ids.move_to_end(used)
        self._known.keep(owner, ids)
        if len(ids) > MOST_OF_ONE:
            await self._end(ids.popitem(last=False)[0], scope)

    async def _end(self, oldest: str, scope: Scope) -> None:
        """End a session in the owner's name, as their client could."""
        kept = [(name, value) for name, value in scope["headers"] if name in (b"host", b"origin")]

        async def nothing() -> Message:
            return {"type": "http.request"}

        async def unheard(_: Message) -> None:
            pass

        asked = {**scope, "method": "DELETE", "headers": [*kept, (_ID, oldest.encode())]}
        await self._app(asked, nothing, unheard)
