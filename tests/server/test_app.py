"""What ``build_server`` puts together."""

import logging
import os
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.api.issuer import Issuer
from rememberizer_mcp.server.api.issuer_requests import IssuerUnavailable
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.clients import Clients
from rememberizer_mcp.server.http.start import authorized
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA
from rememberizer_mcp.server.sessions.store import SWEEP_SECONDS
from rememberizer_mcp.server.settings.settings import Settings

from tests.support.agent import ADA, ERAS, GRACE, Around, Era, agent_on, server_on
from tests.support.clock import FakeClock, Gate
from tests.support.sessions import resync
from tests.support.upstream import BASE_URL, usual


@pytest.mark.parametrize("era", ERAS)
async def test_the_embedded_sandbox_serves_a_whole_life(era: Era, tmp_path: Path) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)
    async with agent_on(build_server(Settings(sandbox=True)), era) as agent:
        assert len(list(tmp_path.rglob("*.json"))) == 1
        status = await agent.call("signup", **ADA, name="Ada", captcha=SANDBOX_CAPTCHA)
        assert (status["state"], status["name"], status["can_refresh"]) == ("unverified", "Ada", True)
        assert (await agent.call("refresh"))["state"] == "unverified"
        assert (await agent.fails("verify", verification_code="000000x"))["code"] == "invalid_verification_code"
        await agent.call("logout")
        status = await agent.call("login", **ADA, captcha=SANDBOX_CAPTCHA)
        assert (status["state"], status["name"]) == ("unverified", "Ada")
        assert (await agent.fails("login", **GRACE))["code"] == "captcha_required"
    assert not list(tmp_path.rglob("*.json"))


async def test_the_instructions_say_how_to_use_the_sandbox(tmp_path: Path) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)
    async with Client(build_server(Settings(sandbox=True))) as client:
        assert f"`{SANDBOX_CAPTCHA}`" in (client.instructions or "")


@pytest.mark.promise("settings:secrets:never-shown")
def test_the_secrets_of_the_settings_are_known_from_the_start() -> None:
    secrets = KnownSecrets()
    settings = Settings.model_validate({**ADA, "captcha": "canary-captcha"})
    build_server(settings, secrets=secrets)
    assert secrets.redact(f"{ADA['password']} canary-captcha") == "[redacted] [redacted]"


async def test_the_server_says_who_it_is() -> None:
    async with Client(server_on(usual().transport)) as client:
        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.version) == ("rememberizer-mcp", __version__)
        assert client.instructions is not None
        assert "names its cause and what repairs it" in client.instructions
        assert "sandbox" not in client.instructions


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper")
async def test_the_settings_reach_the_sessions(clock: FakeClock) -> None:
    server = server_on(usual().transport, clock, session_idle_minutes=1, session_hours=0.5)
    async with agent_on(server) as agent:
        await agent.call("login", **ADA)
        clock.advance(59)
        assert (await agent.call("session_status"))["state"] == "signed_in"
        clock.advance(60)
        assert (await agent.call("session_status"))["state"] == "signed_out"


@pytest.mark.promise("sessions:lifetime:idle-cap-sweeper", "process:stdout:protocol-only")
async def test_a_running_server_sweeps_and_an_ended_one_remembers_nothing(clock: FakeClock) -> None:
    gate, secrets = Gate(), KnownSecrets()
    settings = Settings(base_url=BASE_URL)
    server = build_server(settings, transport=usual().transport, secrets=secrets, now=clock, sleep=gate.sleep)
    async with agent_on(server) as agent:
        with anyio.fail_after(5):
            await gate.waiting.wait()
        assert gate.waits == [SWEEP_SECONDS]
        await agent.call("login", **ADA)
        assert repr(secrets) == "<KnownSecrets: 2 values>"
    assert repr(secrets) == "<KnownSecrets: 0 values>"


class Closing(httpx.MockTransport):
    """Knows whether it was closed, which takes a turn of the event loop."""

    is_closed = False

    async def aclose(self) -> None:
        await resync()
        self.is_closed = True


async def test_a_server_that_is_cancelled_closes_its_connections_all_the_same() -> None:
    upstream = Closing(usual().handle)
    with anyio.fail_after(5), anyio.CancelScope() as scope:
        async with agent_on(server_on(upstream)) as agent:
            await agent.call("login", **ADA)
            scope.cancel()
            await anyio.sleep_forever()
    await resync()
    assert (scope.cancelled_caught, upstream.is_closed) == (True, True)


async def test_the_end_of_a_run_closes_the_connections_to_the_issuer() -> None:
    network = Closing(lambda _: httpx.Response(503))
    issuer = Issuer("https://id.example.org", transport=network)
    clients = Clients(authorization=authorized("https://mcp.example.org", issuer))
    async with agent_on(server_on(usual().transport, None, Around(clients=clients))):
        with pytest.raises(IssuerUnavailable):
            await issuer.key("first", "ES256")
        assert not network.is_closed
    assert network.is_closed


@pytest.mark.promise("upstream:time:budget")
async def test_the_time_limit_of_the_settings_ends_a_call(clock: FakeClock) -> None:
    async def never(_: object) -> None:
        await anyio.sleep_forever()

    upstream = usual(signin=never)  # type: ignore[arg-type]  # it never answers, so it has no answer's type
    async with agent_on(server_on(upstream.transport, clock, timeout_seconds=0.05)) as agent:
        error = await agent.fails("login", **ADA)
    await anyio.lowlevel.checkpoint()  # see tests.support.sessions.resync
    assert (error["code"], error["retryable"]) == ("upstream_timeout", True)
    assert "REMEMBERIZER_TIMEOUT_SECONDS" in error["hint"]


@pytest.mark.promise("settings:logs:one-redacted-line")
async def test_events_are_logged_without_names_or_whole_handles(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="rememberizer_mcp")
    async with agent_on(server_on(usual().transport)) as agent:
        handle = (await agent.call("login", **ADA))["session"]
        await agent.call("refresh")
        await agent.call("logout")
    assert [record.getMessage() for record in caplog.records if record.name.startswith("rememberizer_mcp")] == [
        f"session {handle[:8]}… is signed_in",
        f"session {handle[:8]}… was refreshed",
    ]
    assert not [record for record in caplog.records if ADA["email"] in record.getMessage()]
