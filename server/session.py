"""``Session``: one account's credentials, and the moves between its states."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus

import anyio

from .api import auth, oauth
from .api.account import Me, same_account, whose
from .api.client import Call, Reply
from .api.oauth import OAuthClient
from .api.refusals import refusal
from .errors import NotSignedIn, RememberizerError, SessionExpired, UpstreamError
from .grant import GivenBack, Grant
from .states import Environment, Page, State

REFRESH_AHEAD_SECONDS = 30.0

logger = logging.getLogger(__name__)


class Session:
    """One account's session under a handle; what asks upstream takes a ``deadline`` on anyio's clock, in seconds."""

    def __init__(self, *, handle: str, owner: str, environment: Environment) -> None:
        self.handle = handle
        self.owner = owner
        self._state = State.SIGNED_OUT
        self.email: str | None = None
        self.name: str | None = None
        self.method: str | None = None
        self.moving = anyio.Lock()
        """Held by login, signup, verify and logout: one move at a time."""
        self.calls = 0
        self.page: Page | None = None
        """The sign-in page that is open for this session."""
        self.signed_in_by: str | None = None
        """The id of the page at which the person last signed in."""
        self.admit: Callable[[Grant, Me], Awaitable[None]] | None = None  # raises if a page doesn't take the account
        self._env = environment
        self.started_at = self.used_at = environment.now()
        self._grant = Grant(environment=environment, name=handle[:8])

    def __repr__(self) -> str:
        return f"<Session {self.handle[:8]}…: {self.state}, {self._grant.credentials!r}>"

    @property
    def state(self) -> State:
        """What the session is, whatever page is open for it."""
        return State.EXPIRED if self._grant.was_refused and self._state is not State.SIGNED_OUT else self._state

    @property
    def grant(self) -> Grant:
        """The sign-in that is held now; the next one is another."""
        return self._grant

    @property
    def is_busy(self) -> bool:
        """Whether a call is in flight or a person is signing in."""
        return self.calls > 0 or self.page is not None

    @property
    def can_refresh(self) -> bool:
        """Whether a refresh can be tried."""
        return self._grant.credentials.can_renew and self.state is not State.EXPIRED

    @property
    def has_credentials(self) -> bool:
        """Whether upstream gave anything that can show who asks; a signup may not have."""
        return self._grant.credentials.has_any

    @property
    def can_verify(self) -> bool:
        """Whether there is a token that verification can be done with."""
        return self._grant.credentials.access_token is not None

    @property
    def access_expires_at(self) -> float | None:
        """Unix seconds, as far as the access token says."""
        return self._grant.credentials.access_expires_at

    async def is_usable(self, *, deadline: float) -> bool:
        """Whether calls can be made with the account, after a refresh that was due; nothing is raised."""
        if self.has_credentials:
            with suppress(RememberizerError):
                await self.refresh_if_due(deadline=deadline)
        ends_at = self.access_expires_at
        has_ended = ends_at is not None and ends_at <= self._env.now() and not self.can_refresh
        return self.has_credentials and self.state is not State.EXPIRED and not has_ended

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Count a call in flight: such a session is neither evicted nor idle."""
        self.calls += 1
        self.used_at = self._env.now()
        try:
            yield
        finally:
            self.calls -= 1
            self.used_at = self._env.now()

    async def sign_up(
        self,
        *,
        email: str,
        password: str,
        name: str | None,
        captcha: str | None,
        deadline: float,
        method: str = "password",
    ) -> bool:
        """Create an account and hold it, unverified; returns as ``sign_in``."""
        ask = partial(auth.signup, email=email, password=password, name=name, captcha=captcha)
        with self._fresh() as fresh:
            await ask(self._env.api, fresh.credentials, deadline=deadline)
        me = Me(email=email, name=name, email_verified=False)
        return await self._adopt(fresh, me, method=method, deadline=deadline)

    async def sign_in(
        self, *, email: str, password: str, captcha: str | None, deadline: float, method: str = "password"
    ) -> bool:
        """Sign in on fresh credentials, and only then let go of an account that was held before.

        Returns:
            ``False`` if another account was held before and upstream did not confirm its sign-out.

        Raises:
            SignInError, UpstreamError: As ``api.auth.signin`` and ``api.account.whose``; the session is as it was.
        """
        unverified = self.state is State.UNVERIFIED and same_account(self.email, email)
        with self._grant.signing_in_again(unverified=unverified), self._fresh() as fresh:
            await auth.signin(
                self._env.api, fresh.credentials, email=email, password=password, captcha=captcha, deadline=deadline
            )
            me = await whose(self._env.api, fresh.credentials, deadline=deadline)
        me = me.model_copy(update={"email": me.email or email})
        return await self._adopt(fresh, me, method=method, deadline=deadline)

    async def sign_in_with_oauth(self, client: OAuthClient, *, code: str, verifier: str, deadline: float) -> bool:
        """Like ``sign_in``, by the code of an authorization; whose account it is only upstream can say."""
        sent = (code, verifier, client.client_secret)
        with self._env.secrets.during(sent), self._fresh(client) as fresh:
            await oauth.exchange(
                self._env.api, fresh.credentials, client, code=code, verifier=verifier, deadline=deadline
            )
            me = await whose(self._env.api, fresh.credentials, deadline=deadline)
        return await self._adopt(fresh, me, method="oauth", deadline=deadline)

    async def sign_in_with_refresh_token(
        self, token: str, *, method: str, deadline: float, of: str | None = None
    ) -> bool:
        """Like ``sign_in``, by the ``refresh_token`` cookie of a sign-in made elsewhere; it is renewed at once.

        Raises:
            SessionExpired, SignInFailed, UpstreamError: Refused, not known to be ``of`` this account, or no answer.
        """
        with self._fresh() as fresh:
            fresh.credentials.adopt_refresh_token(token, url=self._env.api.base_url)
            await auth.custom_refresh(self._env.api, fresh.credentials, deadline=deadline)
            me = await whose(self._env.api, fresh.credentials, deadline=deadline, of=of)
        return await self._adopt(fresh, me, method=method, deadline=deadline)

    async def verify(self, code: str, *, deadline: float) -> None:
        """Verify the e-mail address.

        Raises:
            NotSignedIn: Nobody is signed in, or no token came that verification could be done with.
            SessionExpired, InvalidVerificationCode, UpstreamError: As ``api.auth.verify_email``.
        """
        await self.refresh_if_due(deadline=deadline)
        await auth.verify_email(self._env.api, self._grant.credentials, code=code, deadline=deadline)
        self._state = State.SIGNED_IN

    async def refresh(self, *, deadline: float) -> None:
        """Renew the tokens, or wait for a renewal that is under way; a sign-in meanwhile brings new ones as well.

        Raises:
            NotSignedIn: There is no refresh token and nobody is asked, or the session was signed out meanwhile.
            SessionExpired: Upstream refused it, now or before.
            UpstreamError: No usable answer; the session is as it was.
        """
        self.require_account()
        if not self.can_refresh:
            raise NotSignedIn(
                "This session has no refresh token.",
                hint="Go on without; when the session ends, call `logout`, then `login`.",
            )
        grant = self._grant
        try:
            await grant.renew(deadline=deadline)
        except RememberizerError:
            if grant is self._grant and self.state is not State.SIGNED_OUT:
                raise
        if self.state is State.SIGNED_OUT:
            raise NotSignedIn

    async def refresh_if_due(self, *, deadline: float) -> None:
        """Renew the tokens if less than 30 s of the access token's life is left and they can be renewed.

        Raises:
            NotSignedIn, SessionExpired: There is no account to do anything with.
            UpstreamError: No usable answer, and the access token has ended.
        """
        self.require_account()
        ends_at = self.access_expires_at
        if ends_at is None or ends_at - self._env.now() >= REFRESH_AHEAD_SECONDS or not self.can_refresh:
            return
        try:
            await self.refresh(deadline=deadline)
        except UpstreamError:
            if ends_at <= self._env.now():
                raise

    async def request(self, call: Call, *, deadline: float) -> Reply:
        """Make an authenticated call; the caller never learns that a token expired.

        A refresh that is due comes first; after a 401 there is one refresh, and the call is repeated once.

        Raises:
            NotSignedIn, SessionExpired: There is no account, or it can't be renewed.
            RememberizerError: Upstream's refusals, or no usable answer.
        """
        with self.in_use():
            await self.refresh_if_due(deadline=deadline)
            grant, token = self._grant, self._grant.credentials.access_token
            reply = await grant.send(call, deadline=deadline)
            if reply.status == HTTPStatus.UNAUTHORIZED and await self._renew(grant, token, deadline=deadline):
                reply = await grant.send(call, deadline=deadline)
            if not reply.is_success:
                raise refusal(reply, unverified=self.state is State.UNVERIFIED)
            return reply

    async def sign_out(self, *, deadline: float) -> GivenBack:
        """Tell upstream, then forget everything whatever it said."""
        try:
            return await self._grant.give_back(deadline=deadline)
        finally:
            self.wipe()

    def wipe(self) -> None:
        """Forget the account without telling anybody, and close its sign-in page."""
        self.close_page()
        self._grant.wipe()
        self._state = State.SIGNED_OUT
        self.email = self.name = self.method = self.signed_in_by = None

    def close_page(self) -> None:
        """Close the sign-in page, if one is open."""
        page, self.page = self.page, None
        if page is not None:
            page.close()

    def require_account(self) -> None:
        """Refuse a move that needs an account by ``NotSignedIn``, or by ``SessionExpired`` if it can't be renewed."""
        if self.state is State.SIGNED_OUT:
            raise NotSignedIn
        if self.state is State.EXPIRED:
            raise SessionExpired

    @contextmanager
    def _fresh(self, client: OAuthClient | None = None) -> Iterator[Grant]:
        """A new grant, which is forgotten again if the sign-in with it fails."""
        grant = Grant(environment=self._env, name=self.handle[:8], client=client)
        try:
            yield grant
        except BaseException:
            grant.wipe()
            raise

    async def _renew(self, grant: Grant, used: str | None, *, deadline: float) -> bool:
        """After a 401: whether the call can be repeated, with a token newer than the one that it used."""
        if grant is not self._grant:
            return False
        if grant.credentials.access_token not in (used, None):  # a refusal may itself take the token away
            return True
        if not self.can_refresh:
            grant.was_refused = True
            return False
        await self.refresh(deadline=deadline)
        return grant is self._grant

    async def _adopt(self, fresh: Grant, me: Me, *, method: str, deadline: float) -> bool:
        if self.admit:
            await self.admit(fresh, me)
        before, held, had_account = self._grant, self.email, self.state is not State.SIGNED_OUT
        self._grant = fresh
        self.email, self.name, self.method = me.email, me.name or None, method
        self._state = State.UNVERIFIED if me.email_verified is False else State.SIGNED_IN
        self.started_at = self._env.now()
        logger.info("session %s… is %s", self.handle[:8], self.state)
        left = True
        if had_account and not same_account(held, me.email):
            with anyio.CancelScope(shield=True):
                left = (await before.give_back(deadline=deadline)).confirmed
        before.wipe()
        await fresh.keep(me.email)
        return left
