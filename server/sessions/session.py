"""``Session``: the sign-in that is held under one handle, and the moves between its states."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Protocol
from weakref import WeakValueDictionary

import anyio

from ..api import auth, oauth
from ..api.account import Me, same_account, whose
from ..api.oauth import OAuthClient
from ..errors import EmailNotVerified
from .grant import Grant
from .meant import NOBODY_MEANT, Meant
from .states import EndedPage, Environment, GivenBack, Page, State

BY_PAGE = ("browser", "oauth")
"""The methods of a person at the sign-in page."""

logger = logging.getLogger(__name__)


class Home(Protocol):
    """Where a session is held."""

    locks: WeakValueDictionary[str, anyio.Lock]
    """Those that somebody holds or waits for, by the sessions' handles."""

    def alone(self, session: "Session") -> AbstractAsyncContextManager[None]:
        """Keeps all moves of it waiting."""

    def release(self, session: "Session") -> None:
        """Hold it no longer, if nothing is left of it."""

    def heir_of(self, session: "Session") -> "Session | None":
        """The session that took its place."""

    def was_used(self, session: "Session") -> None:
        """A use of it ended."""

    def renewing(self, session: "Session") -> AbstractAsyncContextManager[None]:
        """Keeps other processes from renewing its tokens too; what they did before is known inside."""

    async def keep_tokens(self, session: "Session") -> None:
        """Let other processes have its tokens, if they changed."""


class Session:
    """One account's session under a handle."""

    def __init__(self, *, handle: str, owner: str, environment: Environment, home: Home) -> None:
        self.handle = handle
        self.owner = owner
        """Whose it is: the handle itself where that is all that is known of who asks."""
        self.calls = 0
        self.page: Page | None = None
        """The sign-in page that is open for this session."""
        self.last_page: EndedPage | None = None
        """How the last one ended, since somebody signed in otherwise or the session was wiped."""
        self.meant = NOBODY_MEANT
        """The account that the latest page was opened for, if one was meant."""
        self.admit: Callable[[Grant, Me], Awaitable[None]] | None = None
        """Called before a new sign-in is held; it raises if the page is for another account."""
        self.home = home
        self._env = environment
        self.started_at = self.used_at = environment.now()
        self.grant = self._new_grant()
        """The sign-in that is held now; each new sign-in gets a new grant."""

    def __repr__(self) -> str:
        return f"<Session {self.handle[:8]}…: {self.state}, {self.grant.credentials!r}>"

    @property
    def moving(self) -> anyio.Lock:
        """Held by login, signup, verify and logout: one move at a time. An idle session keeps no lock."""
        return self.home.locks.setdefault(self.handle, anyio.Lock())

    @property
    def is_moving(self) -> bool:
        """Whether such a move is under way."""
        lock = self.home.locks.get(self.handle)
        return lock is not None and lock.locked()

    @property
    def has_owner(self) -> bool:
        """Whether somebody is known who could ask for it without its handle."""
        return self.owner != self.handle

    @property
    def state(self) -> State:
        """What the session is, whatever page is open for it."""
        return self.grant.state

    @property
    def email(self) -> str | None:
        """Whose it is, as far as that is known."""
        return self.grant.account

    @property
    def is_busy(self) -> bool:
        """Whether a call is in flight or a person is signing in."""
        return self.calls > 0 or self.page is not None

    def held(self) -> Grant:
        """The grant that is held now: here, or in the session that took this one's place."""
        heir = None if self.grant.has_account else self.home.heir_of(self)
        return heir.grant if heir else self.grant

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Count a call in flight: such a session is neither evicted nor idle."""
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1
            self.used_at = self._env.now()
            self.home.was_used(self)

    async def sign_up(
        self,
        *,
        email: str,
        password: str,
        name: str | None,
        captcha: str | None,
        method: str = "password",
    ) -> bool:
        """Create an account and hold it, unverified; returns as ``sign_in``."""
        with self._fresh() as fresh:
            await auth.signup(
                self._env.api, fresh.credentials, email=email, password=password, name=name, captcha=captcha
            )
        me = Me(email=email, name=name, email_verified=False)
        return await self._adopt(fresh, me, method=method, meant=Meant(email))

    async def sign_in(self, *, email: str, password: str, captcha: str | None, method: str = "password") -> bool:
        """Sign in on fresh credentials, and only then let go of an account that was held before.

        Returns:
            ``False`` if another account was held before and upstream did not confirm its sign-out.

        Raises:
            RememberizerError: As ``api.auth.signin`` and ``api.account.whose``; the session is as it was.
        """
        held = self.grant
        is_again = held.state is State.UNVERIFIED and same_account(held.account, email)
        try:
            with self._fresh() as fresh:
                await auth.signin(self._env.api, fresh.credentials, email=email, password=password, captcha=captcha)
                me = await whose(self._env.api, fresh.credentials)
        except EmailNotVerified as error:
            if is_again and held.can_verify:
                error.repair = EmailNotVerified.repair
            elif is_again:
                held.verifies_elsewhere = True
            raise
        me = me.model_copy(update={"email": me.email or email})
        return await self._adopt(fresh, me, method=method, meant=Meant(email))

    async def sign_in_with_oauth(self, client: OAuthClient, *, code: str, verifier: str) -> bool:
        """Like ``sign_in``, by the code of an authorization; whose account it is only upstream can say."""
        sent = (code, verifier, client.client_secret)
        with self._env.secrets.during(sent), self._fresh(client) as fresh:
            await oauth.exchange(self._env.api, fresh.credentials, client, code=code, verifier=verifier)
            me = await whose(self._env.api, fresh.credentials)
        return await self._adopt(fresh, me, method="oauth", meant=NOBODY_MEANT)

    async def sign_in_with_refresh_token(
        self, token: str, *, method: str, meant: Meant = NOBODY_MEANT, of: str | None = None
    ) -> bool:
        """Like ``sign_in``, by the ``refresh_token`` cookie of a sign-in made elsewhere; it is renewed at once.

        The token should be of the account that is ``meant``, and has to be of the account ``of``.

        Raises:
            SessionExpired, SignInFailed, UpstreamError: Refused, not known to be ``of`` this account, or no answer.
        """
        with self._fresh() as fresh:
            fresh.credentials.adopt_refresh_token(token, url=self._env.api.base_url)
            await auth.custom_refresh(self._env.api, fresh.credentials)
            me = await whose(self._env.api, fresh.credentials, of=of)
        return await self._adopt(fresh, me, method=method, meant=meant)

    async def verify(self, code: str) -> None:
        """Verify the e-mail address.

        Raises:
            NotSignedIn: Nobody is signed in, or no token came that verification could be done with.
            SessionExpired, InvalidVerificationCode, UpstreamError: As ``api.auth.verify_email``.
        """
        grant = self.grant
        await grant.refresh_if_due()
        await auth.verify_email(self._env.api, grant.credentials, code=code)
        grant.become_verified()

    async def sign_out(self) -> GivenBack:
        """Tell upstream, then forget everything whatever it said."""
        try:
            return await self.grant.give_back()
        finally:
            self.wipe()

    def hold(self, grant_id: str, *, is_oauth: bool) -> None:
        """Hold the sign-in with this id, which another process may have made; without its tokens, if it is new here."""
        if self.grant.id != grant_id:
            self.grant.wipe()
            self.grant = self._new_grant(self._env.client if is_oauth else None)

    def wipe(self) -> None:
        """Forget the account without telling anybody, and close its sign-in page."""
        self.last_page = None
        self.close_page()
        self.grant.wipe()
        self.grant = self._new_grant()

    def close_page(self, *, replaced: bool = False) -> None:
        """Close the sign-in page, if one is open; `replaced` if another sign-in took its place."""
        page, self.page = self.page, None
        if page is not None:
            page.close(replaced=replaced)

    def _new_grant(self, client: OAuthClient | None = None) -> Grant:
        return Grant(environment=self._env, holder=self, client=client)

    @contextmanager
    def _fresh(self, client: OAuthClient | None = None) -> Iterator[Grant]:
        """A new grant, which is forgotten again if the sign-in with it fails."""
        grant = self._new_grant(client)
        try:
            yield grant
        except BaseException:
            grant.wipe()
            raise

    async def _adopt(self, fresh: Grant, me: Me, *, method: str, meant: Meant) -> bool:
        """Hold the new grant, and let go of the one before.

        The account that a page was opened for is meant, whatever the person typed there.
        """
        if self.admit:
            await self.admit(fresh, me)
        before, self.grant, self.last_page = self.grant, fresh, None
        fresh.become(me, method=method, meant=self.meant if method in BY_PAGE else meant)
        self.started_at = self._env.now()
        logger.info("session %s… is %s", self.handle[:8], self.state)
        signed_out = True
        if before.has_account and not same_account(before.account, me.email):
            with anyio.CancelScope(shield=True):
                signed_out = (await before.give_back(stays_last=not fresh.is_last)).confirmed
        before.wipe()
        await fresh.keep()
        return signed_out
