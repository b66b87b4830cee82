"""Applications of a web server that can't give what it owes."""

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from .late_answer import Ending, some_turns

MORE_THAN_SOCKETS_HOLD = "x" * 16_000_000
_HEAD = b" / HTTP/1.1\r\nHost: none\r\n"
STUCK = {
    "half a form is sent": b"POST" + _HEAD + b"Content-Length: 500\r\n\r\nform=sign_in&email=a",
    "nothing is read": b"GET" + _HEAD + b"\r\n",
    "nothing is read and more is asked": (b"GET" + _HEAD + b"\r\n") * 2,
    "no answer is ever made": b"PUT" + _HEAD + b"\r\n",
}
"""What a client sends that reads nothing; by what comes to no end then."""


class Stuck:
    """An application that answers with plenty, and a PUT never.

    Args:
        sent: By the one client that there is.
    """

    def __init__(self, sent: bytes) -> None:
        self._sent = sent
        self._to_come = sent.count(_HEAD)
        self._asked = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._to_come -= 1
        if self._to_come == 0:
            self._asked.set()
        await Request(scope, receive).body()
        if scope["method"] == "PUT":
            await anyio.sleep_forever()
        await PlainTextResponse(MORE_THAN_SOCKETS_HOLD)(scope, receive, send)

    async def outlasts(self, port: int, server: Ending, ended: anyio.Event) -> None:
        """Ask, tell the server to end, and wait until it has."""
        async with await anyio.connect_tcp("127.0.0.1", port) as browser:
            await browser.send(self._sent)
            await self._asked.wait()
            await some_turns()
            server.end()
            await ended.wait()


async def fails(scope: Scope, receive: Receive, send: Send) -> None:
    """An application with a fault."""
    del scope, receive, send
    raise KeyError
