"""Random sequences of the six tools on the sandbox, against a model of the state machine."""

import json
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.client import asgi_transport
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SandboxConfig

from tests.support.agent import Agent, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.tiers import examples

ACCESS, REFRESH, IDLE = 300, 3003, 5005
AHEAD = 30
PAGE = 600
ADA, GRACE = "ada@example.org", "grace@example.org"
PASSWORDS = {ADA: "canary-of-ada-1", GRACE: "canary-of-grace-2"}
WRONG = "canary-of-nobody-3"
emails = st.sampled_from(sorted(PASSWORDS))
STEPS = st.one_of(
    st.tuples(st.just("signup"), emails),
    st.tuples(st.just("login"), emails, st.booleans()),
    st.tuples(st.just("verify"), st.booleans()),
    st.tuples(st.sampled_from(["login_again", "refresh", "logout", "session_status"])),
    st.tuples(st.just("wait"), st.sampled_from([10, 200, 1000, 4000, 6000])),
)


@dataclass
class Model:
    """What has to be true after each step; ``outcome`` is a state, or an error code."""

    verified: dict[str, bool] = field(default_factory=dict)
    state: str = "signed_out"
    held: str | None = None
    now: int = 0
    renewed_at: int = 0
    used_at: int = 0
    page: bool = False
    """Whether a sign-in page is open: then every status is ``pending``, and no session is idle."""
    page_until: int = 0

    def signup(self, email: str) -> str:
        self._end_if_idle()
        if email in self.verified:
            return self._used("email_taken")
        self.verified[email] = False
        return self._hold(email)

    def login(self, email: str, right: bool) -> str:
        self._end_if_idle()
        if email not in self.verified or not right:
            return self._used("invalid_credentials")
        return self._hold(email)

    def login_again(self) -> str:
        self._end_if_idle()
        if self.state != "signed_out":
            self._renew_if_due()
        if not self.page and self.state in ("signed_out", "expired"):
            self.page, self.page_until = True, self.now + PAGE
        return self._used(self._shown())

    def verify(self, right: bool) -> str:
        self._end_if_idle()
        if self.state != "signed_out":
            self._renew_if_due()
        if self.state in ("signed_out", "expired"):
            return self._used("not_signed_in" if self.state == "signed_out" else "session_expired")
        assert self.held is not None
        if not right or self.verified[self.held]:
            return self._used("invalid_verification_code")
        self.verified[self.held] = True
        self.state = "signed_in"
        return self._used(self._shown())

    def refresh(self) -> str:
        self._end_if_idle()
        if self.state not in ("signed_out", "expired"):
            self._renew()
        errors = {"signed_out": "not_signed_in", "expired": "session_expired"}
        return self._used(errors.get(self.state, self._shown()))

    def logout(self) -> str:
        self.state, self.held, self.page = "signed_out", None, False
        return self.state

    def session_status(self) -> str:
        self._end_if_idle()
        if self.state != "signed_out":
            self._renew_if_due()
        return self._used(self._shown())

    def _shown(self) -> str:
        return "pending" if self.page else self.state

    def _hold(self, email: str) -> str:
        self.held, self.renewed_at, self.page = email, self.now, False
        self.state = "signed_in" if self.verified[email] else "unverified"
        return self._used(self.state)

    def _used(self, outcome: str) -> str:
        self.used_at = self.now
        return outcome

    def _end_if_idle(self) -> None:
        self.page = self.page and self.now < self.page_until
        if self.now - self.used_at >= IDLE and not self.page:
            self.logout()

    def _renew_if_due(self) -> None:
        if self.now - self.renewed_at > ACCESS - AHEAD and self.state != "expired":
            self._renew()

    def _renew(self) -> None:
        if self.now - self.renewed_at >= REFRESH:
            self.state = "expired"
        else:
            self.renewed_at = self.now


@dataclass
class World:
    """The real thing: an agent, its server, the sandbox behind it, and every token that the sandbox gave out."""

    agent: Agent
    sandbox: Sandbox
    clock: FakeClock
    tokens: set[str]
    said: list[str] = field(default_factory=list)

    async def take(self, step: tuple[Any, ...], model: Model) -> None:
        name, *details = step
        if name == "wait":
            self.clock.advance(details[0])
            model.now += details[0]
            return
        expected = getattr(model, name)(*details)
        content = await self._call(name, details, model)
        assert (content["error"]["code"] if "error" in content else content["state"]) == expected, step

    async def _call(self, name: str, details: list[Any], model: Model) -> dict[str, Any]:
        arguments: dict[str, str] = {}
        if name in ("signup", "login"):
            password = PASSWORDS[details[0]] if name == "signup" or details[1] else WRONG
            arguments = {"email": details[0], "password": password, "captcha": SANDBOX_CAPTCHA}
        if name == "verify":
            codes = [letter.code for letter in self.sandbox.outbox.letters() if letter.to == model.held]
            arguments = {"verification_code": codes[-1] if codes and details[0] else "wrong-code"}
        result = await self.agent.result("login" if name == "login_again" else name, **arguments)
        self.said.append(result.model_dump_json())
        return dict(result.structured_content or {})


class Recording(httpx.AsyncBaseTransport):
    """Passes everything on, and keeps the value of every cookie that comes back."""

    def __init__(self, inner: httpx.AsyncBaseTransport, seen: set[str]) -> None:
        self._inner = inner
        self._seen = seen

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        for line in response.headers.get_list("set-cookie"):
            self._seen |= {morsel.value for morsel in SimpleCookie(line).values() if morsel.value}
        return response


@pytest.mark.promise("sessions:states:no-other", "sessions:states:illegal-moves", "settings:secrets:never-shown")
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    steps=[
        ("signup", ADA), ("signup", ADA), ("login", GRACE, True), ("login", ADA, False), ("verify", False),
        ("verify", True), ("verify", True), ("login", ADA, True), ("login_again",), ("refresh",), ("wait", 200),
        ("session_status",), ("wait", 200), ("session_status",), ("wait", 4000), ("refresh",), ("refresh",),
        ("verify", True), ("session_status",), ("login_again",), ("wait", 6000), ("verify", True), ("refresh",),
        ("login_again",), ("login", ADA, True), ("signup", GRACE), ("logout",), ("logout",),
    ]
)  # fmt: skip
@example(steps=[("login_again",), ("wait", 1000)])
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
async def test_no_sequence_leaves_the_model_or_shows_a_secret(
    steps: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    clock, tokens = FakeClock(), set[str]()
    caplog.set_level("DEBUG")
    caplog.clear()
    config = SandboxConfig(
        access_seconds=ACCESS, refresh_seconds=REFRESH, code_seconds=10**6, code_attempts=1000, now=clock,
        sign_in_attempts_per_minute=1000, sign_up_attempts_per_minute=1000, verify_attempts_per_minute=1000,
    )  # fmt: skip
    with Sandbox(config) as sandbox:
        transport = Recording(asgi_transport(sandbox.app), tokens)
        async with agent_on(server_on(transport, clock, session_idle_minutes=IDLE / 60, session_hours=9999)) as agent:
            world, model = World(agent, sandbox, clock, tokens), Model()
            for step in steps:
                await world.take(step, model)
            status = json.loads((await agent.result("session_status")).model_dump_json())["structured_content"]
            assert (model.session_status(), model.held) == (status["state"], status["email"])
    everything = "\n".join([*world.said, *(record.getMessage() for record in caplog.records)])
    for secret in {*PASSWORDS.values(), WRONG, "wrong-code", SANDBOX_CAPTCHA, *tokens}:
        assert secret not in everything
