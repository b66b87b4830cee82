"""``SharedSessions``: keeps the sessions of this process and of all others the same, by what stands on a shelf.

Each process has copies. A call first does here what others did since (``catch_up``). A move between states holds the
lock of its owner in all processes, and a refresh another one. What either did is written over the version that it began
with, or not at all: so a process that was too slow, and whose lock was over, changes nothing.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from secrets import token_hex

import anyio

from ..errors import AccountChanged, StoreUnavailable
from .grant import ANOTHER_SIGN_IN, Grant
from .others import Pages
from .records import NO_COPY, OUTDATED, Copy, OwnerRecord, SessionRecord, TokensRecord, parsed
from .session import Session
from .shelf import Change, Part, Record, SharedShelf
from .states import EndedAccount
from .store import SessionStore

TELL_SECONDS = 1.0
TOUCH_SECONDS = 60.0
"""How exactly it is known elsewhere when a session was used."""
_ACCOUNT = "account"
"""What is left of an owner's session when its record has ended: whose it was."""

logger = logging.getLogger(__name__)


class SharedSessions:
    """The other processes, for the store of this one.

    Args:
        shelf: What all share.
        store: The sessions here.
        pages: The sign-in pages here.
        sleep: Waits for a store that is not there.
    """

    def __init__(
        self, shelf: SharedShelf, *, store: SessionStore, pages: Pages, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._pages = pages
        self._sleep = sleep
        self._copies: dict[str, Copy] = {}
        """By name. An entry is replaced when a version of it changes here."""
        self._moving: set[str] = set()
        """The names whose lock is held here."""

    async def catch_up(self, name: str) -> None:
        """Do here what other processes did; raises ``StoreUnavailable``."""
        if self._copy(name).is_saved:
            await self._read(name)
            if not self._store.is_over(name):
                return
        async with self.alone(name):
            self._store.reap(name)

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """For one move: it begins with what others did before, and they have what it did.

        Raises:
            StoreUnavailable: It is not known what others did, or they don't know what was done here, yet.
            AccountChanged: The lock was over, and another process has moved meanwhile: this move does not count.
        """
        async with self._shelf.locked(name, "session"):
            await self._read(name)
            self._moving.add(name)
            try:
                yield
            finally:
                self._moving.discard(name)
                with anyio.CancelScope(shield=True):
                    await self._save(name)

    @asynccontextmanager
    async def renewing(self, session: Session) -> AsyncIterator[None]:
        """Likewise for a refresh. If others can't have its tokens now, they have them as soon as can be."""
        async with self._shelf.locked(session.owner, "tokens"):
            await self._read(session.owner)
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await self.keep_tokens(session)

    async def keep_tokens(self, session: Session) -> None:
        """Have others know the tokens, if they changed: now, or else as soon as can be."""
        was_saved = self._copy(session.owner).is_saved
        try:
            await self._tell(session)
        except StoreUnavailable:
            logger.warning("the new tokens of session %s… are known to this process only", session.handle[:8])
            if was_saved:
                self._store.environment.spawn(partial(self._tell_later, session))

    async def _tell(self, session: Session) -> None:
        """Write the tokens; newer ones of another process are taken over instead."""
        name, copy, marks = session.owner, self._copy(session.owner), _marks(session.grant)
        if copy.tokens == marks or copy.tokens[:1] != marks[:1] or self._store.held(name) is not session:
            return  # nothing new, or the grant is that of a move, which is not over
        if not await self._write(name, copy, self._tokens(session, copy)):
            await self._read(name)

    async def _tell_later(self, session: Session) -> None:
        """Write them when Redis is there again, and let go of their lock: else the next process waits for it."""
        while True:
            await self._sleep(TELL_SECONDS)
            try:
                async with self._shelf.locked(session.owner, "tokens"):
                    await self._read(session.owner)
                    await self._tell(session)
            except StoreUnavailable:
                continue
            except Exception:  # which would end the server
                logger.exception("the tokens of session %s… could not be told", session.handle[:8])
            return

    def was_dropped(self, name: str) -> None:
        """Forget the copy; but a move has to know what its end is to replace."""
        if name not in self._moving:
            self._copies.pop(name, None)

    def _copy(self, name: str) -> Copy:
        return self._copies.get(name, NO_COPY)

    async def _read(self, name: str) -> None:
        """Take over what is new. What was read while a version changed here may be older, and is read anew."""
        while True:
            copy = self._copy(name)
            record = await self._shelf.read(name, known=copy.versions)
            if self._copy(name) is copy:
                break
        if record is not None:
            await self._take_over(name, copy, record)
            if record.is_to_move:
                await self._shelf.get(_ACCOUNT, name)  # which moves it
                await self._shelf.move(name)
        elif name not in self._moving:
            await self._let_go(name, copy)

    async def _take_over(self, name: str, copy: Copy, record: Record) -> None:
        found = record.parts.get("session")
        if name not in self._moving and found is not None and found.value is not None:
            self._restore(name, copy, parsed(OwnerRecord, found.value))
            copy = copy._replace(versions={**copy.versions, "session": found.version}, session=_digest(found.value))
        session, tokens = self._store.held(name), record.parts.get("tokens")
        if session is None:
            if not copy.is_saved:
                self._copies[name] = copy
            return
        if tokens is not None and tokens.value is not None:
            there = parsed(TokensRecord, tokens.value) if tokens.value else None
            copy = copy._replace(versions={**copy.versions, "tokens": tokens.version})
            is_newer_here = not copy.is_saved and _marks(session.grant) != copy.tokens
            if there and there.was_refused and is_newer_here:
                pass  # refused were the tokens from which those here came, which no other process knows yet
            elif there is None or there.restore(session.grant):  # else a move has a grant that is not written yet
                copy = copy._replace(tokens=_marks(session.grant))
        self._copies[name] = copy
        now = self._store.environment.now()
        session.used_at = max(session.used_at, record.used_at)
        if now - record.used_at >= TOUCH_SECONDS and not self._store.is_over(name):
            await self._shelf.touch(name, used_at=now, seconds=self._seconds(session))

    def _restore(self, name: str, copy: Copy, owner: OwnerRecord | None) -> None:
        """Have what stands there. A session that is new here is not there yet, and stays if there is no other."""
        held, theirs = self._store.held(name), owner.session if owner else None
        if held is not None and (copy.versions if theirs is None else held.handle != theirs.handle):
            held.page = None  # how it ended is said below
            self._store.drop(held)
        if theirs is not None:
            theirs.restore(self._store.held(name) or self._store.hold(name, theirs.handle))
        if owner is not None:
            last_page = None if self._store.held(name) else owner.last_page
            self._store.remember(name, ended=owner.ended, last_page=last_page)
        self._pages.restore(name, owner.pages if owner else [])

    async def _let_go(self, name: str, copy: Copy) -> None:
        """There is no record any more, or there was none. If its time was over, it is known whose it was."""
        if copy.versions:
            self._restore(name, copy, None)
            self._copies.pop(name, None)
        if self._store.held(name) is None and (found := await self._shelf.get(_ACCOUNT, name)):
            left = parsed(OwnerRecord, found)
            self._store.remember(name, ended=left.ended if left else None, last_page=None)

    async def _save(self, name: str) -> None:
        self._copies[name] = self._copy(name)._replace(is_saved=False)
        while not await self._is_saved(name):
            if not await self._can_save(name):
                self._copies[name] = OUTDATED
                await self._read(name)
                session = self._store.held(name)
                if session is None:
                    self._copies.pop(name, None)
                    raise AccountChanged
                raise session.grant.account_changed(ANOTHER_SIGN_IN)
        if self._store.held(name) is None:
            self._copies.pop(name, None)

    async def _is_saved(self, name: str) -> bool:
        """Write what changed here, unless that is to replace what is no longer there."""
        session, copy = self._store.held(name), self._copy(name)
        owner = self._owner(name, session)
        if owner is None:
            version = copy.versions.get("session")
            await self._shelf.take(_ACCOUNT, name)  # first: else the session would seem to have ended by itself
            if version is not None and not await self._shelf.remove(name, over={"session": version}):
                return False
            self._copies.pop(name, None)
            return True
        value, changes = owner.model_dump_json().encode(), dict[Part, Change]()
        if _digest(value) != copy.session:
            changes["session"] = Change(value, token_hex(8), copy.versions.get("session"))
        if session and _marks(session.grant) != copy.tokens:
            changes |= self._tokens(session, copy)
        elif session is None and "tokens" in copy.versions:
            changes["tokens"] = Change(b"", token_hex(8), copy.versions["tokens"])  # nobody holds them any more
        if not changes:
            self._copies[name] = copy._replace(tried={}, is_saved=True)
            return True
        if session and session.has_owner and session.grant.has_account:
            seconds = self._store.lifetime_seconds + self._store.remembered_seconds
            left = OwnerRecord(session=None, ended=EndedAccount(session.email), last_page=None, pages=[])
            await self._shelf.put(_ACCOUNT, name, left.model_dump_json().encode(), seconds=seconds)
        return await self._write(name, copy, changes)

    async def _write(self, name: str, copy: Copy, changes: Mapping[Part, Change]) -> bool:
        session = self._store.held(name)
        seconds = self._seconds(session) if session else self._store.remembered_seconds
        versions: dict[Part, str] = {part: change.version for part, change in changes.items()}
        digest = _digest(changes["session"].value) if "session" in changes else copy.session
        marks = _marks(session.grant) if session and "tokens" in changes else copy.tokens
        self._copies[name] = trying = copy._replace(tried=versions, is_saved=False)
        if not await self._shelf.write(name, changes, used_at=self._store.environment.now(), seconds=seconds):
            return False
        if self._copy(name) is trying:
            self._copies[name] = Copy({**copy.versions, **versions}, digest, marks)
        return True

    async def _can_save(self, name: str) -> bool:
        """Whether what stands there may be replaced: no other process has moved since this one began."""
        copy, record = self._copy(name), await self._shelf.read(name, known={})
        if record is None:
            self._copies[name] = NO_COPY
            return "session" not in copy.versions
        found, tokens = record.parts.get("session"), record.parts.get("tokens")
        if found and found.version not in (copy.versions.get("session"), copy.tried.get("session")):
            return False
        session = self._store.held(name)
        if session and tokens and (there := parsed(TokensRecord, tokens.value)) and there.restore(session.grant):
            copy = copy._replace(tokens=_marks(session.grant))
        self._copies[name] = copy._replace(versions={part: each.version for part, each in record.parts.items()})
        return True

    def _owner(self, name: str, session: Session | None) -> OwnerRecord | None:
        """What is to be known of an owner; nothing if there is nothing."""
        ended, last, pages = self._store.remembered(name), self._store.last_page(name), self._pages.records(name)
        if session is None and ended is None and last is None and not pages:
            return None
        held = SessionRecord.model_validate(session) if session else None
        return OwnerRecord(session=held, ended=ended, last_page=last, pages=pages)

    def _tokens(self, session: Session, copy: Copy) -> dict[Part, Change]:
        value = TokensRecord.of(session.grant).model_dump_json().encode()
        return {"tokens": Change(value, token_hex(8), copy.versions.get("tokens"))}

    def _seconds(self, session: Session) -> float:
        """How long a session lives if it isn't used; an open page is a use."""
        now, store = self._store.environment.now(), self._store
        left = min(store.idle_seconds, session.started_at + store.lifetime_seconds - now)
        return max(left, session.page.expires_at - now if session.page else 0.0, 1.0)


def _marks(grant: Grant) -> tuple[object, ...]:
    """Tells whether tokens changed."""
    return grant.id, grant.credentials.version, grant.was_refused


def _digest(value: bytes) -> bytes:
    return sha256(value).digest()
