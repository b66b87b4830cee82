"""The ways to sign in without a secret in the arguments, in the order in which they are tried."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import SecretStr

from .. import errors
from ..api.account import fits, same_account
from ..api.auth import ONLY_A_BROWSER
from ..api.blocked import UpstreamBlocked
from ..sessions.keychain import Keychain
from ..sessions.limiter import AttemptLimiter
from ..sessions.meant import NOBODY_MEANT, Meant
from ..sessions.session import Session
from ..settings.settings import Settings
from .desk import SignInDesk
from .pending import PendingSignIn

_CAPTCHA = (
    "No page opens for this account, since the settings hold its password: have the user set REMEMBERIZER_CAPTCHA to a "
    "fresh response and restart the server."
)
_TOKEN_OF_A_BROWSER = (
    f"{ONLY_A_BROWSER}have the user set REMEMBERIZER_REFRESH_TOKEN to that of a session in their browser, and restart "
    "the server."
)
_REFUSED_HERE = (
    "They are those of REMEMBERIZER_EMAIL and REMEMBERIZER_PASSWORD: have the user correct or remove these settings "
    "and restart the server. Calling again won't help. An account that was made with Google or Microsoft may have no "
    "password: REMEMBERIZER_REFRESH_TOKEN then takes that of a session in a browser, REMEMBERIZER_API_TOKEN an API key."
)

logger = logging.getLogger(__name__)


class HeldAccount(NamedTuple):
    """The account whose password the settings hold."""

    email: str
    password: SecretStr


def held_account(settings: Settings, email: str | None) -> HeldAccount | None:
    """Give the account that the settings hold, if it has this e-mail; without an e-mail, in any case."""
    if settings.email and settings.password and fits(settings.email, meant=email):
        return HeldAccount(settings.email, settings.password)
    return None


def settings_to_change(settings: Settings, email: str) -> Mapping[type[errors.RememberizerError], str]:
    """What repairs a refusal of an account whose password the settings hold, since no page opens for it."""
    if not held_account(settings, email):
        return {}
    return {errors.CaptchaRequired: _CAPTCHA, errors.CaptchaRejected: _CAPTCHA, UpstreamBlocked: _TOKEN_OF_A_BROWSER}


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What a way to sign in came to: an account, or a page that is open now."""

    pending: PendingSignIn | None = None
    meant: Meant = NOBODY_MEANT
    """The account that the page is for, if one is meant."""
    previous_signed_out: bool = True
    """``False`` if another account was held before and upstream did not confirm its sign-out."""


@dataclass(frozen=True, kw_only=True)
class SignInWays:
    """Settings first, then the keyring where the user opted in, then a person at a page."""

    settings: Settings
    keychain: Keychain | None
    desk: SignInDesk
    attempts: AttemptLimiter

    async def sign_in(
        self, session: Session, *, meant: Meant, captcha: SecretStr | None, before: str | None = None
    ) -> Arrival:
        """Take the first way that applies; the session's move is under way.

        Where no account is meant, it is that of the settings, or any. A captcha response is sent with the settings'
        credentials, in place of the settings' own. ``before`` is the account whose sign-in ended here: the page is for
        that account, if no other is meant.

        Raises:
            SignInFailed: A way applies and fails; the message names its setting.
            RememberizerError: Rememberizer's refusals, or no usable answer.
        """
        settings, last, email = self.settings, None, meant.account
        named = meant if email else Meant(settings.email)
        token = settings.newest_refresh_token()
        was_by_token = session.grant.method == "refresh_token" and same_account(email, session.email)
        if token and (fits(settings.email, meant=email) or was_by_token):
            return await self._by_refresh_token(
                session, token.get_secret_value(), meant=named, of=email if was_by_token else None
            )
        if held := held_account(settings, email):
            return await self._by_password(session, held, captcha or settings.captcha)
        if self.keychain:
            last = await self.keychain.last_account()
            named = named.beside(last)
            if arrival := await self._by_keychain(session, self.keychain, named):
                return arrival
        if named.account is None:
            named = Meant(before, is_named=False).beside(last) if before else Meant(last)
        return Arrival(pending=await self.desk.open(session, email=named.account), meant=named)

    async def _by_refresh_token(self, session: Session, token: str, *, meant: Meant, of: str | None) -> Arrival:
        await self.attempts.take(session.owner)
        try:
            return Arrival(
                previous_signed_out=await session.sign_in_with_refresh_token(
                    token, method="refresh_token", meant=meant, of=of
                )
            )
        except errors.SessionExpired as error:
            raise errors.SignInFailed(
                "Rememberizer refused the refresh token of REMEMBERIZER_REFRESH_TOKEN: it expired, or was used before.",
                repair="Have the user put a fresh one there or unset REMEMBERIZER_REFRESH_TOKEN, and restart the "
                "server. If REMEMBERIZER_REFRESH_TOKEN_FILE names a file, a fresh one in it is enough: call again.",
                status=error.status,
            ) from error

    async def _by_password(self, session: Session, held: HeldAccount, captcha: SecretStr | None) -> Arrival:
        await self.attempts.take(session.owner)
        repairs = settings_to_change(self.settings, held.email)
        with errors.repaired({**repairs, errors.InvalidCredentials: _REFUSED_HERE}):
            previous_signed_out = await session.sign_in(
                email=held.email,
                password=held.password.get_secret_value(),
                captcha=captcha.get_secret_value() if captcha else None,
            )
        return Arrival(previous_signed_out=previous_signed_out)

    async def _by_keychain(self, session: Session, keychain: Keychain, meant: Meant) -> Arrival | None:
        """Sign in by the keyring's entry, if it is still good. One that Rememberizer refuses loses all but its name."""
        entry = await keychain.read(meant.account)
        if entry is None:
            return None
        await self.attempts.take(session.owner)
        try:
            previous_signed_out = await session.sign_in_with_refresh_token(
                entry.refresh_token, method="refresh_token", meant=meant
            )
        except errors.SessionExpired:
            logger.info("the sign-in that the keyring kept has expired")
            await keychain.forget(entry.email, stays_last=True)
            return None
        return Arrival(previous_signed_out=previous_signed_out)
