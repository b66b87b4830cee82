"""What is counted, and by which names: tools, codes, families and classes, and nothing that anybody wrote."""

import json
from typing import Any

import anyio
import httpx
import pytest
from mcp_types import ElicitResult
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.api.client import RememberizerAPI
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes
from rememberizer_mcp.server.clients import Clients
from rememberizer_mcp.server.errors import AccountChanged, RememberizerError
from rememberizer_mcp.server.http.metrics import SECONDS as BUCKETS
from rememberizer_mcp.server.http.metrics import Metrics

from tests.docs.errors_page import codes
from tests.support.agent import ADA, ERAS, GRACE, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock, Reading
from tests.support.metrics import CALLS, REFRESHES, REQUESTS, SECONDS, SESSIONS, exposition, labels, samples
from tests.support.needing import needing
from tests.support.rest import GET, Parts, send
from tests.support.sessions import resync
from tests.support.stores import keeper, stocked
from tests.support.tenants import CALLS as OF_EACH_TOOL
from tests.support.tenants import HELD, READS, completed, read, upstream_of_ada
from tests.support.upstream import BASE_URL, Answer, FakeUpstream, Slow, reply, tokens, usual

each_era = pytest.mark.parametrize("era", ERAS)
COUNTED = pytest.mark.promise("hosting:metrics:counted")
OWNER = json.dumps(["https://canary.example", "canary-client", "canary-subject"])
CLASSES = {"2xx", "3xx", "4xx", "5xx", "timeout", "unreachable", "protocol", "cancelled"}


def around(metrics: Metrics, **more: Any) -> Around:
    return Around(clients=Clients(meter=metrics, owner_of=lambda: OWNER, most_sessions=9), **more)


@COUNTED
@each_era
async def test_calls_are_counted_by_tool_and_code_and_measured_by_the_clock_that_was_given(era: Era) -> None:
    metrics = Metrics(clock=Reading(2.0))
    server = server_on(usual().transport, None, around(metrics), read_only=True, lazy_sign_in=False)
    async with agent_on(server, era) as agent:
        await agent.call("login", **ADA)
        await agent.call("session_status")
        await agent.call("session_status")
        await agent.fails("session_status", session="rs_canary")
        await agent.fails("search")
        for name in ("remember", "canary_tool"):
            await agent.client.call_tool(name, {"name": "canary"})
    text = exposition(metrics)
    assert samples(text, CALLS) == {
        ("ok", "login"): 1,
        ("ok", "session_status"): 2,
        ("unknown_session", "session_status"): 1,
        ("invalid_arguments", "search"): 1,
        ("read_only", "remember"): 1,
    }
    assert samples(text, f"{SECONDS}_sum")["session_status",] == 6.0
    buckets = samples(text, f"{SECONDS}_bucket")
    assert [buckets[str(float(end)), "session_status"] for end in (1, 2.5, BUCKETS[-1])] == [0, 3, 3]


@COUNTED
@each_era
async def test_a_call_for_which_the_client_asks_its_user_first_is_no_success_yet(era: Era) -> None:
    async def say_yes(*_: object) -> ElicitResult:
        return ElicitResult(action="accept", content={})

    metrics = Metrics()
    patient = around(metrics, patience_seconds=5)
    async with keeper(stocked(), era, around=patient, elicitation_callback=say_yes) as agent:
        await agent.call("delete_memento", id=12)
    asked = {("input_required", "delete_memento"): 1.0} if era == "2026-07-28" else {}
    counted = samples(exposition(metrics), CALLS)
    assert counted == {("ok", "login"): 1, ("ok", "delete_memento"): 1, **asked}


@COUNTED
async def test_a_call_that_nobody_waits_for_any_longer_is_counted_too_and_so_is_its_request() -> None:
    metrics, slow = Metrics(), Slow(reply())
    upstream = usual(account=slow)
    with anyio.fail_after(5), anyio.CancelScope() as scope:
        async with agent_on(server_on(upstream.transport, None, around(metrics, more_tools=[needing()]))) as agent:
            await agent.call("login", **ADA)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(agent.call, "ask")
                await slow.asked.wait()
                scope.cancel()
    await resync()
    text = exposition(metrics)
    assert samples(text, CALLS)["cancelled", "ask"] == 1
    assert samples(text, REQUESTS)["cancelled", "account"] == 1


def failing(error: Exception) -> FakeUpstream:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return FakeUpstream({"me/": fail})


def answering(*answers: httpx.Response) -> FakeUpstream:
    return FakeUpstream({"me/": list(answers)})


LARGE = httpx.Response(200, stream=Parts(b" " * 5_000_001))
ENDS: dict[str, tuple[FakeUpstream, dict[str, int]]] = {
    "success": (answering(reply(200, json={})), {"2xx": 1}),
    "refusal": (answering(reply(404)), {"4xx": 1}),
    "elsewhere": (answering(reply(302)), {"3xx": 1}),
    "too large": (FakeUpstream({"me/": lambda _: LARGE}), {"2xx": 1}),
    "each attempt": (answering(reply(503), reply(429), reply(200, json={})), {"5xx": 1, "4xx": 1, "2xx": 1}),
    "no answer in time": (failing(httpx.ReadTimeout("canary")), {"timeout": 1}),
    "nobody there": (failing(httpx.ConnectError("canary")), {"unreachable": 4}),
    "no HTTP": (failing(httpx.RemoteProtocolError("canary")), {"protocol": 1}),
    "budget": (FakeUpstream({"me/": Slow(reply())}), {"timeout": 1}),
}


@COUNTED
@pytest.mark.parametrize("end", ENDS)
async def test_requests_to_rememberizer_are_counted_by_how_they_end(end: str, clock: FakeClock) -> None:
    upstream, counted = ENDS[end]
    metrics = Metrics()
    api = RememberizerAPI(base_url=BASE_URL, transport=upstream.transport, sleep=clock.sleep, now=clock, meter=metrics)
    try:
        await send(api, seconds=0.2 if end == "budget" else 5)
    except RememberizerError:
        await resync()
    await api.aclose()
    assert samples(exposition(metrics), REQUESTS) == {(each, "me"): number for each, number in counted.items()}


class Overtaken:
    """A sign-in whose session holds another by now."""

    version, owner = 0, None

    def headers(self, _: Takes, *, url: str) -> dict[str, str]:
        raise AccountChanged(url)


@COUNTED
async def test_a_request_that_another_sign_in_kept_from_being_sent_is_not_counted(clock: FakeClock) -> None:
    metrics, upstream = Metrics(), usual()
    api = RememberizerAPI(base_url=BASE_URL, transport=upstream.transport, sleep=clock.sleep, now=clock, meter=metrics)
    with pytest.raises(AccountChanged):
        await api.send(GET, Overtaken())
    await api.aclose()
    assert (upstream.requests, samples(exposition(metrics), REQUESTS)) == ([], {})


@COUNTED
async def test_renewals_are_counted_by_their_outcome_and_sessions_as_long_as_they_are_held(clock: FakeClock) -> None:
    metrics = Metrics()
    renewals: list[Answer] = [reply(cookies=tokens(2)), reply(500), reply(401)]
    server = server_on(usual(custom_refresh=renewals).transport, clock, around(metrics))
    assert samples(exposition(metrics), SESSIONS) == {(): 0}
    async with agent_on(server) as agent:
        await agent.call("login", **ADA)
        await agent.call("refresh")
        assert [(await agent.fails("refresh"))["code"] for _ in range(2)] == [
            "upstream_unavailable",
            "session_expired",
        ]
        assert samples(exposition(metrics), SESSIONS) == {(): 1}
        await agent.call("logout")
        text = exposition(metrics)
    assert samples(text, SESSIONS) == {(): 0}
    assert samples(text, REFRESHES) == {("ok",): 1, ("upstream_unavailable",): 1, ("session_expired",): 1}


@pytest.mark.promise("hosting:metrics:no-names")
@each_era
async def test_no_label_holds_what_a_person_a_client_or_upstream_wrote(era: Era) -> None:
    metrics, upstream = Metrics(), upstream_of_ada()
    server = server_on(upstream.transport, None, around(metrics), toolsets="all", lazy_sign_in=False)
    async with agent_on(server, era) as agent:
        handle = (await agent.call("login", **ADA))["session"]
        for tool, given in OF_EACH_TOOL.items():
            await agent.client.call_tool(tool, {**given, "session": handle})
            await agent.client.call_tool(tool, {**given, "session": "canary-handle", "canary": "canary"})
        await agent.client.call_tool("canary-tool", {"canary": "canary"})
        await agent.call("login", **GRACE)
        for uri in (*READS, "rememberizer://documents/canary-of-an-id"):
            await read(agent.client, uri)
        await completed(agent.client)
        text = exposition(metrics)
        offered = {tool.name for tool in (await agent.client.list_tools()).tools}
    assert "canary" in "".join(str(request.url) for request in upstream.requests)
    for written in ("canary", HELD, handle, *ADA.values(), *GRACE.values(), OWNER, "ada", "12", BASE_URL, "http"):
        assert written not in "".join(value for label, value in labels(text) if label != "le"), written
    assert "canary" not in text
    error_codes = {each.code for each in codes()}
    bounded = {
        "tool": offered,
        "code": error_codes | {"ok", "input_required", "cancelled"},
        "family": {each.family for each in vars(endpoints).values() if isinstance(each, Endpoint)},
        "class": CLASSES,
        "outcome": error_codes | {"ok"},
        "le": {str(float(end)) for end in BUCKETS} | {"+Inf"},
    }
    assert [(label, value) for label, value in labels(text) if value not in bounded[label]] == []
    assert {value for label, value in labels(text) if label == "tool"} == offered
