"""Every failure that a caller can meet, as one tree.

    RememberizerError
    ├── InvalidArguments, ConfirmationRequired, ReadOnly, StoreUnavailable, InternalError
    ├── InvalidCredentials, CaptchaRequired, CaptchaRejected, EmailTaken, EmailNotVerified, InvalidVerificationCode
    ├── SignInFailed, SignInPending, NotSignedIn, SessionExpired, AccountChanged, UnknownSession, TooManySessions
    ├── RateLimited, Forbidden, NotFound, QuotaExceeded
    └── UpstreamError
        ├── UpstreamTimeout, UpstreamUnreachable, UpstreamUnavailable
        └── UpstreamProtocolError, ResponseTooLarge

Whatever has branches is never raised itself. A docstring begins with the sentence that a caller reads. All texts are
ours, none is upstream's.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class Repair:
    """What to do about a failure, where that names a tool; ``tools/base/failures.py`` writes the sentence.

    Args:
        text: Names each tool in braces, as in ``Call {login} first.``; ``{again}`` calls the failed tool again.
        otherwise: Counts where the settings took away a tool that the text names; without it the class's own repair.
        values: Fill other braces of the text, such as an e-mail, which is never read as a text itself.
    """

    text: str
    otherwise: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


class RememberizerError(Exception):
    """Base of every failure that reaches a caller.

    Args:
        message: Replaces the class's own sentence.
        repair: Replaces the class's own repair; a ``str`` is shown as it is.
        retry_after_seconds: How long upstream, or our own limiter, asks to wait.
        status: Upstream's HTTP status, if it answered.
    """

    code: ClassVar[str]
    sentence: ClassVar[str]
    repair: Repair | str
    retryable: bool
    usual_wait_seconds: ClassVar[float | None] = None
    """How long to wait, where nobody says it."""

    def __init_subclass__(cls, *, code: str = "", retryable: bool = False) -> None:
        cls.sentence = (cls.__doc__ or code).partition("\n")[0]
        if code:
            cls.code, cls.retryable = code, retryable

    def __init__(
        self,
        message: str | None = None,
        *,
        repair: Repair | str | None = None,
        retry_after_seconds: float | None = None,
        status: int | None = None,
    ) -> None:
        self.message = message or self.sentence
        if repair:
            self.repair = repair
        self.retry_after_seconds = self.usual_wait_seconds if retry_after_seconds is None else retry_after_seconds
        self.status = status
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@contextmanager
def repaired(by: Mapping[type[RememberizerError], Repair | str]) -> Iterator[None]:
    """Around a call that knows what repairs its failures: those of these kinds get its repair."""
    try:
        yield
    except tuple(by) as error:
        error.repair = next(repair for kind, repair in by.items() if isinstance(error, kind))
        raise


class InvalidArguments(RememberizerError, code="invalid_arguments"):
    """The arguments of this call can't be used.

    The message names the fields and never their values.
    """

    repair = "Correct them by the tool's input schema and call again."


class ConfirmationRequired(RememberizerError, code="confirmation_required"):
    """This would be deleted for good, and this client can't ask the user itself."""

    repair = "Ask the user; only if they agree, call again with `confirm: true`."


class InvalidCredentials(RememberizerError, code="invalid_credentials"):
    """Rememberizer refused this e-mail and password."""

    repair = Repair("Ask the user to check both, then call {login} again; don't guess.")


class CaptchaRequired(RememberizerError, code="captcha_required"):
    """Rememberizer wants a captcha response and none was sent."""

    repair = Repair(
        "A person has to solve it: {again} with the same `email` and without `password`; that opens a page."
    )


class CaptchaRejected(RememberizerError, code="captcha_rejected"):
    """Rememberizer refused the captcha response; it said nothing about the password."""

    repair = Repair("Each works once: {again} with the same `email` and without `password`; that opens a page for it.")


class EmailTaken(RememberizerError, code="email_taken"):
    """An account with this e-mail address exists already."""

    repair = Repair("Call {login} with it, or {signup} with another address.")


class EmailNotVerified(RememberizerError, code="email_not_verified"):
    """The e-mail address of this account is not verified yet."""

    repair = Repair(
        "Ask the user for the code that Rememberizer mailed, then call {verify} with it.",
        "The user has to verify the address, by the link or code in Rememberizer's mail; then call again.",
    )


class InvalidVerificationCode(RememberizerError, code="invalid_verification_code"):
    """The verification code is wrong, already used or too old."""

    repair = Repair(
        "Ask the user for the newest code that Rememberizer mailed and call {verify} again. How to get a new one is "
        "not documented; the sandbox mails one when they sign in anew: {logout}, then {login}."
    )


class SignInFailed(RememberizerError, code="sign_in_failed"):
    """The sign-in did not succeed."""

    repair = "Call again, if the user wants to try once more."


class SignInPending(RememberizerError, code="sign_in_pending"):
    """Sign-in was started, and the user has not finished it yet."""

    repair = "Call this tool again when the user says that they signed in."
    sign_in_url = confirm_code = ""


class NotSignedIn(RememberizerError, code="not_signed_in"):
    """Nobody is signed in."""

    repair = Repair(
        "Call {login} first.",
        "Have the user set REMEMBERIZER_LAZY_SIGN_IN to `on`, or add `auth` to REMEMBERIZER_TOOLSETS, and restart the "
        "server.",
    )


class SessionExpired(RememberizerError, code="session_expired"):
    """Rememberizer no longer accepts this session. Nothing was done."""

    repair = Repair(
        "Call {login}; a tool that needs the account starts the sign-in by itself, too, when it is called again.",
        "Call again, which signs in anew; if it is refused again, tell the user that the account may not do it.",
    )


class AccountChanged(RememberizerError, code="account_changed", retryable=True):
    """There was another sign-in or a sign-out while this call ran. Nothing was done."""

    repair = "Call again if it is meant for whoever is signed in now."


class UnknownSession(RememberizerError, code="unknown_session"):
    """There is no session with this handle: it ended, expired or never existed."""

    repair = Repair("Leave `session` out, or call {login} and use the handle that it returns.", "Leave `session` out.")


class TooManySessions(RememberizerError, code="too_many_sessions", retryable=True):
    """The server holds as many sessions as it may, and all are in use."""

    repair = Repair("Call {logout} on one that is no longer needed, or try again later.")


class RateLimited(RememberizerError, code="rate_limited", retryable=True):
    """Too many requests."""

    repair = "Wait as long as `retry_after_seconds` says, or a minute, then call again once."


class Forbidden(RememberizerError, code="forbidden"):
    """Rememberizer doesn't allow this request."""

    repair = "Calling again won't help; tell the user that this account may not do it."


class NotFound(RememberizerError, code="not_found"):
    """Rememberizer has nothing under this name or id."""

    repair = "Check the id; it may have been deleted, or belong to another account."


class QuotaExceeded(RememberizerError, code="quota_exceeded"):
    """The account's quota at Rememberizer is used up."""

    repair = "Calling again won't help; the user can free space or change the plan at Rememberizer."


class UpstreamError(RememberizerError):
    """Rememberizer could not be asked, or its answer could not be used."""


class UpstreamTimeout(UpstreamError, code="upstream_timeout", retryable=True):
    """Rememberizer did not answer in time."""

    repair = "Try again once. If it goes on, raise REMEMBERIZER_TIMEOUT_SECONDS or wait."


class UpstreamUnreachable(UpstreamError, code="upstream_unreachable", retryable=True):
    """Rememberizer could not be reached, or the connection was cut.

    TLS verification failures count here.
    """

    repair = "Check the network, the proxy and REMEMBERIZER_BASE_URL, then try again."


class UpstreamUnavailable(UpstreamError, code="upstream_unavailable", retryable=True):
    """Rememberizer has a fault of its own at the moment.

    A 5xx answer, or a page of a firewall or proxy in place of Rememberizer's answer (``api/blocked.py``).
    """

    repair = "Try again in a minute."


class UpstreamProtocolError(UpstreamError, code="upstream_protocol"):
    """Rememberizer answered in a way that its API doesn't document."""

    repair = "Check REMEMBERIZER_BASE_URL, and that no proxy or sign-in page of the network answers in its place."


class ResponseTooLarge(UpstreamError, code="response_too_large"):
    """Rememberizer's answer is larger than 5 MB and was not read."""

    repair = "Ask for less at a time."


class ReadOnly(RememberizerError, code="read_only"):
    """This server only reads (REMEMBERIZER_READ_ONLY), and this tool writes."""

    repair = "Don't try again: only the user can set REMEMBERIZER_READ_ONLY to `off` and restart the server."


class StoreUnavailable(RememberizerError, code="store_unavailable", retryable=True):
    """The server can't reach what it keeps sessions in at the moment; no session is lost by that."""

    usual_wait_seconds = 5
    repair = "Call again in some seconds with the same arguments; nobody has to sign in anew."


class InternalError(RememberizerError, code="internal_error"):
    """rememberizer-mcp failed at this call; that is a fault of its own."""

    repair = "Look at the server's log (stderr) and report it; other calls may still work."
