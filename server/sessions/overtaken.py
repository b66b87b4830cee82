"""The error of a call during which another sign-in, or a sign-out, took place."""

from ..errors import AccountChanged, Repair

ANOTHER_SIGN_IN = "There was another sign-in while this call ran"
ENDED = "The session ended while this call ran"
NOTHING_DONE = "Nothing was done."
MAYBE_DONE = "The request may have gone out as {who}: whether it was carried out there is not known."
LOOK_FIRST = "Look first whether it was done as {who}; don't write again before the user has looked."


def overtaken(
    cause: str, *, by: str | None, maybe_done_as: str | None = None, if_lost: Repair | None = None
) -> AccountChanged:
    """The error, with what is known of the call's request.

    Args:
        cause: What happened, without the full stop.
        by: Who is signed in now; without one nobody is.
        maybe_done_as: The account as which a request that writes had gone out, if one had: nobody knows its outcome.
        if_lost: How to find out whether it was done.
    """
    outcome = MAYBE_DONE.format(who=maybe_done_as) if maybe_done_as else NOTHING_DONE
    repair: Repair | str = "Call again if it is meant for them." if by else "Call again if it is still wanted."
    if maybe_done_as:
        repair = Repair(f"{LOOK_FIRST} {if_lost.text if if_lost else ''}".strip(), values={"who": maybe_done_as})
    error = AccountChanged(f"{cause if by else ENDED}: {by or 'nobody'} is signed in now. {outcome}", repair=repair)
    error.retryable = not maybe_done_as
    return error
