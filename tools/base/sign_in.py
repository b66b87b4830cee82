"""Bringing a person to the sign-in page, and going on when they are done.

In this order: the host's URL elicitation, if the client declared it; else the default browser; and always the link and
the confirm code in the result, since nothing else works in every host.
"""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from functools import partial
from typing import TypeVar

import anyio
from pydantic import SecretStr

from ...server.api.account import same_account
from ...server.errors import NotSignedIn, SessionExpired, SignInFailed, SignInPending, UpstreamTimeout
from ...server.sessions.grant import Grant
from ...server.sessions.meant import Meant
from ...server.sessions.overtaken import ANOTHER_SIGN_IN
from ...server.sessions.session import Session
from ...server.sessions.states import State
from ...server.signin.browser import open_browser
from ...server.signin.pending import End, PendingSignIn
from ...server.signin.ways import Arrival
from .caller import Answer, Way
from .services import CallServices
from .waiting import report_waiting

BROUGHT = "This tool writes, so it did not go on by itself after the sign-in"
T = TypeVar("T")


class Sent(Enum):
    """How the person was sent to the page, as far as is known; the sentence tells the model."""

    BY_LINK = "Give the user the link and the confirm code."
    BY_BROWSER = "The page was opened in the user's browser; if they don't see it, give them the link."
    ACCEPTED = (
        "The host agreed to open the page, and the user has not finished there; "
        "if they don't see it, give them the link."
    )
    CANCELLED = (
        "The user closed the question without an answer: ask whether they want to sign in. The link still works."
    )
    UNDELIVERABLE = "The host could not ask the user: give them the link and the confirm code."
    UNANSWERED = "The user has not answered the host's question yet; the link works too."


_ENDS: Mapping[End, tuple[str, str | None]] = {
    End.DECLINED: ("The user declined to sign in.", "Don't ask again unless the user brings it up."),
    End.STOPPED: ("There were too many wrong attempts on the sign-in page, so it was closed.", None),
    End.FAILED: (
        "Rememberizer's consent page ended with an error and not with a consent.",
        "Call again to try once more; if it fails again, have the user check the OAuth app there.",
    ),
    End.ABANDONED: ("Nobody signed in on the page in time, so it was closed.", None),
    End.CLOSED: ("The sign-in page was closed by a logout or another sign-in.", None),
}


async def bring(services: CallServices, pending: PendingSignIn, *, meant: Meant) -> Sent | None:
    """Send the person to the page, and wait until they are done or patience ends.

    Args:
        services: Of the call.
        pending: The page.
        meant: The account that the call is meant for, if one is; a later round of the call hears of it.

    Returns:
        How they were sent, while they are not done; ``None`` when they are signed in, as whomever.

    Raises:
        InputNeeded: The client is to be asked first, in its own round.
        SignInFailed: The page ended without an account.
    """
    sent = await _send(services, pending, meant)
    match pending.end:
        case None:
            return sent
        case End.SIGNED_IN:
            return None
        case End.CLOSED if pending.session.grant.credentials.has_any:
            return None  # another way was quicker
        case end:
            raise _ended(end)


async def account_grant(services: CallServices, handle: str | None) -> Grant:
    """The sign-in that a tool that needs an account asks by; where there is none, the person is asked to sign in first.

    The one place that decides: it is the sign-in that is held when the call begins, which is looked up before anything
    is waited for. An account that ended is signed in again, and no other in its place. With a sign-in that was made
    meanwhile a call goes on only as ``_found`` says.

    Raises:
        AccountChanged: There is another sign-in by now, and the call is not known to be meant for it.
        NotSignedIn, SessionExpired: There is none, and REMEMBERIZER_LAZY_SIGN_IN is off.
        UnknownSession: No session has this handle.
        SignInPending: The person has not finished in time.
        UpstreamTimeout: The call's time was over before its turn came to sign in.
        InputNeeded, SignInFailed: As ``bring``.
    """
    session, deadline = services.sessions.find(services.owner, handle), services.deadline()
    grant = session.grant if session else None
    has_ended = services.sessions.has_ended(services.owner)
    wanted = _before(services, grant)
    if services.caller.state is not None:
        wanted = services.caller.meant  # the call began in an earlier round, before the person went to the page
    elif grant is not None and await grant.is_usable(deadline=deadline):
        return grant
    if not services.settings.lazy_sign_in:
        is_expired = has_ended or (grant is not None and grant.state is State.EXPIRED)
        raise SessionExpired if is_expired else NotSignedIn
    async with services.sessions.moving(services.owner, handle, create=True) as session:
        usable = await session.grant.is_usable(deadline=deadline)  # another call may have been quicker
        if not usable and anyio.current_time() >= deadline:
            raise UpstreamTimeout
        arrival = Arrival() if usable else await start(services, session, meant=wanted, deadline=deadline)
    named = wanted if wanted.account else Meant(services.settings.email)
    meant = (arrival.meant if arrival.pending else named) if wanted.is_known else wanted
    sent = await bring(services, arrival.pending, meant=meant) if arrival.pending else None
    if arrival.pending and sent:
        raise still_pending(arrival.pending, sent)
    return _found(services, session.held(), meant=meant)


def _before(services: CallServices, grant: Grant | None) -> Meant:
    """The account that is held when a call begins, or the one that ended before."""
    account = (grant and grant.account) or services.sessions.ended_account(services.owner)
    was_there = (grant is not None and grant.has_account) or services.sessions.has_ended(services.owner)
    return Meant(account, is_named=False, is_known=account is not None or not was_there)


def _found(services: CallServices, grant: Grant, *, meant: Meant) -> Grant:
    """The sign-in that was made while the call waited, if the call goes on with it.

    A tool that reads goes on with the account that is meant, or with any if none is; with none where an account ended
    whose e-mail is not known. One that writes goes on with what
    the settings or the keyring gave, where a call for this account would have got it too, and with nothing that a
    person did meanwhile: that may have been somebody else, and what is written can't be taken back.

    Raises:
        AccountChanged: It does not go on.
    """
    is_same = grant.meant.account is meant.account or same_account(grant.meant.account, meant.account)
    is_own = grant.is_unattended and meant.is_known and is_same
    is_theirs = meant.fits(grant.account) or (is_own and grant.account is None)
    if grant.has_account and is_theirs and (is_own or not services.writes):
        return grant
    raise grant.account_changed(BROUGHT if services.writes and not is_own else ANOTHER_SIGN_IN)


async def start(
    services: CallServices, session: Session, *, meant: Meant, deadline: float, captcha: SecretStr | None = None
) -> Arrival:
    """Sign in by what there is, or open the page; the session's move is under way.

    Raises:
        SignInFailed: The client answered a question about a page that has ended (S16), or a way can't be gone.
        RememberizerError: Rememberizer's refusals, or no usable answer.
    """
    page = session.page
    refuse_what_has_ended(services, session)
    if isinstance(page, PendingSignIn):
        meant = meant_at_page(session, meant)
        arrival = Arrival(pending=await services.ways.desk.open(session, email=meant.account), meant=meant)
    else:
        before = session.email or services.sessions.ended_account(services.owner)
        arrival = await services.ways.sign_in(session, meant=meant, captcha=captcha, before=before, deadline=deadline)
    if arrival.pending:
        session.meant = arrival.meant
    else:
        session.grant.is_unattended = True
    return arrival


def meant_at_page(session: Session, meant: Meant) -> Meant:
    """The account that the session's page is for: an open one is for the account that was named last."""
    before = session.meant if session.page else Meant()
    adds_nothing = same_account(meant.account, before.account) and not meant.is_named
    return before if meant.account is None or adds_nothing else meant


def was_done(services: CallServices, session: Session) -> bool:
    """Whether the client was asked in an earlier round, and the person has signed in at that page since."""
    return services.caller.state is not None and services.caller.state == session.signed_in_by


def refuse_what_has_ended(services: CallServices, session: Session) -> None:
    """Let no answer about one page open another (S16).

    Raises:
        SignInFailed: The client answered a question about a page that has ended.
    """
    page = session.page
    if services.caller.state not in (None, page.id if isinstance(page, PendingSignIn) else ""):
        raise SignInFailed("The sign-in that this call was about has ended.")


def still_pending(pending: PendingSignIn, sent: Sent) -> SignInPending:
    """The error of a tool whose person has not finished signing in."""
    error = SignInPending(
        f"The user has not finished signing in, at {pending.url} (confirm code: {pending.confirm_code}). {sent.value}"
    )
    error.sign_in_url, error.confirm_code = pending.url, pending.confirm_code
    return error


async def _send(services: CallServices, pending: PendingSignIn, meant: Meant) -> Sent:
    until = anyio.current_time() + services.patience_seconds
    answer, first = services.caller.answer_about(pending), not pending.was_shown
    pending.was_shown = True
    if answer is not None:
        return await _heed(services, pending, answer, until=until)
    if not first:
        await _wait(services, pending, until=until)
        return Sent.BY_LINK
    match services.caller.way:
        case Way.RESULT:
            raise services.caller.question(pending, meant=meant)
        case Way.REQUEST:
            answer = await _wait(services, pending, until=until, work=partial(services.caller.ask, pending))
            return await _heed(services, pending, answer, until=until) if answer else Sent.UNANSWERED
        case _:
            return await _open(services, pending, until=until, otherwise=Sent.BY_LINK)


async def _heed(services: CallServices, pending: PendingSignIn, answer: Answer, *, until: float) -> Sent:
    """Go on as the client answered; accepting says nothing of being done (S7)."""
    match answer:
        case Answer.ACCEPTED:
            await _wait(services, pending, until=until)
            return Sent.ACCEPTED
        case Answer.DECLINED:
            async with pending.session.moving:  # a post that is under way may sign them in all the same
                pending.stop(End.DECLINED)
            return Sent.CANCELLED
        case Answer.CANCELLED:
            return Sent.CANCELLED
        case _:
            return await _open(services, pending, until=until, otherwise=Sent.UNDELIVERABLE)


async def _open(services: CallServices, pending: PendingSignIn, *, until: float, otherwise: Sent) -> Sent:
    """Open the browser and wait; without one there is nothing to wait for before the person has the link."""
    if not services.opens_browser or pending.was_opened:
        return otherwise
    pending.was_opened = True
    if await _wait(services, pending, until=until, work=partial(open_browser, pending.url)) is False:
        return otherwise
    await _wait(services, pending, until=until)
    return Sent.BY_BROWSER


async def _wait(
    services: CallServices, pending: PendingSignIn, *, until: float, work: Callable[[], Awaitable[T]] | None = None
) -> T | None:
    """Wait for the page's end, or for the work if there is some, whichever comes first.

    Returns:
        What the work came to, if it was first.
    """
    found: list[T] = []

    async def do(work: Callable[[], Awaitable[T]]) -> None:
        found.append(await work())
        tasks.cancel_scope.cancel()

    with anyio.CancelScope(deadline=until):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_report, services, until)
            if work is not None:
                tasks.start_soon(do, work)
            await pending.ended.wait()
            tasks.cancel_scope.cancel()
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    return found[0] if found else None


async def _report(services: CallServices, until: float) -> None:
    await report_waiting(services, until=until, message="Waiting for the user to sign in.")


def _ended(end: End) -> SignInFailed:
    sentence, repair = _ENDS[end]
    return SignInFailed(sentence, repair=repair)
