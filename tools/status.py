"""``SessionStatus``: the result of every ``auth`` tool."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from ..server.session import Session
from ..server.states import State

StateName = Annotated[
    State, WithJsonSchema({"type": "string", "enum": ["signed_out", "pending", "unverified", "signed_in", "expired"]})
]
"""The contract's five states: ``pending`` is there for the browser sign-in, which this version does not have."""
Method = Literal["password", "browser", "refresh_token", "oauth", "api_key"]
"""The contract's ways to sign in; this version has ``password``."""

LEFT_BEHIND = " Rememberizer did not confirm that the previous account was signed out."
NO_SESSION = "There was no session to sign out of."
SIGNED_OUT_EVERYWHERE = "Signed out, here and at Rememberizer."
SIGNED_OUT_HERE = (
    "Signed out here, and everything was forgotten. Rememberizer did not confirm: its side may last until it expires."
)


class SessionStatus(BaseModel):
    """A session as its client may see it: no token, no cookie."""

    session: str | None = Field(description="Handle.")
    state: StateName
    email: str | None
    name: str | None
    method: Method | None = Field(description="How it was signed in.")
    access_expires_at: str | None = Field(description="ISO 8601, UTC; renewal is automatic.")
    can_refresh: bool
    next: str = Field(description="What to do next.")


def signed_out(then: str = "Nobody is signed in: call `login`, or `signup` for a new account.") -> SessionStatus:
    """The status where there is no session."""
    return SessionStatus(
        session=None,
        state=State.SIGNED_OUT,
        email=None,
        name=None,
        method=None,
        access_expires_at=None,
        can_refresh=False,
        next=then,
    )


def status_of(session: Session, *, previous_left: bool = True) -> SessionStatus:
    """The status of a session.

    Args:
        session: Which one.
        previous_left: ``False`` if another account was held before and upstream did not confirm its sign-out.
    """
    if session.state is State.SIGNED_OUT:
        return signed_out()
    return SessionStatus.model_validate(
        {
            "session": session.handle,
            "state": session.state,
            "email": session.email,
            "name": session.name,
            "method": session.method,
            "access_expires_at": _iso(session.access_expires_at),
            "can_refresh": session.can_refresh,
            "next": _next(session) + ("" if previous_left else LEFT_BEHIND),
        }
    )


def _next(session: Session) -> str:
    match session.state:
        case State.EXPIRED:
            return "Rememberizer no longer accepts this session: call `login`."
        case State.UNVERIFIED if session.can_verify:
            return "Ask the user for the code that Rememberizer mailed, then call `verify` with it."
        case State.UNVERIFIED:
            return "Call `login` with the account's e-mail and password, then `verify` with the code that was mailed."
        case _ if session.can_refresh:
            return "Go on; the session renews itself."
        case _:
            return "Go on; the session can't renew itself, so call `login` when it ends."


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
