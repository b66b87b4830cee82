"""What may stand on the way to an API: a server with or without TLS, a proxy, and each of them broken."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import anyio
import trustme
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener

REFUSAL = b'{"detail": "Authentication credentials were not provided."}'


def answer(
    status: str = "401 Unauthorized", *, kind: str = "application/json", body: bytes = REFUSAL, late: float | None = 0.0
) -> bytes:
    """An HTTP answer; ``late`` says by how many seconds its clock is behind ours, None that it tells no date."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    if late is not None:
        head += f"Date: {format_datetime(datetime.now(UTC) - timedelta(seconds=late), usegmt=True)}\r\n"
    return head.encode() + b"\r\n" + body


@dataclass
class Stop:
    """A place on the way: its port, and what it was asked."""

    port: int
    asked: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def server(said: bytes | None, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Stop]:
    """Answers whatever it is asked with these bytes; with None it takes the connection and says nothing."""

    async def handle(stream: ByteStream) -> None:
        async with stream:
            stop.asked.append(await stream.receive())
            if said is None:
                await anyio.sleep_forever()
            else:
                await stream.send(said)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    stop = Stop(listener.extra(SocketAttribute.local_port))  # noqa: S610 -- anyio's, not Django's
    async with listener, anyio.create_task_group() as tasks:
        taking = TLSListener(listener, tls, standard_compatible=False) if tls else listener
        tasks.start_soon(taking.serve, handle)
        yield stop
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def tunnel(port: int) -> AsyncIterator[Stop]:
    """A proxy that lets every CONNECT through, to this port of ours."""

    async def handle(stream: ByteStream) -> None:
        async with stream, await anyio.connect_tcp("127.0.0.1", port) as onward, anyio.create_task_group() as tasks:
            stop.asked.append(await stream.receive())
            await stream.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            tasks.start_soon(_pass_on, onward, stream)
            tasks.start_soon(_pass_on, stream, onward)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    stop = Stop(listener.extra(SocketAttribute.local_port))  # noqa: S610 -- as above
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        yield stop
        tasks.cancel_scope.cancel()


async def _pass_on(source: ByteStream, target: ByteStream) -> None:
    async for chunk in source:
        await target.send(chunk)


class Authority:
    """Issues certificates; ``trusted`` has this machine's OpenSSL trust it."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def context(self, host: str, *, valid_from: timedelta = timedelta(), valid_for: timedelta) -> ssl.SSLContext:
        """Of a server with this certificate; the times are counted from now."""
        begin = datetime.now(UTC) + valid_from
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf = self._ca.issue_cert(host, not_before=begin, not_after=begin + valid_for)
        leaf.configure_cert(context)
        return context

    def write(self, file: Path) -> str:
        """Its own certificate, for SSL_CERT_FILE."""
        self._ca.cert_pem.write_to_path(str(file))
        return str(file)
