"""The port of the pages: when it closes, what it answers meanwhile, and what a cancelled call leaves of it."""

import socket

import anyio
import anyio.lowlevel
import httpx
import pytest
from rememberizer_mcp.server.errors import SignInFailed
from rememberizer_mcp.server.signin.handover import ANSWER_SECONDS, PATH
from rememberizer_mcp.server.signin.pending import AFTER_SECONDS
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.server.signin.test_desk import desk, is_open, page_for, port_of
from tests.support.clock import FakeClock, Gate, leap
from tests.support.person import visit
from tests.support.ports import free_port, port_with
from tests.support.sessions import resync


async def closes(port: int) -> None:
    with anyio.fail_after(5):
        while True:
            await resync()
            if not is_open(port):
                return


@pytest.mark.promise("sign-in:end:page-closed")
async def test_a_call_that_is_cancelled_while_the_port_opens_leaves_a_page_on_it(clock: FakeClock) -> None:
    shown = []
    with anyio.fail_after(20), anyio.CancelScope() as scope:
        async with (
            desk(clock, after_spawn=scope.cancel) as (on, store),
            store.moving("ada", create=True) as session,
        ):
            page = await on.open(session)
            assert session.page is page
            with anyio.CancelScope(shield=True):
                shown.append((await visit(page.url)).status_code)
    assert (scope.cancelled_caught, shown) == (True, [200])
    await resync()


class Lives:
    """How long pages live and speak after their end: each as the test says."""

    def __init__(self) -> None:
        self.gates: dict[float, Gate] = {}

    def of(self, seconds: float) -> Gate:
        return self.gates.setdefault(seconds, Gate())

    async def __call__(self, seconds: float) -> None:
        await self.of(seconds).sleep(seconds)


@pytest.mark.promise("sign-in:end:page-closed", "page:end:explained")
@pytest.mark.parametrize("is_fixed", [False, True])
async def test_a_port_outlives_its_last_page_by_minutes(is_fixed: bool, clock: FakeClock) -> None:
    lives = Lives()
    with anyio.fail_after(20):
        async with desk(clock, oauth_port=free_port() if is_fixed else None, sleep=lives) as (on, store):
            page = await page_for(on, store, "ada")
            page.close()
            after = lives.of(AFTER_SECONDS)
            await after.waiting.wait()
            assert (await visit(page.url)).status_code == 410
            after.open()
            await closes(port_of(page))


@pytest.mark.promise("sign-in:end:page-closed")
async def test_a_page_that_is_asked_for_while_the_port_closes_gets_it_again(clock: FakeClock) -> None:
    """Whoever still owes an answer keeps the port from closing at once."""
    lives = Lives()
    with anyio.fail_after(20):
        async with desk(clock, oauth_port=free_port(), sleep=lives) as (on, store):
            first = await page_for(on, store, "ada")
            host, _, ticket = first.url.removeprefix("http://").partition("/")
            head = f"POST /{ticket} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 500\r\n\r\n"
            async with await anyio.connect_tcp("127.0.0.1", port_of(first)) as slow:
                await slow.send(head.encode())
                await visit(first.url)
                first.close()
                after = lives.of(AFTER_SECONDS)
                await after.waiting.wait()
                after.open()
                await closes(port_of(first))
                second = await page_for(on, store, "ada")
            assert (await visit(second.url)).status_code == 200


@pytest.mark.promise("sign-in:end:page-closed")
@pytest.mark.parametrize("turns", range(10))
async def test_a_page_is_to_be_had_at_every_turn_of_the_event_loop_in_which_the_port_closes(
    turns: int, clock: FakeClock
) -> None:
    lives = Lives()
    with anyio.fail_after(20):
        async with desk(clock, oauth_port=free_port(), sleep=lives) as (on, store):
            (await page_for(on, store, "ada")).close()
            after = lives.of(AFTER_SECONDS)
            await after.waiting.wait()
            after.open()
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
            assert (await visit((await page_for(on, store, "ada")).url)).status_code == 200


@pytest.mark.promise("sign-in:end:page-closed")
async def test_a_call_that_is_cancelled_while_it_closes_the_port_leaves_it_closed(clock: FakeClock) -> None:
    async with desk(clock) as (on, store):
        page = await page_for(on, store, "ada")
        with anyio.CancelScope() as scope:
            scope.cancel()
            await on.aclose()
        assert not is_open(port_of(page))
        await resync()


@pytest.mark.promise("page:end:explained")
async def test_another_process_takes_a_fixed_port_over_once_it_has_ended_pages_only(clock: FakeClock) -> None:
    port = free_port()
    with anyio.fail_after(20):
        async with desk(clock, oauth_port=port) as (one, ada), desk(clock, oauth_port=port) as (other, grace):
            first = await page_for(one, ada, "ada")
            begun = anyio.current_time()
            with pytest.raises(SignInFailed, match=f"port {port} of this machine can't be had"):
                await page_for(other, grace, "grace")
            assert anyio.current_time() - begun < ANSWER_SECONDS
            assert (await visit(first.url)).status_code == 200
            first.close()
            async with httpx.AsyncClient(trust_env=False) as web_page:
                refused = await web_page.post(f"{first.base_url}{PATH}", headers={"Origin": "http://evil.example"})
            assert (refused.status_code, (await visit(first.url)).status_code) == (403, 410)
            second = await page_for(other, grace, "grace")
            assert [(await visit(page.url)).status_code for page in (first, second)] == [404, 200]


@pytest.mark.promise("page:end:explained")
async def test_a_port_that_a_program_of_others_has_is_asked_for_in_vain(clock: FakeClock) -> None:
    asked: list[tuple[str, str]] = []

    async def program(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append((scope["method"], scope["path"]))
        await Response(status_code=404)(scope, receive, send)

    async with port_with(program) as (_, port), desk(clock, oauth_port=port) as (on, store):
        with pytest.raises(SignInFailed, match=f"port {port} of this machine can't be had"):
            await page_for(on, store, "ada")
    assert asked == [("POST", PATH)]


@pytest.mark.promise("page:end:explained")
async def test_a_program_that_does_not_answer_is_not_waited_for_long(clock: FakeClock) -> None:
    with anyio.fail_after(20), socket.create_server(("127.0.0.1", 0)) as held:
        async with desk(clock, oauth_port=held.getsockname()[1]) as (on, store), anyio.create_task_group() as tasks:

            async def ask() -> None:
                with pytest.raises(SignInFailed):
                    await page_for(on, store, "ada")

            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            leap(ANSWER_SECONDS)
