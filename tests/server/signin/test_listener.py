"""The port of the page: a connection that arrives while it closes is closed with it."""

import logging
import socket

import anyio
import anyio.lowlevel
import pytest
from rememberizer_mcp.server.signin.listener import Listener, PageServer
from starlette.responses import PlainTextResponse

from tests.support.late_answer import LateAnswer, some_turns, until_it_ends
from tests.support.sessions import resync
from tests.support.stuck import STUCK, Stuck, fails


class VisitedAtTheEnd(PageServer):
    """Somebody connects so many turns of the event loop before it closes its port."""

    turns: int
    late: socket.socket

    async def main_loop(self) -> None:
        self.late = socket.create_connection(self.servers[0].sockets[0].getsockname())
        for _ in range(self.turns):
            await anyio.lowlevel.checkpoint()


@pytest.mark.promise("S18")
@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_arrives_as_the_port_closes_is_closed_with_it(
    turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    server = VisitedAtTheEnd(PlainTextResponse("page"), socket.create_server(("127.0.0.1", 0)))
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


async def test_a_port_that_owes_nothing_closes_in_some_turns_of_the_event_loop() -> None:
    with anyio.fail_after(5), socket.create_server(("127.0.0.1", 0)) as listening:
        server = PageServer(PlainTextResponse("page"), listening)
        async with until_it_ends(server.run) as ended, await anyio.connect_tcp(*listening.getsockname()) as browser:
            await browser.send(b"GET / HTTP/1.1\r\nHost: none\r\n\r\n")
            assert (await browser.receive()).startswith(b"HTTP/1.1 200")
            server.end()
            await some_turns()
            assert ended.is_set()
            assert not server.servers[0].is_serving()


@pytest.mark.promise("S18")
async def test_what_was_sent_before_the_port_closes_is_answered() -> None:
    app = LateAnswer()
    with anyio.fail_after(5), socket.create_server(("127.0.0.1", 0)) as listening:
        server = PageServer(app, listening, patience_seconds=5)
        async with until_it_ends(server.run) as ended:
            assert (await app.is_asked(listening.getsockname()[1], server, ended)).endswith(b"late")


@pytest.mark.promise("S18")
@pytest.mark.parametrize("stuck", STUCK)
async def test_a_port_closes_in_time_and_silence_and_leaves_no_connection_whatever_is_stuck(
    stuck: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    app = Stuck(STUCK[stuck])
    with anyio.fail_after(5), socket.create_server(("127.0.0.1", 0)) as listening:
        server = PageServer(app, listening)
        async with until_it_ends(server.run) as ended:
            await app.outlasts(listening.getsockname()[1], server, ended)
            assert not server.server_state.connections
            assert not server.server_state.tasks
    assert not caplog.records


@pytest.mark.promise("S18")
async def test_what_is_under_way_for_a_browser_that_has_gone_can_come_to_its_end() -> None:
    app = LateAnswer()
    with anyio.fail_after(5), socket.create_server(("127.0.0.1", 0)) as listening:
        server = PageServer(app, listening, patience_seconds=5)
        async with until_it_ends(server.run) as ended:
            async with await anyio.connect_tcp(*listening.getsockname()) as browser:
                await browser.send(b"GET / HTTP/1.1\r\nHost: none\r\n\r\n")
                await app.asked.wait()
            await some_turns()
            assert not server.server_state.connections
            server.end()
            await some_turns()
            assert not ended.is_set()
            app.released.set()


@pytest.mark.promise("S18")
async def test_what_is_on_its_way_when_the_port_closes_arrives_whole() -> None:
    with anyio.fail_after(5), socket.create_server(("127.0.0.1", 0)) as listening:
        server = PageServer(PlainTextResponse("x" * 8_000_000), listening, patience_seconds=5)
        async with until_it_ends(server.run), await anyio.connect_tcp(*listening.getsockname()) as browser:
            await browser.send(b"GET / HTTP/1.1\r\nHost: none\r\n\r\n")
            begin = await browser.receive()
            server.end()
            rest = b"".join([chunk async for chunk in browser])
    assert len(begin + rest) > 8_000_000


@pytest.mark.promise("D81")
async def test_a_call_that_is_cancelled_while_it_closes_the_port_leaves_it_closed() -> None:
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            listener = Listener(lambda _: PlainTextResponse("page"), port=0, spawn=tasks.start_soon)
            port = int((await listener.open()).rpartition(":")[2])
            with anyio.CancelScope() as scope:
                scope.cancel()
                await listener.close()
            with socket.socket() as late:
                assert late.connect_ex(("127.0.0.1", port)) != 0


async def test_an_application_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with anyio.fail_after(5), socket.create_server(("127.0.0.1", 0)) as listening:
        server = PageServer(fails, listening)
        async with until_it_ends(server.run), await anyio.connect_tcp(*listening.getsockname()) as browser:
            await browser.send(b"GET / HTTP/1.1\r\nHost: none\r\n\r\n")
            assert (await browser.receive()).startswith(b"HTTP/1.1 500")
            server.end()
    assert [record.getMessage() for record in caplog.records] == ["Exception in ASGI application\n"]
