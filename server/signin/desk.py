"""``SignInDesk``: opens sign-in pages for sessions, at a port of this machine or on a public address."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ..api.oauth import OAuthClient
from ..errors import RememberizerError
from ..sessions.limiter import AttemptLimiter
from ..sessions.session import Session
from ..sessions.states import Environment
from ..sessions.store import SessionStore
from ..settings.settings import Settings
from .embedded import EmbeddedSandbox
from .pending import AFTER_SECONDS, UNSEEN, End, FormName, PendingSignIn, first_of
from .port import PagePort

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .issuer_trip import IssuerTrips
    from .public import PublicPages

FOLLOW_SECONDS = 1.0
"""How soon a call that waits for a person notices what they did in another process."""
_OWNER, _HANDLE = "page-owner", "page-handle"
MOST_ENDED = 16
"""How many ended pages of one owner there are at once; beyond them the oldest are forgotten."""

logger = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False, repr=False)
class SignInDesk:
    """The open pages of one process, in one place."""

    settings: Settings
    sessions: SessionStore
    attempts: AttemptLimiter
    environment: Environment
    client: OAuthClient | None
    """The OAuth app, where one is configured; its redirect URL fixes the port."""
    embedded: EmbeddedSandbox | None = None
    """The sandbox, where that is the service."""
    public: "PublicPages | None" = None
    """Where the pages are, if not at a port of this machine."""
    sleep: Callable[[float], Awaitable[None]]
    """Waits for so many seconds, until a page's time is over."""
    _pages: dict[str, PendingSignIn] = field(default_factory=dict, init=False)
    _opening: anyio.Lock = field(default_factory=anyio.Lock, init=False)
    _place: "PagePort | PublicPages" = field(init=False)

    def __post_init__(self) -> None:
        if self.public is not None:
            self._place = self.public
            self.public.serve(self._site, self.environment)
        else:
            fixed = self.settings.oauth_port if self.client else None
            self._place = PagePort(make_app=self._site, fixed=fixed, spawn=self.environment.spawn)

    async def open(
        self, session: Session, *, form: FormName = "sign_in", email: str | None = None, name: str | None = None
    ) -> PendingSignIn:
        """Open a page, or give the session's open one, which then shows the newest form.

        The session's move is under way. Without an e-mail the page stays for the account that it was for, or for any;
        the name is that of a new account.

        Raises:
            SignInFailed: The page's port can't be had, or there are no pages.
        """
        shown: FormName = "oauth" if self.client and form == "sign_in" else form
        page = session.page
        if isinstance(page, PendingSignIn) and self.environment.now() < page.expires_at:
            page.change(form=shown, email=email, name=name)
            return page
        session.close_page()
        async with self._opening:
            with anyio.CancelScope(shield=True):  # a port without a page would stay open
                base_url = await self._place.open()
            life = self.settings.sign_in_minutes * 60
            pending = PendingSignIn(
                session=session,
                base_url=base_url,
                form=shown,
                for_account=email,
                name=name,
                expires_at=self.environment.now() + life,
            )
            self._pages[pending.ticket] = pending
        session.page, session.last_page = pending, None
        self.environment.spawn(partial(self._look_after, pending))
        try:
            await self._announce(pending, seconds=life + AFTER_SECONDS)
        except BaseException:
            session.close_page()  # other processes would not find it
            raise
        logger.info("a sign-in page is open for session %s…", session.handle[:8])
        return pending

    async def _announce(self, pending: PendingSignIn, *, seconds: float) -> None:
        """Let it be found for so many seconds, in all processes that have its session."""
        shelf, session = self.environment.shelf, pending.session
        await shelf.put(UNSEEN, pending.id, b"", seconds=seconds)
        await shelf.put(_HANDLE, pending.id, session.handle.encode(), seconds=seconds)
        if self.sessions.others:
            await shelf.put(_OWNER, pending.ticket, session.owner.encode(), seconds=seconds)

    async def page(self, ticket: str) -> PendingSignIn | None:
        """The page with this ticket, as it is now in whatever process."""
        if self.sessions.others:
            owner = await self.environment.shelf.get(_OWNER, ticket)
            await self.sessions.catch_up(owner.decode() if owner else None)
        return self._pages.get(ticket)

    async def handle_about(self, page_id: str) -> str | None:
        """The handle of the session that a page was opened for, if the page is known."""
        handle = await self.environment.shelf.get(_HANDLE, page_id)
        return handle.decode() if handle else None

    def records(self, name: str) -> list[dict[str, Any]]:
        """The pages of one owner, for other processes."""
        from .page_record import PageRecord  # noqa: PLC0415 -- nobody pays for it who has one process

        return [PageRecord.of(page) for page in self._pages.values() if page.session.owner == name]

    def restore(self, name: str, records: list[dict[str, Any]]) -> None:
        """Have the owner's pages that another process has, as they are there."""
        from .page_record import PageRecord  # noqa: PLC0415 -- as above

        session = self.sessions.held(name)
        readable = [record for given in records if (record := PageRecord.read(given))]
        for record in readable:
            page = self._pages.get(record.ticket)
            if page is None and self.environment.now() >= record.expires_at + AFTER_SECONDS:
                continue  # it says no longer how it ended
            if page is None:
                page = self._pages[record.ticket] = record.page(session or self.sessions.unheld(name, record.handle))
                self.environment.spawn(partial(self._look_after, page))
            record.restore(page)
        there = {record.ticket for record in readable}
        for page in self._pages.values():
            if page.session.owner == name and page.ticket not in there:
                page.close()
                page.forgotten.set()
        if session is not None:
            session.page = next(
                (page for page in self._pages.values() if page.session is session and not page.end), None
            )

    async def aclose(self) -> None:
        """Close the port and every page, but those that other processes have too."""
        for pending in list(self._pages.values()) if self.sessions.others is None else ():
            pending.close()
        await self._place.close()

    def _give_up_port(self) -> bool:
        """Close the port soon, unless a page is open; say whether."""
        if any(page.end is None for page in self._pages.values()):
            return False
        for page in self._pages.values():
            page.forgotten.set()
        return True

    async def _look_after(self, pending: PendingSignIn) -> None:
        """Wait for the page's end, tell those who want to know, and forget the page when it needs no longer say how."""
        until_its_end = partial(self.sleep, pending.expires_at - self.environment.now())
        follow = [partial(self._follow, pending)] if self.sessions.others else []
        await first_of(pending.ended.wait, until_its_end, *follow)
        if pending.end is None:
            with _survived("a page could not be ended"):  # those who look at it later see that its time is over
                await pending.stop_alone(End.ABANDONED)
            pending.run_out()
        for tell in pending.when_ended:
            with _survived("a client could not be told that its user is done"):
                await tell()
        if not pending.session.is_moving:  # else a post is under way, whose move ends with this
            self.sessions.release(pending.session)
        self._forget_oldest(pending.session)
        await first_of(pending.forgotten.wait, partial(self.sleep, AFTER_SECONDS))
        async with self._opening:
            del self._pages[pending.ticket]
            if not self._pages:
                await self._place.close()

    async def _follow(self, pending: PendingSignIn) -> None:
        """Look again and again whether the page came to its end in another process."""
        session = pending.session
        while True:
            await self.sleep(FOLLOW_SECONDS)
            with _survived("a page could not be followed"):
                await self.sessions.catch_up(session.owner, session.handle)

    def _forget_oldest(self, session: Session) -> None:
        """Make room among the ended pages of this session's owner, or among those that have none."""
        pages = [page for page in self._pages.values() if page.end and _owner_of(page.session) == _owner_of(session)]
        for oldest in pages[:-MOST_ENDED]:
            oldest.forgotten.set()

    def _site(self, trips: "IssuerTrips | None" = None) -> "ASGIApp":
        """Make the pages' application; what it is made of is loaded when somebody first signs in by it."""
        from .actions import Actions  # noqa: PLC0415 -- see above
        from .browsers import Browsers  # noqa: PLC0415 -- as above
        from .pages import Pages  # noqa: PLC0415 -- as above
        from .site import SignInSite  # noqa: PLC0415 -- as above

        settings, client = self.settings, self.client
        site = SignInSite(
            find=self.page,
            browsers=Browsers(self.environment.shelf, now=self.environment.now),
            actions=Actions(
                sessions=self.sessions,
                attempts=self.attempts,
                environment=self.environment,
                embedded=self.embedded,
            ),
            pages=Pages(
                may=_allowed(settings),
                sandbox=settings.sandbox,
                recaptcha_site_key=settings.recaptcha_site_key,
                form_target=client.authorize_url if client else None,
                public_host=self.public.host if self.public else None,
            ),
            client=client,
            give_up_port=self._give_up_port,
            trips=trips,
            origin=self.public.origin if self.public else None,
        )
        return site.app()


@contextmanager
def _survived(what: str) -> Iterator[None]:
    """Around what a task of its own does: a failure that leaves the task ends the server."""
    try:
        yield
    except RememberizerError as error:
        logger.info("%s: %s", what, error.code)
    except Exception:
        logger.exception(what)


def _owner_of(session: Session) -> str | None:
    return session.owner if session.has_owner else None


def _allowed(settings: Settings) -> str:
    """What the settings let an assistant do with an account."""
    if settings.read_only:
        return "only read"
    return "read, store and delete" if "mementos" in settings.toolsets else "read and store"
