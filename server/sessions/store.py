"""``SessionStore``: which session a call means, whose it is, and when it ends.

State lives here under explicit handles, because MCP 2026-07-28 has no protocol session. A handle is a name and not a
key: another owner's gets exactly the answer that an unknown one gets (S19, S24).
"""

import logging
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from math import inf
from weakref import WeakValueDictionary

import anyio

from ..errors import NotSignedIn, TooManySessions, UnknownSession
from .fading import Fading
from .others import Others
from .session import Session
from .states import EndedAccount, EndedPage, Environment, State

HANDLE_PREFIX = "rs_"
HANDLE_BYTES = 24
SWEEP_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False, repr=False)
class SessionStore:
    """The sessions of one process, in memory: one for each owner. Beside ``others`` they are copies.

    Where no owner is known (``None``), whoever has the handle may use the session, and there is no other way to it: a
    call that names none opens a new one.

    Args:
        environment: What they share.
        idle_seconds: How long a session lives without a call.
        lifetime_seconds: How long it lives from its sign-in on.
        most_sessions: How many there can be.
        remembered_seconds: How long is remembered what an owner had whose session ended, if they don't come back.
    """

    environment: Environment
    idle_seconds: float
    lifetime_seconds: float
    most_sessions: int
    remembered_seconds: float = inf
    others: Others | None = None
    locks: WeakValueDictionary[str, anyio.Lock] = field(default_factory=WeakValueDictionary, init=False)
    _sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict, init=False)
    """By owner, or by handle without one; the one that was left unused for longest first."""
    _ended: Fading[str | None] = field(init=False)
    """By owner: the account whose session ended by itself, if its e-mail was known."""
    _last_pages: Fading[EndedPage] = field(init=False)
    """By owner: the last sign-in page of a session that was dropped."""

    def __post_init__(self) -> None:
        seconds, most, now = self.remembered_seconds, self.most_sessions, self.environment.now
        self._ended = Fading(seconds=seconds, most=most, now=now)
        self._last_pages = Fading(seconds=seconds, most=most, now=now)

    def __repr__(self) -> str:
        return f"<SessionStore: {len(self._sessions)} sessions>"

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, owner: str | None, handle: str | None = None) -> Session | None:
        """The owner's session, if there is one.

        Raises:
            UnknownSession: A handle was given, and the owner has no session under it.
        """
        name = owner or handle or ""
        self.reap(name)
        session = self._sessions.get(name)
        if handle is not None and (session is None or session.handle != handle):
            raise UnknownSession
        return session

    def held(self, name: str) -> Session | None:
        """The session of this owner, or with this handle where no owner is known, whatever its time."""
        return self._sessions.get(name)

    async def catch_up(self, owner: str | None, handle: str | None = None) -> None:
        """Know what other processes did to the session that a call means; raises ``StoreUnavailable``."""
        name = owner or handle
        if self.others and name:
            await self.others.catch_up(name)

    def is_over(self, name: str) -> bool:
        """Whether its time is over, or that of its page."""
        session = self._sessions.get(name)
        return session is not None and (self._has_old_page(session) or self._is_over(session))

    def reap(self, name: str) -> None:
        """End it if its time is over. So does its page, as after a sleep of this machine, when its timer is late."""
        session = self._sessions.get(name)
        if session is not None and session.page is not None and self._has_old_page(session):
            session.page.run_out()
            self.release(session)
        session = self._sessions.get(name)
        if session is not None and self._is_over(session):
            self._end(session)

    def has_ended(self, owner: str | None) -> bool:
        """Whether the owner's session ended without their doing, and nothing took its place since.

        Until then no other account and no key may be used in its stead without being asked for.
        """
        self.find(owner)
        return owner in self._ended

    def ended_account(self, owner: str | None) -> str | None:
        """The e-mail of that account, if it is known."""
        return self._ended.get(owner)

    def forget_ended(self, owner: str | None) -> None:
        """Let the owner begin afresh: they signed out."""
        self._ended.forget(owner)
        self._last_pages.forget(owner)

    def remember(self, name: str, *, ended: EndedAccount | None, last_page: EndedPage | None) -> None:
        """Remember this of sessions that were dropped, and nothing else."""
        self.forget_ended(name)
        if ended:
            self._ended.keep(name, ended.email)
        if last_page:
            self._last_pages.keep(name, last_page)

    def remembered(self, name: str) -> EndedAccount | None:
        """The account whose session ended by itself, if one did."""
        return EndedAccount(self._ended.get(name)) if name in self._ended else None

    def last_page(self, owner: str | None) -> EndedPage | None:
        """How the sign-in page of the owner's last session ended, if nothing has happened since."""
        return self._last_pages.get(owner)

    @asynccontextmanager
    async def moving(
        self, owner: str | None, handle: str | None = None, *, create: bool = False
    ) -> AsyncIterator[Session]:
        """The session for a move between states, one move at a time; it is dropped if it ends up signed out.

        Args:
            owner: Who asks.
            handle: That of the session, if the call names it.
            create: Whether to make a session if there is none.

        Raises:
            UnknownSession: As ``find``.
            NotSignedIn: There is no session and none is to be made.
            TooManySessions: The cap is reached and every session is in use.
            StoreUnavailable: Other processes can't be asked, or told.
        """
        while True:
            session = self.find(owner, handle)
            if session is None:
                if not create:
                    raise NotSignedIn
                session = self.open(owner)
            async with self.alone(session):
                if not self._is_held(session):
                    continue  # it ended while this move waited for its turn
                try:
                    with session.in_use():
                        yield session
                finally:
                    if session.state is not State.SIGNED_OUT:
                        self.forget_ended(owner)
                    self.release(session)
                return

    @asynccontextmanager
    async def alone(self, session: Session) -> AsyncIterator[None]:
        """Keep all other moves of the session waiting; it may have ended meanwhile. Raises ``StoreUnavailable``."""
        try:
            async with session.moving, self.others.alone(session.owner) if self.others else nullcontext():
                yield
        finally:
            if not session.is_moving:  # its turn may not have come, and the session be new
                self.release(session)

    def release(self, session: Session) -> None:
        """Drop a session that holds neither an account nor an open sign-in page."""
        if session.state is State.SIGNED_OUT and session.page is None and self._is_held(session):
            self.drop(session)

    def sweep(self) -> None:
        """Drop every session whose idle or absolute lifetime is over; upstream is not told."""
        for session in list(self._sessions.values()):
            if self._is_over(session):
                self._let_go(session)
        self._ended.forget_old()
        self._last_pages.forget_old()

    async def keep_sweeping(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Sweep once a minute, until cancelled."""
        while True:
            await sleep(SWEEP_SECONDS)
            self.sweep()

    def wipe(self) -> None:
        """Drop all sessions; upstream is not told."""
        for session in list(self._sessions.values()):
            self.drop(session)

    def open(self, owner: str | None) -> Session:
        """A new session for an owner who has none.

        Raises:
            TooManySessions: As ``moving``.
        """
        self._last_pages.forget(owner)
        handle = HANDLE_PREFIX + secrets.token_urlsafe(HANDLE_BYTES)
        return self.hold(owner or handle, handle)

    def hold(self, name: str, handle: str) -> Session:
        """A session with this handle, for others to fill in; raises as ``open``."""
        if len(self._sessions) >= self.most_sessions:
            self._make_room()
        session = self._sessions[name] = self.unheld(name, handle)
        return session

    def unheld(self, name: str, handle: str) -> Session:
        """A session that is not found here."""
        return Session(handle=handle, owner=name, environment=self.environment, home=self)

    def heir_of(self, session: Session) -> Session | None:
        """The session that its owner has now."""
        return self._sessions.get(session.owner)

    def was_used(self, session: Session) -> None:
        """Have it be the last to make room."""
        if self._is_held(session):
            self._sessions.move_to_end(session.owner)

    def renewing(self, session: Session) -> AbstractAsyncContextManager[None]:
        """Keeps other processes from renewing its tokens too."""
        return self.others.renewing(session) if self.others else nullcontext()

    async def keep_tokens(self, session: Session) -> None:
        """Have other processes know its tokens, if they changed."""
        if self.others:
            await self.others.keep_tokens(session)

    def _make_room(self) -> None:
        """Drop the session that was left unused for longest, but none with a call in flight or an open page."""
        for session in self._sessions.values():
            if self._is_over(session):
                break
            if not session.is_busy and not session.is_moving:
                logger.warning("session %s… was dropped to make room", session.handle[:8])
                break
        else:
            raise TooManySessions
        self._let_go(session)

    def _is_over(self, session: Session) -> bool:
        if session.is_moving:
            return False  # a login under way may give it a new life
        now = self.environment.now()
        is_idle = not session.is_busy and now - session.used_at >= self.idle_seconds
        return is_idle or now - session.started_at >= self.lifetime_seconds

    def _has_old_page(self, session: Session) -> bool:
        page = session.page
        return page is not None and page.expires_at <= self.environment.now() and not session.is_moving

    def _is_held(self, session: Session) -> bool:
        return self._sessions.get(session.owner) is session

    def _let_go(self, session: Session) -> None:
        """End it, or drop a copy: others may have used the session since."""
        if self.others:
            self.drop(session)
        else:
            self._end(session)

    def _end(self, session: Session) -> None:
        """Drop a session that its owner did not end, and remember whose it was."""
        if session.state is not State.SIGNED_OUT and session.has_owner:
            self._ended.keep(session.owner, session.email)
        if session.page is not None:
            session.page.run_out()
        self.drop(session)

    def drop(self, session: Session) -> None:
        """Hold it no longer; nobody is told but those who wait for its page."""
        del self._sessions[session.owner]
        if session.last_page is not None and session.has_owner:
            self._last_pages.keep(session.owner, session.last_page)
        session.wipe()
        if self.others:
            self.others.was_dropped(session.owner)
