"""Each host's way of answering, in both eras: the person signs in, deletes, and the model is told the truth."""

import os
import shlex
import sys
import time
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.tools.base.questions import READING_SECONDS

from tests.support.agent import ADA, ERAS, Around, Era, agent_on, server_on
from tests.support.answering import ACCEPT, CANCEL, DECLINE, Answering, Habit, each_attended, each_unattended
from tests.support.clock import FakeClock, Reading
from tests.support.consent import FAILURE, Consenting
from tests.support.person import sign_in_at
from tests.support.stores import STORE_KEY, keeper, stocked
from tests.support.upstream import FakeUpstream, usual

each_era = pytest.mark.parametrize("era", ERAS)
UNREAD = "This client answered the question by itself, before anybody could read it, so nothing was deleted."
ASK = "Ask the user; only if they agree, call again with `confirm: true`."
TAKES_NOTE = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"


DELETED = {"deleted": "12", "name": "Memento 12", "account": ADA["email"]}


def deletions(upstream: FakeUpstream) -> int:
    return len([each for each in upstream.requests if each.method == "DELETE"])


def patient(host: Answering) -> Around:
    """Bounded by nothing but the host's answer."""
    return Around(patience_seconds=10, answering=host.clock)


def brief(host: Answering) -> Around:
    """Where a host agrees to open the page, a call waits for the user in vain."""
    return Around(patience_seconds=0.5 if host.habit.answer.action == "accept" else 10, answering=host.clock)


def told(answer: ElicitResult) -> str:
    """How the model is told about an answer to a link that nobody can have read."""
    if answer.action == "accept":
        return "The host agreed to open the page, and the user has not finished there; if they don't see it, give them"
    return "The host could not ask the user: give them the link and the confirm code."


@each_era
@each_unattended
@pytest.mark.promise(
    "tools:questions:sign-in-unread", "tools:questions:link-id", "sign-in:elicitation:outcomes-told-apart"
)
async def test_without_a_person_at_the_host_the_link_signs_in(era: Era, habit: Habit) -> None:
    host = Answering(habit)
    async with agent_on(server_on(usual().transport, None, brief(host)), era, elicitation_callback=host) as agent:
        status = await agent.call("login")
        assert status["state"] == "pending"
        assert status["next"].startswith(told(habit.answer))
        await sign_in_at(status["sign_in_url"])
        assert (await agent.call("login"))["state"] == "signed_in"
    assert len(host.asked) == 1


@each_era
@each_unattended
@pytest.mark.promise("tools:questions:sign-in-unread", "sign-in:elicitation:outcomes-told-apart")
async def test_a_tool_that_needs_an_account_gives_the_link_too(era: Era, habit: Habit) -> None:
    host, upstream = Answering(habit), stocked()
    server = server_on(upstream.transport, None, brief(host), toolsets="all")
    async with agent_on(server, era, elicitation_callback=host) as agent:
        error = await agent.fails("list_mementos")
        assert error["code"] == "sign_in_pending"
        assert told(habit.answer) in error["message"]
        await sign_in_at(error["sign_in_url"])
        assert (await agent.call("list_mementos"))["total"] == 1


@each_era
@each_unattended
@pytest.mark.promise("tools:deletion:unread", "tools:deletion:asks", "sign-in:elicitation:outcomes-told-apart")
async def test_without_a_person_at_the_host_the_model_has_to_have_asked(era: Era, habit: Habit) -> None:
    host, upstream = Answering(habit), stocked()
    async with keeper(upstream, era, around=patient(host), elicitation_callback=host) as agent:
        for _ in range(2):
            error = await agent.fails("delete_memento", id="12")
            assert (error["code"], error["message"], error["hint"]) == ("confirmation_required", UNREAD, ASK)
        assert deletions(upstream) == 0
        assert await agent.call("delete_memento", id="12", confirm=True) == DELETED
    assert (len(host.asked), deletions(upstream)) == (3, 1)


@each_era
@each_unattended
@pytest.mark.promise("tools:deletion:unread", "tools:deletion:asks", "sign-in:elicitation:outcomes-told-apart")
async def test_a_key_that_was_pressed_as_the_question_appeared_deletes_nothing(era: Era, habit: Habit) -> None:
    """The model had passed `confirm` already; what was answered about one deletion says nothing about another."""
    host, upstream = Answering(habit), stocked()
    async with keeper(upstream, era, around=patient(host), elicitation_callback=host) as agent:
        for tool, number in (("delete_memento", 12), ("delete_vector_document", 7)):
            error = await agent.fails(tool, id=number, confirm=True)
            assert (error["code"], error["message"]) == ("confirmation_required", UNREAD)
            assert error["hint"].endswith("the next call with `confirm: true` counts.")
    assert deletions(upstream) == 0


@each_era
@each_attended
@pytest.mark.promise("tools:deletion:accept", "tools:questions:link-id", "sign-in:elicitation:outcomes-told-apart")
async def test_a_person_at_the_host_signs_in_and_deletes(era: Era, habit: Habit) -> None:
    host, upstream = Answering(habit), stocked()
    server = server_on(upstream.transport, None, brief(host), toolsets="all")
    async with agent_on(server, era, elicitation_callback=host) as agent:
        status = await agent.call("login")
        assert status["next"].startswith("The host agreed to open the page")
        await sign_in_at(status["sign_in_url"])
        assert await agent.call("delete_memento", id="12") == DELETED
    assert (len(host.asked), deletions(upstream)) == (2, 1)


CONTENTS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "empty": {},
    "an empty box": {"delete": False},
    "null": {"delete": None},
    "more": {"delete": "no", "reason": ""},
}


@each_era
@pytest.mark.promise("tools:deletion:accept", "sign-in:elicitation:outcomes-told-apart")
@pytest.mark.parametrize("content", CONTENTS.values(), ids=list(CONTENTS))
@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
async def test_the_button_is_the_answer_and_no_field(era: Era, action: Any, content: dict[str, Any] | None) -> None:
    host, upstream = Answering(Habit(answer=ElicitResult(action=action, content=content), seconds=2)), stocked()
    async with keeper(upstream, era, around=patient(host), elicitation_callback=host) as agent:
        result = await agent.result("delete_memento", id="12")
    assert (result.is_error, deletions(upstream)) == ((False, 1) if action == "accept" else (True, 0))


@each_era
@pytest.mark.promise("tools:questions:sign-in-unread", "tools:deletion:unread")
@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
async def test_a_wall_clock_that_jumps_changes_nothing(era: Era, jump: float) -> None:
    wall = FakeClock()

    class Jumping(Answering):
        async def __call__(self, *asked: Any) -> ElicitResult:
            wall.advance(jump)
            return await super().__call__(*asked)

    host, upstream = (
        Jumping(Habit(answer=DECLINE, seconds=0.01)),
        stocked(),
    )
    server = server_on(upstream.transport, wall, patient(host), toolsets="all", vector_store_token=STORE_KEY)
    async with agent_on(server, era, elicitation_callback=host) as agent:
        assert (await agent.fails("delete_vector_document", id=7))["message"] == UNREAD


@each_era
@pytest.mark.promise("tools:questions:sign-in-unread")
@pytest.mark.parametrize("answer", [CANCEL, DECLINE])
async def test_the_browser_is_opened_where_the_host_answered_by_itself(
    era: Era, answer: ElicitResult, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    os.environ["BROWSER"] = f"{shlex.quote(sys.executable)} -c {shlex.quote(TAKES_NOTE)} {shlex.quote(str(seen))} %s"
    host = Answering(Habit(answer=answer, seconds=0.01))
    around = Around(patience_seconds=2, answering=host.clock)
    server = server_on(usual().transport, None, around, open_browser="always")
    async with agent_on(server, era, elicitation_callback=host) as agent:
        status = await agent.call("login")
    assert status["next"].startswith("The page was opened in the user's browser")
    assert seen.read_text(encoding="utf-8") == status["sign_in_url"]


@pytest.mark.promise("tools:deletion:unread", "sign-in:elicitation:outcomes-told-apart")
async def test_a_2025_host_that_fails_at_once_has_nobody_to_ask_and_one_that_fails_late_may_have() -> None:
    for seconds, code in ((0.0, "confirmation_required"), (0.31, "forbidden")):
        upstream, host = stocked(), Consenting(FAILURE)
        around = Around(patience_seconds=10, answering=Reading(seconds))
        async with keeper(upstream, "legacy", around=around, elicitation_callback=host) as agent:
            for _ in range(2):
                assert (await agent.fails("delete_memento", id="12"))["code"] == code
            result = await agent.result("delete_memento", id="12", confirm=True)
        assert (result.is_error, deletions(upstream)) == ((False, 1) if seconds < READING_SECONDS else (True, 0))


@pytest.mark.promise("tools:questions:sign-in-unread", "sign-in:request-state:once")
@pytest.mark.parametrize("again", [ACCEPT, CANCEL, DECLINE])
async def test_an_answer_to_a_link_counts_once(again: ElicitResult) -> None:
    """The first was nobody's; what is sent after it with the same state can't speak for the user either."""
    host = Answering(Habit(answer=CANCEL, seconds=0.01))
    async with agent_on(server_on(usual().transport, None, brief(host)), elicitation_callback=host) as agent:
        asked = await agent.client.session.call_tool("login", {}, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        for answer in (CANCEL, again):
            result = await agent.client.session.call_tool(
                "login", {}, request_state=asked.request_state, input_responses={"sign_in": answer}
            )
            assert isinstance(result, CallToolResult)
            status = result.structured_content or {}
            assert status["state"] == "pending"
            host.clock.advance(5)
        assert status["next"].startswith("Give the user the link and the confirm code: ")
        await sign_in_at(status["sign_in_url"])


@pytest.mark.promise("tools:questions:sign-in-unread", "tools:deletion:unread")
def test_the_clock_is_one_that_never_jumps() -> None:
    assert signature(build_server).parameters["clock"].default is time.monotonic
