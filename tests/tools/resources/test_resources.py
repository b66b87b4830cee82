"""Resources: documents and channels by template, the session, and what a read that fails says."""

import json
import re
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import CacheableResult, TextResourceContents

from tests.support.agent import ADA, ERAS, Around, Era, agent_on, server_on
from tests.support.knowledge import KEY, LONGEST, Shelf, found, knowledge
from tests.support.person import Asking
from tests.support.upstream import Answer, FakeUpstream, reply, usual

FENCED = re.compile(r"\[(data-\w+)\]\n(.*?)\n\[/\1\]", re.DOTALL)
each_era = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=60)
DISCUSSION = "rememberizer://discussions/slack/7"


def signed_in(upstream: FakeUpstream) -> FakeUpstream:
    """The same upstream with accounts."""
    return FakeUpstream(usual().answers | upstream.answers)


def discussing(answer: Answer) -> FakeUpstream:
    return knowledge({"discussions/7/contents/": answer})


async def text_at(client: Client, uri: str, mime_type: str = "text/plain") -> str:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert (content.uri, content.mime_type) == (uri, mime_type)
    return content.text


async def refusal_of(client: Client, uri: str) -> tuple[int, str, Any]:
    with pytest.raises(MCPError) as refused:
        await client.read_resource(uri)
    error = refused.value.error
    return error.code, error.message, error.data


@each_era
@pytest.mark.promise("tools:resources:constant", "tools:list:cacheable")
async def test_the_list_holds_the_card_and_the_session_whatever_is_stored_and_whoever_is_signed_in(era: Era) -> None:
    server = server_on(signed_in(Shelf([["a"], ["b"]]).upstream).transport)
    async with agent_on(server, era) as agent:
        before = await agent.client.list_resources()
        await agent.call("login", **ADA)
        await agent.call("list_documents")
        after = await agent.client.list_resources(cache_mode="bypass")
        templates = await agent.client.list_resource_templates()
    assert before == after
    assert [resource.uri for resource in after.resources] == ["ui://rememberizer/sign-in", "rememberizer://session"]
    assert [each.uri_template for each in templates.resource_templates] == [
        "rememberizer://documents/{id}",
        "rememberizer://discussions/{source}/{id}",
    ]


@pytest.mark.promise("tools:list:cacheable")
async def test_lists_may_be_cached_by_everybody_and_what_is_read_by_nobody() -> None:
    async with Client(server_on(usual().transport), mode="2026-07-28") as client:
        lists: list[CacheableResult] = [
            await client.list_resources(),
            await client.list_resource_templates(),
            await client.list_prompts(),
        ]
        read = await client.read_resource("rememberizer://session")
    assert {(each.ttl_ms, each.cache_scope) for each in lists} == {(3_600_000, "public")}
    assert (read.ttl_ms, read.cache_scope) == (0, "private")


@pytest.mark.promise("tools:resources:constant", "tools:list:read-only-and-toolsets")
@pytest.mark.parametrize(
    ("toolsets", "resources", "templates"), [("auth", 2, 0), ("knowledge", 0, 2), ("all", 2, 2), ("mementos", 0, 0)]
)
async def test_a_resource_is_there_with_the_toolset_that_it_belongs_to(
    toolsets: str, resources: int, templates: int
) -> None:
    async with Client(server_on(usual().transport, toolsets=toolsets)) as client:
        assert len((await client.list_resources()).resources) == resources
        assert len((await client.list_resource_templates()).resource_templates) == templates


@each_era
@pytest.mark.promise("tools:resources:constant")
async def test_the_session_is_what_session_status_says(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        for arguments in ({}, ADA):
            if arguments:
                await agent.call("login", **arguments)
            text = await text_at(agent.client, "rememberizer://session", "application/json")
            assert json.loads(text) == await agent.call("session_status")


@each_era
@pytest.mark.promise("tools:resources:constant", "tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize("end_chunk", ["exclusive", "missing"])
async def test_a_document_is_read_to_its_end_and_fenced(era: Era, end_chunk: str) -> None:
    chunks = [f"Chunk {number}. " for number in range(50)]
    upstream = signed_in(Shelf([chunks], end_chunk=end_chunk).upstream)
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        text = await text_at(agent.client, "rememberizer://documents/1")
    ((_, content),) = FENCED.findall(text)
    assert content == "".join(chunks)
    assert text.startswith("Apart from `cut` and `next`, all text here is from documents (marked [data-")
    assert text.endswith("]")


@pytest.mark.promise("tools:resources:constant", "tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize("size", [1_000, 9_000, 200_000])
async def test_a_document_without_room_is_cut_and_the_call_that_goes_on_is_named(size: int) -> None:
    chunks = [f"{number:04}" + "ü" * (size // 2) for number in range(200)]
    upstream = signed_in(Shelf([chunks]).upstream)
    async with agent_on(server_on(upstream.transport)) as agent:
        await agent.call("login", **ADA)
        text = await text_at(agent.client, "rememberizer://documents/1")
        cut = re.search(r"`read_document` with `id` 1 and `start_chunk` (\d+) goes on\.$", text)
        assert cut
        rest = await agent.call("read_document", id=1, start_chunk=int(cut[1]))
    ((_, content),) = FENCED.findall(text)
    assert LONGEST * 0.9 < len(text.encode()) <= LONGEST
    assert "".join(chunks).startswith(content)
    assert f"{len(content) // len(chunks[0]):04}" in rest["content"] + content


@each_era
@pytest.mark.promise("tools:resources:constant", "tools:results:one-shape-fenced-bounded")
async def test_a_channel_shows_messages_and_threads_within_the_fence(era: Era) -> None:
    said = {"discussion_content": "Ada: hello", "thread_contents": {"Lunch": "Grace: at noon", "": "nobody"}}
    async with agent_on(server_on(discussing(reply(200, json=said)).transport), era) as agent:
        await agent.call("login", **ADA)
        text = await text_at(agent.client, DISCUSSION)
    assert [content for _, content in FENCED.findall(text)] == ["Ada: hello", "Lunch", "Grace: at noon", "nobody"]
    assert not FENCED.sub("", text.split("\n", 1)[1]).strip()


@pytest.mark.promise("tools:resources:constant", "tools:results:one-shape-fenced-bounded")
async def test_a_long_channel_is_cut_and_says_so() -> None:
    said = {"discussion_content": "word " * 40_000, "thread_contents": {}}
    async with agent_on(server_on(discussing(reply(200, json=said)).transport)) as agent:
        await agent.call("login", **ADA)
        text = await text_at(agent.client, DISCUSSION)
    assert len(text.encode()) <= LONGEST
    assert text.endswith("`source` slack and a `start` and `end` gets a shorter time whole.")


@pytest.mark.promise("tools:resources:constant")
async def test_a_silent_channel_names_the_tool_that_takes_another_time() -> None:
    said = {"discussion_content": "", "thread_contents": {}}
    async with agent_on(server_on(discussing(reply(200, json=said)).transport)) as agent:
        await agent.call("login", **ADA)
        text = await text_at(agent.client, DISCUSSION)
    assert text == (
        "Nothing was said in the last seven days; `read_discussion` with `id` 7, `source` slack and a `start` and "
        "`end` gets another time."
    )


@each_era
@pytest.mark.promise("tools:resources:constant")
@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("rememberizer://documents/one", "A document's id is a whole number"),
        ("rememberizer://documents/-1", "A document's id is a whole number"),
        ("rememberizer://documents/1234567890123456789", "A document's id is a whole number"),
        ("rememberizer://documents/%D9%A1", "A document's id is a whole number"),
        ("rememberizer://discussions/mail/7", "`slack` or `discord`"),
    ],
)
async def test_an_address_that_no_document_has_is_refused_before_anybody_is_asked(
    era: Era, uri: str, says: str
) -> None:
    upstream = usual()
    async with Client(server_on(upstream.transport), mode=era) as client:
        code, message, data = await refusal_of(client, uri)
    assert (code, data["error"]["code"]) == (-32602, "invalid_arguments")
    assert says in message
    assert not upstream.requests


@each_era
@pytest.mark.promise("tools:resources:constant")
@pytest.mark.parametrize(
    ("answer", "code", "ours"),
    [
        (reply(404, json={"detail": "Not found."}), -32602, "not_found"),
        (reply(429, headers={"Retry-After": "3000"}), -32603, "rate_limited"),
        (reply(200, json={"content": 5}), -32603, "upstream_protocol"),
        (ValueError("canary-crash"), -32603, "internal_error"),
    ],
)
async def test_a_failed_read_carries_our_code_and_hint(
    era: Era, answer: Any, code: int, ours: str, caplog: pytest.LogCaptureFixture
) -> None:
    def given(_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    upstream = knowledge({"documents/1/contents/": given})
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", **ADA)
        found_code, message, data = await refusal_of(agent.client, "rememberizer://documents/1")
        tool = await agent.fails("read_document", id=1)
    assert (found_code, data["error"]) == (code, tool)
    assert message.startswith(f"{ours}: ")
    assert "canary-crash" not in message + json.dumps(data)
    assert ("crashed" in caplog.text) == (ours == "internal_error")


@each_era
@pytest.mark.promise(
    "tools:resources:constant", "sign-in:lazy:first-call-answered", "sign-in:request-state:where-allowed"
)
async def test_a_host_that_opens_links_is_asked_to_sign_in_by_a_read_too(era: Era) -> None:
    host = Asking("accept", signs_in=True)
    upstream = signed_in(Shelf([["All of it."]]).upstream)
    async with agent_on(server_on(upstream.transport, None, PATIENT), era, elicitation_callback=host) as agent:
        assert "All of it." in await text_at(agent.client, "rememberizer://documents/1")
    assert len(host.asked) == 1


@pytest.mark.promise("tools:resources:constant", "tools:credentials:one-table")
async def test_an_api_key_reads_documents_without_a_sign_in() -> None:
    upstream = Shelf([["All of it."]]).upstream
    async with Client(server_on(upstream.transport, api_token=KEY)) as client:
        assert "All of it." in await text_at(client, "rememberizer://documents/1")
    assert {request.headers["X-API-Key"] for request in upstream.requests} == {KEY}


@pytest.mark.promise("tools:resources:constant")
async def test_nobody_else_takes_a_read_for_a_search() -> None:
    async with Client(server_on(knowledge({"documents/search/": found()}).transport)) as client:
        assert (await refusal_of(client, "rememberizer://documents"))[0] == -32602
