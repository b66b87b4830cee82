"""To Rememberizer's consent page and back: state and PKCE, used once, by the browser that began."""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import anyio
import httpx
import pytest
from pydantic_core import to_json
from rememberizer_mcp.server.sessions.shelf import MemoryShelf
from rememberizer_mcp.server.signin.consent import Consent

from tests.server.signin.visits import page
from tests.support.agent import ADA, Agent, Around, agent_on, server_on
from tests.support.clock import leap
from tests.support.person import visit
from tests.support.ports import free_port
from tests.support.sessions import resync
from tests.support.tab import Tab
from tests.support.upstream import BASE_URL, FakeUpstream, grant, reply, usual

SECRET = "canary-client-secret"
PATIENT = Around(patience_seconds=5)


@asynccontextmanager
async def consenting(
    upstream: FakeUpstream, around: Around = PATIENT, **settings: Any
) -> AsyncIterator[tuple[Agent, Tab]]:
    app = {"oauth_client_id": "app", "oauth_client_secret": SECRET, "oauth_port": free_port(), **settings}
    async with (
        agent_on(server_on(upstream.transport, None, around, **app)) as agent,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        url = (await agent.call("login"))["sign_in_url"]
        shown = await client.get(url)
        assert 'value="oauth"' in shown.text
        assert f"form-action 'self' {BASE_URL.rpartition('/api')[0]}" in shown.headers["content-security-policy"]
        yield agent, Tab(client, url)
        await resync()


async def outcome(agent: Agent) -> str:
    return str((await agent.call("session_status"))["state"])


def granted(**overrides: Any) -> FakeUpstream:
    return usual(token=reply(200, json=grant()), **overrides)


@pytest.mark.promise("sessions:oauth:state-once", "sessions:oauth:documented-calls", "sign-in:ways:first-that-applies")
async def test_the_code_is_exchanged_with_its_verifier_and_the_session_is_oauths() -> None:
    upstream = granted()
    async with consenting(upstream) as (agent, tab):
        query = await tab.leave()
        assert len(query["state"]) == 43
        assert query["redirect_uri"] == tab.origin + "/oauth/callback"
        shown = await tab.come_back(state=query["state"], code="canary-code")
        assert (str(shown.url), "You are signed in" in shown.text) == (tab.url, True)
        status = await agent.call("session_status")
        assert (status["state"], status["method"], status["can_refresh"]) == ("signed_in", "oauth", True)
    sent = dict(parse_qsl(upstream.asked("auth/oauth2/token/")[0].content.decode()))
    challenge = urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).decode().rstrip("=")
    assert (sent["code"], query["code_challenge"]) == ("canary-code", challenge)


@pytest.mark.promise("page:account:meant", "upstream:time:budget")
async def test_an_account_that_nobody_named_is_given_back_also_when_the_time_for_its_sign_in_is_over() -> None:
    def late(_: httpx.Request) -> httpx.Response:
        leap(4)
        return reply(503)

    upstream = granted(me=late)
    async with consenting(upstream, email=ADA["email"], timeout_seconds=3) as (agent, tab):
        query = await tab.leave()
        shown = await tab.come_back(state=query["state"], code="c")
        assert "This page takes the account a…@example.org only." in shown.text
        assert await outcome(agent) == "pending"
    assert len(upstream.asked("auth/custom-logout/")) == 1


@pytest.mark.promise("sessions:oauth:state-once")
async def test_a_wrong_state_another_browser_and_a_replay_are_refused_and_harm_nothing() -> None:
    upstream = granted()
    async with consenting(upstream) as (agent, tab):
        query = await tab.leave()
        refused = [
            await tab.come_back(state="wrong", code="c"),
            await tab.come_back(code="c"),
            await visit(f"{tab.origin}/oauth/callback?state={query['state']}&code=c"),
        ]
        assert await outcome(agent) == "pending"
        newer = await tab.leave()
        refused.append(await tab.come_back(state=query["state"], code="c"))
        assert "You are signed in" in (await tab.come_back(state=newer["state"], code="c")).text
        assert await outcome(agent) == "signed_in"
    assert {(answer.status_code, answer.text) for answer in refused} == {(404, refused[0].text)}
    assert len(upstream.asked("auth/oauth2/token/")) == 1


async def test_a_refused_consent_is_explained_where_it_was_given_whatever_was_asked_for_since() -> None:
    async with consenting(usual(token=reply(400, json={"error": "invalid_grant"}))) as (agent, tab):
        query = await tab.leave()
        await agent.call("signup")
        shown = await tab.come_back(state=query["state"], code="c")
        assert "refused the authorization code" in shown.text
        assert ('value="oauth"' in shown.text, 'value="sign_up"' in shown.text) == (True, False)


@pytest.mark.promise("sessions:oauth:state-once", "sign-in:request-state:once")
async def test_a_state_works_once() -> None:
    upstream = usual(token=reply(400, json={"error": "invalid_grant"}))
    async with consenting(upstream) as (_, tab):
        query = await tab.leave()
        assert "refused the authorization code" in (await tab.come_back(state=query["state"], code="c")).text
        assert (await tab.come_back(state=query["state"], code="c")).status_code == 404
    assert len(upstream.asked("auth/oauth2/token/")) == 1


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart", "sessions:oauth:state-once")
async def test_a_person_who_refuses_at_rememberizer_ends_the_page_and_the_agent_is_told() -> None:
    errors: list[dict[str, Any]] = []
    async with consenting(granted()) as (agent, tab):

        async def login() -> None:
            errors.append(await agent.fails("login"))

        query = await tab.leave()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(login)
            await anyio.wait_all_tasks_blocked()
            shown = await tab.come_back(state=query["state"], error="access_denied")
        assert (shown.status_code, "The sign-in was declined." in shown.text) == (410, True)
    assert (errors[0]["code"], errors[0]["message"]) == ("sign_in_failed", "The user declined to sign in.")


@pytest.mark.promise("sign-in:elicitation:outcomes-told-apart", "sessions:oauth:state-once")
@pytest.mark.parametrize("error", ["server_error", "invalid_scope", ""])
async def test_an_error_of_the_consent_page_is_not_taken_for_a_refusal(error: str) -> None:
    errors: list[dict[str, Any]] = []
    async with consenting(granted()) as (agent, tab):

        async def login() -> None:
            errors.append(await agent.fails("login"))

        query = await tab.leave()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(login)
            await anyio.wait_all_tasks_blocked()
            shown = await tab.come_back(state=query["state"], error=error)
        assert "consent page reported an error" in shown.text
    assert (errors[0]["code"], "declined" in errors[0]["message"]) == ("sign_in_failed", False)


@pytest.mark.promise("page:person:credentials-stay-here", "settings:secrets:never-shown")
async def test_a_wrong_client_secret_is_a_sentence_on_the_page_and_shown_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    upstream = usual(token=reply(401, json={"error": "invalid_client", "error_description": SECRET}))
    async with consenting(upstream) as (agent, tab):
        query = await tab.leave()
        shown = await tab.come_back(state=query["state"], code="canary-code")
        assert "this server's OAuth client id and secret" in " ".join(shown.text.replace("&#39;", "'").split())
        status = await agent.call("session_status")
        assert status["state"] == "pending"
        seen = shown.text + json.dumps(status) + re.sub(r"HTTP Request.*", "", caplog.text)
    for secret in (SECRET, "canary-code"):
        assert secret not in seen


@pytest.mark.promise("sign-in:end:page-closed", "sessions:oauth:state-once")
async def test_an_answer_that_comes_after_the_page_ended_is_refused() -> None:
    upstream = granted()
    async with consenting(upstream) as (agent, tab):
        query = await tab.leave()
        await agent.call("logout")
        await agent.call("login")
        late = await tab.come_back(state=query["state"], code="c")
        assert (late.status_code, "closed by a sign-out" in late.text) == (410, True)
    assert not upstream.requests


@pytest.mark.promise("page:forms:work-and-stay")
async def test_with_oauth_an_account_can_still_be_made_on_the_page() -> None:
    async with consenting(granted(), Around()) as (agent, tab):
        await agent.call("signup")
        assert 'value="sign_up"' in (await visit(tab.url)).text
        assert "A code was mailed" in (await visit(tab.url, form="sign_up", **ADA)).text


@pytest.mark.promise("page:refusal:captcha-leads-on")
async def test_with_oauth_a_captcha_at_a_sign_up_leads_to_the_consent_page() -> None:
    async with consenting(granted(signup=reply(400, json={"captcha": ["required"]}))) as (agent, tab):
        await agent.call("signup")
        refused = (await visit(tab.url, form="sign_up", **ADA)).text
        assert f'class="way" href="/{tab.url.rpartition("/")[2]}/oauth"' in refused
        assert 'value="oauth"' in (await visit(f"{tab.url}/oauth")).text
        await tab.come_back(state=(await tab.leave())["state"], code="c")
        assert await outcome(agent) == "signed_in"


@pytest.mark.promise("page:refusal:captcha-leads-on")
async def test_without_an_app_no_page_leads_to_the_consent_page() -> None:
    async with page(usual()) as (_, url):
        assert (await visit(f"{url}/oauth")).status_code == 404


@pytest.mark.promise("sessions:oauth:state-once", "settings:secrets:never-shown")
def test_a_trip_shows_no_secret_in_its_repr() -> None:
    trip = Consent(ticket="canary", page_browser="canary")
    assert "canary" not in repr(trip)
    assert not [value for value in vars(trip).values() if isinstance(value, str) and value in repr(trip)]


@pytest.mark.promise("hosting:store:unreadable")
async def test_a_trip_of_another_release_is_none() -> None:
    shelf = MemoryShelf()
    await shelf.put("consent", "state", to_json({"ticket": "a", "browser": "b", "later": "c"}), seconds=60)
    assert await Consent.come_back(shelf, state="state", browser="b") is None
