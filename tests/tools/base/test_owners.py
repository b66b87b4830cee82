"""Whose session a call means: that of the owner who makes it, or where nobody is known, the one that it names."""

import pytest
from rememberizer_mcp.server.clients import Clients

from tests.support.agent import ADA, ERAS, GRACE, Around, Era, agent_on, server_on
from tests.support.needing import needing
from tests.support.person import Asking
from tests.support.two_accounts import upstream_of_both
from tests.support.upstream import reply, usual

NOBODY_KNOWN = Clients(owner_of=lambda: None, most_sessions=2, name_sessions=True)
pytestmark = pytest.mark.parametrize("era", ERAS)


@pytest.mark.promise("sessions:handle:no-authentication", "sessions:handle:unknown-as-foreign")
async def test_each_call_means_the_session_of_its_own_owner(era: Era) -> None:
    owners = ["ada"]
    server = server_on(
        upstream_of_both().transport, None, Around(clients=Clients(owner_of=lambda: owners[-1], most_sessions=2))
    )
    async with agent_on(server, era) as agent:
        handle = (await agent.call("login", **ADA))["session"]
        owners.append("grace")
        assert (await agent.call("session_status"))["state"] == "signed_out"
        foreign = await agent.fails("session_status", session=handle)
        assert foreign["code"] == "unknown_session"
        assert foreign == await agent.fails("session_status", session="rs_made-up")
        owners.append("ada")
        assert (await agent.call("session_status"))["session"] == handle


@pytest.mark.promise("sessions:handle:without-owner")
async def test_where_nobody_is_known_each_call_names_its_session(era: Era) -> None:
    upstream = upstream_of_both(account=reply(200, json={"id": 7}))
    around = Around(clients=NOBODY_KNOWN, more_tools=[needing()])
    async with agent_on(server_on(upstream.transport, None, around), era) as agent:
        ada, grace = await agent.call("login", **ADA), await agent.call("login", **GRACE)
        assert [(await agent.call("session_status", session=each["session"]))["email"] for each in (ada, grace)] == [
            ADA["email"],
            GRACE["email"],
        ]
        assert (await agent.call("session_status"))["state"] == "signed_out"
        assert await agent.call("ask", session=grace["session"]) == {"id": 7}
        await agent.call("logout", session=ada["session"])
        assert (await agent.fails("ask", session=ada["session"]))["code"] == "unknown_session"


@pytest.mark.promise("sessions:handle:without-owner")
async def test_where_nobody_is_known_a_call_that_names_no_session_signs_in_nobody_and_says_what_to_do(era: Era) -> None:
    upstream = upstream_of_both()
    around = Around(clients=NOBODY_KNOWN, more_tools=[needing()])
    async with agent_on(server_on(upstream.transport, None, around, **ADA), era) as agent:
        error = await agent.fails("ask")
    assert (error["code"], upstream.requests) == ("not_signed_in", [])
    assert error["hint"] == "Call `login`, and pass the `session` that it returns in every later call."


@pytest.mark.promise("sessions:handle:without-owner")
async def test_only_where_nobody_is_known_every_tool_lists_the_session(era: Era) -> None:
    listed = []
    for clients in (NOBODY_KNOWN, None):
        around = Around(clients=clients, more_tools=[needing()])
        async with agent_on(server_on(upstream_of_both().transport, None, around, toolsets="all"), era) as agent:
            tools = (await agent.client.list_tools()).tools
            listed.append(["session" in tool.input_schema["properties"] for tool in tools])
    assert listed[0] == [True] * len(listed[0])
    assert listed[1] == [False] * len(listed[0])


@pytest.mark.promise("sessions:handle:without-owner")
@pytest.mark.parametrize("tool", ["login", "signup"])
async def test_who_is_asked_to_open_the_page_goes_on_with_the_session_that_was_opened_for_it(
    era: Era, tool: str
) -> None:
    server = server_on(usual().transport, None, Around(clients=NOBODY_KNOWN, patience_seconds=20))
    async with agent_on(server, era, elicitation_callback=Asking("accept", signs_in=True)) as agent:
        status = await agent.call(tool)
        assert status["state"] == "signed_in"
        assert (await agent.call("session_status", session=status["session"]))["state"] == "signed_in"
