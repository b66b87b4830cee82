"""The pages on a public address: where they answer, what bounds them, and that there are none without our client."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.issuer import Issuer
from rememberizer_mcp.server.api.issuer_requests import RETRY_SECONDS
from rememberizer_mcp.server.api.shared import LAST_SECONDS
from rememberizer_mcp.server.signin.browsers import MOST_OF_PAGE
from rememberizer_mcp.server.signin.desk import MOST_ENDED
from rememberizer_mcp.server.signin.issuer_trip import MOST_TRIPS_OF_PAGE, TRIP_SECONDS
from rememberizer_mcp.server.signin.public import PublicPages
from starlette.responses import Response

from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.hosted import RemoteBrowser, hosted, query_of, warnings_in
from tests.support.issuer import METADATA, TOKEN
from tests.support.issuer_people import peoples_issuer
from tests.support.upstream import grant, reply, usual

CALLBACK = "/sign-in/issuer/callback"
APP: dict[str, Any] = {"oauth_client_id": "app", "oauth_client_secret": "canary-app-secret"}
pytestmark = pytest.mark.promise("page:remote:public-url")


async def asked(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.request(method, url, headers=headers)


@pytest.mark.promise("page:request:host-and-origin")
async def test_pages_answer_under_the_public_url_only() -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent() as agent:
        url = (await agent.call("login"))["sign_in_url"]
        ours = server.url.removeprefix("http://")
        refused = [
            await asked(url, Host="evil.example"),
            await asked(url, Host=f"localhost:{ours.partition(':')[2]}"),
            await asked(url, Origin="http://evil.example"),
            await asked(url, Origin="null"),
            await asked(url, "POST"),
            await asked(url, "POST", Origin="http://evil.example"),
            await asked(f"{server.url}{CALLBACK}", Host="evil.example"),
        ]
        taken = [await asked(url, Host=ours.upper()), await asked(url, Origin=server.url)]
    assert [answer.status_code for answer in refused] == [403] * 7
    assert {answer.text for answer in refused} == {
        "This page answers under its own address only: open the link exactly as your assistant gave it.\n"
    }
    assert [answer.status_code for answer in taken] == [303, 303]


@pytest.mark.promise("page:remote:owner-only")
@pytest.mark.parametrize("blank", ["\xa0", "\x85"])
async def test_a_site_of_the_same_domain_can_set_no_cookie_of_a_page(blank: str) -> None:
    """A browser lets it set one of another name, as this is (tried in Chromium); Python strips such a blank."""
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent("grace") as agent:
        grace = RemoteBrowser("grace")
        await grace.open((await agent.call("login"))["sign_in_url"], until=CALLBACK)
        name, back = "__Host-issuer_trip", grace.trail[-1]
        own = f"{name}={grace.cookies[name]}"
        answers = []
        for cookies in (f"{blank}{own}", f"{name}=x; {own}", f"a=b;\t{own} ; {name}=x"):
            async with httpx.AsyncClient(trust_env=False) as victim:
                answers.append(await victim.get(back, headers={b"Cookie": cookies.encode("latin-1")}))
    assert [answer.status_code for answer in answers] == [404, 404, 303]


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_every_answer_there_has_the_headers_of_a_page_and_says_on_which_host_it_is() -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent() as agent:
        ada = RemoteBrowser("ada")
        led = await RemoteBrowser("ada").open((await agent.call("login"))["sign_in_url"], until="/authorization")
        shown = await ada.open((await agent.call("login"))["sign_in_url"])
    for answer in (led, shown):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    host = server.url.removeprefix("http://")
    assert f"This page is on {host}." in shown.text
    assert f">On {host}<" in shown.text
    assert "your own computer" not in shown.text


@pytest.mark.promise("page:remote:no-client")
@pytest.mark.parametrize(("tool", "arguments"), [("login", {}), ("signup", {}), ("search", {"query": "tea"})])
async def test_without_our_client_at_the_issuer_there_is_no_page_and_the_agent_is_told_what_is_missing(
    tool: str, arguments: Mapping[str, str]
) -> None:
    async with peoples_issuer() as issuer, hosted(issuer, client=None, **APP) as server, server.agent() as agent:
        error = await agent.fails(tool, **arguments)
        assert (error["code"], error["retryable"]) == ("sign_in_failed", False)
        assert "no client of its authorization server" in error["message"]
        for setting in ("REMEMBERIZER_ISSUER_CLIENT_ID", "REMEMBERIZER_ISSUER_CLIENT_SECRET"):
            assert setting in error["hint"]
        assert (await agent.call("session_status"))["state"] == "signed_out"
        paths = ["made-up", "oauth/callback?state=s&code=c", "issuer/callback?state=s&code=c", ""]
        answers = [await asked(f"{server.url}/sign-in/{path}") for path in paths]
        assert [(answer.status_code, answer.text) for answer in answers] == [(404, "")] * len(paths)
        assert (await agent.call("login", **ADA))["state"] == "signed_in"


@pytest.mark.promise("sessions:oauth:state-once")
async def test_rememberizers_consent_page_leads_back_to_the_public_address() -> None:
    upstream = usual(token=reply(200, json=grant()))
    async with peoples_issuer() as issuer, hosted(issuer, upstream, **APP) as server, server.agent() as agent:
        url = (await agent.call("login"))["sign_in_url"]
        ada = RemoteBrowser("ada")
        shown = await ada.open(url)
        left = await ada.send(url, until="/api/v1/auth/oauth2/authorize/", form="oauth")
        query = query_of(left.headers["Location"])
        assert query["redirect_uri"] == f"{server.url}/sign-in/oauth/callback"
        back = f"{query['redirect_uri']}?state={query['state']}&code=canary-code"
        stranger = await RemoteBrowser("grace").open(back)
        done = await ada.open(back)
        assert (await agent.call("session_status"))["method"] == "oauth"
    assert 'value="oauth"' in shown.text
    assert (stranger.status_code, "You are signed in" in done.text) == (404, True)


@pytest.mark.promise("page:remote:bounded")
async def test_a_trip_ends_after_ten_minutes_and_beyond_many_at_one_page_none_begins_before_that() -> None:
    clock = FakeClock()
    async with peoples_issuer() as issuer, hosted(issuer, clock=clock) as server, server.agent() as agent:
        url = (await agent.call("login"))["sign_in_url"]
        browsers = [RemoteBrowser("ada") for _ in range(MOST_TRIPS_OF_PAGE + 1)]
        statuses = [(await browser.open(url, until=CALLBACK)).status_code for browser in browsers]
        assert statuses == [303] * MOST_TRIPS_OF_PAGE + [503]
        first, second = browsers[:2]
        clock.advance(TRIP_SECONDS - 1)
        assert (await first.open(first.trail[-1])).status_code == 200
        clock.advance(1)
        assert (await second.open(second.trail[-1])).status_code == 404
        assert (await browsers[-1].open(url, until="/nowhere")).status_code != 503


@pytest.mark.promise("authorization:sign-in:person")
@pytest.mark.parametrize(("seconds", "status"), [(1, 200), (-1, 404)])
async def test_what_the_issuer_says_of_a_person_is_over_by_the_clock_of_the_pages(seconds: int, status: int) -> None:
    clock = FakeClock()
    clock.advance(864_000_000)
    async with peoples_issuer() as issuer, hosted(issuer, clock=clock) as server, server.agent() as agent:
        issuer.said = {"exp": clock() + seconds}
        answer = await RemoteBrowser("ada").open((await agent.call("login"))["sign_in_url"])
    assert answer.status_code == status


@pytest.mark.promise("page:remote:bounded")
async def test_a_trip_ends_with_its_page_and_no_page_that_is_remembered_loses_one() -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent() as agent:
        browsers = []
        for _ in range(MOST_ENDED + 1):
            browsers.append(RemoteBrowser("ada"))
            await browsers[-1].open((await agent.call("login"))["sign_in_url"], until=CALLBACK)
            await agent.call("logout")
        statuses = [(await browser.open(browser.trail[-1], until=CALLBACK)).status_code for browser in browsers[:2]]
        ends = [browser.trail[-1] for browser in browsers[:2]]
    assert statuses == [404, 410]
    assert [CALLBACK in end for end in ends] == [True, False]


@pytest.mark.promise("page:remote:bounded")
async def test_a_page_lets_so_many_browsers_in_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent() as agent:
        url = (await agent.call("login"))["sign_in_url"]
        browsers = [RemoteBrowser("ada") for _ in range(MOST_OF_PAGE + 1)]
        statuses = [(await browser.open(url)).status_code for browser in browsers]
        again = [(await browser.open(url)).status_code for browser in browsers[:2]]
    assert (statuses, again) == ([200] * MOST_OF_PAGE + [404], [200, 200])
    assert [told.rpartition(": ")[2] for told in warnings_in(caplog.records)] == ["too many browsers"]


@pytest.mark.promise("authorization:keys:issuer-down")
@pytest.mark.parametrize("down", [METADATA, TOKEN])
async def test_while_the_issuer_cant_be_asked_the_person_is_told_to_come_again(down: str) -> None:
    keys_clock = FakeClock()
    async with peoples_issuer() as issuer, hosted(issuer, keys_clock=keys_clock) as server, server.agent() as agent:
        url = (await agent.call("login"))["sign_in_url"]
        issuer.answers[down] = lambda _: Response(status_code=500)
        keys_clock.advance(LAST_SECONDS if down == METADATA else 0)
        answer = await RemoteBrowser("ada").open(url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "Open the link again in a minute" in answer.text
        issuer.answers.clear()
        keys_clock.advance(RETRY_SECONDS)
        assert (await RemoteBrowser("ada").open(url)).status_code == 200


async def test_pages_that_no_server_runs_yet_answer_nobody() -> None:
    issuer = Issuer("https://id.example.org")
    pages = PublicPages("https://mcp.example.org", issuer=issuer, person_of=lambda _: ("", ""))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages)) as client:
        answer = await client.get("https://mcp.example.org/sign-in/ticket")
    assert (answer.status_code, pages.base_url) == (404, "https://mcp.example.org/sign-in")
