"""A person with an account of their own, whose agent asks the service something each second."""

import json
import random
import re
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import cycle

import anyio
import anyio.abc

from tests.benchmarks.exchange import Era
from tests.benchmarks.load import Answered, HttpClient, Refused
from tests.benchmarks.replicas.service import Service
from tests.benchmarks.replicas.tally import LOST, Outcome, Tally

ERAS: tuple[Era, Era] = ("2026-07-28", "2025-11-25")
ANYBODYS = re.compile(rb"person-\d+@example\.org")
LONGEST_SECONDS = 40.0
"""Longer than any call takes."""
CUT = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, ssl.SSLError, OSError)


@dataclass
class Person:
    """One of the service's people; every other one has an agent of 2025-11-25."""

    number: int
    service: Service
    tally: Tally
    handle: str | None = None
    _client: HttpClient | None = None
    _connection: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def email(self) -> str:
        return f"person-{self.number}@example.org"

    async def live(self, goes_on: Callable[[], bool]) -> None:
        """Sign in, ask something each second, and say in the end whether the sign-in is still there.

        A second is a little longer or shorter, or nginx, which asks the processes in turn, would lead everybody to the
        same one each time.
        """
        await self.ask("login", email=self.email, password=f"canary-password-{self.number}")
        tools = cycle(({"tool": "search", "query": "tea"}, {"tool": "session_status"}))
        while goes_on():
            next_at = self.service.now + random.uniform(0.8, 1.2)  # noqa: S311 -- no secret
            await self.ask(**next(tools))
            await anyio.sleep(max(0.0, next_at - self.service.now))
        await self.ask("session_status")
        await self._disconnect()

    async def ask(self, tool: str, **arguments: str) -> None:
        """Call a tool, and note how that ended; who lost their sign-in signs in again."""
        at = self.service.now
        said = await self._outcome(tool, **arguments)
        self.tally.note(Outcome(at=at, took=self.service.now - at, person=self.number, tool=tool, said=said))
        if said in LOST and tool != "login":
            self.handle = None
            await self.ask("login", email=self.email, password=f"canary-password-{self.number}")

    async def _outcome(self, tool: str, **arguments: str) -> str:
        try:
            with anyio.fail_after(LONGEST_SECONDS):
                answered = await (await self._connected()).ask(tool, **arguments)
        except TimeoutError:
            await self._disconnect()
            return "no answer"
        except CUT:
            await self._disconnect()
            return "cut"
        except Refused as refused:
            await self._disconnect()
            return f"HTTP {refused.status}"
        return self._meaning(tool, answered)

    def _meaning(self, tool: str, answered: Answered) -> str:
        """``ok``, a code of ours, or what is wrong with the answer."""
        named = set(ANYBODYS.findall(answered.body))
        if named - {self.email.encode()}:
            return "foreign"
        given = answered.result["structuredContent"]
        if answered.result.get("isError"):
            return str(given["error"]["code"])
        if not named:
            return "signed out" if given.get("state") == "signed_out" else "nobody's"
        if tool == "search":
            return "ok"
        before, self.handle = self.handle, json.dumps(given["session"])
        return "ok" if before in (None, self.handle) else "another session"

    async def _connected(self) -> HttpClient:
        """What asks on this person's connection, which is made anew after each that was cut."""
        if self._client is None:
            trust, port = self.service.proxy.trust, self.service.proxy.port
            connection = await anyio.connect_tcp("127.0.0.1", port, ssl_context=trust)
            stream: anyio.abc.ByteStream = await self._connection.enter_async_context(connection)
            self._client = HttpClient(stream, host=f"127.0.0.1:{port}", token=self.service.tokens[self.number])
            await self._client.begin(ERAS[self.number % 2])
        return self._client

    async def _disconnect(self) -> None:
        self._client = None
        with suppress(*CUT):
            await self._connection.aclose()
