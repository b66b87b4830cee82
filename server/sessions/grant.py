"""``Grant``: one sign-in. It makes the calls of its account, and is renewed, kept in the keyring and given back.

A session that signs in again gets a new grant. A call is made by the grant with which it began (S12).
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from ..api import auth, oauth
from ..api.account import Me, same_account
from ..api.budget import budget
from ..api.client import Reply
from ..api.credentials import Credentials
from ..api.endpoints import Call, Takes
from ..api.oauth import OAuthClient
from ..api.refusals import refusal
from ..api.retries import may_be_done
from ..errors import AccountChanged, NotSignedIn, RememberizerError, Repair, SessionExpired, UpstreamError
from .flight import SingleFlight
from .keeping import Keeping
from .meant import NOBODY_MEANT, Meant
from .states import Environment, GivenBack, State

if TYPE_CHECKING:
    from .session import Session

REFRESH_AHEAD_SECONDS = 30.0
ANOTHER_SIGN_IN = "There was another sign-in while this call ran"
ENDED = "The session ended while this call ran"
MAYBE_DONE = "The request may have gone out as {who}: whether it was carried out there is not known."
LOOK_FIRST = "Look first whether it was done as {who}; don't write again before the user has looked."

logger = logging.getLogger(__name__)


class Grant:
    """One sign-in, or the lack of one: the cookies, or with a ``client`` the tokens that the OAuth app was given."""

    def __init__(self, *, environment: Environment, holder: "Session", client: OAuthClient | None = None) -> None:
        self.credentials = Credentials(secrets=environment.secrets, now=environment.now)
        self.account: str | None = None
        """Its e-mail, if that is known."""
        self.name: str | None = None
        self.method: str | None = None
        self.meant = NOBODY_MEANT
        """The account that the sign-in was meant for, if one was."""
        self.is_unattended = False
        """Whether the settings or the keyring gave it: nobody was at a page, or typed a password."""
        self.page_id: str | None = None
        """The id of the page at which the person signed in."""
        self.was_refused = False
        """Whether upstream refused to renew it."""
        self.verifies_elsewhere = False
        """Whether upstream wants the address verified before it gives the token that verification needs."""
        self.held_state = State.SIGNED_OUT
        self.id = secrets.token_urlsafe(16)
        """Tells it from other sign-ins, also where no e-mail is known."""
        self._env, self._holder, self.owner = environment, holder, holder.owner
        self._keeping = Keeping(environment.keychain, self.credentials, url=environment.api.base_url)
        self._client = client

    @cached_property
    def _flight(self) -> SingleFlight:
        return SingleFlight(self._fly, spawn=self._env.spawn, ended=self._env.meter.refreshed)

    def become(self, me: Me, *, method: str, meant: Meant) -> None:
        """Be this account's, from the end of its sign-in on."""
        self.account, self.name, self.method, self.meant = me.email, me.name or None, method, meant
        self.held_state = State.UNVERIFIED if me.email_verified is False else State.SIGNED_IN

    def become_verified(self) -> None:
        """Its e-mail address is verified from now on."""
        self.held_state = State.SIGNED_IN

    @property
    def state(self) -> State:
        """The state of its account, whatever page is open for its session."""
        return State.EXPIRED if self.was_refused else self.held_state

    @property
    def has_account(self) -> bool:
        """Whether somebody signed in, or did until it expired."""
        return self.held_state is not State.SIGNED_OUT

    @property
    def whose(self) -> str:
        """A text that only its account has, also where no e-mail is known."""
        return self.account or self.id

    @property
    def is_last(self) -> bool:
        """Whether a restart signs in by it: somebody named its account, or no account was named."""
        return self.meant.is_named and self.meant.fits(self.account)

    @property
    def can_refresh(self) -> bool:
        """Whether a refresh can be tried."""
        return self.credentials.can_renew and self.state is not State.EXPIRED

    @property
    def can_verify(self) -> bool:
        """Whether there is a token that verification can be done with."""
        return self.credentials.access_token is not None

    @property
    def version(self) -> int:
        """How often its tokens changed."""
        return self.credentials.version

    def headers(self, takes: Takes, *, url: str) -> dict[str, str]:
        """The headers that show who asks, read right before each request is sent; raises as ``require_held``."""
        self.require_held()
        return self.credentials.headers(takes, url=url)

    def require_held(self) -> None:
        """Raise ``AccountChanged`` if the session holds another grant by now, or none."""
        held = self._holder.held()
        if held is not self:
            raise held.account_changed(ANOTHER_SIGN_IN)

    def account_changed(
        self, cause: str, *, done: str = "Nothing was done.", repair: Repair | None = None
    ) -> AccountChanged:
        """The error of a call that began with another grant; this one is held now."""
        if not self.has_account:
            message, advice = f"{ENDED}: nobody is signed in now.", "Call again if it is still wanted."
        else:
            who = self.account or "an account whose e-mail is not known"
            message, advice = f"{cause}: {who} is signed in now.", "Call again if it is meant for them."
        return AccountChanged(f"{message} {done}", repair=repair or advice)

    def require_account(self) -> None:
        """Raise ``NotSignedIn`` if there is no account, or ``SessionExpired`` if upstream refused to renew it."""
        if not self.has_account:
            raise NotSignedIn
        if self.state is State.EXPIRED:
            raise SessionExpired

    async def is_usable(self) -> bool:
        """Whether calls can be made with it, after a refresh that was due; raises as ``require_held``."""
        if self.credentials.has_any:
            with suppress(RememberizerError):
                await self.refresh_if_due()
            self.require_held()
        ends_at = self.credentials.access_expires_at
        has_ended = ends_at is not None and ends_at <= self._env.now() and not self.can_refresh
        return self.credentials.has_any and self.state is not State.EXPIRED and not has_ended

    async def refresh_if_due(self) -> None:
        """Renew the tokens if less than 30 s of the access token's life is left and they can be renewed.

        Raises:
            AccountChanged, NotSignedIn, SessionExpired: There is nothing to ask by.
            UpstreamError: No usable answer, and the access token has ended.
        """
        self.require_held()
        self.require_account()
        ends_at = self.credentials.access_expires_at
        if ends_at is None or ends_at - self._env.now() >= REFRESH_AHEAD_SECONDS or not self.can_refresh:
            return
        try:
            await self.refresh()
        except UpstreamError:
            if ends_at <= self._env.now():
                raise

    async def refresh(self) -> None:
        """Renew the tokens, or wait for a renewal that is under way; several callers share one.

        Raises:
            NotSignedIn: There is no refresh token; nobody is asked.
            AccountChanged: There was another sign-in meanwhile, or a sign-out.
            SessionExpired: Upstream refused it, now or before.
            UpstreamError: No usable answer; the grant is as it was.
        """
        self.require_account()
        if not self.can_refresh:
            raise NotSignedIn(
                "This session has no refresh token.",
                repair=Repair("Go on without; when the session ends, call {logout}, then {login}."),
            )
        with self._while_held():
            await self._flight.join()
        self.require_held()
        self.require_account()

    async def request(self, call: Call) -> Reply:
        """Make a call, after a refresh that is due; after a 401 there is one more, and the call is repeated once.

        Raises:
            AccountChanged: There was another sign-in meanwhile, or a sign-out.
            NotSignedIn, SessionExpired: There is no account, or it can't be renewed.
            RememberizerError: Upstream's refusals, or no usable answer.
        """
        with self._holder.in_use():
            await self.refresh_if_due()
            token = self.credentials.access_token
            with self._while_held():
                reply = await self._send(call)
                if reply.status == HTTPStatus.UNAUTHORIZED and await self._renew(token):
                    reply = await self._send(call)
                await self._holder.home.keep_tokens(self._holder)
                if not reply.is_success:
                    raise refusal(reply, unverified=self.state is State.UNVERIFIED)
            return reply

    async def give_back(self, *, stays_last: bool = False) -> GivenBack:
        """Remove it from the keyring, which with ``stays_last`` goes on to name its account, and sign out upstream.

        A renewal that is under way comes first, because its new tokens must end too.
        """
        await self._flight.settled()
        forgotten, confirmed = await self._keeping.forget(stays_last=stays_last), True
        try:
            await auth.custom_logout(self._env.api, self.credentials)
        except RememberizerError as error:
            logger.warning("Rememberizer did not confirm the sign-out (%s)", error.code)
            confirmed = False
        return GivenBack(confirmed, forgotten)

    async def mean(self, email: str | None) -> None:
        """Remember that a call named this account, if ``email`` is its own."""
        if not self.is_last and same_account(email, self.account):
            self.meant = Meant(email)
            await self.keep()

    async def keep(self) -> None:
        """Keep it in the keyring from now on, where the user opted in."""
        await self._keeping.start(self.account, as_last=self.is_last)

    def wipe(self) -> None:
        """Forget all tokens; the keyring's stay."""
        self._keeping.stop()
        self.credentials.wipe()

    @contextmanager
    def _while_held(self) -> Iterator[None]:
        """While upstream is asked: if another grant is held by now, ``AccountChanged`` takes the place of a failure."""
        try:
            yield
        except RememberizerError as error:
            if not isinstance(error, AccountChanged):
                self.require_held()
            raise

    async def _send(self, call: Call) -> Reply:
        try:
            reply = await self._env.api.send(call, self)
        except UpstreamError as error:
            if self._holder.held() is not self and call.endpoint.method != "GET" and may_be_done(error):
                raise self._maybe_done(call.endpoint.if_lost) from error
            raise
        self.credentials.absorb(reply.response, sent_at_version=reply.sent_at_version)
        return reply

    def _maybe_done(self, if_lost: Repair | None) -> AccountChanged:
        """The error of a request that writes, whose answer is lost and that another sign-in overtook."""
        who = self.account or "the account before"
        repair = Repair(f"{LOOK_FIRST} {if_lost.text if if_lost else ''}".strip(), values={"who": who})
        error = self._holder.held().account_changed(ANOTHER_SIGN_IN, done=MAYBE_DONE.format(who=who), repair=repair)
        error.retryable = False
        return error

    async def _renew(self, used: str | None) -> bool:
        """After a 401: whether the call can be repeated, with a token newer than the one that it used."""
        if self.credentials.access_token not in (used, None):  # a refusal may itself take the token away
            return True
        if not self.can_refresh:
            self.was_refused = True
            return False
        await self.refresh()
        return True

    async def _ask(self) -> None:
        api, held, client = self._env.api, self.credentials, self._client
        await (oauth.renew(api, held, client=client) if client else auth.custom_refresh(api, held))

    async def _fly(self) -> None:
        version = self.credentials.version
        async with self._holder.home.renewing(self._holder):
            if self.credentials.version != version or not self.can_refresh:
                return  # another process was quicker
            await self._keeping.catch_up()
            version = self.credentials.version
            try:
                with budget(self._env.budget_seconds):
                    await self._ask()
            except SessionExpired:
                self.was_refused = self.credentials.version == version
                raise
            logger.info("session %s… was refreshed", self._holder.handle[:8])
            await self._keeping.renew()
