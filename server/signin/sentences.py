"""Sentences for the person at the page, about our errors and a page's end; tool results speak to a model."""

from .. import errors
from ..api.blocked import UpstreamBlocked
from .forms import Complaint
from .pending import End

WITHOUT_ONE = "An account made with Google or Microsoft has none."
OTHER_WAY = " There is another way to sign in: see below."
_OTHER_WAY_HELPS = (
    errors.InvalidCredentials,
    errors.CaptchaRequired,
    errors.CaptchaRejected,
    errors.UpstreamUnavailable,
)
"""A firewall or a captcha lets a browser through, where accounts that have no password are signed in too."""
_HAS_OTHER_WAY = ("sign_in", "sign_up")
_NEW_LINK = "To sign in, ask your assistant for a new link."
_WAS_IT_YOU = "If that was you, go back to your assistant. If it was not, tell your assistant to sign out."

_ANSWERS: tuple[tuple[type[errors.RememberizerError], str, str | None], ...] = (
    (errors.InvalidCredentials, f"Rememberizer did not accept this e-mail and password. {WITHOUT_ONE}", "password"),
    (errors.CaptchaRequired, "Rememberizer asks for a captcha response.", "captcha"),
    (errors.CaptchaRejected,
     "Rememberizer did not accept the captcha response. Each works once, for minutes.", "captcha"),
    (errors.EmailTaken, "There is an account with this e-mail address already. Sign in with it instead.", "email"),
    (errors.EmailNotVerified,
     "This e-mail address has to be verified first: follow the mail from Rememberizer.", "email"),
    (errors.InvalidVerificationCode, "This code is wrong, used or too old. Take the newest mail.", "verification_code"),
    (errors.InvalidArguments,
     "Rememberizer did not accept these details. Try a longer, less common password.", "password"),
    (errors.Forbidden, "Rememberizer does not allow this.", None),
    (errors.SessionExpired, "Rememberizer did not accept this; it may have expired. Try again.", "refresh_token"),
    (errors.NotSignedIn, "Your sign-in has expired. Please sign in again.", None),
    (UpstreamBlocked, "A firewall or proxy refused this, and not Rememberizer. Try again in a minute.", None),
    (errors.UpstreamError,
     "Rememberizer can't be reached or did not answer properly. Nothing was lost: try again.", None),
    (errors.InternalError, "This program failed; that is a fault of its own. Try again.", None),
)  # fmt: skip


def ending(end: End | None) -> tuple[str, str]:
    """Say how a page ended, and how to go on. A page without an end has run out, which nobody has noted yet."""
    return (end or End.ABANDONED).value, _WAS_IT_YOU if end is End.SIGNED_IN else _NEW_LINK


def complaint_about(error: errors.RememberizerError, *, form: str | None = None) -> Complaint:
    """Say to the person why a form failed. What Rememberizer read and refused counts as an attempt."""
    if isinstance(error, errors.RateLimited):
        wait = f"{error.retry_after_seconds:.0f} seconds" if error.retry_after_seconds else "a minute"
        return Complaint(f"Too many attempts. Wait {wait}, then try again.")
    if isinstance(error, errors.UpstreamUnreachable) and not error.retryable:
        return Complaint(f"{error.message} Correct it where this program is started, and start it again.")
    answers = ((sentence, field) for kind, sentence, field in _ANSWERS if isinstance(error, kind))
    sentence, field = next(answers, (error.message, None))
    has_other_way = form in _HAS_OTHER_WAY and isinstance(error, _OTHER_WAY_HELPS)
    is_attempt = not isinstance(error, errors.UpstreamError | errors.InternalError)
    return Complaint(sentence + OTHER_WAY if has_other_way else sentence, field=field, is_attempt=is_attempt)
