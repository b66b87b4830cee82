"""The page of a remote person: it opens for them alone, and whoever else has the link learns nothing (S9)."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.responses import JSONResponse

from tests.support.agent import ADA, Agent
from tests.support.hosted import Hosted, RemoteBrowser, hosted, query_of, warnings_in
from tests.support.issuer import OURS, TOKEN
from tests.support.issuer_people import PeoplesServer, peoples_issuer
from tests.support.upstream import usual

pytestmark = pytest.mark.promise("page:remote:owner-only", "page:person:who-asked")
CALLBACK = "/sign-in/issuer/callback"
MADE_UP = "A" * 43


@asynccontextmanager
async def sent() -> AsyncIterator["Sent"]:
    """Ada's agent, which was given a link for her."""
    async with peoples_issuer() as issuer, hosted(issuer) as server, server.agent() as agent:
        yield Sent(server, issuer, agent, (await agent.call("login"))["sign_in_url"])


class Sent:
    """A link, and who may and who may not open it."""

    def __init__(self, server: Hosted, issuer: PeoplesServer, agent: Agent, url: str) -> None:
        self.server = server
        self.issuer = issuer
        self.agent = agent
        self.url = url
        self.ada = RemoteBrowser("ada")

    async def callback(self, browser: RemoteBrowser) -> str:
        """Where the issuer leads this browser back to; it stops before."""
        await browser.open(self.url, until=CALLBACK)
        return browser.trail[-1]

    async def with_id_token(self, **claims: object) -> httpx.Response:
        """What Ada gets if the issuer says this."""
        self.issuer.said = claims
        return await self.ada.open(self.url)


def essence(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """All of an answer but the time."""
    headers = [(name, value) for name, value in answer.headers.multi_items() if name != "date"]
    return answer.status_code, headers, answer.content


async def somebody_else(sent: Sent) -> httpx.Response:
    return await RemoteBrowser("grace").open(sent.url)


async def nobody(sent: Sent) -> httpx.Response:
    return await RemoteBrowser().open(sent.url)


async def replayed_state(sent: Sent) -> httpx.Response:
    assert (await sent.ada.open(sent.url)).status_code == 200
    return await sent.ada.open(next(each for each in sent.ada.trail if CALLBACK in each))


async def edited_ticket(sent: Sent) -> httpx.Response:
    return await sent.ada.open(sent.url[:-1] + ("A" if sent.url[-1] != "A" else "B"))


async def wrong_nonce(sent: Sent) -> httpx.Response:
    return await sent.with_id_token(nonce="another")


async def second_browser(sent: Sent) -> httpx.Response:
    back = await sent.callback(sent.ada)
    other = RemoteBrowser("ada")
    await sent.callback(other)  # it has a trip of its own
    return await other.open(back)


async def browser_without_cookies(sent: Sent) -> httpx.Response:
    return await RemoteBrowser("ada").open(await sent.callback(sent.ada))


async def made_up_state(sent: Sent) -> httpx.Response:
    back = await sent.callback(sent.ada)
    return await sent.ada.open(back.replace(query_of(back)["state"], "made-up"))


async def made_up_code(sent: Sent) -> httpx.Response:
    back = await sent.callback(sent.ada)
    return await sent.ada.open(back.replace(query_of(back)["code"], "made-up"))


async def code_of_another_trip(sent: Sent) -> httpx.Response:
    back, grace = await sent.callback(sent.ada), RemoteBrowser("grace")
    hers = query_of(await sent.callback(grace))["code"]
    return await sent.ada.open(back.replace(query_of(back)["code"], hers))


async def id_token_of_another_client(sent: Sent) -> httpx.Response:
    return await sent.with_id_token(aud="desktop")


async def id_token_for_us_by_another(sent: Sent) -> httpx.Response:
    return await sent.with_id_token(azp="desktop")


async def access_token_as_id_token(sent: Sent) -> httpx.Response:
    access = sent.issuer.signed(aud=[f"{sent.server.url}/mcp", OURS.client_id], azp=OURS.client_id)
    sent.issuer.answers[TOKEN] = lambda _: JSONResponse({"id_token": access, "token_type": "Bearer"})
    return await sent.ada.open(sent.url)


async def same_subject_at_another_issuer(sent: Sent) -> httpx.Response:
    return await sent.with_id_token(iss="https://id.example.org")


async def form_of_somebody_else(sent: Sent) -> httpx.Response:
    grace = RemoteBrowser("grace")
    await grace.open(sent.url)
    return await grace.send(sent.url, form="sign_in", **ADA)


async def form_without_a_look_at_the_page(sent: Sent) -> httpx.Response:
    return await sent.ada.send(sent.url, form="cancel")


WHO: dict[Callable[[Sent], Awaitable[httpx.Response]], str | None] = {
    somebody_else: "somebody else signed in at the issuer",
    nobody: "nobody signed in at the issuer",
    replayed_state: None,
    edited_ticket: None,
    wrong_nonce: "the issuer's answer was refused (ID token)",
    second_browser: None,
    browser_without_cookies: None,
    made_up_state: None,
    made_up_code: "the issuer's answer was refused (token)",
    code_of_another_trip: "the issuer's answer was refused (token)",
    id_token_of_another_client: "the issuer's answer was refused (ID token)",
    id_token_for_us_by_another: "the issuer's answer was refused (ID token)",
    access_token_as_id_token: "the issuer's answer was refused (algorithm or type)",
    same_subject_at_another_issuer: "the issuer's answer was refused (ID token)",
    form_of_somebody_else: "somebody else signed in at the issuer",
    form_without_a_look_at_the_page: None,
}
"""What the operator reads of a trip that came to its end; of what belongs to no trip, nothing."""


@pytest.mark.parametrize(("come", "why"), WHO.items(), ids=[each.__name__ for each in WHO])
async def test_whoever_else_comes_gets_the_answer_of_a_made_up_link_and_the_page_stays_open(
    come: Callable[[Sent], Awaitable[httpx.Response]], why: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="rememberizer_mcp")
    async with sent() as case:
        made_up = await RemoteBrowser("ada").open(f"{case.server.url}/sign-in/{MADE_UP}")
        answer = await come(case)
        handle = (await case.agent.call("session_status"))["session"][:8]
        case.issuer.said, case.issuer.answers = {}, {}
        shown = await case.ada.open(case.url)
    assert made_up.status_code == 404
    assert essence(answer) == essence(made_up)
    told = f"the sign-in page of session {handle}… opened for nobody: {why}"
    assert warnings_in(caplog.records) == ([told] if why else [])
    assert (shown.status_code, "Your confirm code" in shown.text) == (200, True)
    assert not case.server.upstream.requests


@pytest.mark.promise("sign-in:elicitation:no-credentials-in-url")
async def test_the_link_alone_opens_nothing_and_the_way_to_the_issuer_names_no_ticket() -> None:
    async with sent() as case:
        first = await RemoteBrowser().open(case.url, until="/authorization")
        ticket = case.url.rpartition("/")[2]
        assert (first.status_code, first.text) == (303, "")
        assert ticket not in first.headers["Location"]
        assert ticket not in first.headers["Set-Cookie"]
        assert query_of(first.headers["Location"])["redirect_uri"] == case.server.url + CALLBACK
        assert len(query_of(first.headers["Location"])["state"]) == 43


async def test_the_right_person_signs_in_with_a_password_and_the_agent_goes_on() -> None:
    async with sent() as case:
        shown = await case.ada.open(case.url)
        code = (await case.agent.call("login"))["confirm_code"]
        assert code in shown.text
        done = await case.ada.send(case.url, form="sign_in", **ADA)
        assert "You are signed in" in done.text
        assert (await case.agent.call("session_status"))["email"] == ADA["email"]
        assert "You are signed in" in (await case.ada.open(case.url)).text
        late = await RemoteBrowser("ada").open(case.url)
        other = await RemoteBrowser("grace").open(case.url)
    assert (late.status_code, "Somebody signed in by this link already" in late.text) == (410, True)
    assert other.status_code == 404


@pytest.mark.promise("sign-in:elicitation:bound-to-client")
async def test_two_links_in_one_browser_are_two_pages() -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server:
        ada, urls = RemoteBrowser("ada"), []
        for client in ("desktop", "phone"):
            async with server.agent(client=client) as agent:
                urls.append((await agent.call("login"))["sign_in_url"])
                await ada.open(urls[-1])
        led = len(ada.trail)
        for url in urls:
            assert (await ada.open(url)).status_code == 200
    assert len(ada.trail) == led


@pytest.mark.parametrize("kept", [None, "short", "A" * 44, "not a cookie of ours, but as long as one ..."])
async def test_two_tabs_of_one_browser_go_to_the_issuer_at_once_and_both_come_back(kept: str | None) -> None:
    async with peoples_issuer() as issuer, hosted(issuer) as server:
        ada, backs = RemoteBrowser("ada"), []
        ada.cookies |= {"__Host-issuer_trip": kept} if kept else {}
        for client in ("desktop", "phone"):
            async with server.agent(client=client) as agent:
                await ada.open((await agent.call("login"))["sign_in_url"], until=CALLBACK)
            backs.append(ada.trail[-1])
        assert [(await ada.open(back)).status_code for back in backs] == [200, 200]
        assert len(ada.cookies["__Host-issuer_trip"]) == 43


@pytest.mark.promise("page:account:meant")
async def test_the_form_of_a_page_is_that_of_its_account_on_a_public_address_too() -> None:
    async with peoples_issuer() as issuer, hosted(issuer, usual()) as server, server.agent() as agent:
        url = (await agent.call("login", email=ADA["email"]))["sign_in_url"]
        ada = RemoteBrowser("ada")
        shown = await ada.open(url)
        assert f'action="{url.removeprefix(server.url)}"' in shown.text
        assert "a…@example.org" in shown.text
        assert (await ada.open(f"{url}/another-account")).status_code == 200
        assert (await ada.open(f"{url}/made-up")).status_code == 404
