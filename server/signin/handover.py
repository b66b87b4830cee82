"""One fixed port for several processes: who has only ended pages there gives it up to who needs it."""

from contextlib import suppress
from http import HTTPStatus

import anyio

from ..loopback import HOST

PATH = "/give-up-port"
ANSWER_SECONDS = 5.0
"""How long the other process may take to close its port; it needs some tenths."""


async def ask_for_port(port: int) -> None:
    """Ask whatever program has a port of this machine to give it up, and wait until it did, refused, or time is over.

    Only a process of ours understands the question, which holds no secret.
    """
    here = f"{HOST}:{port}"
    request = f"POST {PATH} HTTP/1.1\r\nHost: {here}\r\nOrigin: http://{here}\r\nContent-Length: 0\r\n\r\n"
    agreed = f"HTTP/1.1 {HTTPStatus.NO_CONTENT.value} ".encode()
    with anyio.move_on_after(ANSWER_SECONDS), suppress(OSError, anyio.BrokenResourceError, anyio.EndOfStream):
        async with await anyio.connect_tcp(HOST, port) as holder:
            await holder.send(request.encode())
            if (await holder.receive()).startswith(agreed):
                await holder.receive()  # ends with the connection, which the port's end closes
