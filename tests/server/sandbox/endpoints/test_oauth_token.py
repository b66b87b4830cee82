import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_APP, RegisteredApp, SandboxConfig, Variants

from tests.server.sandbox.oauth import FORM, VERIFIER, Browser, ask_token, exchange, renew
from tests.server.sandbox.support import API, EMAIL
from tests.support.clock import FakeClock

OTHER = RegisteredApp(client_id="other-app", client_secret="other-secret", name="Another")
AS_OTHER = {"client_id": OTHER.client_id, "client_secret": OTHER.client_secret}
INVALID_GRANT = (400, {"error": "invalid_grant"})


@pytest.fixture
def sandbox(clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(now=clock, apps=(SANDBOX_APP, OTHER))) as sandbox:
        yield sandbox


@pytest.fixture
async def browser(sandbox: Sandbox, api: API) -> AsyncIterator[Browser]:
    """The browser of somebody who has an account."""
    await api.sign_up()
    api.cookies.clear()
    async with Browser(sandbox) as browser:
        yield browser


def told(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


@pytest.mark.promise("sandbox:tokens:offline-access")
async def test_a_code_gives_the_documented_tokens(browser: Browser, api: API) -> None:
    response = await browser.grant(api)
    tokens = response.json()
    assert response.status_code == 200
    assert {"token_type": "Bearer", "expires_in": 300, "scope": "offline_access"}.items() <= tokens.items()
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert response.headers["cache-control"] == "no-store"
    assert not response.cookies


async def test_the_token_is_good_for_the_account_until_the_logout(browser: Browser, api: API) -> None:
    bearer = {"Authorization": f"Bearer {(await browser.grant(api)).json()['access_token']}"}
    for path in ("me/", "account/"):
        assert (await api.get(path, headers=bearer)).json()["email"] == EMAIL
    assert (await api.post("auth/custom-logout/", headers=bearer)).status_code == 204
    for path in ("me/", "account/"):
        assert (await api.get(path, headers=bearer)).status_code == 401


@pytest.mark.promise("sandbox:tokens:offline-access")
@pytest.mark.parametrize("scope", ["", None])
async def test_without_offline_access_there_is_no_refresh_token(sandbox: Sandbox, api: API, scope: str | None) -> None:
    await api.sign_up()
    async with Browser(sandbox, scope=scope) as browser:
        tokens = (await browser.grant(api)).json()
    assert tokens["scope"] == ""
    assert "refresh_token" not in tokens
    assert (await api.me(tokens["access_token"])).status_code == 200


@pytest.mark.promise("sandbox:oauth:code-once")
async def test_a_code_that_comes_back_revokes_what_it_gave(browser: Browser, api: API, clock: FakeClock) -> None:
    code = await browser.code()
    tokens = (await exchange(api, code)).json()
    renewed = (await renew(api, tokens["refresh_token"])).json()
    clock.advance(61)
    await browser.code()  # what is cleared up meanwhile is not this code
    assert (await api.me(renewed["access_token"])).status_code == 200
    assert told(await exchange(api, code)) == INVALID_GRANT
    assert (await api.me(tokens["access_token"])).status_code == 401
    assert (await api.me(renewed["access_token"])).status_code == 401
    assert told(await renew(api, renewed["refresh_token"])) == INVALID_GRANT


@pytest.mark.promise("sandbox:oauth:code-once")
async def test_a_code_lives_for_a_minute(browser: Browser, api: API, clock: FakeClock) -> None:
    young, old = await browser.code(), await browser.code()
    clock.advance(59.9)
    assert (await exchange(api, young)).status_code == 200
    clock.advance(0.1)
    assert told(await exchange(api, old)) == INVALID_GRANT


@pytest.mark.promise("sandbox:oauth:code-once")
@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:7002/oauth/callback"},
        {"code_verifier": VERIFIER + "x"},
        {"code_verifier": None},
        {"code": "unknown"},
        AS_OTHER,
    ],
)
async def test_a_code_is_bound_to_what_it_was_asked_with(
    browser: Browser, api: API, changes: dict[str, str | None]
) -> None:
    code = await browser.code()
    assert told(await exchange(api, code, **changes)) == INVALID_GRANT
    assert (await exchange(api, code)).status_code == 200


@pytest.mark.promise("sandbox:oauth:code-once")
async def test_another_apps_reuse_of_a_code_revokes_nothing(browser: Browser, api: API) -> None:
    code = await browser.code()
    tokens = (await exchange(api, code)).json()
    await exchange(api, code, **AS_OTHER)
    assert (await api.me(tokens["access_token"])).status_code == 200


@pytest.mark.promise("sandbox:oauth:code-once")
async def test_pkce_may_be_left_out_but_not_taken_away(sandbox: Sandbox, api: API) -> None:
    await api.sign_up()
    async with Browser(sandbox, code_challenge=None, code_challenge_method=None) as browser:
        assert told(await browser.grant(api)) == INVALID_GRANT
        assert (await browser.grant(api, code_verifier=None)).status_code == 200


@pytest.mark.promise("sandbox:tokens:offline-access")
async def test_a_refresh_token_rotates_and_its_reuse_revokes(browser: Browser, api: API) -> None:
    first = (await browser.grant(api)).json()
    second = (await renew(api, first["refresh_token"])).json()
    assert set(second) == set(first)
    assert second["scope"] == "offline_access"
    assert len({first["access_token"], second["access_token"]}) == 2
    assert (await api.me(second["access_token"])).status_code == 200
    assert told(await renew(api, first["refresh_token"])) == INVALID_GRANT
    assert (await api.me(second["access_token"])).status_code == 401
    assert told(await renew(api, second["refresh_token"])) == INVALID_GRANT


@pytest.mark.promise("sandbox:tokens:offline-access")
async def test_a_refresh_token_is_its_apps_alone(browser: Browser, api: API) -> None:
    refresh = (await browser.grant(api)).json()["refresh_token"]
    assert told(await renew(api, refresh, **AS_OTHER)) == INVALID_GRANT
    assert told(await renew(api, "unknown")) == INVALID_GRANT
    assert (await renew(api, refresh)).status_code == 200


@pytest.mark.promise("sandbox:tokens:offline-access")
async def test_cookies_and_oauth_refresh_tokens_are_not_interchangeable(browser: Browser, api: API) -> None:
    oauth = (await browser.grant(api)).json()["refresh_token"]
    await api.sign_in()
    cookie = api.refresh_token
    assert told(await renew(api, cookie)) == INVALID_GRANT
    assert (await api.refresh(oauth)).status_code == 401
    assert (await renew(api, oauth)).status_code == 200
    assert (await api.refresh(cookie)).status_code == 204


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": None}, 401, "invalid_client"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_secret": "wr\u00f6ng"}, 401, "invalid_client"),
        ({"client_secret": OTHER.client_secret}, 401, "invalid_client"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": None}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": None}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "🗝"}, 400, "invalid_grant"),
    ],
)
async def test_every_error_is_named_as_rfc_6749_names_it(
    api: API, changes: dict[str, str | None], status: int, error: str
) -> None:
    assert told(await exchange(api, "unknown", **changes)) == (status, {"error": error})


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"client_id=%FF", "application/x-www-form-urlencoded"),
        (b"client_id=\xff", "application/x-www-form-urlencoded"),
        (b"code=1&code=2", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(51)), "application/x-www-form-urlencoded"),
        (b"a=" + b"a" * 1024 * 1024, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
    ids=["percent", "bytes", "twice", "many", "large", "JSON"],
)
async def test_a_body_that_is_no_form_is_an_invalid_request(api: API, content: bytes, media_type: str) -> None:
    response = await api.post("auth/oauth2/token/", content=content, headers={"Content-Type": media_type})
    assert told(response) == (400, {"error": "invalid_request"})


@pytest.mark.promise("settings:secrets:never-shown")
async def test_no_code_or_token_is_stored_as_it_is(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "sandbox.db"
    with Sandbox(SandboxConfig(data=file, now=clock)) as sandbox:
        async with API(sandbox) as api, Browser(sandbox) as browser:
            await api.sign_up()
            code = await browser.code()
            tokens = (await exchange(api, code)).json()
            secrets = [code, tokens["refresh_token"], tokens["access_token"], browser.cookies["sandbox_browser"]]
    stored = file.read_bytes()
    assert [secret for secret in secrets if secret.encode() in stored] == []
    assert FORM["client_secret"] not in repr(SANDBOX_APP)


@pytest.mark.promise("sandbox:oauth:consent")
@pytest.mark.parametrize("memento", ["all", "none"])
async def test_the_choice_of_documents_is_kept_with_the_grant(tmp_path: Path, clock: FakeClock, memento: str) -> None:
    file = tmp_path / "sandbox.db"
    with Sandbox(SandboxConfig(data=file, now=clock)) as sandbox:
        async with API(sandbox) as api, Browser(sandbox) as browser:
            await api.sign_up()
            await exchange(api, await browser.code(memento=memento))
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT memento FROM oauth_grants").fetchall() == [(memento,)]
    connection.close()


@asynccontextmanager
async def _under(variant: str, clock: FakeClock) -> AsyncIterator[tuple[API, Sandbox]]:
    config = SandboxConfig(now=clock, variants=Variants.parse([variant]))
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            yield api, sandbox


@pytest.mark.promise("sandbox:wire:variants")
async def test_pkce_may_be_ignored(clock: FakeClock) -> None:
    odd = {"code_challenge": "odd", "code_challenge_method": "plain"}
    async with _under("oauth_pkce=ignored", clock) as (api, sandbox), Browser(sandbox, **odd) as browser:
        assert (await browser.grant(api, code_verifier="another")).status_code == 200
        assert (await browser.grant(api, code_verifier=None)).status_code == 200


@pytest.mark.promise("sandbox:wire:variants", "sandbox:tokens:offline-access")
async def test_an_oauth_refresh_token_may_stay_as_it_is(clock: FakeClock) -> None:
    async with _under("oauth_refresh_rotation=off", clock) as (api, sandbox):
        async with Browser(sandbox) as browser:
            refresh = (await browser.grant(api)).json()["refresh_token"]
        for _ in range(2):
            response = await renew(api, refresh)
            assert response.status_code == 200
            assert "refresh_token" not in response.json()


@pytest.mark.promise("sandbox:wire:variants")
async def test_expires_in_may_be_left_out(clock: FakeClock) -> None:
    async with _under("oauth_expires_in=off", clock) as (api, sandbox):
        async with Browser(sandbox) as browser:
            tokens = (await browser.grant(api)).json()
        assert "expires_in" not in tokens
        assert "expires_in" not in (await renew(api, tokens["refresh_token"])).json()


@pytest.mark.promise("sandbox:wire:variants")
async def test_errors_may_come_with_200(clock: FakeClock) -> None:
    async with _under("oauth_error_status=200", clock) as (api, _):
        assert told(await exchange(api, "unknown")) == (200, {"error": "invalid_grant"})
        assert told(await ask_token(api, client_id="unknown")) == (200, {"error": "invalid_client"})
