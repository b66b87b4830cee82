"""The end of our web server: in time whatever is stuck, and nothing that it owes is lost."""

import logging
import socket
from contextlib import suppress
from typing import Any

import anyio
import pytest
from rememberizer_mcp.server.loopback import (
    HOST,
    Connections,
    LoopbackServer,
    serving,
)
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from tests.support.late_answer import LateAnswer, some_turns, until_it_ends
from tests.support.ports import ASK, asked
from tests.support.sessions import resync
from tests.support.stuck import STUCK, Stuck

ANSWER = PlainTextResponse("page")


def server_of(app: ASGIApp, **options: Any) -> LoopbackServer:
    return LoopbackServer(app, connections=Connections(most=9), **options)


class VisitedAtTheEnd(LoopbackServer):
    """Somebody connects so many turns of the event loop before it closes its port."""

    turns: int
    late: socket.socket

    async def main_loop(self) -> None:
        self.late = socket.create_connection((HOST, self.port))
        for _ in range(self.turns):
            await anyio.lowlevel.checkpoint()


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_arrives_as_the_port_closes_is_closed_with_it(
    turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    server = VisitedAtTheEnd(ANSWER, connections=Connections(most=9))
    server.turns = turns
    with anyio.fail_after(5):
        await server.run()
    with server.late as late:
        late.settimeout(5)
        try:
            answer = late.recv(1)
        except ConnectionResetError:
            answer = b""
    await resync()
    assert answer == b""
    assert not server.server_state.connections
    assert not caplog.records


class VisitedWhileItCloses(LoopbackServer):
    """Somebody connects so many turns of the event loop after it began to close its port."""

    turns: int
    late: socket.socket

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.visit)
            await super().shutdown(sockets)

    async def visit(self) -> None:
        for _ in range(self.turns):
            await anyio.lowlevel.checkpoint()
        self.late = socket.create_connection((HOST, self.port))


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
@pytest.mark.parametrize("turns", range(2))
async def test_a_connection_that_arrives_while_the_port_closes_is_not_left_open(turns: int) -> None:
    server = VisitedWhileItCloses(ANSWER, connections=Connections(most=9))
    server.turns = turns
    server.end()
    with anyio.fail_after(5):
        await server.run()
    with server.late as late:
        late.settimeout(5)
        with suppress(ConnectionResetError):
            assert late.recv(1) == b""
    assert not server.server_state.connections


async def test_a_port_that_owes_nothing_closes_in_some_turns_of_the_event_loop() -> None:
    server = server_of(ANSWER)
    with anyio.fail_after(5):
        async with until_it_ends(server.run) as ended, await anyio.connect_tcp(HOST, server.port) as browser:
            assert b"200" in await asked(browser)
            server.end()
            await some_turns()
            assert ended.is_set()
            assert server.closed.is_set()
            assert not server.servers[0].is_serving()


async def test_a_server_that_is_told_to_end_before_it_runs_closes_its_port() -> None:
    server = server_of(ANSWER)
    server.end()
    with anyio.fail_after(5):
        await server.run()
    assert not server.servers[0].is_serving()
    with socket.socket() as client:
        assert client.connect_ex((HOST, server.port)) != 0


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
async def test_what_was_asked_before_the_end_is_answered() -> None:
    app = LateAnswer()
    server = server_of(app, patience_seconds=5)
    with anyio.fail_after(5):
        async with until_it_ends(server.run) as ended:
            assert (await app.is_asked(server.port, server, ended)).endswith(b"late")


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
@pytest.mark.parametrize("stuck", STUCK)
async def test_a_port_closes_in_time_and_silence_and_leaves_no_connection_whatever_is_stuck(
    stuck: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    app = Stuck(STUCK[stuck])
    server = server_of(app)
    with anyio.fail_after(5):
        async with until_it_ends(server.run) as ended:
            await app.outlasts(server.port, server, ended)
            assert not server.server_state.connections
            assert not server.server_state.tasks
    assert not caplog.records


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
async def test_what_is_under_way_for_a_browser_that_has_gone_can_come_to_its_end() -> None:
    app = LateAnswer()
    server = server_of(app, patience_seconds=5)
    with anyio.fail_after(5):
        async with until_it_ends(server.run) as ended:
            async with await anyio.connect_tcp(HOST, server.port) as browser:
                await browser.send(ASK)
                await app.asked.wait()
            await some_turns()
            assert not server.server_state.connections
            server.end()
            await some_turns()
            assert not ended.is_set()
            app.released.set()


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
async def test_what_is_on_its_way_when_the_port_closes_arrives_whole() -> None:
    server = server_of(PlainTextResponse("x" * 8_000_000), patience_seconds=5)
    with anyio.fail_after(5):
        async with until_it_ends(server.run), await anyio.connect_tcp(HOST, server.port) as browser:
            await browser.send(ASK)
            begin = await browser.receive()
            server.end()
            rest = b"".join([chunk async for chunk in browser])
    assert len(begin + rest) > 8_000_000


async def test_the_bodys_exception_leaves_as_it_is_and_the_port_closes() -> None:
    server = server_of(ANSWER)
    with pytest.raises(KeyError, match="the body's own"):
        async with serving(server):
            raise KeyError("the body's own")
    assert server.closed.is_set()


@pytest.mark.promise("sign-in:pending:abandoned-reaped")
async def test_a_server_whose_task_is_cancelled_goes_on_until_it_is_told_to_end() -> None:
    server = server_of(ANSWER)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.run)
        with anyio.fail_after(5, shield=True):
            await server.ready.wait()
            tasks.cancel_scope.cancel()
            await some_turns()
            async with await anyio.connect_tcp(HOST, server.port) as browser:
                assert b"200" in await asked(browser)
            server.end()
            await server.closed.wait()
    await resync()
    assert not server.server_state.connections
    assert not server.servers[0].is_serving()
