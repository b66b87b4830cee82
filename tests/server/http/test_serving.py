"""``serve --http`` on this machine: a real process over real HTTP, from its start to its end."""

import signal
import socket
import time
from typing import Any

import anyio
import httpx
import pytest
from anyio import to_thread
from mcp import Client
from rememberizer_mcp.server.api.endpoints import SEARCH
from rememberizer_mcp.server.http.app import Answers
from rememberizer_mcp.server.http.serving import DRAIN_SECONDS, DrainingServer
from rememberizer_mcp.server.http.start import EVERYBODYS, clients, refused
from rememberizer_mcp.server.settings.settings import Settings
from sse_starlette.sse import AppStatus
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.server.api.test_turns import running as having_turns
from tests.support.agent import ADA, ERAS, GRACE, Era, agent_on
from tests.support.authorized import ask, first_request
from tests.support.http_server import HEADERS, http_server, listening, metrics_url, until_deaf, upstream_over_http
from tests.support.process import LONGEST_SECONDS, clean_environment, running
from tests.support.two_accounts import upstream_of_both
from tests.support.upstream import FakeUpstream, Slow, reply

LONGER_THAN_A_LOOK_SECONDS = 1.0
"""sse-starlette looks twice a second for a signal, at which it would cut all streams."""
each_era = pytest.mark.parametrize("era", ERAS)


def upstream(search: Any) -> FakeUpstream:
    made = upstream_of_both()
    made.answers |= {SEARCH.path: search}
    return made


@each_era
@pytest.mark.promise("hosting:http:both-eras", "sessions:handle:without-owner")
async def test_clients_in_both_eras_sign_in_and_each_uses_the_session_that_it_names(era: Era) -> None:
    found = reply(200, json={"matched_chunks": []})
    async with (
        upstream_over_http(upstream(found)) as base_url,
        http_server(BASE_URL=base_url) as server,
        agent_on(server.url, era) as ada,
        agent_on(server.url, era) as grace,
    ):
        hers, others = await ada.call("login", **ADA), await grace.call("login", **GRACE)
        assert (hers["email"], others["email"]) == (ADA["email"], GRACE["email"])
        assert "matches" in await ada.call("search", query="tea", session=hers["session"])
        assert (await ada.fails("search", query="tea"))["code"] == "not_signed_in"
        await grace.call("logout", session=others["session"])
        ended = await grace.fails("search", query="tea", session=others["session"])
        assert ended == await ada.fails("search", query="tea", session="rs_made-up")


@pytest.mark.promise("hosting:http:both-eras")
async def test_the_page_is_on_this_machine_and_nobody_opens_it() -> None:
    async with http_server(OPEN_BROWSER="always") as server, agent_on(server.url) as agent:
        status = await agent.call("login")
    assert status["sign_in_url"].startswith("http://127.0.0.1:")
    assert status["next"].startswith("Give the user the link")


@each_era
@pytest.mark.promise("hosting:http:host-and-origin")
async def test_a_request_of_another_host_or_origin_is_refused(era: Era) -> None:
    async with http_server() as server:
        port = server.origin.rpartition(":")[2]
        for headers, status in (
            ({}, 200),
            ({"Host": f"localhost:{port}"}, 200),
            ({"Origin": server.origin}, 200),
            ({"Host": f"evil.example:{port}"}, 421),
            ({"Host": "127.0.0.1:1"}, 421),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
        ):
            assert (await ask(server.url, era, headers)).status_code == status, headers


@pytest.mark.promise("hosting:http:health")
async def test_an_operator_sees_that_the_process_lives_and_nothing_is_redirected() -> None:
    async with http_server() as server, httpx.AsyncClient(trust_env=False, base_url=server.origin) as client:
        answers = [await client.get(path) for path in ("/healthz", "/readyz", "/mcp/")]
    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert "server" not in answers[0].headers


@pytest.mark.traced
@each_era
@pytest.mark.promise("hosting:http:drained", "hosting:metrics:port")
async def test_a_call_in_flight_at_sigterm_is_answered_and_no_open_stream_holds_up_the_end(era: Era) -> None:
    slow, results = Slow(reply(200, json={"matched_chunks": []})), list[Any]()
    async with (
        upstream_over_http(upstream(slow)) as base_url,
        http_server("--metrics-port", "0", BASE_URL=base_url) as server,
        listening(server.url) as stream,
        httpx.AsyncClient(trust_env=False, base_url=server.origin) as operator,
    ):
        metrics = metrics_url(server)
        async with Client(server.url, mode=era, read_timeout_seconds=20) as client:
            login = await client.call_tool("login", {**ADA})
            session = (login.structured_content or {})["session"]

            async def search() -> None:
                results.append(await client.call_tool("search", {"query": "tea", "session": session}))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(search)
                await slow.asked.wait()
                assert (await operator.get("/readyz")).status_code == 200
                server.process.popen.send_signal(signal.SIGTERM)
                await until_deaf(server)
                until = anyio.current_time() + LONGER_THAN_A_LOOK_SECONDS
                while anyio.current_time() < until:
                    assert (await operator.get("/readyz")).status_code == 503  # on the connection that it has
                assert (await operator.get(metrics)).status_code == 200
                begun = time.monotonic()
                slow.answers.set()
        _, code, _, noise = await to_thread.run_sync(server.process.finish)
        took = time.monotonic() - begun
        assert [chunk async for chunk in stream.aiter_bytes()] == []
    assert (results[0].is_error, code, noise) == (False, 0, b"")
    assert took < 3.5


@each_era
@pytest.mark.promise("hosting:http:drained")
async def test_a_connection_that_is_kept_brings_one_more_request_after_sigterm(era: Era) -> None:
    message, headers = first_request(era)
    async with (
        http_server() as server,
        httpx.AsyncClient(trust_env=False, timeout=LONGEST_SECONDS, headers=HEADERS | headers) as client,
    ):
        first = await client.post(server.url, json=message)
        server.process.popen.send_signal(signal.SIGTERM)
        await until_deaf(server)
        last = await client.post(server.url, json=message)
        begun = time.monotonic()
        _, code, _, noise = await to_thread.run_sync(server.process.finish)
    assert first.text == last.text
    assert (first.headers.get("connection", "keep-alive"), last.headers["connection"]) == ("keep-alive", "close")
    assert (code, noise) == (0, b"")
    assert time.monotonic() - begun < DRAIN_SECONDS / 2


class Ending(DrainingServer):
    """Ends when somebody has just asked, whose connection it has not taken yet."""

    async def main_loop(self) -> None:
        self.client = socket.create_connection(self.servers[0].sockets[0].getsockname())
        self.client.sendall(b"POST / HTTP/1.1\r\nHost: none\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.promise("hosting:http:drained")
async def test_a_request_on_a_connection_that_is_not_taken_yet_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AppStatus, "should_exit", False)  # the end of this server would be that of all later streams
    server = Ending(Answers(Starlette(routes=[Route("/", lambda _: PlainTextResponse("tea"), methods=["POST"])])))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await server.serve([listening])
    with server.client as client:
        assert client.recv(1_000).endswith(b"\r\nconnection: close\r\n\r\ntea")


@pytest.mark.traced
@pytest.mark.promise("hosting:http:drained")
async def test_a_request_that_never_comes_as_a_whole_holds_up_no_end() -> None:
    async with http_server() as server:
        host, _, port = server.origin.removeprefix("http://").partition(":")
        head = f"POST /mcp HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        async with await anyio.connect_tcp(host, int(port)) as client:
            await client.send(f"{head}Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n".encode())
            assert (await client.receive()).startswith(b"HTTP/1.1 100 ")
            await client.send(b"{")
            server.process.popen.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            _, code, _, _ = await to_thread.run_sync(server.process.finish)
    assert time.monotonic() - begun < DRAIN_SECONDS / 2
    assert code == 0


@pytest.mark.promise("hosting:start:refused")
@pytest.mark.parametrize("name", EVERYBODYS)
def test_a_setting_that_would_be_everybodys_is_refused_by_its_name(name: str) -> None:
    given: dict[str, Any] = {name: ["/tmp"] if name == "upload_dirs" else "canary-value"}  # noqa: S108 -- not used
    beside = {"email": "ada@example.org"} if name == "password" else {}
    given |= {"email": "ada@example.org"} if name == "email" else beside
    problems = refused(Settings(**given), "127.0.0.1")
    wanted = f"REMEMBERIZER_{name.upper()}: can't be used with --http, where it would be everybody's"
    assert wanted in problems
    assert len(problems) == len(given)
    assert "canary" not in str(problems)


@pytest.mark.promise("hosting:start:refused")
def test_a_keyring_and_an_address_that_others_reach_are_refused() -> None:
    problems = refused(Settings(keep_signed_in="keyring"), "0.0.0.0")  # noqa: S104 -- it is refused
    assert [problem.partition(":")[0] for problem in problems] == ["REMEMBERIZER_KEEP_SIGNED_IN", "--host"]
    assert refused(Settings(), "::1") == refused(Settings(), "localhost") == []


@pytest.mark.traced
@pytest.mark.promise("hosting:start:refused")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--http", "--host", "0.0.0.0"], b"--host: must be an address of this machine alone"),  # noqa: S104 -- as above
        (["--http", "--host", "::1", "--port", "TAKEN"], b"port TAKEN of ::1 can't be used"),
        (["--host", "127.0.0.1"], b"--host, --port and --metrics-port need --http"),
        (["--port", "8000"], b"--host, --port and --metrics-port need --http"),
    ],
)
def test_what_can_not_be_served_is_said_in_one_sentence_with_exit_code_2(options: list[str], said: bytes) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = str(taken.getsockname()[1])
        options = [port if each == "TAKEN" else each for each in options]
        with running("serve", *options, environment=clean_environment()) as process:
            _, code, _, noise = process.finish()
    assert code == 2
    assert said.replace(b"TAKEN", port.encode()) in noise
    assert b"Traceback" not in noise


@pytest.mark.promise("sessions:lifetime:growth")
def test_ten_thousand_sessions_fit_and_none_is_remembered_longer_than_one_may_live() -> None:
    many = clients(Settings(session_hours=2))
    assert (many.most_sessions, many.remembered_seconds, many.owner_of()) == (10_000, 7200, None)
    assert (many.turns().in_all, many.name_sessions) == (64, True)


@pytest.mark.promise("upstream:turns:owners")
async def test_one_owner_has_four_calls_to_rememberizer_at_once() -> None:
    assert await having_turns(clients(Settings()).turns(), *["ada"] * 5, "grace") == ["ada"] * 4 + ["grace"]
