"""``Session``: one account's credentials, and the moves between its states."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus

import anyio

from .api import auth, oauth
from .api.account import Me, same_account, whose
from .api.client import Call, Reply
from .api.credentials import Credentials
from .api.oauth import OAuthClient
from .api.refusals import refusal
from .errors import NotSignedIn, RememberizerError, SessionExpired, UpstreamError
from .flight import SingleFlight
from .states import Environment, State

REFRESH_AHEAD_SECONDS = 30.0

logger = logging.getLogger(__name__)


class Session:
    """One account's session under a handle.

    Every method that asks upstream takes a ``deadline`` on anyio's clock, in seconds.
    """

    def __init__(self, *, handle: str, owner: str, environment: Environment) -> None:
        self.handle = handle
        self.owner = owner
        self.state = State.SIGNED_OUT
        self.email: str | None = None
        self.name: str | None = None
        self.method: str | None = None
        self.moving = anyio.Lock()
        """Held by login, signup, verify and logout: one move at a time."""
        self.calls = 0
        self._env = environment
        self.started_at = self.used_at = environment.now()
        self._hold(self._new_credentials())

    def __repr__(self) -> str:
        return f"<Session {self.handle[:8]}…: {self.state}, {self._credentials!r}>"

    @property
    def can_refresh(self) -> bool:
        """Whether a refresh can be tried."""
        return self._credentials.can_renew and self.state is not State.EXPIRED

    @property
    def has_credentials(self) -> bool:
        """Whether upstream gave anything that can show who asks; a signup may not have."""
        return self._credentials.has_any

    @property
    def has_ended(self) -> bool:
        """Whether the access token's life is over and nothing can renew it."""
        ends_at = self.access_expires_at
        return ends_at is not None and ends_at <= self._env.now() and not self.can_refresh

    @property
    def can_verify(self) -> bool:
        """Whether there is a token that verification can be done with."""
        return self._credentials.access_token is not None

    @property
    def access_expires_at(self) -> float | None:
        """Unix seconds, as far as the access token says."""
        return self._credentials.access_expires_at

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
        self, *, email: str, password: str, name: str | None, captcha: str | None, deadline: float
    ) -> bool:
        """Create an account and hold it, unverified.

        Returns:
            ``False`` if another account was held before and upstream did not confirm its sign-out.
        """
        with self._fresh_credentials() as fresh:
            await auth.signup(
                self._env.api, fresh, email=email, password=password, name=name, captcha=captcha, deadline=deadline
            )
        me = Me(email=email, name=name, email_verified=False)
        return await self._adopt(fresh, me, method="password", deadline=deadline)

    async def sign_in(self, *, email: str, password: str, captcha: str | None, deadline: float) -> bool:
        """Sign in on fresh credentials, and only then let go of an account that was held before.

        Returns:
            ``False`` if another account was held before and upstream did not confirm its sign-out.

        Raises:
            SignInError, UpstreamError: As ``api.auth.signin`` and ``api.account.whose``; the session is as it was.
        """
        with self._fresh_credentials() as fresh:
            await auth.signin(self._env.api, fresh, email=email, password=password, captcha=captcha, deadline=deadline)
            me = await whose(self._env.api, fresh, deadline=deadline)
        me = me.model_copy(update={"email": me.email or email})
        return await self._adopt(fresh, me, method="password", deadline=deadline)

    async def sign_in_with_oauth(self, client: OAuthClient, *, code: str, verifier: str, deadline: float) -> bool:
        """Like ``sign_in``, by the code of an authorization; whose account it is only upstream can say.

        Returns:
            ``False`` if another account was held before and upstream did not confirm its sign-out.
        """
        sent = (code, verifier, client.client_secret)
        with self._env.secrets.during(sent), self._fresh_credentials() as fresh:
            await oauth.exchange(self._env.api, fresh, client, code=code, verifier=verifier, deadline=deadline)
            me = await whose(self._env.api, fresh, deadline=deadline)
        return await self._adopt(fresh, me, method="oauth", client=client, deadline=deadline)

    async def verify(self, code: str, *, deadline: float) -> None:
        """Verify the e-mail address.

        Raises:
            NotSignedIn: Nobody is signed in, or no token came that verification could be done with.
            SessionExpired, InvalidVerificationCode, UpstreamError: As ``api.auth.verify_email``.
        """
        await self.refresh_if_due(deadline=deadline)
        await auth.verify_email(self._env.api, self._credentials, code=code, deadline=deadline)
        self.state = State.SIGNED_IN

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
        credentials = self._credentials
        try:
            await self._flight.join(deadline=deadline)
        except RememberizerError:
            if credentials is self._credentials and self.state is not State.SIGNED_OUT:
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
            credentials, token = self._credentials, self._credentials.access_token
            reply = await self._send(call, credentials, deadline=deadline)
            if reply.status == HTTPStatus.UNAUTHORIZED and await self._renew(credentials, token, deadline=deadline):
                reply = await self._send(call, credentials, deadline=deadline)
            if not reply.is_success:
                raise refusal(reply, unverified=self.state is State.UNVERIFIED)
            return reply

    async def sign_out(self, *, deadline: float) -> bool:
        """Tell upstream, then forget everything whatever it said.

        Returns:
            Whether upstream confirmed.
        """
        try:
            return await self._let_go(self._credentials, self._flight, deadline=deadline)
        finally:
            self.wipe()

    def wipe(self) -> None:
        """Forget the account without telling anybody."""
        self._credentials.wipe()
        self.state = State.SIGNED_OUT
        self.email = self.name = self.method = None

    def require_account(self) -> None:
        """Refuse a move that needs an account.

        Raises:
            NotSignedIn: The session is signed out.
            SessionExpired: Upstream refused to renew it.
        """
        if self.state is State.SIGNED_OUT:
            raise NotSignedIn
        if self.state is State.EXPIRED:
            raise SessionExpired

    def _new_credentials(self) -> Credentials:
        return Credentials(secrets=self._env.secrets, now=self._env.now)

    @contextmanager
    def _fresh_credentials(self) -> Iterator[Credentials]:
        """New credentials, which are forgotten again if the sign-in with them fails."""
        fresh = self._new_credentials()
        try:
            yield fresh
        except BaseException:
            fresh.wipe()
            raise

    def _hold(self, credentials: Credentials, client: OAuthClient | None = None) -> None:
        self._credentials = credentials
        renew = partial(auth.custom_refresh, self._env.api, credentials)
        if client:
            renew = partial(oauth.renew, self._env.api, credentials, client)
        self._flight = SingleFlight(partial(self._fly, credentials, renew), spawn=self._env.spawn)

    async def _fly(self, credentials: Credentials, renew: Callable[..., Awaitable[None]]) -> None:
        deadline, version = anyio.current_time() + self._env.budget_seconds, credentials.version
        try:
            await renew(deadline=deadline)
        except SessionExpired:
            is_newest = credentials is self._credentials and credentials.version == version
            if is_newest and self.state is not State.SIGNED_OUT:
                self.state = State.EXPIRED
            raise
        logger.info("session %s… was refreshed", self.handle[:8])

    async def _renew(self, credentials: Credentials, used: str | None, *, deadline: float) -> bool:
        """After a 401: whether the call can be repeated, with a token newer than the one that it used."""
        if credentials is not self._credentials:
            return False
        if credentials.access_token != used:
            return True
        if not self.can_refresh:
            self.state = State.EXPIRED
            return False
        await self.refresh(deadline=deadline)
        return credentials is self._credentials

    async def _send(self, call: Call, credentials: Credentials, *, deadline: float) -> Reply:
        reply = await self._env.api.send(call, credentials, deadline=deadline)
        credentials.absorb(reply.response, sent_at_version=reply.sent_at_version)
        return reply

    async def _adopt(
        self, fresh: Credentials, me: Me, *, method: str, client: OAuthClient | None = None, deadline: float
    ) -> bool:
        before, flight, held = self._credentials, self._flight, self.email
        had_account = self.state is not State.SIGNED_OUT
        self._hold(fresh, client)
        self.email, self.name, self.method = me.email, me.name or None, method
        self.state = State.UNVERIFIED if me.email_verified is False else State.SIGNED_IN
        self.started_at = self._env.now()
        logger.info("session %s… is %s", self.handle[:8], self.state)
        left = True
        if had_account and not same_account(held, me.email):
            with anyio.CancelScope(shield=True):
                left = await self._let_go(before, flight, deadline=deadline)
        before.wipe()
        return left

    async def _let_go(self, credentials: Credentials, flight: SingleFlight, *, deadline: float) -> bool:
        """Sign out upstream, after a refresh that is under way, whose new tokens must end too."""
        try:
            await flight.settled(deadline=deadline)
            await auth.custom_logout(self._env.api, credentials, deadline=deadline)
        except RememberizerError as error:
            logger.warning("Rememberizer did not confirm the sign-out (%s)", error.code)
            return False
        return True
