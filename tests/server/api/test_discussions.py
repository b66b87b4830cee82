"""A channel's messages and threads (§4.5): sent as the samples do, read in whatever form they come."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rememberizer_mcp.server.api.discussions import Discussion, discussion_contents
from rememberizer_mcp.server.errors import NotFound, UpstreamProtocolError

from tests.support.knowledge import key_on, knowledge
from tests.support.upstream import Answer, FakeUpstream, reply


async def reading(answer: Answer | list[Answer], **asked: Any) -> tuple[Discussion, FakeUpstream]:
    upstream = knowledge({"discussions/5/contents/": answer})
    async with key_on(upstream) as key:
        return await discussion_contents(key, 5, **{"source": "slack"} | asked), upstream


def said(**fields: Any) -> Any:
    return reply(200, json={"discussion_content": "User A: hello", "thread_contents": {}} | fields)


async def test_the_older_end_is_sent_as_from_and_what_is_not_given_is_not_sent() -> None:
    older, newer = datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC)
    _, upstream = await reading(said(), source="discord", start=older, end=newer)
    assert dict(upstream.requests[0].url.params) == {
        "integration_type": "discord",
        "from": "2024-01-02T00:00:00Z",
        "to": "2024-01-03T00:00:00Z",
    }
    _, upstream = await reading(said())
    assert dict(upstream.requests[0].url.params) == {"integration_type": "slack"}


async def test_where_nothing_was_said_the_ends_are_sent_as_the_spec_has_them() -> None:
    older, newer = datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC)
    got, upstream = await reading([said(discussion_content=""), said()], start=older, end=newer)
    assert got.discussion_content == "User A: hello"
    assert [request.url.params["from"] for request in upstream.requests] == [
        "2024-01-02T00:00:00Z",
        "2024-01-03T00:00:00Z",
    ]


@pytest.mark.parametrize(
    "asked", [{}, {"start": datetime(2024, 1, 2, tzinfo=UTC), "end": datetime(2024, 1, 3, tzinfo=UTC)}]
)
@pytest.mark.parametrize(("text", "threads"), [("", {}), ("a", {}), ("", {"a": "b"})])
async def test_only_a_time_that_was_given_and_brought_nothing_is_asked_twice(
    asked: dict[str, Any], text: str, threads: dict[str, str]
) -> None:
    _, upstream = await reading(said(discussion_content=text, thread_contents=threads), **asked)
    assert len(upstream.requests) == (2 if asked and not text and not threads else 1)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, []),
        (None, []),
        ([], []),
        ("", []),
        ({"1700.1": "User B: hi\u202e"}, [("1700.1", "User B: hi")]),
        ({"a\nb": ["one", "two"]}, [("a b", "one\ntwo")]),
        ({"a": {"user": "B", "text": "hi", "at": 17, "edited": None}}, [("a", "user: B\ntext: hi\nat: 17\nedited: ")]),
        ({"a": [{"user": "B"}, {"user": "C"}], "": "z"}, [("a", "user: B\nuser: C"), (None, "z")]),
        (["one", ["two", "three"]], [(None, "one"), (None, "two\nthree")]),
        ("all in one", [(None, "all in one")]),
    ],
)
async def test_threads_of_any_form_become_a_list_of_texts(value: Any, expected: list[tuple[str | None, str]]) -> None:
    got, _ = await reading(said(thread_contents=value))
    assert got.discussion_content == "User A: hello"
    assert [(each.title, each.text) for each in got.thread_contents] == expected


@pytest.mark.parametrize(
    "value",
    [
        {"discussion_content": None},
        {"discussion_content": ""},
        {"thread_contents": {}},
        {"data": {"thread_contents": []}},
    ],
)
async def test_a_silent_channel_is_empty(value: Any) -> None:
    got, _ = await reading(reply(200, json=value))
    assert got == Discussion.model_validate({"discussion_content": "", "thread_contents": []})


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize("value", [{}, {"discussion_content": 7}, {"content": "x"}, "x", []])
async def test_an_answer_without_a_discussion_is_a_broken_contract(value: Any) -> None:
    with pytest.raises(UpstreamProtocolError):
        await reading(reply(200, json=value))


async def test_a_channel_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        await reading(reply(404))
