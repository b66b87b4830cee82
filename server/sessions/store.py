"""``SessionStore``: which session a call means, whose it is, and when it ends.

State lives here under explicit handles, because MCP 2026-07-28 has no protocol session. A handle is a name and not a
key: another owner's gets exactly the answer that an unknown one gets (S19, S24).
"""

import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from ..errors import NotSignedIn, TooManySessions, UnknownSession
from .session import Session
from .states import Page, State

HANDLE_PREFIX = "rs_"
HANDLE_BYTES = 24
SWEEP_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long sessions live, in seconds, and how many there can be."""

    idle_seconds: float
    lifetime_seconds: float
    most_sessions: int


class SessionStore:
    """The sessions of one process, in memory.

    Args:
        make: Makes a signed-out session for a handle and an owner.
        limits: Lifetimes and cap.
        now: The wall clock, in Unix seconds.
    """

    def __init__(
        self, *, make: Callable[[str, str], Session], limits: Limits, now: Callable[[], float] = time.time
    ) -> None:
        self._make = make
        self._limits = limits
        self._now = now
        self._sessions: dict[str, Session] = {}
        self._defaults: dict[str, str] = {}
        self._ended: dict[str, str | None] = {}
        """By owner: the account whose session ended by itself, if its e-mail was known."""
        self._ran_out: set[str] = set()
        """The owners whose last sign-in page ran out before anybody signed in."""

    def __repr__(self) -> str:
        return f"<SessionStore: {len(self._sessions)} sessions>"

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, owner: str, handle: str | None = None) -> Session | None:
        """The owner's session under this handle, or without one the owner's default session, if there is one.

        Raises:
            UnknownSession: A handle was given, and the owner has no session under it.
        """
        session = self._default(owner) if handle is None else self._sessions.get(handle)
        if session is not None and self._is_over(session):
            self._end(session)
            session = None
        elif session is not None:
            self._close_old_page(session)
            session = session if self._is_held(session) else None
        if session is not None and session.owner == owner:
            return session
        if handle is not None:
            raise UnknownSession
        return None

    def has_ended(self, owner: str) -> bool:
        """Whether the owner's session ended without their doing, and nothing took its place since.

        Until then no other account and no key may be used in its stead without being asked for.
        """
        self.find(owner)
        return owner in self._ended

    def ended_account(self, owner: str) -> str | None:
        """The e-mail of that account, if it is known."""
        return self._ended.get(owner)

    def forget_ended(self, owner: str) -> None:
        """Let the owner begin afresh: they signed out."""
        self._ended.pop(owner, None)
        self._ran_out.discard(owner)

    def end_page(self, session: Session, page: Page) -> None:
        """End the session's page because nobody came in time; where nobody is signed in, that is remembered."""
        page.run_out()
        if session.state is State.SIGNED_OUT:
            self._ran_out.add(session.owner)

    def has_run_out(self, owner: str) -> bool:
        """Whether the owner's last page ended so, and nothing has happened since."""
        return owner in self._ran_out

    @asynccontextmanager
    async def moving(self, owner: str, handle: str | None = None, *, create: bool = False) -> AsyncIterator[Session]:
        """The session for a move between states, one move at a time; it is dropped if it ends up signed out.

        Args:
            owner: Who asks.
            handle: Which session; without it the owner's default.
            create: Whether to make the owner's default session if there is none.

        Raises:
            UnknownSession: As ``find``.
            NotSignedIn: There is no session and none is to be made.
            TooManySessions: The cap is reached and every session is in use.
        """
        while True:
            session = self.find(owner, handle)
            if session is None:
                if not create:
                    raise NotSignedIn
                session = self._open(owner)
            async with session.moving:
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

    def release(self, session: Session) -> None:
        """Drop a session that holds neither an account nor an open sign-in page."""
        if session.state is State.SIGNED_OUT and session.page is None and self._is_held(session):
            self._drop(session)

    def sweep(self) -> None:
        """Drop every session whose idle or absolute lifetime is over; upstream is not told."""
        for session in list(self._sessions.values()):
            if self._is_over(session):
                self._end(session)

    async def keep_sweeping(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Sweep once a minute, until cancelled."""
        while True:
            await sleep(SWEEP_SECONDS)
            self.sweep()

    def wipe(self) -> None:
        """Drop all sessions; upstream is not told."""
        for session in list(self._sessions.values()):
            self._drop(session)

    def _open(self, owner: str) -> Session:
        self.sweep()
        if len(self._sessions) >= self._limits.most_sessions:
            self._evict()
        self._ran_out.discard(owner)
        handle = HANDLE_PREFIX + secrets.token_urlsafe(HANDLE_BYTES)
        session = self._sessions[handle] = self._make(handle, owner)
        session.heir = partial(self._default, owner)
        self._defaults[owner] = handle
        return session

    def _default(self, owner: str) -> Session | None:
        return self._sessions.get(self._defaults.get(owner, ""))

    def _evict(self) -> None:
        """Drop the session that was left unused for longest, but none with a call in flight or an open page."""
        idle = [session for session in self._sessions.values() if not session.is_busy and not session.moving.locked()]
        if not idle:
            raise TooManySessions
        oldest = min(idle, key=lambda session: session.used_at)
        logger.warning("session %s… was dropped to make room", oldest.handle[:8])
        self._end(oldest)

    def _is_over(self, session: Session) -> bool:
        if session.moving.locked():
            return False  # a login under way may give it a new life
        now = self._now()
        is_idle = not session.is_busy and now - session.used_at >= self._limits.idle_seconds
        return is_idle or now - session.started_at >= self._limits.lifetime_seconds

    def _close_old_page(self, session: Session) -> None:
        """Close a page that ended while this machine was asleep, and whose own timer is late for that."""
        page = session.page
        if page is not None and page.expires_at <= self._now() and not session.moving.locked():
            self.end_page(session, page)
            self.release(session)

    def _is_held(self, session: Session) -> bool:
        return self._sessions.get(session.handle) is session

    def _end(self, session: Session) -> None:
        """Drop a session that its owner did not end, and remember whose it was."""
        if session.state is not State.SIGNED_OUT:
            self._ended[session.owner] = session.email
        if session.page is not None:
            session.page.run_out()
        self._drop(session)

    def _drop(self, session: Session) -> None:
        self._sessions.pop(session.handle, None)
        self._defaults.pop(session.owner, None)
        session.wipe()
