"""``Grant``: one sign-in, what it holds and how that is renewed, kept and given back.

A session that signs in anew gets a new grant: an answer to an older call lands in the old one.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import anyio

from .api import auth, oauth
from .api.client import Call, Reply
from .api.credentials import Credentials
from .api.oauth import OAuthClient
from .errors import EmailNotVerified, RememberizerError, SessionExpired
from .flight import SingleFlight
from .states import Environment

logger = logging.getLogger(__name__)


class GivenBack(NamedTuple):
    """What became of a sign-out."""

    confirmed: bool
    """By upstream."""
    forgotten: bool
    """By the keyring, or there was nothing to forget."""


class Grant:
    """The credentials of one sign-in.

    Args:
        environment: What every session shares.
        name: For the log.
        client: The OAuth app that it was given to; without one it consists of cookies.
    """

    def __init__(self, *, environment: Environment, name: str, client: OAuthClient | None = None) -> None:
        self.credentials = Credentials(secrets=environment.secrets, now=environment.now)
        self.was_refused = False
        """Whether upstream refused to renew it."""
        self.verifies_elsewhere = False
        """Whether upstream wants the address verified before it gives the token that verification needs."""
        self._env = environment
        self._name = name
        self._email: str | None = None
        self._kept: str | None = None
        self._ask = partial(auth.custom_refresh, environment.api, self.credentials)
        if client:
            self._ask = partial(oauth.renew, environment.api, self.credentials, client)
        self._flight = SingleFlight(self._fly, spawn=environment.spawn)

    async def renew(self, *, deadline: float) -> None:
        """Renew the tokens, or wait for a renewal that is under way; several callers share one.

        Raises:
            SessionExpired: Upstream refused it.
            UpstreamError: No usable answer; the grant is as it was.
        """
        await self._flight.join(deadline=deadline)

    async def send(self, call: Call, *, deadline: float) -> Reply:
        """Make a call with these credentials, and take the cookies of the answer.

        Raises:
            RememberizerError: As ``RememberizerAPI.send``.
        """
        reply = await self._env.api.send(call, self.credentials, deadline=deadline)
        self.credentials.absorb(reply.response, sent_at_version=reply.sent_at_version)
        return reply

    async def give_back(self, *, deadline: float) -> GivenBack:
        """Remove it from the keyring and sign out upstream.

        A renewal that is under way comes first, because its new tokens must end too.
        """
        await self._flight.settled(deadline=deadline)
        forgotten = await self._forget()
        try:
            await auth.custom_logout(self._env.api, self.credentials, deadline=deadline)
        except RememberizerError as error:
            logger.warning("Rememberizer did not confirm the sign-out (%s)", error.code)
            return GivenBack(confirmed=False, forgotten=forgotten)
        return GivenBack(confirmed=True, forgotten=forgotten)

    @contextmanager
    def signing_in_again(self, *, unverified: bool) -> Iterator[None]:
        """Around a sign-in while this one is held: if the address has to be verified first, say where that can be done.

        Args:
            unverified: Whether it is to the same account, which is not verified yet.
        """
        try:
            yield
        except EmailNotVerified as error:
            if unverified and self.credentials.access_token is not None:
                error.hint = error.advice
            elif unverified:
                self.verifies_elsewhere = True
            raise

    async def keep(self, email: str | None) -> None:
        """Keep the refresh token in the keyring under this account from now on, where the user opted in."""
        self._email = email
        await self._keep()

    async def _forget(self) -> bool:
        email, self._email = self._email, None
        return self._env.keychain is None or email is None or await self._env.keychain.forget(email)

    def wipe(self) -> None:
        """Forget everything here; what the keyring keeps stays."""
        self._email = None
        self.credentials.wipe()

    async def _fly(self) -> None:
        deadline = anyio.current_time() + self._env.budget_seconds
        await self._catch_up()
        version = self.credentials.version
        try:
            await self._ask(deadline=deadline)
        except SessionExpired:
            self.was_refused = self.credentials.version == version
            raise
        logger.info("session %s… was refreshed", self._name)
        await self._keep()

    async def _keep(self) -> None:
        token = self.credentials.refresh_token
        if self._env.keychain and self._email and token and token != self._kept:
            self._kept = token if await self._env.keychain.keep(self._email, token) else self._kept

    async def _catch_up(self) -> None:
        """Take over the token that another process of the same user rotated meanwhile: ours is used up by that."""
        if self._env.keychain is None or self._email is None or self._kept is None:
            return
        kept = await self._env.keychain.read(self._email)
        if kept and kept.refresh_token not in (self._kept, self.credentials.refresh_token):
            self._kept = kept.refresh_token
            self.credentials.adopt_refresh_token(kept.refresh_token, url=self._env.api.base_url)
