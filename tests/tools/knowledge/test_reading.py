"""Tools of ``knowledge`` that give a text: documents and discussions; in both protocol eras."""

from typing import Any

import pytest
from rememberizer_mcp.tools.knowledge.reading import NOTHING_SAID

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.knowledge import KEY, content_of, knowledge, once, params, refused, unfenced
from tests.support.upstream import reply

pytestmark = pytest.mark.parametrize("era", ERAS)
DISCUSSION = "discussions/5/contents/"
CONTENTS = "documents/12/contents/"


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_document_is_read_on_from_its_next_chunk(era: Era) -> None:
    answers: Any = [
        reply(200, json={"content": "one ", "end_chunk": 20}),
        reply(200, json={"content": "two", "end_chunk": 40}),
        reply(200, json={"content": "", "end_chunk": 40}),
    ]
    upstream = knowledge({CONTENTS: answers})
    async with agent_on(server_on(upstream.transport, api_token=KEY), era) as agent:
        start: int | None = 0
        texts, starts = [], []
        while start is not None:
            content = await content_of(agent, "read_document", id=12, start_chunk=start)
            texts.append(unfenced(content, content["content"]))
            starts.append(content["start_chunk"])
            start = content["next_chunk"]
    assert texts == ["one ", "two", ""]
    assert starts == [0, 20, 40]
    assert [dict(request.url.params) for request in upstream.requests] == [{"start_chunk": str(at)} for at in starts]


@pytest.mark.parametrize(
    ("value", "next_chunk"),
    [
        ({"content": "x", "end_chunk": 27}, 27),
        ({"content": "x", "end_chunk": 26}, 26),
        ({"content": "x", "end_chunk": 25}, None),
        ({"content": "x", "end_chunk": 8}, None),
        ({"content": "x", "end_chunk": 7}, None),
        ({"content": "x", "end_chunk": 6}, None),
        ({"content": "x"}, None),
        ({"content": "", "end_chunk": 8}, None),
    ],
)
async def test_a_document_ends_where_the_contract_says(era: Era, value: Any, next_chunk: int | None) -> None:
    content = await once(era, knowledge({CONTENTS: reply(200, json=value)}), "read_document", id="12", start_chunk=7)
    assert (content["id"], content["next_chunk"]) == (12, next_chunk)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("start", "value", "complete"),
    [
        (0, {"content": "x", "end_chunk": 18}, True),
        (0, {"content": "x", "end_chunk": 0}, True),
        (0, {"content": "x", "end_chunk": 19}, False),
        (0, {"content": "x"}, False),
        (0, {"content": "", "end_chunk": 0}, False),
        (0, {"content": "x" * 80_000, "end_chunk": 1}, False),
        (1, {"content": "x", "end_chunk": 2}, False),
        (1, {"content": "x", "end_chunk": 0}, False),
    ],
    ids=["short", "of one chunk", "may go on", "no end", "empty", "cut", "the rest", "an end before its start"],
)
async def test_a_text_is_complete_where_that_is_known(era: Era, start: int, value: Any, complete: bool) -> None:
    upstream = knowledge({CONTENTS: reply(200, json=value)})
    assert (await once(era, upstream, "read_document", id=12, start_chunk=start))["complete"] is complete


async def test_a_document_that_is_not_there_is_not_found(era: Era) -> None:
    error = await refused(era, knowledge({CONTENTS: reply(404)}), "read_document", id=12)
    assert (error["code"], error["status"]) == ("not_found", 404)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_discussion_has_its_messages_and_threads(era: Era) -> None:
    value = {"discussion_content": "User A: tea?", "thread_contents": {"1700.1": ["User B: yes", "User A: good"]}}
    upstream = knowledge({DISCUSSION: reply(200, json=value)})
    content = await once(era, upstream, "read_discussion", id=5, source="slack", start="2024-01-02", end="2024-01-03")
    assert params(upstream) == {
        "integration_type": "slack",
        "from": "2024-01-02T00:00:00Z",
        "to": "2024-01-03T00:00:00Z",
    }
    assert unfenced(content, content["text"]) == "User A: tea?"
    (thread,) = content["threads"]
    assert unfenced(content, thread["title"]) == "1700.1"
    assert unfenced(content, thread["text"]) == "User B: yes\nUser A: good"
    assert (content["id"], content["source"], content["cut"]) == (5, "slack", None)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"start": "2023-11-01"}, ("2023-11-01T00:00:00Z", "2025-06-15T15:06:40Z")),
        ({"end": "2023-11-10"}, ("2023-11-03T00:00:00Z", "2023-11-10T00:00:00Z")),
    ],
)
async def test_one_end_of_a_time_gets_its_other_end_here(
    era: Era, given: dict[str, str], sent: tuple[str, str], clock: FakeClock
) -> None:
    upstream = knowledge({DISCUSSION: reply(200, json={"discussion_content": "a", "thread_contents": {}})})
    async with agent_on(server_on(upstream.transport, clock, api_token=KEY), era) as agent:
        await agent.call("read_discussion", id=5, source="slack", **given)
    assert (params(upstream)["from"], params(upstream)["to"]) == sent


async def test_a_channel_that_is_not_found_may_be_of_the_other_source(era: Era) -> None:
    error = await refused(era, knowledge({DISCUSSION: reply(404)}), "read_discussion", id=5, source="slack")
    assert (error["code"], "`source`" in error["hint"]) == ("not_found", True)


async def test_chunks_of_which_nothing_is_left_are_not_the_end(era: Era) -> None:
    upstream = knowledge({CONTENTS: reply(200, json={"content": "\u200b\ufeff", "end_chunk": 20})})
    content = await once(era, upstream, "read_document", id=12)
    assert (unfenced(content, content["content"]), content["next_chunk"]) == ("", 20)


async def test_a_silent_time_says_to_try_another(era: Era) -> None:
    upstream = knowledge({DISCUSSION: reply(200, json={"discussion_content": "", "thread_contents": {}})})
    content = await once(era, upstream, "read_discussion", id=5, source="discord")
    assert params(upstream) == {"integration_type": "discord"}
    assert (content["notice"], content["threads"]) == (NOTHING_SAID, [])


async def test_a_channel_of_another_kind_or_a_reversed_time_is_refused(era: Era) -> None:
    for wrong in ({"source": "gmail"}, {"source": "slack", "start": "2024-01-02", "end": "2024-01-01"}):
        assert (await refused(era, knowledge(), "read_discussion", id=5, **wrong))["code"] == "invalid_arguments"
