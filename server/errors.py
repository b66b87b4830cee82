"""Every failure that a caller can meet, as one tree.

    RememberizerError                     never raised itself
    ├── InvalidArguments                  invalid_arguments
    ├── ConfirmationRequired              confirmation_required
    ├── SignInError                       never raised itself
    │   ├── InvalidCredentials            invalid_credentials
    │   ├── CaptchaRequired               captcha_required
    │   ├── CaptchaRejected               captcha_rejected
    │   ├── EmailTaken                    email_taken
    │   ├── EmailNotVerified              email_not_verified
    │   ├── InvalidVerificationCode       invalid_verification_code
    │   ├── SignInFailed                  sign_in_failed
    │   └── SignInPending                 sign_in_pending
    ├── SessionError                      never raised itself
    │   ├── NotSignedIn                   not_signed_in
    │   ├── SessionExpired                session_expired
    │   ├── AccountChanged                account_changed
    │   ├── UnknownSession                unknown_session
    │   └── TooManySessions               too_many_sessions
    ├── RequestRefused                    never raised itself
    │   ├── RateLimited                   rate_limited
    │   ├── Forbidden                     forbidden
    │   ├── NotFound                      not_found
    │   └── QuotaExceeded                 quota_exceeded
    ├── UpstreamError                     never raised itself
    │   ├── UpstreamTimeout               upstream_timeout
    │   ├── UpstreamUnreachable           upstream_unreachable
    │   ├── UpstreamUnavailable           upstream_unavailable
    │   ├── UpstreamProtocolError         upstream_protocol
    │   └── ResponseTooLarge              response_too_large
    ├── ReadOnly                          read_only
    └── InternalError                     internal_error
All texts are ours, none is upstream's.
"""

from typing import ClassVar


class RememberizerError(Exception):
    """Base of every failure that reaches a caller.

    Args:
        message: Replaces the class's own sentence.
        hint: Replaces the class's own hint.
        retry_after_seconds: How long upstream, or our own limiter, asks to wait.
        status: Upstream's HTTP status, if it answered.
    """

    code: ClassVar[str]
    sentence: ClassVar[str]
    advice: ClassVar[str]
    retryable: bool = False

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        retry_after_seconds: float | None = None,
        status: int | None = None,
    ) -> None:
        self.message, self.hint = message or self.sentence, hint or self.advice
        self.retry_after_seconds = retry_after_seconds
        self.status = status
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message} {self.hint}"


class InvalidArguments(RememberizerError):
    """The call's arguments can't be used; the message names the fields and never their values."""

    code = "invalid_arguments"
    sentence = "The arguments of this call can't be used."
    advice = "Correct them by the tool's input schema and call again."


class ConfirmationRequired(RememberizerError):
    """Something would be deleted, and the user can be asked in the conversation only."""

    code = "confirmation_required"
    sentence = "This would be deleted for good, and this client can't ask the user itself."
    advice = "Ask the user; only if they agree, call again with `confirm: true`."


class SignInError(RememberizerError):
    """Upstream refused to create, open or verify an account."""


class InvalidCredentials(SignInError):
    """The e-mail and password pair was refused (400, 401 and 403 can all mean it)."""

    code = "invalid_credentials"
    sentence = "Rememberizer refused this e-mail and password."
    advice = "Ask the user to check both, then call `login` again; don't guess."


class CaptchaRequired(SignInError):
    """Upstream wants a captcha response and none was sent."""

    code = "captcha_required"
    sentence = "Rememberizer wants a captcha response and none was sent."
    advice = "A person has to solve it: call again with the same `email` and without `password`; that opens a page."


class CaptchaRejected(SignInError):
    """Upstream refused the captcha response, which says nothing about the password."""

    code = "captcha_rejected"
    sentence = "Rememberizer refused the captcha response; it said nothing about the password."
    advice = "Each works once: call again with the same `email` and without `password`; that opens a page for it."


class EmailTaken(SignInError):
    """An account with this address exists."""

    code = "email_taken"
    sentence = "An account with this e-mail address exists already."
    advice = "Call `login` with it, or `signup` with another address."


class EmailNotVerified(SignInError):
    """Upstream wants the e-mail address verified first."""

    code = "email_not_verified"
    sentence = "The e-mail address of this account is not verified yet."
    advice = "Ask the user for the code that Rememberizer mailed, then call `verify` with it."


class InvalidVerificationCode(SignInError):
    """The verification code is wrong, used or too old."""

    code = "invalid_verification_code"
    sentence = "The verification code is wrong, already used or too old."
    advice = "Ask the user for the newest code that Rememberizer mailed and call `verify` again."


class SignInFailed(SignInError):
    """A sign-in ended without an account, for a reason of its own that the message names."""

    code = "sign_in_failed"
    sentence = "The sign-in did not succeed."
    advice = "Call again, if the user wants to try once more."


class SignInPending(SignInError):
    """A person has to finish signing in first; ``sign_in_url`` and ``confirm_code`` say where."""

    code = "sign_in_pending"
    sentence = "The user has not finished signing in yet."
    advice = "Call again when the user says that they signed in."
    sign_in_url = confirm_code = ""


class SessionError(RememberizerError):
    """The session can't serve this call."""


class NotSignedIn(SessionError):
    """The call needs a signed-in account and there is none."""

    code = "not_signed_in"
    sentence = "Nobody is signed in."
    advice = "Call `login` first."


class SessionExpired(SessionError):
    """Upstream no longer accepts the session, and it could not be renewed."""

    code = "session_expired"
    sentence = "Rememberizer no longer accepts this session."
    advice = "Call `login` again."


class AccountChanged(SessionError):
    """A sign-in or a sign-out ended while a call ran; the call asks nothing as an account that it wasn't begun for."""

    code = "account_changed"
    sentence = "There was another sign-in or a sign-out while this call ran. Nothing was done."
    advice = "Call again if it is meant for whoever is signed in now."
    retryable = True


class UnknownSession(SessionError):
    """No session of this caller has the handle; somebody else's handle gets the same answer (S24)."""

    code = "unknown_session"
    sentence = "There is no session with this handle: it ended, expired or never existed."
    advice = "Leave `session` out, or call `login` and use the handle that it returns."


class TooManySessions(SessionError):
    """The cap on sessions is reached and none can be evicted."""

    code = "too_many_sessions"
    sentence = "The server holds as many sessions as it may, and all are in use."
    advice = "Call `logout` on one that is no longer needed, or try again later."
    retryable = True


class RequestRefused(RememberizerError):
    """Upstream understood the request and refused it."""


class RateLimited(RequestRefused):
    """Too many requests; ``retry_after_seconds`` says how long to wait, if it is known."""

    code = "rate_limited"
    sentence = "Too many requests."
    advice = "Wait as long as `retry_after_seconds` says, or a minute, then call again once."
    retryable = True


class Forbidden(RequestRefused):
    """The account may not do this."""

    code = "forbidden"
    sentence = "Rememberizer doesn't allow this request."
    advice = "Calling again won't help; tell the user that this account may not do it."


class NotFound(RequestRefused):
    """Upstream has no such thing."""

    code = "not_found"
    sentence = "Rememberizer has nothing under this name or id."
    advice = "Check the id; it may have been deleted, or belong to another account."


class QuotaExceeded(RequestRefused):
    """The account's quota is used up."""

    code = "quota_exceeded"
    sentence = "The account's quota at Rememberizer is used up."
    advice = "Calling again won't help; the user can free space or change the plan at Rememberizer."


class UpstreamError(RememberizerError):
    """Rememberizer could not be asked, or its answer could not be used."""


class UpstreamTimeout(UpstreamError):
    """No answer within the time that a call has (REMEMBERIZER_TIMEOUT_SECONDS)."""

    code = "upstream_timeout"
    sentence = "Rememberizer did not answer in time."
    advice = "Try again once. If it goes on, raise REMEMBERIZER_TIMEOUT_SECONDS or wait."
    retryable = True


class UpstreamUnreachable(UpstreamError):
    """No connection, or it was cut; TLS verification failures count here."""

    code = "upstream_unreachable"
    sentence = "Rememberizer could not be reached, or the connection was cut."
    advice = "Check the network, the proxy and REMEMBERIZER_BASE_URL, then try again."
    retryable = True


class UpstreamUnavailable(UpstreamError):
    """A 5xx answer, or a page of a firewall or proxy in place of Rememberizer's answer (``api/blocked.py``)."""

    code = "upstream_unavailable"
    sentence = "Rememberizer has a fault of its own at the moment."
    advice = "Try again in a minute."
    retryable = True


class UpstreamProtocolError(UpstreamError):
    """An answer that is not what the API's contract says."""

    code = "upstream_protocol"
    sentence = "Rememberizer answered in a way that its API doesn't document."
    advice = "Check REMEMBERIZER_BASE_URL, and that no proxy or sign-in page of the network answers in its place."


class ResponseTooLarge(UpstreamError):
    """A JSON body over the cap of 5 MB."""

    code = "response_too_large"
    sentence = "Rememberizer's answer is larger than 5 MB and was not read."
    advice = "Ask for less at a time."


class ReadOnly(RememberizerError):
    """The tool writes, and REMEMBERIZER_READ_ONLY is on."""

    code = "read_only"
    sentence = "This server only reads (REMEMBERIZER_READ_ONLY), and this tool writes."
    advice = "Don't try again: only the user can set REMEMBERIZER_READ_ONLY to `off` and restart the server."


class InternalError(RememberizerError):
    """A fault of this server; the log on stderr has the details."""

    code = "internal_error"
    sentence = "rememberizer-mcp failed at this call; that is a fault of its own."
    advice = "Look at the server's log (stderr) and report it; other calls may still work."
