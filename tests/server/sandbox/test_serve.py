import signal
import socket
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SandboxConfig
from rememberizer_mcp.server.sandbox.listener import ending_signals, serve_sandbox
from rememberizer_mcp.server.sandbox.mailbox import fetch_outbox

from tests.server.sandbox.support import EMAIL, NAME, PASSWORD, served


@pytest.mark.promise("sandbox:wire:says-so", "page:request:loopback-only")
async def test_the_announcement_says_where_everything_is(tmp_path: Path) -> None:
    async with served(tmp_path) as sandbox:
        assert sandbox.lines[0] == "Rememberizer sandbox: no real account, and no mail leaves this machine."
        assert sandbox.lines[1] == f"  Commands to try: {sandbox.base_url}"
        assert sandbox.lines[2] == f"  API base URL:    {sandbox.base_url}api/v1/"
        assert sandbox.lines[3] == f"  Outbox:          {sandbox.outbox_url}"
        assert sandbox.lines[4] == "  Captcha token:   sandbox-captcha"
        assert sandbox.lines[5] == "  Guest:           ada@sandbox.example, password sandbox-guest"
        assert sandbox.lines[6] == "  Data:            in memory, gone when the sandbox ends"
        assert sandbox.base_url.startswith("http://127.0.0.1:")


@pytest.mark.promise("settings:files:private", "page:request:host-and-origin")
async def test_api_page_and_outbox_are_served_on_one_port(tmp_path: Path) -> None:
    async with served(tmp_path) as sandbox, httpx.AsyncClient(base_url=sandbox.base_url, trust_env=False) as client:
        body = {"email": EMAIL, "password": PASSWORD, "name": NAME, "captcha": SANDBOX_CAPTCHA}
        assert (await client.post("api/v1/auth/signup/", json=body)).status_code == 201
        [letter], _ = await anyio.to_thread.run_sync(fetch_outbox, tmp_path)
        assert letter.code in (await client.get(sandbox.outbox_url)).text
        index = await client.get("/")
        assert sandbox.base_url + "api/v1/" in index.text
        assert sandbox.outbox_url.split("/")[3] not in index.text
        assert (await client.get("/", headers={"Host": "evil.example"})).status_code == 403
        assert (await client.get("/none/outbox/")).json() == {"detail": "Not found."}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_quietly_and_cleanly(tmp_path: Path, ending: signal.Signals) -> None:
    async with served(tmp_path, ending=ending) as sandbox, httpx.AsyncClient(trust_env=False) as client:
        await client.get(sandbox.base_url)
    assert sandbox.returncode == 0
    assert sandbox.errors == ""
    assert list((tmp_path / "rememberizer-mcp").iterdir()) == []


@pytest.mark.parametrize("ignored", [True, False])
def test_a_closed_terminal_ends_it_unless_it_is_to_outlive_that(*, ignored: bool) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        assert (signal.SIGHUP in ending_signals()) is not ignored
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_quietly_while_it_waits_for_the_rest_of_a_request(
    tmp_path: Path, ending: signal.Signals
) -> None:
    with socket.socket() as client:
        async with served(tmp_path, ending=ending) as sandbox, httpx.AsyncClient(trust_env=False) as another:
            url = httpx.URL(sandbox.base_url)
            client.connect((url.host, url.port))
            head = f"POST /api/v1/auth/signin/ HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Length: 100\r\n\r\n"
            client.sendall(f"{head}{{".encode())
            await another.get(url)  # answered later than that was read
    assert (sandbox.returncode, sandbox.errors) == (0, "")


def test_a_port_in_use_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"^Port {port} of 127.0.0.1 can't be used: Address already in use.$"):
            serve_sandbox(SandboxConfig(), port=port, runtime_dir=tmp_path, announce=lambda _: None)


def test_a_number_that_is_no_port_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^65536 is no port number: it goes from 0 to 65535\.$"):
        serve_sandbox(SandboxConfig(), port=65536, runtime_dir=tmp_path, announce=lambda _: None)
