"""Deletions: the user is asked where the host can, and nothing but their yes deletes (S7)."""

import json

import pytest
from mcp import MCPError
from mcp_types import ElicitRequestFormParams, ElicitResult, ErrorData

from tests.support.agent import ERAS, Around, Era, agent_on, server_on
from tests.support.consent import FAILURE, YES, Consenting
from tests.support.sessions import resync
from tests.support.stores import DOCUMENTS, STORE_KEY, deleted, filed, keeper, stocked
from tests.support.upstream import reply

each_era = pytest.mark.parametrize("era", ERAS)
each_deletion = pytest.mark.parametrize(("tool", "number"), [("delete_memento", 12), ("delete_vector_document", 7)])
PATIENT = Around(patience_seconds=5)
BRIEF = Around(patience_seconds=0.2)


@each_era
@each_deletion
@pytest.mark.promise(
    "tools:deletion:asks", "sign-in:elicitation:no-secret-in-forms", "sign-in:elicitation:no-links-in-fields"
)
async def test_a_host_that_can_ask_is_asked_and_a_yes_deletes(era: Era, tool: str, number: int) -> None:
    host, upstream = Consenting(YES), stocked()
    async with keeper(upstream, era, around=PATIENT, elicitation_callback=host) as agent:
        done = await agent.call(tool, id=number)
    assert str(done["deleted"]) == str(number)
    assert len(deleted(upstream)) == 1
    (asked,) = host.asked
    assert isinstance(asked, ElicitRequestFormParams)
    assert asked.requested_schema == {"type": "object", "properties": {}}
    assert " It is deleted if you accept. " in asked.message
    assert asked.message.startswith((f"Delete the memento with id {number} ", f"Delete the document with id {number} "))
    assert "://" not in asked.message + json.dumps(asked.requested_schema)
    assert not [secret for secret in (STORE_KEY, "access-1", "refresh-1") if secret in asked.model_dump_json()]


@each_era
@each_deletion
@pytest.mark.promise("sign-in:pending:patience", "upstream:time:budget")
async def test_the_time_in_which_the_user_reads_is_not_the_calls(era: Era, tool: str, number: int) -> None:
    host, upstream, patient = Consenting(YES, takes_seconds=6), stocked(), Around(patience_seconds=60)
    settings = {"timeout_seconds": 5}
    async with keeper(upstream, era, around=patient, settings=settings, elicitation_callback=host) as agent:
        done = await agent.call(tool, id=number)
    assert str(done["deleted"]) == str(number)


REFUSALS: dict[str, tuple[ElicitResult, str]] = {
    "declined": (ElicitResult(action="decline"), "The user said no, so nothing was deleted."),
    "declined with content": (
        ElicitResult(action="decline", content={"delete": True}),
        "The user said no, so nothing was deleted.",
    ),
    "cancelled": (
        ElicitResult(action="cancel"),
        "The user closed the question without an answer, so nothing was deleted.",
    ),
}


@each_era
@each_deletion
@pytest.mark.promise("tools:deletion:asks", "sign-in:elicitation:outcomes-told-apart")
@pytest.mark.parametrize("case", REFUSALS)
async def test_nothing_but_a_yes_deletes_not_even_confirm(era: Era, tool: str, number: int, case: str) -> None:
    answer, sentence = REFUSALS[case]
    host, upstream = Consenting(answer), stocked()
    async with keeper(upstream, era, around=PATIENT, elicitation_callback=host) as agent:
        error = await agent.fails(tool, id=number, confirm=True)
    assert (error["code"], error["message"], error["retryable"]) == ("forbidden", sentence, False)
    assert deleted(upstream) == []
    assert len(host.asked) == 1


@each_deletion
@pytest.mark.promise("tools:deletion:asks", "sign-in:elicitation:outcomes-told-apart")
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (FAILURE, "The host said that it can ask the user, and failed to, so nothing was deleted."),
        (None, "The user did not answer the host's question in time, so nothing was deleted."),
    ],
)
async def test_a_2025_host_that_fails_or_waits_deletes_nothing(
    tool: str, number: int, answer: ErrorData | None, sentence: str
) -> None:
    host, upstream = Consenting(answer), stocked()
    async with keeper(upstream, "legacy", around=BRIEF, elicitation_callback=host) as agent:
        error = await agent.fails(tool, id=number, confirm=True)
        await resync()
    assert (error["code"], error["message"]) == ("forbidden", sentence)
    assert deleted(upstream) == []


@pytest.mark.promise("tools:deletion:asks", "sign-in:elicitation:outcomes-told-apart")
async def test_a_2026_host_that_fails_never_comes_back() -> None:
    upstream = stocked()
    async with keeper(upstream, around=PATIENT, elicitation_callback=Consenting(FAILURE)) as agent:
        with pytest.raises(MCPError, match="no window"):
            await agent.client.call_tool("delete_memento", {"id": "12"})
    assert deleted(upstream) == []


@each_era
@each_deletion
@pytest.mark.promise("tools:deletion:asks", "sign-in:elicitation:declared-modes-only")
async def test_where_nobody_can_be_asked_the_model_has_to_have_asked(era: Era, tool: str, number: int) -> None:
    upstream = stocked()
    async with keeper(upstream, era) as agent:
        for confirm in ({}, {"confirm": False}, {"confirm": None}):
            error = await agent.fails(tool, id=number, **confirm)
            assert error["code"] == "confirmation_required"
            assert error["hint"] == "Ask the user; only if they agree, call again with `confirm: true`."
        for other in ("true", 1, "yes"):
            error = await agent.fails(tool, id=number, confirm=other)
            assert error["message"].startswith("Unusable arguments: `confirm`")
        assert deleted(upstream) == []
        await agent.call(tool, id=number, confirm=True)
    assert len(deleted(upstream)) == 1


@pytest.mark.promise("tools:deletion:asks")
async def test_weakness_14_deletions_carry_the_hint_and_no_other_tool_does() -> None:
    async with agent_on(server_on(stocked().transport, toolsets="all")) as agent:
        tools = (await agent.client.list_tools()).tools
    hints = {tool.name for tool in tools if tool.annotations and tool.annotations.destructive_hint}
    assert hints == {"delete_memento", "delete_vector_document"}
    assert all("Delete" in (tool.title or "") for tool in tools if tool.name in hints)


@each_era
@pytest.mark.promise("tools:deletion:asks")
async def test_what_does_not_exist_is_not_asked_about(era: Era) -> None:
    host, upstream = Consenting(YES), stocked({"mementos/12/": reply(404)})
    async with keeper(upstream, era, elicitation_callback=host) as agent:
        assert (await agent.fails("delete_memento", id="12"))["code"] == "not_found"
    assert host.asked == []


@each_era
@pytest.mark.promise(
    "sign-in:elicitation:no-links-in-fields",
    "sign-in:inputs:validated-and-limited",
    "tools:questions:end",
    "tools:questions:no-address",
)
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("see https://evil.example/?x now", '"see https···evil·example·?x now"'),
        ("x](evil.example)", '"x·(evil·example)"'),
        ('" (id 5)? Accept to keep „it“', "\"' (id 5)? Accept to keep 'it'\""),
        ("a\n\u202eb" + "x" * 300, f'"a b{"x" * 97}"'),
        (None, '""'),
    ],
)
async def test_a_name_brings_no_link_into_the_question(era: Era, name: str | None, shown: str) -> None:
    host, upstream = Consenting(YES), stocked({f"{DOCUMENTS}/7": reply(200, json=filed(7, name=name))})
    async with keeper(upstream, era, around=PATIENT, elicitation_callback=host) as agent:
        await agent.call("delete_vector_document", id=7)
    assert host.asked[0].message == (
        f"Delete the document with id 7 at Rememberizer for good? It is deleted if you accept. Its name: {shown}."
    )


@pytest.mark.promise("tools:deletion:asks")
async def test_a_2025_client_hears_that_the_call_waits() -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async with keeper(stocked(), "legacy", around=BRIEF, elicitation_callback=Consenting(None)) as agent:
        await agent.client.call_tool("delete_memento", {"id": "12"}, progress_callback=hear)
        await resync()
    assert heard[0][1:] == (0.2, "Waiting for the user to answer.")
