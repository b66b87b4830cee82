"""``RememberizerAPI``: what is sent, what becomes an error, time, turns and retries, on a fake upstream."""

from collections.abc import Awaitable, Callable

import anyio
import httpx
import pytest
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.api.account import get_me
from rememberizer_mcp.server.api.body import Body
from rememberizer_mcp.server.api.client import (
    MOST_VALUES,
    RememberizerAPI,
    Reply,
    asgi_transport,
)
from rememberizer_mcp.server.api.endpoints import Call, Content, Endpoint, Takes
from rememberizer_mcp.server.api.turns import MOST_AT_ONCE
from rememberizer_mcp.server.errors import (
    RateLimited,
    RememberizerError,
    Repair,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.clock import FakeClock
from tests.support.credentials import ada
from tests.support.rest import GET, POST, Parts, api_of, client, send
from tests.support.upstream import BASE_URL, FakeUpstream, Slow, reply, tokens

ONCE = Endpoint("POST", "me/", Takes.ACCOUNT, if_lost=Repair("Look first."))
NOTHING = Content(type="text/plain", length=0, chunks=Parts().__aiter__)


def kinds(base: type[Exception]) -> list[type[Exception]]:
    return [found for child in base.__subclasses__() for found in (child, *kinds(child))]


def made(kind: type[Exception]) -> Exception:
    request = httpx.Request("GET", BASE_URL)
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("canary", request=request, response=httpx.Response(500))
    return kind("canary")


@pytest.mark.promise("upstream:answers:codes", "settings:secrets:never-shown")
@pytest.mark.parametrize("kind", [*kinds(httpx.HTTPError), httpx.InvalidURL], ids=lambda k: k.__name__)
async def test_every_exception_of_httpx_becomes_one_of_ours(kind: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise made(kind)

    api, _ = api_of(fail)
    with pytest.raises(UpstreamError) as raised:
        await send(api, POST)
    assert type(raised.value.__cause__) is kind
    assert "canary" not in f"{raised.value} {raised.value!r} {vars(raised.value)}"


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (httpx.ConnectTimeout, UpstreamTimeout),
        (httpx.ReadTimeout, UpstreamTimeout),
        (httpx.ConnectError, UpstreamUnreachable),
        (httpx.ReadError, UpstreamUnreachable),
        (httpx.ProxyError, UpstreamUnreachable),
        (httpx.DecodingError, UpstreamProtocolError),
        (httpx.UnsupportedProtocol, UpstreamProtocolError),
        (httpx.LocalProtocolError, UpstreamProtocolError),
    ],
)
async def test_a_failed_exchange_is_told_by_what_failed(kind: type[Exception], expected: type[UpstreamError]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise made(kind)

    api, _ = api_of(fail)
    with pytest.raises(expected) as raised:
        await send(api, POST)
    assert (raised.value.status, raised.value.retry_after_seconds) == (None, None)


@pytest.mark.parametrize(
    "location", [b"", b"http://[bad/", b"http://xn--/", b"\xff\xfe", b"//", b"javascript:alert(1)", b"x" * 70_000]
)
async def test_a_redirect_to_nowhere_does_no_harm(location: bytes) -> None:
    api, _ = api_of(lambda _: httpx.Response(302, headers=[(b"location", location)]))
    with anyio.fail_after(5), pytest.raises(UpstreamProtocolError):
        await get_me(api, ada())


@pytest.mark.promise("cookies:jar:configured-host-only")
async def test_one_sessions_cookies_never_reach_anothers_call() -> None:
    api, upstream = api_of([reply(200, json={}, cookies=tokens(7)), reply(200, json={})])
    await send(api, who=ada())
    await send(api)
    assert [request.headers.get("Cookie") for request in upstream.requests] == [
        "access_token=access-1; refresh_token=refresh-1",
        None,
    ]


async def test_a_call_is_sent_as_written_and_says_what_it_accepts() -> None:
    api, upstream = api_of(reply(200, json={}))
    await send(api, Endpoint("POST", "me/?a=b", Takes.BEARER).call({"k": "\u00e6"}), who=ada())
    (request,) = upstream.requests
    assert (request.method, str(request.url)) == ("POST", BASE_URL + "me/?a=b")
    assert request.content == '{"k":"\u00e6"}'.encode()
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Accept-Encoding"] == "gzip"
    assert request.headers["User-Agent"].startswith("rememberizer-mcp/")
    assert request.headers["Authorization"] == "Bearer access-1"
    assert "Cookie" not in request.headers


@pytest.mark.promise("settings:secrets:never-shown")
def test_neither_a_call_nor_a_reply_shows_what_it_carries() -> None:
    shown = repr(POST) + repr(
        Reply(call=POST, status=200, body=Body(b"canary"), response=reply(200, content=b"canary"), sent_at_version=0)
    )
    assert "canary" not in shown


@pytest.mark.promise("upstream:answers:every-variant")
@pytest.mark.parametrize(
    ("status", "content", "success"),
    [
        (200, b"{}", True),
        (201, b"", True),
        (204, b"", True),
        (207, b" \n", True),
        (200, b"[]", True),
        (200, b"false", True),
        (200, b"null", True),
        (200, b"<html>sign in to this network</html>", False),
        (200, b"{", False),
        (302, b"", False),
        (304, b"", False),
        (400, b"{}", False),
    ],
)
async def test_a_success_is_2xx_with_a_body_of_the_api_or_none(status: int, content: bytes, success: bool) -> None:
    api, _ = api_of(reply(status, content=content))
    assert (await send(api)).is_success is success


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize("large", [False, True], ids=["small", "ten megabytes"])
@pytest.mark.parametrize(
    ("status", "expected"), [(429, RateLimited), (500, UpstreamUnavailable), (503, UpstreamUnavailable)]
)
async def test_429_and_5xx_are_errors_of_every_call(
    status: int, expected: type[RememberizerError], large: bool
) -> None:
    content = b"canary" * (2_000_000 if large else 1)
    api, upstream = api_of(reply(status, content=content, headers={"Retry-After": "9"}))
    with pytest.raises(expected) as raised:
        await send(api, POST)
    assert (raised.value.status, raised.value.retry_after_seconds) == (status, 9)
    assert "canary" not in str(raised.value)
    assert len(upstream.requests) == 1


async def test_of_a_refusal_the_status_says_enough() -> None:
    api, _ = api_of(reply(404, json=[0] * (MOST_VALUES + 1)))
    assert (await send(api)).status == 404


@pytest.mark.promise("upstream:retries:safe-calls-only")
async def test_a_repeatable_call_is_repeated_until_it_succeeds(clock: FakeClock) -> None:
    api, upstream = api_of([reply(503), reply(429, headers={"Retry-After": "3"}), reply(200, json={})], clock=clock)
    assert (await send(api)).is_success
    assert len(upstream.requests) == 3
    assert clock.waits[1] == 3


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize("answer", [reply(503), reply(429), reply(502), reply(500)], ids=lambda a: str(a.status_code))
async def test_any_other_call_is_sent_once(clock: FakeClock, answer: httpx.Response) -> None:
    api, upstream = api_of(answer, clock=clock)
    with pytest.raises(RememberizerError):
        await send(api, POST)
    assert (len(upstream.requests), clock.waits) == (1, [])


@pytest.mark.promise("upstream:time:budget")
@pytest.mark.parametrize("call", [GET, POST, ONCE.call()], ids=["repeatable", "sent once", "maybe done"])
@pytest.mark.parametrize("where", ["before the answer", "within the body"])
async def test_when_its_time_is_over_a_call_ends_wherever_it_is(call: Call, where: str) -> None:
    async def silent(_: httpx.Request) -> httpx.Response:
        if where == "before the answer":
            await anyio.Event().wait()
        return httpx.Response(200, stream=Parts(b"{", endless=True))

    api, _ = api_of(silent)
    with pytest.raises(UpstreamTimeout) as raised:
        await send(api, call, seconds=0.05)
    assert raised.value.repair == (call.endpoint.if_lost or UpstreamTimeout.repair)


@pytest.mark.promise("upstream:time:budget")
async def test_waiting_for_a_turn_counts_against_the_time() -> None:
    busy, release = anyio.Event(), anyio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        if len(upstream.requests) == MOST_AT_ONCE:
            busy.set()
        await release.wait()
        return reply(200, json={})

    api, upstream = api_of(slow)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for _ in range(MOST_AT_ONCE):
                tasks.start_soon(send, api)
            await busy.wait()
            with pytest.raises(UpstreamTimeout):
                await send(api, seconds=0.05)
            release.set()
        assert len(upstream.requests) == MOST_AT_ONCE
        assert (await send(api)).is_success


async def test_a_closed_client_opens_again_when_it_is_needed() -> None:
    api, upstream = api_of(reply(200, json={}))
    await api.aclose()
    for _ in range(2):
        await send(api)
        await api.aclose()
    assert len(upstream.requests) == 2


async def test_an_app_in_this_process_is_asked_without_the_network() -> None:
    async def me(request: Request) -> JSONResponse:
        return JSONResponse({"path": request.url.path})

    async def crash(_: Request) -> JSONResponse:
        raise ZeroDivisionError

    handlers: dict[str, Callable[[Request], Awaitable[JSONResponse]]] = {"me": me, "crash": crash}
    app = Starlette(routes=[Route(f"/api/v1/{name}/", handler) for name, handler in handlers.items()])
    api = RememberizerAPI(base_url=BASE_URL, transport=asgi_transport(app))
    assert (await send(api)).body.fields == {"path": "/api/v1/me/"}
    with pytest.raises(UpstreamUnavailable):
        await send(api, Endpoint("GET", "crash/", Takes.ACCOUNT).call())


@pytest.mark.parametrize(
    ("slow", "quick"),
    [
        (endpoints.AGENTIC_SEARCH.call(), endpoints.SEARCH.call()),
        (endpoints.AGENTIC_SEARCH.call(), endpoints.CUSTOM_LOGOUT.call()),
        (endpoints.SEARCH.call(), endpoints.CUSTOM_REFRESH.call()),
        (endpoints.VECTOR_AGENTIC_SEARCH.call(store_id="a"), GET),
        (endpoints.UPLOAD_VECTOR_FILES.call(content=NOTHING, store_id="a"), GET),
    ],
    ids=["search", "logout", "refresh", "search of a store", "upload"],
)
async def test_calls_that_hang_hold_up_their_own_kind_only(slow: Call, quick: Call) -> None:
    hanging = Slow(reply(200, json={}))
    upstream = FakeUpstream({slow.path: hanging, quick.path: reply(200, json={})})
    api = client(upstream)
    async with anyio.create_task_group() as tasks:
        for _ in range(MOST_AT_ONCE + 1):
            tasks.start_soon(send, api, slow)
        await hanging.asked.wait()
        await anyio.wait_all_tasks_blocked()
        assert len(upstream.asked(slow.path)) == MOST_AT_ONCE
        assert (await send(api, quick)).status == 200
        hanging.answers.set()
    await api.aclose()
    assert len(upstream.asked(slow.path)) == MOST_AT_ONCE + 1
