"""``serve --http --metrics-port`` as a real process, and the starts at which that can't be had."""

import os
import socket
from pathlib import Path

import httpx
import pytest
from anyio import to_thread
from click.testing import CliRunner
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.sandbox.config import (
    SANDBOX_CAPTCHA,
    SANDBOX_GUEST_EMAIL,
    SANDBOX_GUEST_PASSWORD,
)

from tests.support.agent import ERAS, agent_on
from tests.support.http_server import http_server, metrics_url
from tests.support.metrics import CALLS, REFRESHES, REQUESTS, SECONDS, SESSIONS, samples
from tests.support.process import clean_environment, running

GUEST = {"email": SANDBOX_GUEST_EMAIL, "password": SANDBOX_GUEST_PASSWORD, "captcha": SANDBOX_CAPTCHA}


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path) -> None:
    """A runtime directory of the test's own, so that no other sandbox is found."""
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)


@pytest.fixture
def without_the_library(tmp_path: Path) -> None:
    """A process finds no prometheus-client."""
    (tmp_path / "prometheus_client.py").write_text("raise ModuleNotFoundError('not here')\n", encoding="utf-8")
    os.environ["PYTHONPATH"] = str(tmp_path)


@pytest.mark.promise("hosting:metrics:counted", "hosting:metrics:port")
async def test_a_served_process_counts_what_clients_of_both_eras_do_and_a_reader_holds_up_no_end() -> None:
    async with (
        http_server("--sandbox", "--metrics-port", "0") as server,
        httpx.AsyncClient(trust_env=False) as prometheus,
    ):
        url = metrics_url(server)
        for era in ERAS:
            async with agent_on(server.url, era) as agent:
                session = (await agent.call("login", **GUEST))["session"]
                await agent.call("search", query="tea", session=session)
                await agent.call("refresh", session=session)
                wrong = await agent.fails("login", **GUEST | {"password": "canary-password"})
                assert wrong["code"] == "invalid_credentials"
        text = (await prometheus.get(url)).text
        server.process.popen.terminate()
        _, code, _, noise = await to_thread.run_sync(server.process.finish)  # the reader's connection is still open
    assert (code, noise) == (0, b"")
    assert samples(text, CALLS) == {
        ("ok", "login"): 2,
        ("ok", "search"): 2,
        ("ok", "refresh"): 2,
        ("invalid_credentials", "login"): 2,
    }
    assert samples(text, f"{SECONDS}_count") == {("login",): 4, ("search",): 2, ("refresh",): 2}
    assert (samples(text, SESSIONS), samples(text, REFRESHES)) == ({(): 2}, {("ok",): 2})
    requests = samples(text, REQUESTS)
    assert requests == {("2xx", "auth"): 4, ("4xx", "auth"): 2, ("2xx", "me"): 2, ("2xx", "documents"): 2}
    assert samples(text, "process_resident_memory_bytes")[()] > 0


@pytest.mark.traced
@pytest.mark.promise("hosting:start:refused", "hosting:metrics:port")
def test_a_port_that_is_taken_is_said_in_one_sentence_with_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running("serve", "--http", "--port", "0", "--metrics-port", port) as process:
            _, code, _, noise = process.finish()
    said = f"rememberizer-mcp can't start:\n  Port {port} of 127.0.0.1 can't be used: Address already in use.\n"
    assert (code, noise.decode()) == (2, said)


@pytest.mark.promise("hosting:start:refused")
def test_metrics_are_refused_over_stdio() -> None:
    result = CliRunner().invoke(main, ["serve", "--metrics-port", "0"])
    assert (result.exit_code, "--metrics-port need --http" in result.output) == (2, True)


@pytest.mark.traced
@pytest.mark.promise("hosting:start:refused")
@pytest.mark.usefixtures("without_the_library")
def test_without_the_library_one_sentence_names_what_to_install() -> None:
    with running("serve", "--http", "--port", "0", "--metrics-port", "0", environment=clean_environment()) as process:
        _, code, out, noise = process.finish()
    needs = "--metrics-port: needs the library prometheus-client; install `rememberizer-mcp[hosted]`"
    assert (code, out, noise.decode()) == (2, b"", f"rememberizer-mcp can't start:\n  {needs}\n")


@pytest.mark.promise("hosting:metrics:off")
@pytest.mark.usefixtures("without_the_library")
async def test_without_metrics_nobody_needs_the_library() -> None:
    async with http_server() as server, agent_on(server.url) as agent:
        assert (await agent.call("session_status"))["state"] == "signed_out"
