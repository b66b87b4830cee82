"""``SessionStatus``: the result of every ``auth`` tool."""

import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import Annotated, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from ...server.api.account import same_account
from ...server.api.refusals import VERIFY_ELSEWHERE
from ...server.errors import AccountChanged
from ...server.sessions.grant import Grant
from ...server.sessions.meant import Meant
from ...server.sessions.session import Session
from ...server.sessions.states import EndedPage, Outcome, Page, State, WaitingFor
from ..base.failures import hint_of, written
from ..base.services import Services
from ..base.sign_in import Sent

StateName = Annotated[
    State, WithJsonSchema({"type": "string", "enum": ["signed_out", "pending", "unverified", "signed_in", "expired"]})
]
Method = Literal["password", "browser", "refresh_token", "oauth", "api_key"]
"""How the account was signed in; ``api_key`` is a key of the settings, which needs no account."""

_THERE = ("login", "verify")
"""Those tools of ``auth`` that a status names; both are there wherever one is shown."""
LEFT_BEHIND = " Rememberizer did not confirm that the previous account was signed out."
WHEN_DONE = "When they say that they are done, call `session_status`."
NO_SESSION = "There was no session to sign out of."
SESSION_ENDED = "The session came to the end of its life: call `login` to sign in again."
ENDED: Mapping[Outcome, str] = {
    "expired": "The sign-in page ran out before anybody signed in; call `login` for a new one.",
    "declined": "The user declined to sign in: don't ask again unless they bring it up.",
    "too_many_attempts": "There were too many wrong attempts on the sign-in page, so it was closed: call `login`.",
    "failed": "Rememberizer's consent page ended with an error; call `login` to try once more.",
}
"""What there is to say where the last sign-in page ended so, and nobody is signed in."""
NOBODY = "Nobody is signed in: call `login`."
NOBODY_YET = "Nobody is signed in: call `login`, or `signup` for a new account."
PAGE_CLOSED = "Nobody was signed in; the sign-in page was closed."
SIGNED_OUT_EVERYWHERE = "Signed out, here and at Rememberizer."
SIGNED_OUT_HERE = (
    "Signed out here, and everything was forgotten. Rememberizer did not confirm: its side may last until {}. To end "
    "it sooner, the user signs out at rememberizer.ai or changes the password there."
)
SIGNED_OUT_BEFORE = (
    "The account that this call was to sign out was gone already, and another one was signed in since and stays: call "
    "`logout` again if it is to be signed out too. "
)
KEY_ONLY = "Nobody is signed in. Tools that take an API key go on by REMEMBERIZER_API_TOKEN; `login` adds the account."
STILL_KEPT = " The system's keyring refused to remove the kept sign-in: the user has to remove it there."


class SessionStatus(BaseModel):
    """A session as its client may see it: no token, no cookie."""

    session: str | None = Field(description="Its handle, which no call needs over stdio.")
    state: StateName
    email: str | None
    name: str | None
    method: Method | None
    access_expires_at: str | None = Field(description="ISO 8601; renewal is automatic.")
    can_refresh: bool
    sign_in_url: str | None
    confirm_code: str | None
    requested_email: str | None = None
    waiting_for: WaitingFor | None = None
    page_expires_at: str | None = None
    last_sign_in: Outcome | None = None
    last_confirm_code: str | None = None
    next: str


async def status_now(services: Services, handle: str | None) -> SessionStatus:
    """How things stand, after a refresh that was due.

    Raises:
        UnknownSession: No session has this handle.
    """
    session = services.sessions.find(services.owner, handle)
    if session is not None:
        # With a page open a session doesn't idle; and a card, which asks every few seconds, is nobody who uses it.
        with nullcontext() if session.page else session.in_use(), suppress(AccountChanged):
            await session.grant.is_usable()
        if session.page is not None or session.state is not State.SIGNED_OUT:
            return status_of(session)
    last = session.last_page if session else services.sessions.last_page(services.owner)
    method: Method | None = "api_key" if services.api_key else None
    if last is not None and last.outcome in ENDED:
        return signed_out(ENDED[last.outcome], method=method, last=last)
    if services.sessions.has_ended(services.owner):
        return signed_out(SESSION_ENDED, last=last)
    if method:
        return signed_out(KEY_ONLY, method=method, last=last)
    return signed_out(NOBODY if services.settings.read_only else NOBODY_YET, last=last)


def signed_out(then: str = NOBODY, *, method: Method | None = None, last: EndedPage | None = None) -> SessionStatus:
    """The status where there is no session; `last` is the owner's last sign-in page."""
    nothing = dict.fromkeys(SessionStatus.model_fields)
    there = {"state": State.SIGNED_OUT, "method": method, "can_refresh": False, "next": then}
    return SessionStatus.model_validate(nothing | there | _last(last))


def signed_out_here(until: float | None) -> str:
    """What there is to say where Rememberizer did not confirm a sign-out; ``until`` is when its side ends, if known."""
    return SIGNED_OUT_HERE.format(_iso(until) or "it expires, at a time that is not known here")


def status_of(
    session: Session,
    *,
    meant: Meant | None = None,
    previous_signed_out: bool = True,
    sent: Sent | None = None,
    began: str = "",
) -> SessionStatus:
    """The status of a session.

    Args:
        session: Which one.
        meant: The account that the call is meant for, if another may have been signed in meanwhile.
        previous_signed_out: ``False`` if another account was held before and upstream did not confirm its sign-out.
        sent: How the user was sent to the sign-in page, if this call sent them.
        began: What ``next`` begins with.
    """
    page, of_previous = session.page, "" if previous_signed_out else LEFT_BEHIND
    meant = meant if meant and meant.account else session.grant.meant
    if session.state is State.SIGNED_OUT and page is None:
        return signed_out(last=session.last_page)
    then = _while_pending(session, page, sent) if page else _while_held(session, meant)
    return SessionStatus.model_validate(
        {
            "session": session.handle,
            "state": State.PENDING if page else session.state,
            "email": session.email,
            "name": session.grant.name,
            "method": session.grant.method,
            "access_expires_at": _iso(session.grant.credentials.access_expires_at),
            "can_refresh": session.grant.can_refresh,
            "sign_in_url": page.url if page else None,
            "confirm_code": page.confirm_code if page else None,
            "requested_email": page.for_account if page else None,
            "waiting_for": page.waiting_for if page else None,
            "page_expires_at": _iso(page.expires_at) if page else None,
            "next": began + then + of_previous,
        }
        | _last(session.last_page)
    )


def _last(page: EndedPage | None) -> dict[str, str]:
    """The fields about the last sign-in page, if there was one."""
    return {"last_sign_in": page.outcome, "last_confirm_code": page.confirm_code} if page else {}


def _other_account(grant: Grant, meant: Meant) -> str:
    """Of another account than the call or the sign-in was meant for, the model has to know before anything else."""
    if meant.fits(grant.account):
        return ""
    if grant.account is None:
        return f"Rememberizer did not say whose account this is; {meant.account} was meant: tell the user first. "
    return f"This is {grant.account}, and not {meant.account}, who was meant: tell the user first. "


def _while_held(session: Session, meant: Meant) -> str:
    return _other_account(session.grant, meant) + _next(session)


def _while_pending(session: Session, page: Page, sent: Sent | None) -> str:
    if page.wants_code:
        return "The user is signed in and has the mailed code left to enter on the page; `verify` takes it too."
    trouble = f"{page.trouble.message} {hint_of(page.trouble, offered=_THERE)}" if page.trouble else None
    how = (sent or Sent.BY_LINK).value
    return " ".join(filter(None, (trouble, how, _purpose(page), _stays(session, page), WHEN_DONE)))


def _purpose(page: Page) -> str | None:
    """What the page is for, and for whom, where that is no matter of course."""
    whom = f" for {page.for_account}" if page.for_account else ""
    if page.waiting_for == "new_account":
        return f"The page makes a new account{whom}."
    return f"The page is{whom}." if whom else None


def _stays(session: Session, page: Page) -> str | None:
    """Who is signed in until another account is."""
    is_held = session.email is not None and session.state is not State.EXPIRED
    is_other = is_held and not same_account(session.email, page.for_account)
    return f"{session.email} stays signed in until then." if is_other else None


def _next(session: Session) -> str:
    match session.state:
        case State.EXPIRED:
            return "Rememberizer no longer accepts this session: call `login`."
        case State.UNVERIFIED if session.grant.can_verify:
            return "Ask the user for the code that Rememberizer mailed, then call `verify` with it."
        case State.UNVERIFIED if session.grant.verifies_elsewhere:
            return written(VERIFY_ELSEWHERE, offered=_THERE)
        case State.UNVERIFIED:
            return "Call `login`, then `verify` with the code that was mailed."
        case _ if session.grant.can_refresh:
            return "Go on; the session renews itself."
        case _:
            return "Go on; the session can't renew itself, so call `login` when it ends."


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
