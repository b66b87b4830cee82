"""How far a request comes, on real connections: servers with and without TLS, and nothing at all."""

import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from rememberizer_mcp.server.api.probe import Probe, Stage
from rememberizer_mcp.server.doctor.network import findings

from tests.server.doctor.looking import HOST, YEAR, levels, look, look_at, trust
from tests.support.held_keyring import in_a_task
from tests.support.way import Authority, answer, server


@pytest.mark.promise("doctor:looks:network")
async def test_every_stage_of_the_way_has_its_time(authority: Authority, tmp_path: Path) -> None:
    trust(authority, tmp_path)
    async with server(answer(), tls=authority.context("localhost", valid_for=YEAR)) as stop:
        found = await look(f"https://localhost:{stop.port}/api/v1/")
    assert levels(found) == dict.fromkeys(["network", "certificate", "api", "clock"], "ok")
    times = [*found["network"].ms.items(), *found["certificate"].ms.items(), *found["api"].ms.items()]
    assert [name for name, _ in times] == ["resolve", "connect", "tls", "first_byte"]
    assert all(0 < took < 5000 for _, took in times)


@pytest.mark.promise("doctor:safe:only-reads", "cookies:jar:configured-host-only")
async def test_no_credential_is_sent(authority: Authority, tmp_path: Path) -> None:
    trust(authority, tmp_path)
    for name in ("PASSWORD", "CAPTCHA", "REFRESH_TOKEN", "API_TOKEN", "VECTOR_STORE_TOKEN"):
        os.environ[f"REMEMBERIZER_{name}"] = f"canary-{name}"
    os.environ["REMEMBERIZER_EMAIL"] = "ada@canary.example"
    async with server(answer(), tls=authority.context("localhost", valid_for=YEAR)) as stop:
        await look(f"https://localhost:{stop.port}/api/v1/")
    (asked,) = stop.asked
    assert asked.startswith(b"GET /api/v1/me/ HTTP/1.1\r\n")
    names = {line.partition(b":")[0].lower() for line in asked.split(b"\r\n")[1:]}
    assert names <= {b"host", b"accept", b"accept-encoding", b"connection", b"user-agent", b""}
    assert b"canary" not in asked


async def test_a_base_url_that_no_request_can_be_made_of_is_the_failure() -> None:
    found = await look("https://1.2.3.999/")
    assert levels(found) == {"network": "failure"}
    assert found["network"].text == "https://1.2.3.999/ is no address that can be asked."


async def test_a_limit_that_ends_before_anything_is_asked_is_no_fault_of_the_base_url() -> None:
    found = await in_a_task(lambda: look("https://api.example.org/", seconds=0.0))
    assert levels(found) == {"network": "failure"}
    assert found["network"].text == "No request could be begun within 0 s."


@pytest.mark.promise("doctor:looks:network")
@pytest.mark.parametrize(
    ("said", "level", "text"),
    [
        (partial(answer, "403 Forbidden"), "ok", "answers 403"),
        (partial(answer, "404 Not Found"), "failure", "there is no Rememberizer API"),
        (partial(answer, "429 Too Many Requests"), "warning", "too many requests"),
        (partial(answer, "503 Service Unavailable"), "failure", "Rememberizer has trouble"),
        (partial(answer, "200 OK"), "failure", "answers 200, which Rememberizer's API does not"),
        (partial(answer, "302 Found"), "failure", "answers 302, which Rememberizer's API does not"),
        (partial(answer, kind="text/html", body=b"<h1>Sign in to the network</h1>"), "failure", "answers 401, which"),
    ],
)
async def test_an_answer_that_is_not_the_apis_is_the_failure(said: Callable[[], bytes], level: str, text: str) -> None:
    async with server(said()) as stop:  # its date is that of the test, not that of the collection
        found = await look_at(stop)
    assert levels(found) == {"network": "ok", "api": level, "clock": "ok"}
    assert text in found["api"].text


@pytest.mark.promise("doctor:looks:network")
async def test_a_server_that_says_nothing_is_waited_for_in_vain() -> None:
    async with server(None) as stop:
        found = await look(f"http://127.0.0.1:{stop.port}/", seconds=2)
    assert found["network"].text == f"127.0.0.1:{stop.port} does not answer within 2 s."


@pytest.mark.promise("doctor:looks:network")
@pytest.mark.parametrize(
    ("said", "scheme", "text"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "http", "is no HTTP"),
        (b"", "http", "is no HTTP, or with nothing"),
        (answer(), "https", "speaks no TLS"),
    ],
)
async def test_a_server_of_another_kind_is_told_apart(said: bytes, scheme: str, text: str) -> None:
    async with server(said) as stop:
        found = await look(f"{scheme}://localhost:{stop.port}/")
    assert levels(found) == {"network": "failure"}
    assert text in found["network"].text


@pytest.mark.promise("doctor:looks:network")
async def test_a_port_where_nobody_listens_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert (await look(f"http://127.0.0.1:{port}/"))["network"].text == f"127.0.0.1:{port} takes no connection."


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (Stage.RESOLVE, "No address is found for the name api.example.org within 5 s."),
        (Stage.CONNECT, "api.example.org:443 does not take a connection within 5 s."),
        (Stage.TLS, "api.example.org:443 does not begin to speak TLS within 5 s."),
    ],
)
def test_every_stage_can_take_too_long(stage: Stage, text: str) -> None:
    seen = Probe(stage=stage, peer=(HOST, 443), timed_out=True)
    (found,) = findings(seen, f"https://{HOST}/", environ={}, platform="linux", now=0.0, seconds=5)
    assert (found.level, found.text) == ("failure", text)


async def test_a_name_that_is_no_hosts_is_not_found() -> None:
    """It is too long to be asked for."""
    found = await in_a_task(lambda: look(f"https://{'a' * 63}{'.b' * 130}/"))
    assert levels(found) == {"network": "failure"}
    assert found["network"].text.startswith("No address is found for the name aaa")


@pytest.mark.promise("doctor:safe:ends")
async def test_an_unusable_base_url_is_not_asked() -> None:
    found = await look("http://ada:canary@api.example.org/")
    assert levels(found) == {"network": "warning"}
    assert "canary" not in str(found)
