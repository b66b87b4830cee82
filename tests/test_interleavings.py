"""Random interleavings of calls and sign-ins on the sandbox: no call asks as another account than it began with (S12).

Every request but those of a sign-in is held on its way to the service and back, so that each ``await`` of a call is a
place where another sign-in, a sign-out or a page can end.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest
from anyio.abc import TaskGroup
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from rememberizer_mcp.server.api.client import asgi_transport
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SandboxConfig
from rememberizer_mcp.tools.base.call import ToolCall
from rememberizer_mcp.tools.base.contract import READS, tool

from tests.support.agent import Agent, Around, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.gated import Gated
from tests.support.person import visit
from tests.support.tiers import examples

ACCESS = 300
ADA, GRACE = "ada@example.org", "grace@example.org"
PASSWORDS = {ADA: "canary-of-ada-1", GRACE: "canary-of-grace-2"}
LONGEST_SECONDS = 20.0
CODES = {"account_changed", "session_expired", "not_signed_in", "sign_in_pending", "sign_in_failed"} | {
    "upstream_unavailable", "rate_limited",
}  # fmt: skip
emails = st.sampled_from(sorted(PASSWORDS))
VERDICTS = st.sampled_from([200, 200, 200, 401, 503])
CALL = st.tuples(st.just("call"), st.sampled_from(["search", "remember"]), st.booleans())
RELEASE = st.tuples(st.just("release"), st.integers(0, 3), VERDICTS)
LOGIN = st.tuples(st.just("login"), emails)
STEPS = st.one_of(
    CALL,
    CALL,
    RELEASE,
    RELEASE,
    LOGIN,
    LOGIN,
    st.tuples(st.sampled_from(["logout", "refresh", "session_status"])),
    st.tuples(st.just("page"), emails),
)


class Holder(BaseModel):
    """Whose sign-in is held, and whether another is being made."""

    email: str | None
    is_moving: bool


async def holder(call: ToolCall) -> Holder:
    """Say it at once, and ask nobody."""
    session = call.sessions.find(call.owner, call.handle)
    return Holder(email=session.email if session else None, is_moving=session is not None and session.is_moving)


HOLDER = tool(holder, "Holder", READS)


@dataclass
class World:
    """An agent with calls in flight, and the gate between its server and the sandbox."""

    agent: Agent
    gate: Gated
    clock: FakeClock
    tasks: TaskGroup
    began: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """By mark: the tool, and whose sign-in was held when the call began."""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: int = 0
    """How many calls, and visits to a page, are under way."""
    url: str | None = None
    """The latest page."""

    async def take(self, step: tuple[Any, ...]) -> None:
        """Take the step, and wait until everybody waits for something."""
        name, *details = step
        await getattr(self, f"_{name}", self._tool)(*(details or [name]))
        await self.gate.settled()

    async def end(self) -> None:
        """Let all calls come to their end, those too that wait for a person: a logout closes the page."""
        while self.running:
            await self.take(("release", 0, 200) if self.gate.held else ("logout",))

    async def _call(self, name: str, is_due: bool) -> None:
        self.clock.advance((ACCESS - 10) * is_due)
        mark = f"call {len(self.began)}"
        self.began[mark] = name, (await self.agent.call("holder"))["email"]
        arguments = {"query": mark} if name == "search" else {"name": mark, "content": mark}
        self.tasks.start_soon(self._run, name, arguments, mark)

    async def _tool(self, name: str) -> None:
        self.tasks.start_soon(self._run, name, {}, "")

    async def _login(self, email: str) -> None:
        credentials = {"email": email, "password": PASSWORDS[email], "captcha": SANDBOX_CAPTCHA}
        self.tasks.start_soon(self._run, "login", credentials, "")

    async def _release(self, index: int, verdict: int) -> None:
        if self.gate.held:
            held = self.gate.held[index % len(self.gate.held)]
            held.verdict = verdict
            held.released.set()

    async def _page(self, email: str) -> None:
        """Open a page, or sign in at the open one as whomever, and wait until the person is told how it went.

        They are let in only if their turn comes at once: nobody else would release what they wait for.
        """
        if self.url is None or (await self.agent.call("holder"))["is_moving"]:
            self.tasks.start_soon(self._run, "login", {"email": email}, "")
            return
        url, self.url, moved = self.url, None, self.gate.moved

        async def sign_in() -> None:
            self.running += 1
            with suppress(httpx.ConnectError):  # another sign-in has closed the page
                await visit(url, form="sign_in", email=email, password=PASSWORDS[email], captcha=SANDBOX_CAPTCHA)
            self.running -= 1
            moved.set()

        self.tasks.start_soon(sign_in)
        await moved.wait()

    async def _run(self, name: str, arguments: dict[str, str], mark: str) -> None:
        self.running += 1
        result = (await self.agent.result(name, **arguments)).structured_content or {}
        self.running -= 1
        self.results[mark] = result
        self.url = result.get("sign_in_url") or result.get("error", {}).get("sign_in_url") or self.url


@asynccontextmanager
async def a_world(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[World]:
    gate = Gated(asgi_transport(sandbox.app))
    server = server_on(gate, clock, Around(patience_seconds=LONGEST_SECONDS, more_tools=[HOLDER]))
    async with agent_on(server) as agent:
        await sign_up(agent, sandbox)
        gate.is_open = False
        with anyio.fail_after(LONGEST_SECONDS):
            async with anyio.create_task_group() as tasks:
                yield World(agent, gate, clock, tasks)


async def sign_up(agent: Agent, sandbox: Sandbox) -> None:
    """Both, Ada last."""
    for email in (GRACE, ADA):
        await agent.call("signup", email=email, password=PASSWORDS[email], captcha=SANDBOX_CAPTCHA)
        await agent.call("verify", verification_code=sandbox.outbox.letters()[-1].code)


def assert_nobody_asked_as_another(world: World) -> None:
    for mark, whose in world.gate.sent:
        name, began_as = world.began[mark]
        assert whose == began_as or (began_as is None and name == "search"), (mark, name, began_as, whose)
    for mark, (name, began_as) in world.began.items():
        result = world.results[mark]
        assert "error" not in result or result["error"]["code"] in CODES, (mark, result)
        if name == "remember" and "error" not in result:
            assert result.get("account", began_as) == began_as


@pytest.mark.promise("sessions:call:one-account")
@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[("call", "remember", True), ("login", GRACE), ("release", 0, 200)])
@example(steps=[("call", "remember", True), ("release", 0, 200), ("login", GRACE), ("release", 0, 200)])
@example(
    steps=[
        ("release", 0, 200), ("logout",), ("release", 0, 200), ("release", 0, 200), ("page", ADA),
        ("call", "remember", False), ("call", "search", False), ("page", GRACE), ("release", 0, 200),
    ]
)  # fmt: skip
@given(steps=st.lists(STEPS, min_size=3, max_size=9))
async def test_no_call_asks_as_another_account_whatever_ends_meanwhile(steps: list[tuple[Any, ...]]) -> None:
    clock = FakeClock()
    config = SandboxConfig(
        access_seconds=ACCESS, now=clock, sign_in_attempts_per_minute=1000, sign_up_attempts_per_minute=1000
    )
    with Sandbox(config) as sandbox:
        async with a_world(sandbox, clock) as world:
            for step in steps:
                await world.take(step)
            await world.end()
        assert_nobody_asked_as_another(world)
