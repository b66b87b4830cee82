"""``SignInDesk``: opens a sign-in page for a session, and closes it when it is done or abandoned."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ..api.oauth import OAuthClient
from ..errors import SignInFailed
from ..sessions.limiter import AttemptLimiter
from ..sessions.session import Session
from ..sessions.states import Environment
from ..sessions.store import SessionStore
from ..settings.settings import Settings
from .pending import FormName, PendingSignIn

if TYPE_CHECKING:
    from ..loopback import LoopbackServer

AFTER_SECONDS = 300.0
"""How long a page says what happened after its end, to a form that comes late or a link that is opened late."""
AFTER_SECONDS_AT_FIXED_PORT = 5.0
"""The same where another process may need the port, since an OAuth app's redirect URL names it."""
MOST_CONNECTIONS = 32
"""Of the port; a browser opens six."""
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
        self._server: LoopbackServer | None = None

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
                origin = await self._open_port()
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
        await self._close_port()

    async def _open_port(self) -> str:
        """Open the port, if it is not open yet.

        Returns:
            The origin of the pages.

        Raises:
            SignInFailed: The port can't be had.
        """
        if self._server is None:
            self._server = self._make_server()
            self._spawn(self._server.run)
            await self._server.ready.wait()
        return self._server.origin

    async def _close_port(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.end()
            with anyio.CancelScope(shield=True):
                await server.closed.wait()

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
            if not self._pages:
                await self._close_port()

    async def _first(self, event: Callable[[], Awaitable[object]], seconds: float) -> None:
        async with anyio.create_task_group() as tasks:

            async def end_after(wait: Callable[[], Awaitable[object]]) -> None:
                await wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(end_after, event)
            tasks.start_soon(end_after, partial(self._sleep, seconds))

    def _make_server(self) -> "LoopbackServer":
        """Make the web server; what it is made of is loaded when somebody first signs in by it."""
        from ..loopback import Connections, LoopbackServer  # noqa: PLC0415 -- see above
        from .peers import peer_of  # noqa: PLC0415 -- as above

        port = self._settings.oauth_port if self._client else 0
        connections = Connections(most=MOST_CONNECTIONS, state_of=peer_of)
        try:
            return LoopbackServer(self._site(), connections=connections, port=port)
        except ValueError as error:
            raise SignInFailed(
                f"The sign-in page can't be served: port {port} of this machine can't be had.",
                hint="Have the user free it, or set REMEMBERIZER_OAUTH_PORT and the app's redirect URL to another.",
            ) from error

    def _site(self) -> Any:
        from .actions import Actions  # noqa: PLC0415 -- as above
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
        return site.app()
