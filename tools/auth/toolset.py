"""The toolset ``auth``: sign up, sign in, verify, refresh, sign out, and see how things stand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, NamedTuple

from pydantic import Field, SecretStr

from ...server import errors
from ...server.api.account import fits, same_account
from ...server.api.refusals import VERIFY_ELSEWHERE
from ...server.api.typed_values import Code, Email
from ...server.sessions.grant import Grant
from ...server.sessions.meant import Meant
from ...server.sessions.session import Session
from ...server.sessions.states import State
from ...server.settings.settings import Settings
from ...server.signin.ways import held_account, settings_to_change
from ..base.arguments import LONGEST_SECRET, SWITCHED_OFF, Name, Secret
from ..base.call import ToolCall, meant_at_page
from ..base.contract import ADDS, CHANGES, READS, ContractTool, tool
from ..base.sign_in import bring
from .card import CARD
from .status import (
    NO_SESSION,
    PAGE_CLOSED,
    SIGNED_OUT_BEFORE,
    SIGNED_OUT_EVERYWHERE,
    STILL_KEPT,
    SessionStatus,
    signed_out,
    signed_out_here,
    status_now,
    status_of,
)

VERIFIED_ALREADY = (
    "The account is signed in, so its address is probably verified already: go on, and ask for no other code unless a "
    "call fails with `email_not_verified`."
)
MAYBE_MADE = errors.Repair(
    "The account may have been made: in some seconds call {login} with the same `email`, and {signup} only if that "
    "account turns out not to exist."
)
MAYBE_VERIFIED = errors.Repair(
    "The code may have been taken: in some seconds call {session_status}, and {verify} again only if the state is "
    "still `unverified`."
)
AccountEmail = Annotated[Email | None, Field(description="Account; default: REMEMBERIZER_EMAIL.")]
Password = Annotated[Secret, Field(max_length=1024, description="Needs `email`.")]
Captcha = Annotated[Secret, Field(max_length=LONGEST_SECRET, description="reCAPTCHA response, solved by a person.")]


class Account(NamedTuple):
    """What an account is signed in or created with."""

    email: str
    password: str
    captcha: str | None

    def __repr__(self) -> str:
        return "<an account's credentials>"


async def signup(
    call: ToolCall,
    *,
    email: AccountEmail = None,
    name: Annotated[Name | None, Field(description="Display name.")] = None,
    password: Password | None = None,
    captcha: Captcha | None = None,
) -> SessionStatus:
    """Create a Rememberizer account. Use only when the user asks for a new account; use `login` for an existing one.
    Goes on as `login` does; the page asks for the mailed code, too. Only where the state is `unverified`, ask the user
    for that code and call `verify`.
    """
    account = _account(call.settings, email, password, captcha)
    async with _told_last(MAYBE_MADE), call.sessions.moving(call.owner, call.handle, create=True) as session:
        if account is not None:
            await call.attempts.take(call.owner)
            with errors.repaired(settings_to_change(call.settings, account.email)):
                previous_signed_out = await session.sign_up(**account._asdict(), name=name)
            session.close_page(replaced=True)
            return status_of(session, previous_signed_out=previous_signed_out)
        if call.was_done(session):
            return status_of(session)
        call.refuse_what_has_ended(session)
        meant = session.meant = meant_at_page(session, Meant(email))
        pending = await call.ways.desk.open(session, form="sign_up", email=meant.account, name=name)
        pending.asked_by = call.caller.name
    sent = await bring(call.caller, pending, meant=meant, for_card=True)
    return status_of(session, meant=meant, sent=sent)


async def login(
    call: ToolCall, *, email: AccountEmail = None, password: Password | None = None, captcha: Captcha | None = None
) -> SessionStatus:
    """Sign in to Rememberizer, by the server's settings or else on a sign-in page in the browser. While the state
    is `pending`, give them the link and the confirm code: the page shows the same two words, and they compare them.
    Never ask for a password; if the user typed one unasked, don't repeat it: they enter it on the page.
    """
    account = _account(call.settings, email, password, captcha) if password else None
    async with call.sessions.moving(call.owner, call.handle, create=True) as session:
        if account is not None:
            await call.attempts.take(call.owner)
            with errors.repaired(settings_to_change(call.settings, account.email)):
                previous_signed_out = await session.sign_in(**account._asdict())
            session.close_page(replaced=True)
            return status_of(session, previous_signed_out=previous_signed_out)
        is_theirs = _is_theirs(session, email) or call.was_done(session)
        can_go_on = session.state is not State.UNVERIFIED or session.grant.can_verify
        if is_theirs and can_go_on and await session.grant.is_usable():
            await session.grant.mean(email)
            if session.state is State.SIGNED_IN and same_account(email, session.email):
                session.close_page(replaced=True)  # it is for another account
            return status_of(session)
        arrival = await call.sign_in(session, meant=Meant(email), captcha=captcha)
    pending = arrival.pending
    sent = await bring(call.caller, pending, meant=arrival.meant, for_card=True) if pending else None
    return status_of(session, meant=arrival.meant, previous_signed_out=arrival.previous_signed_out, sent=sent)


async def verify(
    call: ToolCall, *, verification_code: Annotated[Code, Field(description="The code from the mail.")]
) -> SessionStatus:
    """Verify the account's e-mail address with the code that Rememberizer mailed to the user. Use when the state is
    `unverified` or a call failed with `email_not_verified`.
    """
    grant = _held(call).grant
    async with _told_last(MAYBE_VERIFIED), call.sessions.moving(call.owner, call.handle) as session:
        grant.require_held()
        if session.grant.verifies_elsewhere:
            sentence = "Rememberizer gives no token before the address is verified."
            raise errors.NotSignedIn(sentence, repair=VERIFY_ELSEWHERE)
        await call.attempts.take(call.owner)
        was_signed_in = session.state is State.SIGNED_IN
        with errors.repaired({errors.InvalidVerificationCode: VERIFIED_ALREADY} if was_signed_in else {}):
            await session.verify(verification_code.get_secret_value())
        if session.page is not None and session.page.wants_code:
            session.page.finish()
        return status_of(session)


async def refresh(call: ToolCall) -> SessionStatus:
    """Renew the session now. Seldom needed: every call renews it when that is due."""
    session = _held(call)
    with session.in_use():
        await session.grant.refresh()
    return status_of(session)


async def logout(call: ToolCall) -> SessionStatus:
    """Sign out: end the session at Rememberizer and forget everything about it here. Succeeds also when Rememberizer
    can't be reached; `next` says whether it confirmed.
    """
    try:
        grant = _held(call).grant
        async with call.sessions.moving(call.owner, call.handle) as session:
            if _is_anothers(session, grant):
                return status_of(session, began=SIGNED_OUT_BEFORE)
            if session.state is State.SIGNED_OUT:
                session.close_page()
                call.sessions.forget_ended(call.owner)
                return signed_out(PAGE_CLOSED)
            grant = session.grant
            until = None if grant.can_refresh else grant.credentials.access_expires_at
            done = await session.sign_out()
    except (errors.NotSignedIn, errors.UnknownSession):
        call.sessions.forget_ended(call.owner)
        return signed_out(NO_SESSION)
    then = SIGNED_OUT_EVERYWHERE if done.confirmed else signed_out_here(until)
    return signed_out(then if done.forgotten else then + STILL_KEPT)


async def session_status(call: ToolCall) -> SessionStatus:
    """Who is signed in, in which state, until when, and what to do next. Call it when unsure; it changes nothing."""
    return await status_now(call, call.handle)


def toolset(settings: Settings) -> list[ContractTool]:
    """The six tools, in the order in which they are listed."""
    without = () if settings.secret_arguments else SWITCHED_OFF
    return [
        tool(login, "Sign in to Rememberizer", ADDS, without=without, writes=False, card=CARD),
        tool(session_status, "Who is signed in to Rememberizer", READS),
        tool(logout, "Sign out of Rememberizer", CHANGES, writes=False),
        tool(signup, "Create a Rememberizer account", ADDS, without=without, card=CARD),
        tool(verify, "Verify the e-mail address", ADDS, writes=False),
        tool(refresh, "Renew the Rememberizer session", ADDS, writes=False),
    ]


@asynccontextmanager
async def _told_last(repair: errors.Repair) -> AsyncIterator[None]:
    """Around a move that can't be made twice: other processes are told of it at its end, if they can be."""
    with errors.repaired({errors.StoreUnavailable: repair}):
        yield


def _held(call: ToolCall) -> Session:
    """The session for which a call begins: its sign-in is looked up before anything is waited for (S12).

    Raises:
        NotSignedIn: There is none.
        UnknownSession: No session has this handle.
    """
    session = call.sessions.find(call.owner, call.handle)
    if session is None:
        raise errors.NotSignedIn
    return session


def _is_anothers(session: Session, began: Grant) -> bool:
    """Whether somebody else is signed in by now than the account for which a sign-out began."""
    is_same = session.grant is began or same_account(session.email, began.account)
    return began.has_account and session.grant.has_account and not is_same


def _account(
    settings: Settings, email: str | None, password: SecretStr | None, captcha: SecretStr | None
) -> Account | None:
    """The credentials to use: the arguments', else the settings' if no other account was named."""
    captcha = captcha or settings.captcha
    captcha_value = captcha.get_secret_value() if captcha else None
    if password is not None:
        if email is None:
            raise errors.InvalidArguments("`password` came without `email`.", repair="Pass both, or neither.")
        return Account(email, password.get_secret_value(), captcha_value)
    held = held_account(settings, email)
    return Account(held.email, held.password.get_secret_value(), captcha_value) if held else None


def _is_theirs(session: Session, email: str | None) -> bool:
    """Whether the session's account is the one that was named, as far as both are known."""
    return session.email is None or fits(session.email, meant=email)
