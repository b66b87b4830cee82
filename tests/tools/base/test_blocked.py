"""A page of whoever stands before Rememberizer, and an account without a password: what the tools advise."""

from typing import Any

import httpx
import pytest

from tests.support.agent import ADA, agent_on, server_on
from tests.support.knowledge import KEY, knowledge
from tests.support.person import visit
from tests.support.ports import free_port
from tests.support.sessions import resync
from tests.support.stores import STORE_KEY, stocked
from tests.support.upstream import reply, usual

PAGES = [
    reply(403, content=b"<html><title>Just a moment...</title>captcha, verify your email</html>"),
    reply(401, content=b"<html>401 Authorization Required</html>", headers={"content-type": "application/json"}),
    reply(400, content=b"Bad Request"),
]
each_page = pytest.mark.parametrize("answer", PAGES, ids=["challenge", "proxy", "text"])
OWN_SESSION = "Sign in without a password (Google, Microsoft)"


@pytest.mark.promise("upstream:strangers-page:own-advice")
@each_page
@pytest.mark.parametrize(("tool", "more"), [("login", {}), ("login", {"captcha": "s"}), ("signup", {"name": "Ada"})])
async def test_a_sign_in_that_a_page_stopped_names_the_way_through_a_browser(
    answer: httpx.Response, tool: str, more: dict[str, Any]
) -> None:
    upstream = usual(signin=answer, signup=answer)
    async with agent_on(server_on(upstream.transport)) as agent:
        error = await agent.fails(tool, **ADA, **more)
        assert (error["code"], error["status"], error["retryable"]) == (
            "upstream_unavailable",
            answer.status_code,
            True,
        )
        assert OWN_SESSION in error["hint"]
        assert ("create the account there, at rememberizer.ai. Then call `login`" in error["hint"]) == (
            tool == "signup"
        )
        assert "may have been created" not in error["hint"]
        assert (await agent.call("session_status"))["state"] == "signed_out"
    assert len(upstream.requests) == 1


@pytest.mark.promise("upstream:strangers-page:own-advice")
async def test_where_the_settings_hold_the_password_the_setting_that_helps_is_named() -> None:
    upstream = usual(signin=PAGES[0])
    async with agent_on(server_on(upstream.transport, **ADA)) as agent:
        for arguments in ({}, ADA):
            error = await agent.fails("login", **arguments)
            assert error["code"] == "upstream_unavailable"
            assert "REMEMBERIZER_REFRESH_TOKEN" in error["hint"]


@pytest.mark.promise("upstream:strangers-page:own-advice")
async def test_a_sign_in_that_rememberizer_itself_could_not_answer_sends_nobody_to_a_browser() -> None:
    upstream = usual(signin=reply(503, content=b"<html>"))
    async with agent_on(server_on(upstream.transport)) as agent:
        assert OWN_SESSION not in (await agent.fails("login", **ADA))["hint"]


@pytest.mark.promise("upstream:strangers-page:key-kept")
@each_page
async def test_a_page_does_not_blame_the_key(answer: httpx.Response) -> None:
    upstream = knowledge({"documents/search/": [answer, reply(200, json={"matched_chunks": []})]})
    async with agent_on(server_on(upstream.transport, api_token=KEY)) as agent:
        error = await agent.fails("search", query="x")
        assert (error["code"], error["status"]) == ("upstream_unavailable", answer.status_code)
        assert "API_TOKEN" not in str(error)
        assert (await agent.call("search", query="x"))["matches"] == []
    assert all(request.headers["X-API-Key"] == KEY for request in upstream.requests)


@pytest.mark.promise("upstream:strangers-page:key-kept")
@each_page
async def test_a_page_does_not_blame_the_store_s_key_and_a_write_is_not_repeated(answer: httpx.Response) -> None:
    upstream = stocked({"vector-stores/vs_abc123/documents/create": answer})
    settings = {"toolsets": "all", "vector_store_token": STORE_KEY}
    async with agent_on(server_on(upstream.transport, **settings)) as agent:
        error = await agent.fails("add_vector_text", name="x", text="y")
    assert error["code"] == "upstream_unavailable"
    assert "may have been added" not in error["hint"]
    assert len(upstream.asked("vector-stores/vs_abc123/documents/create")) == 1


@pytest.mark.promise("sign-in:ways:no-password")
@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refused_password_names_the_way_for_accounts_that_have_none(status: int) -> None:
    async with agent_on(server_on(usual(signin=reply(status)).transport)) as agent:
        error = await agent.fails("login", **ADA)
    assert error["code"] == "invalid_credentials"
    assert "Google or Microsoft" in error["hint"]
    assert OWN_SESSION in error["hint"]


@pytest.mark.promise("sign-in:ways:no-password")
@pytest.mark.parametrize("has_app", [False, True])
async def test_the_page_that_opens_has_what_the_advice_names(has_app: bool) -> None:
    app = {"oauth_client_id": "app", "oauth_client_secret": "s", "oauth_port": free_port()} if has_app else {}
    async with agent_on(server_on(usual(signin=reply(401)).transport, **app)) as agent:
        advised = (await agent.fails("login", **ADA))["hint"].split('"')[1::2]
        page = await visit((await agent.call("login", email=ADA["email"]))["sign_in_url"])
        await resync()
    assert [name for name in advised if name in page.text] == [advised[has_app]]


@pytest.mark.promise("sign-in:ways:no-password")
async def test_a_refused_password_of_the_settings_names_the_setting_for_accounts_that_have_none() -> None:
    async with agent_on(server_on(usual(signin=reply(401)).transport, **ADA)) as agent:
        error = await agent.fails("login")
    assert "Google or Microsoft may have no password: REMEMBERIZER_REFRESH_TOKEN" in error["hint"]


@pytest.mark.promise("sign-in:ways:no-password")
async def test_a_refused_key_speaks_of_no_password() -> None:
    upstream = knowledge({"documents/search/": reply(401)})
    async with agent_on(server_on(upstream.transport, api_token=KEY)) as agent:
        assert "password" not in str(await agent.fails("search", query="x"))
