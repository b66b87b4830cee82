"""``RememberizerAPI``: transport, time, size, TLS and redirects, against real listeners where they matter."""

import gzip
import os
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
import trustme
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.api.account import get_me
from rememberizer_mcp.server.api.body import Body
from rememberizer_mcp.server.api.budget import budget
from rememberizer_mcp.server.api.client import (
    MOST_BODY_BYTES,
    MOST_CALLS_AT_ONCE,
    MOST_VALUES,
    RememberizerAPI,
    Reply,
    asgi_transport,
)
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import Call, Content, Endpoint, Takes
from rememberizer_mcp.server.errors import (
    RateLimited,
    RememberizerError,
    ResponseTooLarge,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.clock import FakeClock
from tests.support.upstream import BASE_URL, Answer, FakeUpstream, Slow, reply, tokens

GET = Endpoint("GET", "me/", Takes.ACCOUNT).call()
POST = Endpoint("POST", "me/", Takes.ACCOUNT).call({"password": "canary"})
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Parts(httpx.AsyncByteStream):
    """A body that comes in these parts, and then, if asked, never ends."""

    def __init__(self, *parts: bytes, endless: bool = False) -> None:
        self.parts = parts
        self.endless = endless

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part
        if self.endless:
            await anyio.Event().wait()


NOTHING = Content(type="text/plain", length=0, chunks=Parts().__aiter__)


def api_of(answer: Answer | list[Answer], *, clock: FakeClock | None = None) -> tuple[RememberizerAPI, FakeUpstream]:
    clock, upstream = clock or FakeClock(), FakeUpstream({"me/": answer})
    return RememberizerAPI(base_url=BASE_URL, transport=upstream.transport, sleep=clock.sleep, now=clock), upstream


def signed_in() -> Credentials:
    credentials = Credentials(secrets=KnownSecrets())
    credentials.absorb(
        httpx.Response(204, headers=reply(cookies=tokens()).headers, request=httpx.Request("POST", BASE_URL)),
        sent_at_version=0,
    )
    return credentials


async def send(api: RememberizerAPI, call: Call = GET, *, who: Credentials | None = None, seconds: float = 5) -> Reply:
    with anyio.fail_after(10):
        with budget(seconds):
            return await api.send(call, who or Credentials(secrets=KnownSecrets()))


@asynccontextmanager
async def listening(answer: bytes, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A real server on loopback that sends these bytes whatever it is asked: its port, and what it was asked."""
    asked: list[bytes] = []

    async def handle(stream: ByteStream) -> None:
        async with stream:
            asked.append(await stream.receive())
            await stream.send(answer)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        if tls:
            tasks.start_soon(TLSListener(listener, tls, standard_compatible=False).serve, handle)
        else:
            tasks.start_soon(listener.serve, handle)
        yield listener.extra(SocketAttribute.local_port), asked  # noqa: S610 -- anyio's, not Django's
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def real(base_url: str) -> AsyncIterator[RememberizerAPI]:
    """The client as it is in production, on the network."""
    api = RememberizerAPI(base_url=base_url, sleep=FakeClock().sleep)
    try:
        yield api
    finally:
        await api.aclose()


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


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b"", UpstreamUnreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", UpstreamUnreachable),
        (b"\x15\x03\x01\x00\x02\x02\x46", UpstreamProtocolError),
        (b"SSH-2.0-OpenSSH_9.6\r\nProtocol mismatch.\r\n\r\n", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n{}", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=\x00\r\n\r\n{}", UpstreamProtocolError),
    ],
    ids=["cut before", "cut within", "TLS alert", "SSH", "length", "chunk", "long header", "NUL in a header"],
)
async def test_a_cut_connection_is_told_from_what_is_no_http(wire: bytes, expected: type[UpstreamError]) -> None:
    async with listening(wire) as (port, asked), real(f"http://127.0.0.1:{port}/") as api:
        with pytest.raises(expected):
            await send(api)
    assert len(asked) == 1


@pytest.mark.promise("upstream:tls:system-trust", "tools:weaknesses:absent")
async def test_weakness_12_a_certificate_the_system_does_not_trust_is_refused(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with listening(OK, tls=context) as (port, asked):
        async with real(f"https://localhost:{port}/") as api:
            with pytest.raises(UpstreamUnreachable) as refused:
                await send(api, POST)
        assert "certificate verify failed" in str(refused.value.__cause__).lower()
        assert asked == []
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        os.environ["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")  # what OpenSSL calls the system's store
        async with real(f"https://localhost:{port}/") as api:
            assert (await send(api, POST)).status == 200
        async with real(f"https://127.0.0.1:{port}/") as api:
            with pytest.raises(UpstreamUnreachable):
                await send(api, POST)
    assert len(asked) == 1


@pytest.mark.promise("cookies:jar:configured-host-only")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed_to_another_listener(status: int) -> None:
    async with listening(OK) as (other, asked):
        away = f"HTTP/1.1 {status} Away\r\nLocation: http://127.0.0.1:{other}/api/v1/me/\r\nContent-Length: 0\r\n\r\n"
        async with listening(away.encode()) as (port, _), real(f"http://127.0.0.1:{port}/api/v1/") as api:
            answered = await send(api, who=signed_in())
    assert (answered.status, answered.is_success, asked) == (status, False, [])


@pytest.mark.parametrize(
    "location", [b"", b"http://[bad/", b"http://xn--/", b"\xff\xfe", b"//", b"javascript:alert(1)", b"x" * 70_000]
)
async def test_a_redirect_to_nowhere_does_no_harm(location: bytes) -> None:
    api, _ = api_of(lambda _: httpx.Response(302, headers=[(b"location", location)]))
    with anyio.fail_after(5), pytest.raises(UpstreamProtocolError):
        await get_me(api, signed_in())


@pytest.mark.promise("cookies:jar:configured-host-only")
async def test_one_sessions_cookies_never_reach_anothers_call() -> None:
    api, upstream = api_of([reply(200, json={}, cookies=tokens(7)), reply(200, json={})])
    await send(api, who=signed_in())
    await send(api)
    assert [request.headers.get("Cookie") for request in upstream.requests] == [
        "access_token=access-1; refresh_token=refresh-1",
        None,
    ]


async def test_a_proxy_of_the_environment_sees_nothing_meant_for_this_machine() -> None:
    async with listening(OK) as (proxy, seen), listening(OK) as (port, asked):
        os.environ["HTTP_PROXY"] = os.environ["ALL_PROXY"] = f"http://127.0.0.1:{proxy}"
        async with real(f"http://127.0.0.1:{port}/") as api:
            assert (await send(api)).is_success
    assert (len(asked), seen) == (1, [])


async def test_a_call_is_sent_as_written_and_says_what_it_accepts() -> None:
    api, upstream = api_of(reply(200, json={}))
    await send(api, Endpoint("POST", "me/?a=b", Takes.BEARER).call({"k": "\u00e6"}), who=signed_in())
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


@pytest.mark.promise("upstream:answers:bounded")
async def test_a_body_is_read_up_to_five_megabytes() -> None:
    full = b'"' + b"x" * (MOST_BODY_BYTES - 2) + b'"'
    api, _ = api_of([reply(200, content=full), reply(200, content=full + b" ")])
    assert (await send(api)).body.raw == full
    with pytest.raises(ResponseTooLarge) as raised:
        await send(api)
    assert raised.value.status == 200


async def test_of_a_refusal_the_status_says_enough() -> None:
    api, _ = api_of(reply(404, json=[0] * (MOST_VALUES + 1)))
    assert (await send(api)).status == 404


@pytest.mark.promise("upstream:answers:bounded")
async def test_an_endless_body_is_left_at_the_cap() -> None:
    parts = Parts(*[b"x" * 1_000_000] * 6, endless=True)
    api, _ = api_of(lambda _: httpx.Response(200, stream=parts))
    with pytest.raises(ResponseTooLarge):
        await send(api)


@pytest.mark.promise("upstream:answers:bounded")
@pytest.mark.parametrize(
    ("layers", "expected"), [(1, ResponseTooLarge), (2, UpstreamProtocolError)], ids=["one layer", "two layers"]
)
async def test_a_body_that_unpacks_without_end_takes_no_memory(layers: int, expected: type[UpstreamError]) -> None:
    bomb = b"\0" * 30_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb, compresslevel=1)
    headers = {"Content-Encoding": ", ".join(["gzip"] * layers)}
    api, _ = api_of(lambda _: httpx.Response(200, headers=headers, stream=Parts(bomb)))
    tracemalloc.start()
    try:
        with pytest.raises(expected):
            await send(api)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_can_not_be_unpacked_is_a_broken_protocol(encoding: str) -> None:
    api, _ = api_of(
        lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Parts(b"\x1f\x8bjunk"))
    )
    with pytest.raises(UpstreamProtocolError):
        await send(api)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
async def test_a_packed_body_is_unpacked(encoding: str) -> None:
    packed = gzip.compress(b'{"a": 1}')
    parts = Parts(packed[:15], packed[15:], b"what stands behind it", b"is nothing")
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=parts))
    assert (await send(api)).body.fields == {"a": 1}


@pytest.mark.promise("upstream:answers:bounded")
async def test_a_packed_body_is_read_up_to_five_megabytes_as_well() -> None:
    full = b'"' + b"x" * (MOST_BODY_BYTES - 2) + b'"'
    bodies = [full, full + b" "]

    def answer(_: httpx.Request) -> httpx.Response:
        packed = gzip.compress(bodies.pop(0))
        parts = Parts(*(packed[at : at + 1_000] for at in range(0, len(packed), 1_000)))
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=parts)

    api, _ = api_of(answer)
    assert (await send(api)).body.raw == full
    with pytest.raises(ResponseTooLarge):
        await send(api)


@pytest.mark.promise("upstream:answers:bounded")
async def test_what_stands_behind_a_packed_body_takes_no_memory() -> None:
    parts = Parts(gzip.compress(b'{"a": 1}'), *[b"x" * 1_000_000] * 30)
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=parts))
    tracemalloc.start()
    try:
        assert (await send(api)).is_success
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, identity"])
async def test_an_encoding_that_was_not_asked_for_is_a_broken_protocol(encoding: str) -> None:
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Parts(b"{}")))
    with pytest.raises(UpstreamProtocolError):
        await send(api)


async def test_a_body_said_to_be_as_it_is_is_read() -> None:
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": "identity"}, stream=Parts(b"{}")))
    assert (await send(api)).is_success


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
@pytest.mark.parametrize("call", [GET, POST], ids=["repeatable", "sent once"])
@pytest.mark.parametrize("where", ["before the answer", "within the body"])
async def test_when_its_time_is_over_a_call_ends_wherever_it_is(call: Call, where: str) -> None:
    async def silent(_: httpx.Request) -> httpx.Response:
        if where == "before the answer":
            await anyio.Event().wait()
        return httpx.Response(200, stream=Parts(b"{", endless=True))

    api, _ = api_of(silent)
    with pytest.raises(UpstreamTimeout):
        await send(api, call, seconds=0.05)


@pytest.mark.promise("upstream:time:budget")
async def test_waiting_for_a_turn_counts_against_the_time() -> None:
    busy, release = anyio.Event(), anyio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        if len(upstream.requests) == MOST_CALLS_AT_ONCE:
            busy.set()
        await release.wait()
        return reply(200, json={})

    api, upstream = api_of(slow)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for _ in range(MOST_CALLS_AT_ONCE):
                tasks.start_soon(send, api)
            await busy.wait()
            with pytest.raises(UpstreamTimeout):
                await send(api, seconds=0.05)
            release.set()
        assert len(upstream.requests) == MOST_CALLS_AT_ONCE
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
    api = RememberizerAPI(base_url=BASE_URL, transport=upstream.transport)
    async with anyio.create_task_group() as tasks:
        for _ in range(MOST_CALLS_AT_ONCE + 1):
            tasks.start_soon(send, api, slow)
        await hanging.asked.wait()
        await anyio.wait_all_tasks_blocked()
        assert len(upstream.asked(slow.path)) == MOST_CALLS_AT_ONCE
        assert (await send(api, quick)).status == 200
        hanging.answers.set()
    await api.aclose()
    assert len(upstream.asked(slow.path)) == MOST_CALLS_AT_ONCE + 1


async def test_a_forgotten_close_is_warned_of() -> None:
    async with listening(OK) as (port, _):
        url = f"http://127.0.0.1:{port}/"
        async with real(url) as closed:
            await send(closed)
        forgotten = RememberizerAPI(base_url=url)
        await send(forgotten)
    with pytest.warns(ResourceWarning, match="was not closed"):
        del forgotten
