"""The public port of several processes, which leads each connection to the next of them in turn."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
import anyio.abc


@dataclass
class Door:
    """Where each connection was led to, as an index of ``ports``."""

    ports: Sequence[int]
    led: list[int] = field(default_factory=list)

    async def lead(self, client: anyio.abc.SocketStream) -> None:
        """Connect this client with the next port, until either side ends."""
        self.led.append(len(self.led) % len(self.ports))
        server = await anyio.connect_tcp("127.0.0.1", self.ports[self.led[-1]])
        await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
        async with client, server, anyio.create_task_group() as both:
            both.start_soon(_pump, client, server)
            both.start_soon(_pump, server, client)


async def _pump(source: anyio.abc.SocketStream, sink: anyio.abc.SocketStream) -> None:
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        async for data in source:
            await sink.send(data)
    await source.aclose()
    await sink.aclose()


@asynccontextmanager
async def door(port: int, ports: Sequence[int]) -> AsyncIterator[Door]:
    """Take connections at this port of this machine while the body runs."""
    found = Door(ports)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, found.lead)
        yield found
        tasks.cancel_scope.cancel()
