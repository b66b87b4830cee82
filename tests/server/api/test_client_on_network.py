"""``RememberizerAPI`` as it is in production, against real listeners: TLS, redirects, proxies and cut connections."""

import os
import ssl
from pathlib import Path

import pytest
import trustme
from rememberizer_mcp.server.api.client import RememberizerAPI
from rememberizer_mcp.server.errors import UpstreamError, UpstreamProtocolError, UpstreamUnreachable

from tests.support.credentials import ada
from tests.support.rest import OK, POST, listening, real, send


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b"", UpstreamUnreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", UpstreamUnreachable),
        (b"\x15\x03\x01\x00\x02\x02\x46", UpstreamProtocolError),
        (b"SSH-2.0-OpenSSH_9.6\r\nProtocol mismatch.\r\n\r\n", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n{}", UpstreamProtocolError),
        (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=\x00\r\n\r\n{}", UpstreamProtocolError),
    ],
    ids=["cut before", "cut within", "TLS alert", "SSH", "length", "chunk", "long header", "NUL in a header"],
)
async def test_a_cut_connection_is_told_from_what_is_no_http(wire: bytes, expected: type[UpstreamError]) -> None:
    async with listening(wire) as (port, asked), real(f"http://127.0.0.1:{port}/") as api:
        with pytest.raises(expected):
            await send(api)
    assert len(asked) == 1


@pytest.mark.promise("upstream:tls:system-trust", "tools:weaknesses:absent")
async def test_weakness_12_a_certificate_the_system_does_not_trust_is_refused(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with listening(OK, tls=context) as (port, asked):
        async with real(f"https://localhost:{port}/") as api:
            with pytest.raises(UpstreamUnreachable) as refused:
                await send(api, POST)
        assert "certificate verify failed" in str(refused.value.__cause__).lower()
        assert asked == []
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        os.environ["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")  # what OpenSSL calls the system's store
        async with real(f"https://localhost:{port}/") as api:
            assert (await send(api, POST)).status == 200
        async with real(f"https://127.0.0.1:{port}/") as api:
            with pytest.raises(UpstreamUnreachable):
                await send(api, POST)
    assert len(asked) == 1


@pytest.mark.promise("cookies:jar:configured-host-only")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed_to_another_listener(status: int) -> None:
    async with listening(OK) as (other, asked):
        away = f"HTTP/1.1 {status} Away\r\nLocation: http://127.0.0.1:{other}/api/v1/me/\r\nContent-Length: 0\r\n\r\n"
        async with listening(away.encode()) as (port, _), real(f"http://127.0.0.1:{port}/api/v1/") as api:
            answered = await send(api, who=ada())
    assert (answered.status, answered.is_success, asked) == (status, False, [])


async def test_a_proxy_of_the_environment_sees_nothing_meant_for_this_machine() -> None:
    async with listening(OK) as (proxy, seen), listening(OK) as (port, asked):
        os.environ["HTTP_PROXY"] = os.environ["ALL_PROXY"] = f"http://127.0.0.1:{proxy}"
        async with real(f"http://127.0.0.1:{port}/") as api:
            assert (await send(api)).is_success
    assert (len(asked), seen) == (1, [])


async def test_a_forgotten_close_is_warned_of() -> None:
    async with listening(OK) as (port, _):
        url = f"http://127.0.0.1:{port}/"
        async with real(url) as closed:
            await send(closed)
        forgotten = RememberizerAPI(base_url=url)
        await send(forgotten)
    with pytest.warns(ResourceWarning, match="was not closed"):
        del forgotten
