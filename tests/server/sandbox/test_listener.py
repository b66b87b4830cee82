import base64
import signal
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.listener import heeding, keyed_app, outbox_listener
from rememberizer_mcp.server.sandbox.mailbox import OutboxAddress
from rememberizer_mcp.server.sandbox.wire.web import web_app

from tests.server.sandbox.support import API, EMAIL, WAIT_SECONDS, newest_code
from tests.support.ports import ends, idle


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=WAIT_SECONDS) as browser:
        yield browser


async def test_the_page_shows_letters_the_newest_first(
    address: OutboxAddress, browser: httpx.AsyncClient, api: API, sandbox: Sandbox
) -> None:
    assert "No letters yet." in (await browser.get(address.url)).text
    await api.sign_up(email="<b>@example.com")
    await api.sign_up()
    page = (await browser.get(address.url)).text
    first, second = sandbox.outbox.letters()
    assert page.index(second.code) < page.index(first.code)
    assert EMAIL in page
    assert "2025-06-15 15:06:40 UTC" in page
    assert "&lt;b&gt;@example.com" in page
    assert "<b>" not in page


async def test_a_program_gets_letters_and_keys_as_json(
    address: OutboxAddress, browser: httpx.AsyncClient, api: API, sandbox: Sandbox
) -> None:
    await api.sign_up()
    [letter] = sandbox.outbox.letters()
    response = await browser.get(address.url, headers={"Accept": "application/json"})
    assert response.json() == {
        "letters": [
            {
                "to": EMAIL,
                "subject": letter.subject,
                "code": newest_code(sandbox),
                "sent_at": letter.sent_at,
                "expires_at": letter.expires_at,
            }
        ],
        "api_keys": [
            {"opens": key.opens, "id": "1", "name": "", "owner": EMAIL, "key": key.key}
            for key in sandbox.shown_keys.shown()
        ],
    }


@pytest.mark.promise("settings:files:private", "sessions:handle:random-and-bounded")
async def test_without_the_key_the_page_is_any_unknown_path(address: OutboxAddress, browser: httpx.AsyncClient) -> None:
    key = address.path.split("/")[1]
    answers = []
    for path in ("outbox/", f"{key[:-1]}/outbox/", "none/", "", f"{key}/", f"{key}/outbox", "api/v1/me/", "%C3%A9/"):
        response = await browser.get(f"http://127.0.0.1:{address.port}/{path}")
        assert response.status_code == 404
        answers.append((response.content, {**response.headers, "date": ""}))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.promise("sessions:handle:random-and-bounded")
async def test_each_start_has_its_own_key_of_256_bits(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = set()
    for _ in range(3):
        async with outbox_listener(sandbox, tmp_path) as address:
            keys.add(address.path.split("/")[1])
    assert len(keys) == 3
    assert {len(base64.urlsafe_b64decode(key + "=")) for key in keys} == {32}


@pytest.mark.promise("page:request:host-and-origin")
@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:{port}", None, 200),
        ("localhost:{port}", None, 200),
        ("LOCALHOST:{port}", "http://localhost:{port}", 200),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", 200),
        ("evil.example", None, 403),
        ("evil.example:{port}", None, 403),
        ("127.0.0.1", None, 403),
        ("127.0.0.1:1", None, 403),
        ("evil@127.0.0.1:{port}", None, 403),
        ("127.0.0.1.evil.example:{port}", None, 403),
        ("127.0.0.1:{port}", "null", 403),
        ("127.0.0.1:{port}", "http://evil.example", 403),
        ("127.0.0.1:{port}", "https://127.0.0.1:{port}", 403),
        ("127.0.0.1:{port}", "http://localhost:{port}", 403),
        ("127.0.0.1:{port}", "", 403),
    ],
)
async def test_only_this_address_may_be_named_as_host_and_origin(
    address: OutboxAddress, browser: httpx.AsyncClient, host: str, origin: str | None, status: int
) -> None:
    headers = {"Host": host.format(port=address.port)}
    if origin is not None:
        headers["Origin"] = origin.format(port=address.port)
    response = await browser.get(address.url, headers=headers)
    assert response.status_code == status
    assert response.headers["x-rememberizer-sandbox"] == "1"
    assert ("Outbox" in response.text) is (status == 200)


@pytest.mark.promise("page:request:host-and-origin")
@pytest.mark.parametrize(
    ("client", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8765", 200),
        ("127.0.0.1", "localhost:8765", 200),
        ("192.0.2.1", "127.0.0.1:8765", 403),
        (None, "127.0.0.1:8765", 403),
    ],
)
async def test_only_a_loopback_client_is_answered(sandbox: Sandbox, client: str | None, host: str, status: int) -> None:
    app = keyed_app(sandbox, otherwise=web_app([]), key="key")
    peer = (client, 1) if client else None
    transport = httpx.ASGITransport(app=app, client=peer)  # type: ignore[arg-type]  # ASGI allows None, httpx's hint does not
    async with httpx.AsyncClient(transport=transport) as browser:
        response = await browser.get("http://127.0.0.1:8765/key/outbox/", headers={"Host": host})
    assert response.status_code == status


@pytest.mark.promise("page:request:host-and-origin")
async def test_a_forwarded_address_is_not_believed(address: OutboxAddress, browser: httpx.AsyncClient) -> None:
    response = await browser.get(address.url, headers={"X-Forwarded-For": "192.0.2.1"})
    assert response.status_code == 200


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_every_answer_of_the_listener_has_the_strict_headers(
    address: OutboxAddress, browser: httpx.AsyncClient
) -> None:
    for response in (
        await browser.get(address.url),
        await browser.get(f"http://127.0.0.1:{address.port}/"),
        await browser.get(address.url, headers={"Host": "evil.example"}),
    ):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "same-origin"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert policy.endswith("frame-ancestors 'none'")


@pytest.mark.promise("page:request:loopback-only")
async def test_the_listener_is_on_127_0_0_1_only(address: OutboxAddress) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        # Another loopback address reaches sockets that are bound to every interface, and no others.
        assert other.connect_ex(("127.0.0.2", address.port)) != 0


@pytest.mark.promise("settings:files:private")
async def test_the_address_stands_in_a_private_file_while_it_serves(sandbox: Sandbox, tmp_path: Path) -> None:
    async with outbox_listener(sandbox, tmp_path / "run") as address:
        file = address.file
        assert file is not None
        assert file.parent == tmp_path / "run" / "rememberizer-mcp"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert address.url in file.read_text()
    assert list(file.parent.iterdir()) == []


async def test_at_the_end_nothing_listens(sandbox: Sandbox, tmp_path: Path, browser: httpx.AsyncClient) -> None:
    async with outbox_listener(sandbox, tmp_path) as address:
        await browser.get(address.url)
    with pytest.raises(httpx.ConnectError):
        await browser.get(address.url)


async def test_signal_handlers_stay_as_they_were(address: OutboxAddress) -> None:
    assert address.port
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert "uvicorn" not in repr(signal.getsignal(signal.SIGINT))


async def test_the_bodys_exception_leaves_as_it_is(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="the body's own"):
        async with outbox_listener(sandbox, tmp_path):
            raise KeyError("the body's own")
    assert list((tmp_path / "rememberizer-mcp").iterdir()) == []


async def test_a_cancelled_body_closes_the_listener_too(sandbox: Sandbox, tmp_path: Path) -> None:
    with anyio.CancelScope() as scope:
        async with outbox_listener(sandbox, tmp_path) as address:
            open_connection = await anyio.connect_tcp("127.0.0.1", address.port)
            await open_connection.send(b"HEAD / HTTP/1.1\r\nHost: none\r\n\r\n")
            assert (await open_connection.receive()).startswith(b"HTTP/1.1 403")
            scope.cancel()
            await anyio.sleep_forever()
    assert list((tmp_path / "rememberizer-mcp").iterdir()) == []
    with anyio.fail_after(3), pytest.raises(anyio.EndOfStream):  # idle connections would end by themselves after 5
        await open_connection.receive()
    await open_connection.aclose()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", address.port)) != 0


async def test_the_sandbox_keeps_few_connections_too(
    address: OutboxAddress, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async with idle(("127.0.0.1", address.port), 300) as clients:
        assert await ends(clients[0])
        assert (await browser.get(address.url)).status_code == 200
    assert [record.levelname for record in caplog.records if record.name != "httpx"] == ["WARNING"]


async def test_signals_that_come_together_end_it_once_and_are_ignored_from_then_on() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
    try:
        with anyio.fail_after(WAIT_SECONDS), heeding((signal.SIGTERM, signal.SIGHUP)) as came:
            together = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGHUP))
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
            signal.pthread_sigmask(signal.SIG_SETMASK, together)
            await came.wait()
            signal.raise_signal(signal.SIGTERM)
        assert {signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)} == {signal.SIG_IGN}
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)


async def test_signals_that_never_came_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with heeding((signal.SIGTERM,)) as came:
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert not came.is_set()
