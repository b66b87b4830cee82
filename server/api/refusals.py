"""How upstream's refusals are read: its body only decides which error it is, and is never quoted.

Nothing of this is documented beyond DRF-shaped bodies (rememberizer-api.md §7), so each rule accepts every status and
shape that the contract lists as possible.
"""

import re
from http import HTTPStatus
from typing import Any

from .. import errors
from .client import REFUSES_WHO_ASKS, Reply
from .endpoints import Call

VERIFY_ELSEWHERE = errors.Repair(
    "The user has to verify the address at Rememberizer itself, by the link or code in their mail; {verify} can't be "
    "used here. Call {login} afterwards."
)
OWN_SESSION = (
    'on the page that opens the user chooses "Sign in without a password (Google, Microsoft)" or, with an OAuth app, '
    '"Continue to Rememberizer"'
)
NO_SESSION = "Rememberizer said yes to the sign-in, but gave no session."
_NO_PASSWORD = errors.Repair(
    "Ask the user to check both, then call {login} again; don't guess. An account that was made with Google or "
    "Microsoft may have no password: call {login} with the same `email` and without `password`; " + OWN_SESSION + "."
)
_START_AFRESH = errors.Repair(
    "Call {logout}, then {login}, and try once more; "
    "if it is refused again, tell the user that the account may not do it."
)
_OTHER_DETAILS = errors.Repair(
    "Check the e-mail address and name, and choose a longer, less common password; then call {signup} again."
)
_LOOK_UP_OR_SIMPLIFY = (
    "an id, look it up first, or ask the user where no tool here shows it; else simplify the text to letters, "
    "digits and plain punctuation. Then call again."
)
_NAMING = ("attr", "field", "path", "loc")
"""Members of an error in a list that hold the name of its field, or the path there."""
_CAPTCHA = re.compile(r"captcha|not a robot")
_NOT_VERIFIED = re.compile(
    r"(not|n't|never|un|needs to|need to|must|please)[\W_]*(yet |been |be )*"
    r"(verified|verify|confirm(ed)?)\b"
    r"(?! (the|your|this|these)? ?(credential|password|identity|login))"
    r"|(verify|confirm) your (e-?mail|account|address)|verification[\W_]*(is )?(required|pending)"
)
_EXISTS = re.compile(r"(?<!not )exists?\b|already|\btaken\b|in use\b|\bregistered|unique")
_ABOUT_AN_ACCOUNT = re.compile(r"mail|user|account|address|login")
_QUOTA = re.compile(r"quota|(storage|usage|plan) limit|payment required")
_KEY = r"(api|access)[ _-]?key"
_CREDENTIALS = re.compile(
    rf"authentication (credentials|failed)|(invalid|incorrect|wrong|unknown|missing|expired|revoked) {_KEY}"
    rf"|{_KEY} (is |was |has )?(been )?(not valid|invalid|incorrect|wrong|unknown|missing|required|expired|revoked)"
)
_SAID_NO = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_SAID_WRONG = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


def signin_refusal(reply: Reply, *, captcha_sent: bool) -> errors.RememberizerError:
    """Why signin (§1.2) was refused; 400, 401 and 403 can all mean the credentials."""
    status = reply.status
    if status not in REFUSES_WHO_ASKS:
        return reply.unusable()
    if captcha := _captcha_refusal(reply, captcha_sent=captcha_sent):
        return captcha
    if _NOT_VERIFIED.search(reply.body.words):
        return errors.EmailNotVerified(status=status, repair=VERIFY_ELSEWHERE)
    return errors.InvalidCredentials(status=status, repair=_NO_PASSWORD)


def signup_refusal(reply: Reply, *, captcha_sent: bool) -> errors.RememberizerError:
    """Why signup (§1.1) was refused."""
    status = reply.status
    if status not in (*_SAID_WRONG, *_SAID_NO):
        return reply.unusable() if reply.response.is_success else errors.UpstreamProtocolError(status=status)
    if captcha := _captcha_refusal(reply, captcha_sent=captcha_sent):
        return captcha
    if status in _SAID_NO:
        return errors.Forbidden(status=status)
    if _EXISTS.search(reply.body.words) and _ABOUT_AN_ACCOUNT.search(reply.body.words):
        return errors.EmailTaken(status=status)
    return errors.InvalidArguments(
        f"Rememberizer refused {_listed(_refused(reply)) or 'the sign-up details'}.",
        repair=_OTHER_DETAILS,
        status=status,
    )


def verification_refusal(reply: Reply) -> errors.RememberizerError:
    """Why verify-email (§1.3) was refused; without a token nothing is sent, so 401 and 403 speak of the one sent."""
    status = reply.status
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
        return errors.InvalidVerificationCode(status=status)
    if status in _SAID_NO:
        return errors.SessionExpired(status=status, repair=_START_AFRESH)
    return reply.unusable()


def refresh_refusal(reply: Reply) -> errors.RememberizerError:
    """Why custom-refresh (§1.4) was refused."""
    if reply.status in REFUSES_WHO_ASKS:
        return errors.SessionExpired(status=reply.status)
    return reply.unusable()


def refusal(reply: Reply, *, unverified: bool) -> errors.RememberizerError:
    """Why any other call was refused, such as that the e-mail is ``unverified``; a 401 after the refresh and repeat."""
    status = reply.status
    is_of_quota = status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND) and _QUOTA.search(reply.body.words)
    if status == HTTPStatus.PAYMENT_REQUIRED or (status >= HTTPStatus.BAD_REQUEST and is_of_quota):
        return errors.QuotaExceeded(status=status)
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return errors.SessionExpired(status=status, repair=_START_AFRESH)
        case HTTPStatus.FORBIDDEN:
            return errors.EmailNotVerified(status=status) if unverified else errors.Forbidden(status=status)
        case HTTPStatus.NOT_FOUND:
            return errors.NotFound(status=status)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE | HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            return errors.InvalidArguments("Rememberizer refused the content of this call.", status=status)
        case _ if status in _SAID_WRONG:
            return _refused_arguments(reply)
        case _:
            return reply.unusable()


def _refused_arguments(reply: Reply) -> errors.InvalidArguments:
    """The arguments whose form our own check found right, named if upstream names their fields."""
    names = _refused(reply)
    repair = f"If {'one of them is' if len(names) > 1 else 'it is'} {_LOOK_UP_OR_SIMPLIFY}"
    if not names:
        repair = f"Their form is right, so Rememberizer refused one of the values. {repair}"
    message = f"Rememberizer refused {_listed(names) or 'the arguments of this call'}."
    return errors.InvalidArguments(message, repair=repair, status=reply.status)


def speaks_of_credentials(reply: Reply) -> bool:
    """Whether a 400 or 403 is about who asks: a key's refusal was seen with 400 (§7)."""
    is_possible = reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
    return is_possible and bool(_CREDENTIALS.search(reply.body.words))


def _refused(reply: Reply) -> list[str]:
    """Our arguments whose fields the body names (§7). What the call didn't send is no field, and nothing is quoted."""
    call, body, fields = reply.call, reply.body.json, reply.body.fields
    levels = [body, *body.values(), *fields.values()] if isinstance(body, dict) else []
    named = [name for level in levels for name in _named(level, call) if name in call.names]
    return list(dict.fromkeys(call.endpoint.arguments.get(name, name) for name in named))


def _named(level: Any, call: Call) -> list[str]:
    """What can be names of fields: members with errors in a list or an object, or what an error in a list says.

    A text is an error only where every member is a field: beside others it can be the name of the refusal itself.
    """
    if isinstance(level, dict):
        forms = list | dict | str if level.keys() <= call.names else list | dict
        return [name for name, errors in level.items() if errors and isinstance(errors, forms)]
    errors = [each for each in level if isinstance(each, dict)] if isinstance(level, list) else []
    return [name for each in errors for member in _NAMING for name in _last(each.get(member))]


def _last(path: Any) -> list[str]:
    """The name at the end of the path to a field, behind which an index of a list may stand."""
    return [each for each in (path if isinstance(path, list) else [path]) if isinstance(each, str)][-1:]


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _captcha_refusal(reply: Reply, *, captcha_sent: bool) -> errors.RememberizerError | None:
    if not _CAPTCHA.search(reply.body.words):
        return None
    return (errors.CaptchaRejected if captcha_sent else errors.CaptchaRequired)(status=reply.status)
