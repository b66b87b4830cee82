import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig

from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

REFUSED = {"detail": "Token is invalid or expired"}


@pytest.mark.promise("sandbox:tokens:rotate")
async def test_a_refresh_replaces_both_cookies(api: API) -> None:
    await api.sign_up()
    access, refresh = api.access, api.refresh_token
    response = await api.refresh()
    assert response.status_code == 204
    assert response.content == b""
    assert api.access != access
    assert api.refresh_token != refresh
    assert (await api.me()).status_code == 200


@pytest.mark.promise("sandbox:tokens:rotate")
async def test_a_used_refresh_token_revokes_every_token_of_its_family(api: API) -> None:
    await api.sign_up()
    used = api.refresh_token
    await api.refresh()
    reused = await api.refresh(used)
    assert reused.status_code == 401
    assert reused.json() == REFUSED
    assert (await api.me()).status_code == 401
    assert (await api.refresh()).status_code == 401


async def test_a_revoked_family_leaves_other_sign_ins_alone(api: API) -> None:
    await api.sign_up()
    used = api.refresh_token
    await api.refresh()
    await api.sign_in()
    await api.refresh(used)
    assert (await api.me()).status_code == 200
    assert (await api.refresh()).status_code == 204


@pytest.mark.parametrize("token", ["unknown", "🗝".encode().decode("latin-1")])
async def test_an_unknown_refresh_token_is_unauthorized(api: API, token: str) -> None:
    response = await api.post("auth/custom-refresh/", headers=[(b"Cookie", f"refresh_token={token}".encode("latin-1"))])
    assert response.status_code == 401
    assert response.json() == REFUSED


@pytest.mark.promise("sandbox:wire:documented-commands")
@pytest.mark.parametrize("cookie", [{}, {"Cookie": "refresh_token="}])
async def test_a_refresh_without_a_cookie_says_that_it_is_missing(api: API, cookie: dict[str, str]) -> None:
    """The documentation's JavaScript sends none outside of a browser."""
    response = await api.post("auth/custom-refresh/", headers=cookie)
    assert response.status_code == 401
    assert "This request has no cookie refresh_token" in response.json()["detail"]


@pytest.mark.promise("sandbox:data:lifetimes")
async def test_tokens_live_as_long_as_the_settings_say(clock: FakeClock) -> None:
    config = SandboxConfig(now=clock, access_seconds=2, refresh_seconds=10)
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            access, refresh = api.access, api.refresh_token
            clock.advance(1.9)
            assert (await api.me(access)).status_code == 200
            clock.advance(0.1)
            assert (await api.me(access)).status_code == 401
            clock.advance(8)
            assert (await api.refresh(refresh)).status_code == 401


@pytest.mark.promise("sandbox:data:lifetimes")
async def test_a_refreshed_token_lives_from_the_refresh_on(api: API, clock: FakeClock) -> None:
    await api.sign_up()
    clock.advance(7 * 24 * 3600 - 1)
    token = api.refresh_token
    response = await api.refresh(token)
    assert response.status_code == 204
    clock.advance(299)
    assert (await api.me(response.cookies["access_token"])).status_code == 200


@pytest.mark.promise("sandbox:data:lifetimes")
async def test_an_access_token_may_outlive_its_refresh_token(clock: FakeClock) -> None:
    config = SandboxConfig(now=clock, access_seconds=100, refresh_seconds=1)
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            access = api.access
            clock.advance(99)
            await api.sign_in()
            assert (await api.me(access)).status_code == 200


@pytest.mark.promise("sandbox:data:lifetimes")
async def test_codes_live_as_long_as_the_settings_say(clock: FakeClock) -> None:
    with Sandbox(SandboxConfig(now=clock, code_seconds=5, code_attempts=1)) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            clock.advance(5)
            assert (await api.verify(_code(sandbox))).status_code == 400


def _code(sandbox: Sandbox) -> str:
    return sandbox.outbox.letters()[-1].code
