"""Bringing a person to the sign-in page, and going on when they are done.

In this order: the host's URL elicitation, if the client declared it; else the default browser; and always the link and
the confirm code in the result, since nothing else works in every host.
"""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from functools import partial

import anyio

from ...server.errors import SignInFailed, SignInPending
from ...server.sessions.meant import Meant
from ...server.signin.browser import open_browser
from ...server.signin.pending import End, PendingSignIn
from .caller import Answer, AskedBy, Caller, T


class Sent(Enum):
    """How the person was sent to the page, as far as is known; the sentence tells the model."""

    BY_LINK = "Give the user the link and the confirm code: the page shows the same two words, and they compare them."
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


_MOVED_ON = ("The sign-in page was closed by a logout or another sign-in.", None)
_OTHER_ENDS: Mapping[End, tuple[str, str | None]] = {
    End.DECLINED: ("The user declined to sign in.", "Don't ask again unless the user brings it up."),
    End.STOPPED: ("There were too many wrong attempts on the sign-in page, so it was closed.", None),
    End.FAILED: (
        "Rememberizer's consent page ended with an error and not with a consent.",
        "Call again to try once more; if it fails again, have the user check the OAuth app there.",
    ),
    End.ABANDONED: ("Nobody signed in on the page in time, so it was closed.", None),
}


async def bring(caller: Caller, pending: PendingSignIn, *, meant: Meant, for_card: bool = False) -> Sent | None:
    """Send the person to the page, and wait until they are done or patience ends.

    A card gets the result only when the call ends. So the call asks and waits for nobody where the result is for one.

    Args:
        caller: The client.
        pending: The page.
        meant: The account that the call is meant for, if one is; a later round of the call hears of it.
        for_card: Whether the result is for a card, if the client declared that it shows cards.

    Returns:
        How they were sent, while they are not done; ``None`` when they are signed in, as whomever.

    Raises:
        InputNeeded: The client is to be asked first, in its own round.
        SignInFailed: The page ended without an account.
    """
    is_for_card = for_card and caller.declares_cards and caller.state is None
    sent = await _send(caller, pending, meant, waits=not is_for_card)
    match pending.end:
        case None:
            return sent
        case End.SIGNED_IN:
            return None
        case End.REPLACED if pending.session.grant.credentials.has_any:
            return None  # another way was quicker
        case end:
            sentence, repair = _OTHER_ENDS.get(end, _MOVED_ON)
            raise SignInFailed(sentence, repair=repair)


def still_pending(pending: PendingSignIn, sent: Sent) -> SignInPending:
    """The error of a tool whose person has not finished signing in."""
    error = SignInPending(
        f"Sign-in was started: the user signs in at {pending.url} (confirm code: {pending.confirm_code}). {sent.value}"
    )
    error.sign_in_url, error.confirm_code = pending.url, pending.confirm_code
    return error


async def _send(caller: Caller, pending: PendingSignIn, meant: Meant, *, waits: bool) -> Sent:
    until = anyio.current_time() + caller.patience_seconds
    answer = await caller.answer_about(pending)
    first = await caller.questions.is_first(pending.id)
    if answer is not None:
        return await _heed(caller, pending, answer, until=until)
    if not first:
        if waits and not pending.was_changed:  # else nobody can know of the change yet
            await _wait(caller, pending, until=until)
        return Sent.BY_LINK
    match caller.asked_by("url") if waits else None:
        case AskedBy.RESULT:
            raise await caller.question(pending, meant=meant)
        case AskedBy.REQUEST:
            answer = await _wait(caller, pending, partial(caller.ask, pending), until=until)
            return await _heed(caller, pending, answer, until=until) if answer else Sent.UNANSWERED
        case _:
            return await _open(caller, pending, until=until, otherwise=Sent.BY_LINK, waits=waits)


async def _heed(caller: Caller, pending: PendingSignIn, answer: Answer, *, until: float) -> Sent:
    """Go on as the client answered; accepting says nothing of being done (S7)."""
    match answer:
        case Answer.ACCEPTED:
            await _wait(caller, pending, until=until)
            return Sent.ACCEPTED
        case Answer.DECLINED:
            await pending.stop_alone(End.DECLINED)  # a post that is under way may sign them in all the same
            return Sent.CANCELLED
        case Answer.CANCELLED:
            return Sent.CANCELLED
        case _:
            return await _open(caller, pending, until=until, otherwise=Sent.UNDELIVERABLE)


async def _open(caller: Caller, pending: PendingSignIn, *, until: float, otherwise: Sent, waits: bool = True) -> Sent:
    """Open the browser and wait; without one there is nothing to wait for before the person has the link."""
    if not caller.opens_browser:
        return otherwise
    if await _wait(caller, pending, partial(open_browser, pending.url), until=until) is False:
        return otherwise
    if waits:
        await _wait(caller, pending, until=until)
    return Sent.BY_BROWSER


async def _wait(caller: Caller, pending: PendingSignIn, *work: Callable[[], Awaitable[T]], until: float) -> T | None:
    """Wait for the page's end, or for the work if there is some; what the work came to, if it was first."""
    waiting = "Waiting for the user to sign in."
    return await caller.wait(*work, pending.ended.wait, until=until, message=waiting)
