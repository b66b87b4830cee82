"""``SignInDesk``: opens a sign-in page for a session, and closes it when it is done or abandoned."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ..api.oauth import OAuthClient
from ..sessions.limiter import AttemptLimiter
from ..sessions.session import Session
from ..sessions.states import Environment
from ..sessions.store import SessionStore
from ..settings.settings import Settings
from .pending import FormName, PendingSignIn

if TYPE_CHECKING:
    from .listener import Listener

AFTER_SECONDS = 300.0
"""How long a page says what happened after its end, to a form that comes late or a link that is opened late."""
AFTER_SECONDS_AT_FIXED_PORT = 5.0
"""The same where another process may need the port, since an OAuth app's redirect URL names it."""
MOST_ENDED = 16
"""How many pages say so at once; the oldest go."""

logger = logging.getLogger(__name__)


class SignInDesk:
    """The open pages of one process, behind one port.

    Args:
        settings: What the server was told.
        sessions: Every session of this process.
        attempts: Counts sign-in attempts.
        environment: What every session shares.
        client: The OAuth app, where one is configured; its redirect URL fixes the port.
        sleep: How to wait for a page's time to be over.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        sessions: SessionStore,
        attempts: AttemptLimiter,
        environment: Environment,
        client: OAuthClient | None,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._attempts = attempts
        self._secrets = environment.secrets
        self._client = client
        self._spawn = environment.spawn
        self._now = environment.now
        self._sleep = sleep
        self._pages: dict[str, PendingSignIn] = {}
        self._opening = anyio.Lock()
        self._listener: Listener | None = None

    async def open(
        self, session: Session, *, form: FormName = "sign_in", email: str | None = None, name: str | None = None
    ) -> PendingSignIn:
        """A new page, or the session's open one, which then shows what was asked for last.

        Args:
            session: Which session is to be signed in; its move is under way.
            form: What the page shows first.
            email: The account that is meant; without one the page is for whom it was for, or for anybody.
            name: Of a new account.

        Raises:
            SignInFailed: The page's port can't be had.
        """
        shown: FormName = "oauth" if self._client and form == "sign_in" else form
        page = session.page
        if isinstance(page, PendingSignIn) and self._now() < page.expires_at:
            page.form, page.name = shown, name or page.name
            page.mean(email)
            return page
        session.close_page()
        async with self._opening:
            with anyio.CancelScope(shield=True):  # a port without a page would stay open
                origin = await self._listen()
            pending = PendingSignIn(
                session=session,
                origin=origin,
                form=shown,
                email=email,
                name=name,
                expires_at=self._now() + self._settings.sign_in_minutes * 60,
            )
            self._pages[pending.ticket] = pending
        session.page = pending
        self._spawn(partial(self._look_after, pending))
        logger.info("a sign-in page is open for session %s…", session.handle[:8])
        return pending

    async def aclose(self) -> None:
        """Close every page and the port."""
        for pending in list(self._pages.values()):
            pending.close()
        if self._listener:
            await self._listener.close()

    async def _listen(self) -> str:
        from .listener import Listener  # noqa: PLC0415 -- a web server is loaded when somebody first signs in by it

        if self._listener is None:
            port = self._settings.oauth_port if self._client else 0
            self._listener = Listener(self._site, port=port, spawn=self._spawn)
        return await self._listener.open()

    async def _look_after(self, pending: PendingSignIn) -> None:
        """Wait for the page's end, tell those who want to know, and let go of it."""
        await self._first(pending.ended.wait, pending.expires_at - self._now())
        if pending.end is None:
            async with pending.session.moving:  # a post that is under way comes to its end
                if pending.end is None:
                    self._sessions.end_page(pending.session, pending)
        for tell in pending.when_ended:
            try:
                await tell()
            except Exception:
                logger.exception("a client could not be told that its user is done")
        if not pending.session.moving.locked():  # else a post is under way, whose move ends with this
            self._sessions.release(pending.session)
        for oldest in [page for page in self._pages.values() if page.end][:-MOST_ENDED]:
            oldest.forgotten.set()
        await self._first(pending.forgotten.wait, AFTER_SECONDS_AT_FIXED_PORT if self._client else AFTER_SECONDS)
        async with self._opening:
            del self._pages[pending.ticket]
            if self._listener and not self._pages:
                await self._listener.close()

    async def _first(self, event: Callable[[], Awaitable[object]], seconds: float) -> None:
        async with anyio.create_task_group() as tasks:

            async def end_after(wait: Callable[[], Awaitable[object]]) -> None:
                await wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(end_after, event)
            tasks.start_soon(end_after, partial(self._sleep, seconds))

    def _site(self, port: int) -> Any:
        """The web application; what it is made of is loaded when somebody first signs in by it."""
        from .actions import Actions  # noqa: PLC0415 -- see above
        from .consent import consent_origin  # noqa: PLC0415 -- as above
        from .pages import Pages  # noqa: PLC0415 -- as above
        from .site import SignInSite  # noqa: PLC0415 -- as above

        settings, client = self._settings, self._client
        site = SignInSite(
            find=self._pages.get,
            all_pages=self._pages.values,
            actions=Actions(
                sessions=self._sessions,
                attempts=self._attempts,
                budget_seconds=settings.timeout_seconds,
                now=self._now,
            ),
            pages=Pages(
                service="the Rememberizer sandbox" if settings.sandbox else "Rememberizer",
                sandbox=settings.sandbox,
                recaptcha_site_key=settings.recaptcha_site_key,
                form_target=consent_origin(client) if client else None,
            ),
            secrets=self._secrets,
            client=client,
        )
        return site.app(port)
