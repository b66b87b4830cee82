"""Our errors as sentences for the person at the page; tool results speak to a model."""

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
    SignInFailed,
    UpstreamError,
    UpstreamUnreachable,
)

_NO_PAIR = (
    "Rememberizer did not accept this e-mail and password. If you sign in there with Google or Microsoft, you may have "
    "none: use your session instead."
)
_BLOCKED = (
    "A firewall or proxy refused this. If it does so again, sign in at rememberizer.ai and use your session instead."
)
_ANSWERS: tuple[tuple[type[RememberizerError], str, str | None], ...] = (
    (InvalidCredentials, _NO_PAIR, "password"),
    (CaptchaRequired, "Rememberizer asks for a captcha response.", "captcha"),
    (CaptchaRejected, "Rememberizer did not accept the captcha response. Each works once, for minutes.", "captcha"),
    (EmailTaken, "There is an account with this e-mail address already. Sign in with it instead.", "email"),
    (EmailNotVerified, "This e-mail address has to be verified first: follow the mail from Rememberizer.", "email"),
    (InvalidVerificationCode, "This code is wrong, used or too old. Take the newest mail.", "verification_code"),
    (InvalidArguments, "Rememberizer did not accept these details. Try a longer, less common password.", "password"),
    (Forbidden, "Rememberizer does not allow this.", None),
    (SessionExpired, "Rememberizer did not accept this; it may have expired. Try again.", "refresh_token"),
    (NotSignedIn, "Rememberizer gave no session to do this with. Sign in once more.", None),
    (UpstreamBlocked, _BLOCKED, None),
    (UpstreamError, "Rememberizer can't be reached or did not answer properly. Nothing was lost: try again.", None),
    (InternalError, "This program failed; that is a fault of its own. Try again.", None),
)  # fmt: skip


def sentence_for(error: RememberizerError) -> tuple[str, str | None]:
    """What the page says about a failure, and the field that it is about."""
    if isinstance(error, RateLimited):
        wait = f"{error.retry_after_seconds:.0f} seconds" if error.retry_after_seconds else "a minute"
        return f"Too many attempts. Wait {wait}, then try again.", None
    if isinstance(error, SignInFailed):
        return error.message, None
    if isinstance(error, UpstreamUnreachable) and not error.retryable:
        return f"{error.message} Correct it where this program is started, and start it again.", None
    for kind, sentence, field in _ANSWERS:
        if isinstance(error, kind):
            return sentence, field
    return error.message, None


def counts_as_attempt(error: RememberizerError) -> bool:
    """Whether Rememberizer looked at what was typed and said no."""
    return not isinstance(error, UpstreamError | RateLimited | InternalError)
