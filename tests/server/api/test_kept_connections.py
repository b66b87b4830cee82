"""Kept connections that no longer answer, on a real socket: the server answers some requests, then is silent."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf

import anyio
import httpx
import pytest
from anyio.abc import SocketAttribute, SocketStream
from rememberizer_mcp.server.api.budget import budget
from rememberizer_mcp.server.api.client import MOST_BODY_BYTES, RememberizerAPI, Reply
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import Call, Endpoint, Takes
from rememberizer_mcp.server.api.kept_connections import KEPT_SECONDS, MOST_SILENT_SECONDS, Watch
from rememberizer_mcp.server.api.turns import Turns
from rememberizer_mcp.server.errors import UpstreamError, UpstreamTimeout
from rememberizer_mcp.server.logs.redaction import KnownSecrets

from tests.support.clock import FakeClock

READ = Endpoint("GET", "account/", Takes.ACCOUNT).call()
WRITE = Endpoint("POST", "account/", Takes.ACCOUNT).call()
HEAD, BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"{}"
SECONDS = 2.0
ENOUGH_SECONDS = 18.0
"""A connection may then be silent for 4.5 s, so that none seems dead on a busy machine."""


@dataclass
class Server:
    """Answers at most ``most`` requests of a connection, and then is silent on it for good."""

    most: dict[int, int]
    """By the connection's number, from 0; others answer always."""
    port: int = 0
    requests: Counter[int] = field(default_factory=Counter)
    closed: dict[int, anyio.Event] = field(default_factory=dict)
    body: anyio.Event | None = None
    """Until when the body stays away."""
    answer: bytes | None = None
    """In place of the usual one."""
    slow: dict[int, anyio.Event] = field(default_factory=dict)
    """Until when the second answer of a connection stays away, by its number."""

    async def serve(self, stream: SocketStream) -> None:
        number = len(self.closed)
        self.closed[number] = anyio.Event()
        async with stream:
            try:
                async for _ in stream:
                    self.requests[number] += 1
                    if number in self.slow and self.requests[number] > 1:
                        await self.slow[number].wait()
                    if self.requests[number] <= self.most.get(number, 1_000):
                        await self._answer(stream)
            finally:
                self.closed[number].set()

    async def _answer(self, stream: SocketStream) -> None:
        await stream.send(self.answer or HEAD)
        if self.answer:
            return
        if self.body:
            await self.body.wait()
        await stream.send(BODY)


@asynccontextmanager
async def serving(
    most: dict[int, int], *, kept_seconds: float = KEPT_SECONDS, turns: Turns | None = None
) -> AsyncIterator[tuple[Server, RememberizerAPI]]:
    server = Server(most)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    with anyio.fail_after(20):
        async with listener, anyio.create_task_group() as tasks:
            port = listener.extra(SocketAttribute.local_port)  # noqa: S610 -- anyio's, not Django's
            tasks.start_soon(listener.serve, server.serve)
            url = f"http://127.0.0.1:{port}/api/v1/"
            api = RememberizerAPI(base_url=url, sleep=FakeClock().sleep, kept_seconds=kept_seconds, turns=turns)
            yield server, api
            await api.aclose()
            tasks.cancel_scope.cancel()
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 (gh-106749) loses trace events until then


async def ask(api: RememberizerAPI, call: Call = READ, *, seconds: float = SECONDS) -> Reply:
    with budget(seconds):
        return await api.send(call, Credentials(secrets=KnownSecrets()))


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_a_silent_kept_connection_costs_a_quarter_of_the_time_and_no_call() -> None:
    async with serving({0: 1}) as (server, api):
        await ask(api)
        begun = anyio.current_time()
        assert (await ask(api)).status == 200
        assert SECONDS / 4 <= anyio.current_time() - begun < SECONDS
        assert server.requests == {0: 2, 1: 1}
        await server.closed[0].wait()


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_the_repeat_goes_on_a_new_connection_however_many_are_kept() -> None:
    async with serving(dict.fromkeys(range(6), 1)) as (server, api):
        server.body = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(ask, api)
            while server.requests.total() < 6:
                await anyio.lowlevel.checkpoint()
            server.body.set()
        assert (await ask(api)).status == 200
        assert server.requests.total() == 8
        assert server.requests[6] == 1


@pytest.mark.promise("upstream:turns:owners")
async def test_as_many_connections_are_kept_as_calls_are_made_at_once() -> None:
    async with serving({}, turns=Turns(in_all=30)) as (server, api):
        for _ in range(2):
            before, server.body = server.requests.total(), anyio.Event()
            async with anyio.create_task_group() as tasks:
                for _ in range(30):
                    tasks.start_soon(partial(ask, api, seconds=ENOUGH_SECONDS))
                while server.requests.total() < before + 30:
                    await anyio.lowlevel.checkpoint()
                server.body.set()
        assert len(server.closed) == 30


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_the_next_calls_take_new_connections_too_also_those_that_may_not_be_repeated() -> None:
    async with serving({0: 1}) as (server, api):
        await ask(api)
        await ask(api)
        for call in (WRITE, READ):
            assert (await ask(api, call)).status == 200
        assert server.requests == {0: 2, 1: 1, 2: 1, 3: 1}
        await server.closed[3].wait()


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_connections_are_kept_again_when_the_old_ones_are_gone() -> None:
    async with serving({0: 1}, kept_seconds=0.2) as (server, api):
        await ask(api)
        await ask(api)
        while max(server.requests[number] for number in range(1, len(server.closed))) == 1:
            await ask(api)
        assert server.requests[0] == 2


@pytest.mark.promise("upstream:kept-connection:silent")
@pytest.mark.parametrize(("seconds", "silent"), [(4, 1), (20, 5), (60, MOST_SILENT_SECONDS)])
async def test_the_wait_for_the_first_byte_is_a_quarter_of_the_time_and_5_s_at_most(
    seconds: float, silent: float
) -> None:
    patience = anyio.CancelScope()
    watch = Watch(patience)
    with anyio.CancelScope(deadline=anyio.current_time() + seconds):
        await watch("http11.receive_response_headers.started", {})
        assert patience.deadline - anyio.current_time() == pytest.approx(silent, abs=0.2)
        await watch("http11.receive_response_headers.complete", {})
    assert patience.deadline == inf


@pytest.mark.promise("upstream:kept-connection:slow")
async def test_a_slow_read_goes_on_and_is_asked_a_second_time_on_a_new_connection() -> None:
    async with serving({1: 0}) as (server, api):
        server.slow[0] = anyio.Event()
        await ask(api)
        replies: list[Reply] = []

        async def read() -> None:
            replies.append(await ask(api))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            while not server.requests[1]:
                await anyio.lowlevel.checkpoint()
            server.slow[0].set()
        assert [each.status for each in replies] == [200]
        assert server.requests == {0: 2, 1: 1}
        await server.closed[1].wait()


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_a_call_that_may_not_be_repeated_is_sent_once_and_waits_its_whole_time() -> None:
    async with serving({0: 1}) as (server, api):
        await ask(api)
        begun = anyio.current_time()
        with pytest.raises(UpstreamTimeout) as raised:
            await ask(api, WRITE, seconds=0.4)
        assert anyio.current_time() - begun >= 0.4
        assert raised.value.__cause__ is None
        assert server.requests == {0: 2}


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_a_new_connection_has_the_whole_time() -> None:
    async with serving({0: 0}) as (server, api):
        begun = anyio.current_time()
        with pytest.raises(UpstreamTimeout) as raised:
            await ask(api, seconds=0.4)
        assert anyio.current_time() - begun >= 0.4
        assert raised.value.__cause__ is None
        assert server.requests == {0: 1}


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_an_answer_that_has_begun_has_the_whole_time_too() -> None:
    async with serving({}) as (server, api):
        await ask(api)
        server.body = anyio.Event()
        with pytest.raises(UpstreamTimeout) as raised:
            await ask(api, seconds=2.4)
        assert raised.value.__cause__ is None
        assert server.requests == {0: 2}


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_a_connection_that_works_is_used_again() -> None:
    async with serving({}) as (server, api):
        for call in (READ, WRITE, READ):
            await ask(api, call, seconds=ENOUGH_SECONDS)
        assert server.requests == {0: 3}


@pytest.mark.promise("upstream:kept-connection:silent")
async def test_silence_that_goes_on_is_a_timeout() -> None:
    async with serving({0: 1, **dict.fromkeys(range(1, 9), 0)}) as (server, api):
        await ask(api)
        with pytest.raises(UpstreamTimeout) as raised:
            await ask(api, seconds=0.8)
        assert raised.value.__cause__ is None
        assert server.requests == {0: 2, 1: 1}


UNREADABLE = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 9\r\n\r\n"
TOO_LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b" " * (MOST_BODY_BYTES + 1)


@pytest.mark.parametrize("answer", [UNREADABLE, TOO_LONG], ids=["unreadable", "too long"])
async def test_an_answer_that_is_not_read_to_its_end_gives_its_connection_up(answer: bytes) -> None:
    """Otherwise such answers use up the pool, and then every call waits for a connection."""
    async with serving({}) as (server, api):
        server.answer = answer
        with pytest.raises(UpstreamError):
            await ask(api)
        await server.closed[0].wait()


async def test_a_host_that_swallows_packets_costs_ten_seconds_of_a_call_and_an_answer_has_its_whole_time() -> None:
    limits: list[dict[str, float | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        limits.append(request.extensions["timeout"])
        return httpx.Response(204)

    api = RememberizerAPI(base_url="http://127.0.0.1/", transport=httpx.MockTransport(answer))
    for call in (READ, WRITE):
        await ask(api, call)
    assert limits == [{"connect": 10, "read": None, "write": None, "pool": None}] * 2
