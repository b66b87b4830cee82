"""Our web server: it keeps few connections, for seconds, and says so once a minute; its answers and its address.

`make lowest-uvicorn` runs this file and test_loopback_end.py with the oldest uvicorn that we allow.
"""

import asyncio  # noqa: TID251 -- the handle of a call that comes later is asyncio's
import logging
import socket
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import anyio
import pytest
from rememberizer_mcp.server.loopback import (
    FIRST_REQUEST_SECONDS,
    HOST,
    Connections,
    is_asked_here,
)
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.support.clock import FakeClock
from tests.support.late_answer import LateAnswer, some_turns
from tests.support.ports import ASK, asked, ends, idle, port_with
from tests.support.stuck import fails

FLOOD = pytest.mark.promise("page:port:flood")
ANSWER = PlainTextResponse("page")
NEVER = 3600.0


class Waiting:
    """Calls that come later, when the test says so."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, Callable[[], None], asyncio.TimerHandle]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.get_running_loop().call_later(NEVER, call)
        self.calls.append((seconds, call, handle))
        return handle


@FLOOD
async def test_the_oldest_connection_that_is_idle_goes_when_there_are_too_many(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        port_with(ANSWER, Connections(most=2)) as port,
        await anyio.connect_tcp(*port) as first,
        await anyio.connect_tcp(*port) as second,
    ):
        assert b"200" in await asked(first)
        assert b"200" in await asked(second)
        async with await anyio.connect_tcp(*port) as third:
            assert b"200" in await asked(third)
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await first.receive()
            assert b"200" in await asked(second)
    (warned,) = caplog.records
    assert warned.getMessage() == "over 2 connections to one of our ports: those that ask nothing are cut"


@FLOOD
async def test_a_connection_that_is_owed_an_answer_stays_and_the_new_one_goes() -> None:
    late = LateAnswer()
    async with port_with(late, Connections(most=1)) as port, await anyio.connect_tcp(*port) as busy:
        await busy.send(ASK)
        await late.asked.wait()
        async with idle(port, 1) as (newcomer,):
            assert await ends(newcomer)
        late.released.set()
        assert b"late" in await busy.receive()


@FLOOD
async def test_connections_that_ended_make_room() -> None:
    async with port_with(ANSWER, Connections(most=2)) as port, await anyio.connect_tcp(*port) as first:
        for _ in range(5):
            async with await anyio.connect_tcp(*port) as other:
                assert b"200" in await asked(other)
            await some_turns()
        assert b"200" in await asked(first)


@FLOOD
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: no"])
async def test_a_connection_without_a_whole_request_is_cut_after_some_seconds(sent: bytes) -> None:
    later = Waiting()
    async with port_with(ANSWER, Connections(most=9, later=later)) as port:
        async with await anyio.connect_tcp(*port) as silent, await anyio.connect_tcp(*port) as good:
            await silent.send(sent)
            assert b"200" in await asked(good)
            assert [seconds for seconds, _, _ in later.calls] == [FIRST_REQUEST_SECONDS] * 2
            for _, call, _ in later.calls:
                call()
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await silent.receive()
            assert b"200" in await asked(good)
        await some_turns()
        assert all(handle.cancelled() for _, _, handle in later.calls)


@FLOOD
async def test_without_a_clock_of_a_test_the_event_loop_calls_back() -> None:
    async with port_with(ANSWER) as port, await anyio.connect_tcp(*port) as client:
        assert b"200" in await asked(client)


@FLOOD
async def test_warnings_come_once_a_minute_whatever_they_are_about(
    caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    async with port_with(ANSWER, Connections(most=1, now=clock)) as port:
        for _ in range(3):
            async with await anyio.connect_tcp(*port) as client:
                await client.send(b"no request\r\n\r\n")
                assert b"400" in await client.receive()
        assert len(caplog.records) == 1
        clock.advance(59)
        async with idle(port, 3) as clients:
            assert await ends(clients[0])
        assert len(caplog.records) == 1
        clock.advance(1)
        async with idle(port, 3) as clients:
            assert await ends(clients[0])
        assert len(caplog.records) == 2


@FLOOD
async def test_failures_are_logged_each(caplog: pytest.LogCaptureFixture) -> None:
    async with port_with(fails, Connections(most=9)) as port:
        for _ in range(2):
            async with await anyio.connect_tcp(*port) as client:
                assert b"500" in await asked(client)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


@FLOOD
async def test_what_is_known_of_a_connection_is_made_once_and_is_in_the_scope_of_each_request() -> None:
    made: list[str] = []

    def state_of(transport: asyncio.Transport) -> Mapping[str, Any]:
        made.append(transport.get_extra_info("peername"))
        return {"number": len(made)}

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse(scope["state"])(scope, receive, send)

    async with (
        port_with(tell, Connections(most=9, state_of=state_of)) as port,
        await anyio.connect_tcp(*port) as first,
        await anyio.connect_tcp(*port) as second,
    ):
        answers = [(await asked(client)).splitlines()[-1] for client in (first, second, first)]
    assert answers == [b'{"number":1}', b'{"number":2}', b'{"number":1}']


async def test_an_answer_is_dated() -> None:
    async with port_with(ANSWER) as port, await anyio.connect_tcp(*port) as client:
        head = (await asked(client)).decode()
    (date,) = [line.partition(": ")[2] for line in head.splitlines() if line.startswith("date: ")]
    assert parsedate_to_datetime(date).tzinfo
    assert "server: " not in head


@pytest.mark.promise("page:request:loopback-only")
async def test_it_listens_on_127_0_0_1_only() -> None:
    async with port_with(ANSWER) as (host, port):
        assert host == "127.0.0.1"
        with socket.socket() as other:
            # Another loopback address reaches sockets that are bound to every interface, and no others.
            assert other.connect_ex(("127.0.0.2", port)) != 0


@pytest.mark.promise("page:request:host-and-origin")
@pytest.mark.parametrize(
    ("port", "headers", "is_admitted"),
    [
        (80, [("host", "127.0.0.1")], True),
        (80, [("host", "here")], True),
        (80, [("host", "Here:80"), ("origin", "http://here:80")], True),
        (80, [("host", "here"), ("origin", "http://here")], True),
        (80, [("host", "here"), ("origin", "http://127.0.0.1")], False),
        (81, [("host", "here:81")], True),
        (81, [("host", "here")], False),
        (81, [("host", "here:80")], False),
        (81, [("host", "evil:81")], False),
        (81, [("host", "here:81"), ("host", "here:81")], False),
        (81, [("host", "here:81"), ("origin", "http://here:81"), ("origin", "http://evil")], False),
        (81, [], False),
    ],
)
def test_a_request_names_its_own_port_alone(port: int, headers: list[tuple[str, str]], is_admitted: bool) -> None:
    scope = {"type": "http", "server": (HOST, port), "headers": [(n.encode(), v.encode()) for n, v in headers]}
    assert is_asked_here(scope, names=(HOST, "here")) is is_admitted
