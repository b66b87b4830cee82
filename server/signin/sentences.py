"""Sentences for the person at the page, about our errors and a page's end; tool results speak to a model."""

from collections.abc import Mapping

from ..api.blocked import UpstreamBlocked
from ..errors import (
    CaptchaRejected,
    CaptchaRequired,
    EmailNotVerified,
    EmailTaken,
    Forbidden,
    InternalError,
    InvalidArguments,
    InvalidCredentials,
    InvalidVerificationCode,
    NotSignedIn,
    RateLimited,
    RememberizerError,
    SessionExpired,
    UpstreamError,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from .pending import End

WITHOUT_ONE = "An account made with Google or Microsoft has none."
OTHER_WAY = " Or sign in at rememberizer.ai in your browser and use that session here: see below."
_OTHER_WAY_HELPS = (InvalidCredentials, CaptchaRequired, CaptchaRejected, UpstreamUnavailable)
"""A firewall or a captcha lets a browser through, where accounts that have no password are signed in too."""
_HAS_OTHER_WAY = ("sign_in", "sign_up")
_NEW_LINK = "To sign in, ask your assistant for a new link."
_ENDINGS: Mapping[End, str] = {
    End.STOPPED: "There were too many wrong attempts. Nobody was signed in here.",
    End.DECLINED: "The sign-in was declined. Nobody was signed in here.",
    End.FAILED: "Rememberizer's consent page reported an error. Nobody was signed in here.",
    End.ABANDONED: "Its time ran out before anybody signed in here.",
    End.CLOSED: "It was closed by a sign-out or another sign-in. Nobody was signed in here.",
}

_ANSWERS: tuple[tuple[type[RememberizerError], str, str | None], ...] = (
    (InvalidCredentials, f"Rememberizer did not accept this e-mail and password. {WITHOUT_ONE}", "password"),
    (CaptchaRequired, "Rememberizer asks for a captcha response.", "captcha"),
    (CaptchaRejected, "Rememberizer did not accept the captcha response. Each works once, for minutes.", "captcha"),
    (EmailTaken, "There is an account with this e-mail address already. Sign in with it instead.", "email"),
    (EmailNotVerified, "This e-mail address has to be verified first: follow the mail from Rememberizer.", "email"),
    (InvalidVerificationCode, "This code is wrong, used or too old. Take the newest mail.", "verification_code"),
    (InvalidArguments, "Rememberizer did not accept these details. Try a longer, less common password.", "password"),
    (Forbidden, "Rememberizer does not allow this.", None),
    (SessionExpired, "Rememberizer did not accept this; it may have expired. Try again.", "refresh_token"),
    (NotSignedIn, "Your sign-in has expired. Please sign in again.", None),
    (UpstreamBlocked, "A firewall or proxy refused this, and not Rememberizer. Try again in a minute.", None),
    (UpstreamError, "Rememberizer can't be reached or did not answer properly. Nothing was lost: try again.", None),
    (InternalError, "This program failed; that is a fault of its own. Try again.", None),
)  # fmt: skip


def ending(end: End | None) -> tuple[str, str]:
    """Say how a page ended, and how to go on. A page without an end has run out, which nobody has noted yet."""
    if end is End.SIGNED_IN:
        return (
            "Somebody signed in by this link already.",
            "If that was you, go back to your assistant. If it was not, tell your assistant to sign out.",
        )
    return _ENDINGS[end or End.ABANDONED], _NEW_LINK


def sentence_for(error: RememberizerError, *, form: str | None = None) -> tuple[str, str | None]:
    """Give the sentence of the page about a form that failed, and the field that the sentence is about."""
    if isinstance(error, RateLimited):
        wait = f"{error.retry_after_seconds:.0f} seconds" if error.retry_after_seconds else "a minute"
        return f"Too many attempts. Wait {wait}, then try again.", None
    if isinstance(error, UpstreamUnreachable) and not error.retryable:
        return f"{error.message} Correct it where this program is started, and start it again.", None
    answers = ((sentence, field) for kind, sentence, field in _ANSWERS if isinstance(error, kind))
    sentence, field = next(answers, (error.message, None))
    has_other_way = form in _HAS_OTHER_WAY and isinstance(error, _OTHER_WAY_HELPS)
    return sentence + OTHER_WAY if has_other_way else sentence, field


def counts_as_attempt(error: RememberizerError) -> bool:
    """Whether Rememberizer read the form and refused it."""
    return not isinstance(error, UpstreamError | RateLimited)
