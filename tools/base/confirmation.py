"""Before something is deleted for good: the person is asked, where the host can ask, else the model has to have asked.

A host that can ask is always asked: `confirm: true` is the model's word, and counts only where there is no other.

Hosts that run without a person answer our question themselves, sooner than anybody can read it. Some refuse, some
agree; neither is a person's word, so nothing is deleted. After two such answers about the same deletion `confirm:
true` counts. One is not enough: a person who happens to press a key as the question appears looks the same.
"""

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Annotated

import anyio
from pydantic import BaseModel, Field, Strict

from ...server.api.budget import begin_anew
from ...server.errors import ConfirmationRequired, Forbidden
from .call import ToolCall
from .caller import Answer, AskedBy
from .unlinked import unlinked

Confirm = Annotated[
    Annotated[bool, Strict()] | None,
    Field(description="Leave out; if the answer is `confirmation_required`, ask the user, then pass true."),
]
LONGEST_NAME = 100
UNREAD = "This client answered the question by itself, before anybody could read it, so nothing was deleted."
COUNTS_NEXT = (
    "A first answer like this can be a key pressed by mistake, so `confirm: true` did not count yet. If the user "
    "agreed, the next call with `confirm: true` counts."
)
_REFUSALS: Mapping[Answer | None, tuple[str, str]] = {
    Answer.DECLINED: ("The user said no", "Don't ask again unless the user brings it up."),
    Answer.CANCELLED: (
        "The user closed the question without an answer",
        "Ask them in the conversation whether they want it; if so, call again.",
    ),
    Answer.UNDELIVERABLE: (
        "The host said that it can ask the user, and failed to",
        "Tell the user; they can delete it at Rememberizer, or in another client.",
    ),
    None: (
        "The user did not answer the host's question in time",
        "Call again when the user is there to answer.",
    ),
}


class Deletion(BaseModel):
    """What is to be deleted: ``path`` says where it is upstream, and ``whose`` in which account or by which key.

    An answer is bound to all of this.
    """

    path: str
    whose: str
    kind: str
    id: str
    name: str

    @property
    def question(self) -> str:
        """What the person is asked; the name, which is somebody's text, comes last, and brings no link (S6)."""
        name = unlinked(self.name)[:LONGEST_NAME]
        return (
            f"Delete the {self.kind} with id {self.id} at Rememberizer for good? "
            f'It is deleted if you accept. Its name: "{name}".'
        )

    @property
    def subject(self) -> str:
        """Names this deletion, and no other, in the state of a question."""
        return sha256(self.model_dump_json().encode()).hexdigest()


async def require_consent(call: ToolCall, deletion: Deletion, *, confirm: bool | None) -> None:
    """Go on only if the user wants it deleted; the call's time with Rememberizer is counted from then on.

    Raises:
        InputNeeded: The client is to be asked first, in its own round.
        Forbidden: The user declined, closed the question or didn't answer in time, or the host failed to ask.
        ConfirmationRequired: There is nobody whom the client could ask, and ``confirm`` isn't true; or the client
            answered by itself, for the first time or without ``confirm``.
        RateLimited: The client was to ask its user too often.
    """
    caller = call.caller
    answer: Answer | None
    match caller.asked_by("form"):
        case AskedBy.RESULT:
            answer = await caller.consent(deletion.subject)
            if answer is None:
                await call.attempts.take_question(call.owner)
                raise await caller.consent_question(deletion.question, deletion.subject)
        case AskedBy.REQUEST:
            ask = partial(caller.ask_consent, deletion.question)
            until = anyio.current_time() + caller.patience_seconds
            answer = await caller.wait(ask, until=until, message="Waiting for the user to answer.")
        case _ if confirm:
            answer = Answer.ACCEPTED
        case _:
            raise ConfirmationRequired
    if answer is Answer.UNREAD:
        if not (await caller.questions.went_unread(deletion.subject) and confirm):
            raise ConfirmationRequired(UNREAD, repair=COUNTS_NEXT if confirm else None)
    elif answer is not Answer.ACCEPTED:
        why, repair = _REFUSALS[answer]
        raise Forbidden(f"{why}, so nothing was deleted.", repair=repair)
    begin_anew()
