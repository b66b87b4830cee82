"""What we say names no tool that the settings took away."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client, MCPError
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.settings.values import TOOLSETS
from rememberizer_mcp.tools.toolsets import chosen

from tests.support.agent import ADA, ERAS, Agent, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.knowledge import KEY, knowledge
from tests.support.person import Asking
from tests.support.sessions import resync
from tests.support.upstream import reply, usual

each_era = pytest.mark.parametrize("era", ERAS)
EVERY = {tool.name for tool in chosen(Settings(toolsets="all"))}
SEARCH = "documents/search/"
REFUSED = reply(401)


async def missing_of(agent: Agent, text: str) -> set[str]:
    """The tools that a text names and this server doesn't have."""
    listed = {tool.name for tool in (await agent.client.list_tools()).tools}
    return set(re.findall(r"`(\w+)`", text)) & EVERY - listed


@each_era
@pytest.mark.promise("tools:list:read-only-and-toolsets")
@pytest.mark.parametrize(
    "settings",
    [
        {"read_only": True},
        {"read_only": True, "api_token": KEY},
        {"toolsets": "auth,mementos", "api_token": KEY},
        {"toolsets": "auth", "lazy_sign_in": False},
    ],
    ids=str,
)
async def test_where_nobody_is_signed_in_the_status_names_tools_that_are_there(
    era: Era, settings: dict[str, Any]
) -> None:
    async with agent_on(server_on(usual().transport, **settings), era) as agent:
        then = (await agent.call("session_status"))["next"]
        assert "`login`" in then
        assert not await missing_of(agent, then)


@each_era
@pytest.mark.promise("tools:list:read-only-and-toolsets")
async def test_a_key_is_said_to_serve_what_takes_it_and_no_more(era: Era) -> None:
    async with agent_on(server_on(usual().transport, toolsets="auth,mementos", api_token=KEY), era) as agent:
        assert (await agent.call("session_status"))["next"] == (
            "Nobody is signed in. Tools that take an API key go on by REMEMBERIZER_API_TOKEN; `login` adds the account."
        )


@each_era
@pytest.mark.promise("tools:list:read-only-and-toolsets")
async def test_where_tools_sign_in_nobody_an_ended_session_leads_to_login_alone(era: Era, clock: FakeClock) -> None:
    async with agent_on(server_on(usual().transport, clock, lazy_sign_in=False), era) as agent:
        await agent.call("login", **ADA)
        clock.advance(12 * 3600 + 1)
        then = (await agent.call("session_status"))["next"]
    assert then == "The session came to the end of its life: call `login` to sign in again."


@each_era
@pytest.mark.promise("tools:list:read-only-and-toolsets", "sign-in:lazy:first-call-answered")
async def test_without_auth_and_lazy_sign_in_the_setting_is_named(era: Era) -> None:
    server = server_on(usual().transport, toolsets="mementos", lazy_sign_in=False, api_token=KEY)
    async with agent_on(server, era) as agent:
        error = await agent.fails("list_mementos")
    assert error["code"] == "not_signed_in"
    assert "REMEMBERIZER_LAZY_SIGN_IN" in error["hint"]
    assert "`login`" not in error["hint"]


@each_era
@pytest.mark.promise("tools:list:read-only-and-toolsets", "tools:resources:constant")
async def test_without_auth_a_resource_that_fails_advises_what_can_be_done(era: Era) -> None:
    server = server_on(knowledge({"documents/1/contents/": REFUSED}).transport, toolsets="knowledge", **ADA)
    async with agent_on(server, era) as agent:
        with pytest.raises(MCPError, match=r"session_expired: .* Call again, which signs in anew"):
            await agent.client.read_resource("rememberizer://documents/1")


@each_era
@pytest.mark.promise("tools:list:read-only-and-toolsets")
@pytest.mark.parametrize(
    ("answers", "code", "advice"),
    [
        ({SEARCH: REFUSED, "auth/custom-refresh/": REFUSED}, "session_expired", "Call again, which signs in anew"),
        ({SEARCH: REFUSED}, "session_expired", "Call again, which signs in anew"),
        (
            {SEARCH: reply(403), "me/": reply(200, json={"email_verified": False})},
            "email_not_verified",
            "verify the ad",
        ),
        ({"auth/signin/": reply(403, json={"detail": "Verify your e-mail."})}, "email_not_verified", "verify the addr"),
        ({SEARCH: reply(404)}, "not_found", "Check the id"),
    ],
)
async def test_without_auth_a_failure_advises_what_can_be_done(
    era: Era, answers: dict[str, Any], code: str, advice: str
) -> None:
    async with agent_on(server_on(knowledge(answers).transport, toolsets="knowledge", **ADA), era) as agent:
        error = await agent.fails("search", query="tea")
        assert error["code"] == code
        assert advice in error["hint"]
        assert not await missing_of(agent, error["hint"])


@each_era
@pytest.mark.promise("tools:list:read-only-and-toolsets")
async def test_without_auth_a_strange_handle_and_a_declined_sign_in_name_no_login(era: Era) -> None:
    server = server_on(knowledge().transport, None, Around(patience_seconds=5), toolsets="knowledge")
    async with agent_on(server, era, elicitation_callback=Asking("decline")) as agent:
        for arguments, code in (({"session": "rs_nobody"}, "unknown_session"), ({}, "sign_in_failed")):
            error = await agent.fails("search", query="tea", **arguments)
            assert error["code"] == code
            assert not await missing_of(agent, error["hint"])
        await resync()


def combinations() -> Iterator[Settings]:
    """Every choice of toolsets, read-only or not, with secret arguments or without, on the sandbox or not."""
    for count in range(1, len(TOOLSETS) + 1):
        for chosen_ones in itertools.combinations(TOOLSETS, count):
            for read_only, secret_arguments in itertools.product((False, True), repeat=2):
                yield Settings(toolsets=",".join(chosen_ones), read_only=read_only, secret_arguments=secret_arguments)


@pytest.mark.promise("tools:list:read-only-and-toolsets", "tools:resources:prompts")
async def test_no_description_names_a_tool_that_is_not_listed() -> None:
    for settings in combinations():
        async with Client(build_server(settings)) as client:
            tools = (await client.list_tools()).tools
            prompts = [
                await client.get_prompt(prompt.name, {each.name: "tea" for each in prompt.arguments or []})
                for prompt in (await client.list_prompts()).prompts
            ]
            said = [client.instructions, *(each.model_dump_json() for each in [*tools, *prompts])]
            named = set(re.findall(r"`(\w+)`", " ".join(map(str, said)))) & EVERY
            assert named <= {tool.name for tool in tools}, settings


@pytest.mark.promise("sign-in:lazy:first-call-answered", "tools:list:read-only-and-toolsets")
async def test_the_instructions_promise_no_sign_in_that_was_switched_off() -> None:
    for lazy in (True, False):
        async with Client(build_server(Settings(lazy_sign_in=lazy))) as client:
            assert "starts the sign-in itself, or says what does" in (client.instructions or "")
