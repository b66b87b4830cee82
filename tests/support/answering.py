"""Hosts as they answer our questions, with or without a person; real ones did so in November 2026."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp.client.session import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult

from tests.support.clock import FakeClock


@dataclass(frozen=True, kw_only=True)
class Habit:
    """What a host answers, and how soon."""

    answer: ElicitResult
    seconds: float
    wants_id: bool = False
    """Whether it can't read a link without ``elicitationId``, whatever the protocol's revision."""


ACCEPT, DECLINE, CANCEL = (ElicitResult(action=action) for action in ("accept", "decline", "cancel"))
UNATTENDED = {
    "claude -p": Habit(answer=CANCEL, seconds=0.01),
    "copilot -p": Habit(answer=DECLINE, seconds=0.01, wants_id=True),
    "codex exec": Habit(answer=DECLINE, seconds=0.0),
    "Codex with full access": Habit(answer=ElicitResult(action="accept", content={}), seconds=0.002),
    "one that agrees to all": Habit(answer=ACCEPT, seconds=0.0),
    "one on a busy machine": Habit(answer=CANCEL, seconds=0.299),
}
"""Nobody is there to read a question."""
AT_THE_HOST = {
    "Claude Code": Habit(answer=ElicitResult(action="accept", content={}), seconds=2.0),
    "Copilot CLI": Habit(answer=ACCEPT, seconds=2.0, wants_id=True),
    "VS Code": Habit(answer=ElicitResult(action="accept", content={}), seconds=4.0),
    "somebody quick": Habit(answer=ACCEPT, seconds=0.301),
}
"""A person reads each question, and agrees."""
each_unattended = pytest.mark.parametrize("habit", UNATTENDED.values(), ids=list(UNATTENDED))
each_attended = pytest.mark.parametrize("habit", AT_THE_HOST.values(), ids=list(AT_THE_HOST))


@dataclass
class Answering:
    """A host with a habit, the clock that goes on while it answers, and what it was asked."""

    habit: Habit
    clock: FakeClock = field(default_factory=lambda: FakeClock(0.0))
    asked: list[Any] = field(default_factory=list)

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:  # noqa: ARG002 -- the signature is the SDK's
        self.asked.append(params)
        self.clock.advance(self.habit.seconds)
        if isinstance(params, ElicitRequestURLParams) and self.habit.wants_id:
            assert params.elicitation_id, "the host can't read the question"
        return self.habit.answer
