"""The five authentication calls (rememberizer-api.md §1), with their paths and fields exactly as documented.

``signin``, ``signup``, ``verify-email`` and ``custom-refresh`` are never sent twice within a call: a captcha response
verifies once, and a refresh token may have been rotated by an answer that was lost.
"""

from ..errors import NotSignedIn, Repair, UpstreamProtocolError, repaired
from . import endpoints
from .blocked import UpstreamBlocked
from .client import RememberizerAPI
from .credentials import Credentials
from .refusals import NO_SESSION, OWN_SESSION, refresh_refusal, signin_refusal, signup_refusal, verification_refusal

ONLY_A_BROWSER = "If it happens again in a minute, only a browser gets past it: "
_BY_A_BROWSER = "call {login} with the same `email` and without `password`; " + OWN_SESSION + "."
_SIGN_IN_BY_A_BROWSER = Repair(ONLY_A_BROWSER + _BY_A_BROWSER)
_SIGN_UP_BY_A_BROWSER = Repair(
    ONLY_A_BROWSER + "have the user create the account there, at rememberizer.ai. Then " + _BY_A_BROWSER
)


async def signup(
    api: RememberizerAPI,
    credentials: Credentials,
    *,
    email: str,
    password: str,
    name: str | None,
    captcha: str | None,
) -> None:
    """``POST auth/signup/`` (§1.1): create an account and take what tokens come, which can be none.

    Raises:
        CaptchaRequired, CaptchaRejected, EmailTaken, InvalidArguments, Forbidden: Upstream's refusals.
        UpstreamError: No usable answer.
    """
    fields = {"email": email, "password": password, "name": name, "captcha": captcha}
    with repaired({UpstreamBlocked: _SIGN_UP_BY_A_BROWSER}):
        reply = await api.send(endpoints.SIGN_UP.call(fields), credentials)
    if not reply.is_success:
        raise signup_refusal(reply, captcha_sent=captcha is not None)
    credentials.absorb(reply.response, reply.body, sent_at_version=reply.sent_at_version)


async def signin(
    api: RememberizerAPI,
    credentials: Credentials,
    *,
    email: str,
    password: str,
    captcha: str | None,
) -> None:
    """``POST auth/signin/`` (§1.2): take the cookies; the body's field for the e-mail is ``login``.

    Raises:
        CaptchaRequired, CaptchaRejected, EmailNotVerified, InvalidCredentials: Upstream's refusals.
        UpstreamProtocolError: Also for a success that brought nothing to show who asks.
        UpstreamError: No usable answer.
    """
    call = endpoints.SIGN_IN.call({"email": email, "password": password, "captcha": captcha})
    with repaired({UpstreamBlocked: _SIGN_IN_BY_A_BROWSER}):
        reply = await api.send(call, credentials)
    if not reply.is_success:
        raise signin_refusal(reply, captcha_sent=captcha is not None)
    credentials.absorb(reply.response, reply.body, sent_at_version=reply.sent_at_version)
    if not credentials.has_any:
        raise UpstreamProtocolError(NO_SESSION, status=reply.status)


async def verify_email(api: RememberizerAPI, credentials: Credentials, *, code: str) -> None:
    """``POST auth/verify-email/`` (§1.3), with the access token as bearer, wherever it was found.

    Raises:
        NotSignedIn: There is no access token; nothing is sent.
        InvalidVerificationCode, SessionExpired: Upstream's refusals.
        UpstreamError: No usable answer.
    """
    if credentials.access_token is None:
        raise NotSignedIn(
            "Rememberizer gave no token that verification could be done with.",
            repair=Repair("Call {login}, then {verify} again."),
        )
    reply = await api.send(endpoints.VERIFY_EMAIL.call({"verification_code": code}), credentials)
    if not reply.is_success:
        raise verification_refusal(reply)
    credentials.absorb(reply.response, reply.body, sent_at_version=reply.sent_at_version)


async def custom_refresh(api: RememberizerAPI, credentials: Credentials) -> None:
    """``POST auth/custom-refresh/`` (§1.4): cookie ``refresh_token``, no body; either cookie may be rotated.

    Raises:
        SessionExpired: Upstream refused the refresh token.
        UpstreamProtocolError: Also for a success that brought no token.
        UpstreamError: No usable answer; the credentials are as they were.
    """
    reply = await api.send(endpoints.CUSTOM_REFRESH.call(), credentials)
    if not reply.is_success:
        raise refresh_refusal(reply)
    if not credentials.absorb(reply.response, reply.body, sent_at_version=None):
        raise reply.unusable()


async def custom_logout(api: RememberizerAPI, credentials: Credentials) -> None:
    """``POST auth/custom-logout/`` (§1.5), with the session's cookies so that upstream can revoke them.

    Raises:
        UpstreamProtocolError: Any answer but a success.
        UpstreamError: No usable answer.
    """
    reply = await api.send(endpoints.CUSTOM_LOGOUT.call(), credentials)
    if not reply.is_success:
        raise reply.unusable()
