from collections.abc import Iterator

import httpx
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig

from tests.server.sandbox.support import API, wrong_code
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:accounts:limits")


@pytest.fixture
def sandbox(clock: FakeClock) -> Iterator[Sandbox]:
    config = SandboxConfig(
        now=clock, sign_in_attempts_per_minute=3, sign_up_attempts_per_minute=2, verify_attempts_per_minute=2
    )
    with Sandbox(config) as sandbox:
        yield sandbox


def _assert_throttled(response: httpx.Response, seconds: int) -> None:
    unit = "second" if seconds == 1 else "seconds"
    assert response.status_code == 429
    assert response.headers["retry-after"] == str(seconds)
    assert response.json() == {"detail": f"Request was throttled. Expected available in {seconds} {unit}."}


async def test_signin_is_limited_per_address(api: API, clock: FakeClock) -> None:
    for number in range(3):
        assert (await api.sign_in(login=f"nobody{number}@example.com")).status_code == 401
    clock.advance(20.5)
    _assert_throttled(await api.sign_in(login="somebody@example.com"), 40)
    clock.advance(39)
    _assert_throttled(await api.sign_in(login="somebody@example.com"), 1)
    clock.advance(0.5)
    assert (await api.sign_in(login="somebody@example.com")).status_code == 401


async def test_signin_is_limited_per_login_name_from_any_address(sandbox: Sandbox) -> None:
    statuses = []
    for number in range(4):
        transport = httpx.ASGITransport(app=sandbox.app, client=(f"192.0.2.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
            body = {"login": "Ada@example.com", "password": "guess", "captcha": "sandbox-captcha"}
            response = await client.post("/api/v1/auth/signin/", json=body)
            statuses.append(response.status_code)
    assert statuses == [401, 401, 401, 429]
    _assert_throttled(response, 60)


async def test_signup_is_limited_per_address(api: API) -> None:
    assert (await api.sign_up()).status_code == 201
    assert (await api.sign_up()).status_code == 400
    _assert_throttled(await api.sign_up(), 60)


async def test_verifying_is_limited_per_account(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    ada = api.access
    for _ in range(2):
        assert (await api.verify(wrong_code(sandbox), token=ada)).status_code == 400
    _assert_throttled(await api.verify(wrong_code(sandbox), token=ada), 60)
    await api.sign_up(email="grace@example.com")
    assert (await api.verify(wrong_code(sandbox))).status_code == 400


async def test_in_process_without_an_address_only_the_login_name_counts(sandbox: Sandbox) -> None:
    nowhere = httpx.ASGITransport(app=sandbox.app, client=None)  # type: ignore[arg-type]  # ASGI allows it, httpx's hint does not
    async with httpx.AsyncClient(transport=nowhere, base_url="http://sandbox.test") as client:
        for number in range(4):
            body = {"login": f"nobody{number}@example.com", "password": "guess", "captcha": "sandbox-captcha"}
            assert (await client.post("/api/v1/auth/signin/", json=body)).status_code == 401
