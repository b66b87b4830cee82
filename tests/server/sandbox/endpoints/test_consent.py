"""The consent page in the person's browser, over real HTTP on the listener beside a sandbox in process."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig, Variants
from rememberizer_mcp.server.sandbox.mailbox import OutboxAddress

from tests.server.sandbox.oauth import ASKED, Browser, answer_of, exchange
from tests.server.sandbox.support import API, EMAIL
from tests.support.clock import FakeClock

GRACE = "grace@example.com"
WRONG = "This e-mail and password don't belong together. Please try again."


@pytest.fixture
async def browser(address: OutboxAddress, api: API) -> AsyncIterator[Browser]:
    """The browser of somebody who has an account."""
    await api.sign_up()
    async with Browser(address.authorize_url) as browser:
        yield browser


@pytest.mark.promise("sandbox:oauth:consent")
async def test_a_person_signs_in_agrees_and_the_app_gets_a_code(browser: Browser, api: API) -> None:
    await browser.open()
    assert "Sign in to the Rememberizer sandbox" in browser.page.text
    assert EMAIL not in browser.page.text
    consent = await browser.sign_in()
    assert "Authorize Rememberizer MCP (sandbox)" in consent.text
    assert f"signed in as <strong>{EMAIL}</strong>" in consent.text
    assert "http://127.0.0.1:7001" in consent.text
    answer = answer_of(await browser.press("authorize", memento="none"))
    assert set(answer) == {"code", "state"}
    assert answer["state"] == ASKED["state"]
    assert (await exchange(api, answer["code"])).status_code == 200


@pytest.mark.promise("sandbox:guest:one-click", "sandbox:oauth:consent")
async def test_the_guest_signs_in_by_one_click(address: OutboxAddress, api: API) -> None:
    async with Browser(address.authorize_url) as browser:
        assert "Continue as Ada, the sandbox\u2019s guest" in (await browser.open()).text
        assert (await browser.press("guest")).headers["location"].startswith("?client_id=")
        assert "signed in as <strong>ada@sandbox.example</strong>" in (await browser.open()).text
        answer = answer_of(await browser.press("authorize", memento="all"))
    assert (await exchange(api, answer["code"])).status_code == 200


@pytest.mark.promise("sandbox:oauth:consent")
async def test_a_person_may_refuse_before_and_after_signing_in(browser: Browser) -> None:
    refused = {"error": "access_denied", "state": ASKED["state"]}
    await browser.open()
    assert answer_of(await browser.press("cancel")) == refused
    await browser.sign_in()
    assert answer_of(await browser.press("cancel")) == refused


@pytest.mark.promise("sandbox:oauth:consent")
@pytest.mark.parametrize(("scope", "is_said"), [("offline_access", True), ("", False)])
async def test_the_page_says_whether_the_app_stays(sandbox: Sandbox, api: API, scope: str, is_said: bool) -> None:
    await api.sign_up()
    async with Browser(sandbox, scope=scope) as browser:
        assert ("while you are away" in (await browser.sign_in()).text) is is_said


@pytest.mark.parametrize(("login", "password"), [(EMAIL, "wrong"), ("nobody@example.com", "wrong"), ("", "")])
async def test_a_wrong_password_stays_on_the_page_and_says_so(browser: Browser, login: str, password: str) -> None:
    page = await browser.sign_in(login, password)
    assert page.status_code == 403
    assert browser.alert == WRONG
    assert f'value="{login}"' in page.text
    assert 'aria-describedby="problem"' in page.text
    assert (await browser.press("sign-in", login=EMAIL, password="correct horse battery")).status_code == 303


async def test_what_was_typed_comes_back_escaped(browser: Browser) -> None:
    assert "<script>" not in (await browser.sign_in('"><script>alert(1)</script>', "wrong")).text


@pytest.mark.promise("sandbox:accounts:limits")
async def test_signing_in_is_throttled_together_with_the_api(clock: FakeClock) -> None:
    with Sandbox(SandboxConfig(now=clock, sign_in_attempts_per_minute=2)) as sandbox:
        async with API(sandbox) as api, Browser(sandbox) as browser:
            await api.sign_up()
            await api.sign_in(password="wrong")
            await browser.sign_in(EMAIL, "wrong")
            clock.advance(20)
            page = await browser.sign_in()
            assert (page.status_code, page.headers["retry-after"]) == (429, "40")
            assert browser.alert == "Too many tries. Wait a minute, then sign in again."
            assert (await api.sign_in()).status_code == 429


@pytest.mark.promise("sandbox:accounts:limits")
async def test_signing_in_is_throttled_per_address_too(clock: FakeClock) -> None:
    with Sandbox(SandboxConfig(now=clock, sign_in_attempts_per_minute=2)) as sandbox:
        async with Browser(sandbox) as browser:
            answers = [await browser.sign_in(f"nobody{number}@example.com", "wrong") for number in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]


@pytest.mark.promise("sandbox:wire:variants")
@pytest.mark.parametrize(("variant", "status"), [("allowed", 200), ("refused", 403)])
async def test_an_unverified_address_gets_a_fresh_code_as_at_signin(variant: str, status: int) -> None:
    variants = Variants.parse([f"unverified_sign_in={variant}"])
    with Sandbox(SandboxConfig(variants=variants)) as sandbox:
        async with API(sandbox) as api, Browser(sandbox) as browser:
            await api.sign_up()
            assert (await browser.sign_in()).status_code == status
            assert ("not verified yet" in browser.alert) is (status == 403)
            assert len(sandbox.outbox.letters()) == 2


async def test_the_sign_in_lasts_ten_minutes(browser: Browser, clock: FakeClock) -> None:
    await browser.sign_in()
    clock.advance(599)
    assert EMAIL in (await browser.open()).text
    clock.advance(1)
    assert (await browser.press("authorize", memento="all")).status_code == 403
    assert browser.alert == "Sign in first."
    assert EMAIL not in browser.page.text
    assert EMAIL in (await browser.sign_in()).text


async def test_another_account_can_be_used(browser: Browser, api: API) -> None:
    await api.sign_up(email=GRACE)
    await browser.sign_in()
    before = browser.cookies["sandbox_browser"]
    assert (await browser.press("switch")).headers["location"].startswith("?client_id=")
    assert EMAIL not in (await browser.open()).text
    assert GRACE in (await browser.sign_in(GRACE)).text
    assert browser.cookies["sandbox_browser"] != before
    async with httpx.AsyncClient(trust_env=False) as thief:
        stolen = await thief.get(browser.address, headers={"Cookie": f"sandbox_browser={before}"})
    assert EMAIL not in stolen.text


async def test_the_choice_has_to_be_one_of_those_shown(browser: Browser) -> None:
    for fields in ({}, {"memento": "every"}):
        await browser.sign_in()
        assert (await browser.press("authorize", **fields)).status_code == 400
        assert browser.alert == "Choose which documents the app may read."


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_the_cookie_is_this_pages_alone_and_changes_at_the_sign_in(browser: Browser) -> None:
    cookie = (await browser.open()).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert re.fullmatch(r"sandbox_browser=[\w-]{43}", name)
    assert sorted(attributes) == ["HttpOnly", "Max-Age=600", "Path=/api/v1/auth/oauth2/authorize/", "SameSite=lax"]
    before = browser.cookies["sandbox_browser"]
    await browser.sign_in()
    assert browser.cookies["sandbox_browser"] != before


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_a_cookie_that_is_not_ours_is_replaced(browser: Browser) -> None:
    for value in ("short", "a" * 44, '"' + "a" * 42):
        page = await browser.get(browser.address, headers={"Cookie": f"sandbox_browser={value}"})
        assert value not in page.headers["set-cookie"]


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_the_page_is_not_stored_not_framed_and_its_form_leads_back_only(browser: Browser) -> None:
    await browser.open()
    for page in (browser.page, await browser.sign_in(EMAIL, "wrong"), await browser.sign_in()):
        policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
        assert policy["form-action"] == "'self' http://127.0.0.1:7001"
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["style-src"].startswith("'sha256-")
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["x-rememberizer-sandbox"] == "1"
        assert "<script" not in page.text


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_every_field_has_a_label(browser: Browser) -> None:
    for page in (await browser.open(), await browser.sign_in()):
        fields = re.findall(r'<input type="(?!hidden)[^>]* id="(\w+)"', page.text)
        assert len(fields) == 2
        assert re.findall(r'<label for="(\w+)"', page.text) == fields


@pytest.mark.promise("page:request:host-and-origin", "page:request:not-framed-not-stored")
@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:7001"])
async def test_a_form_from_elsewhere_is_refused(browser: Browser, origin: str | None) -> None:
    await browser.sign_in()
    browser.origin = origin
    response = await browser.press("authorize", memento="all")
    assert response.status_code == 403
    assert "location" not in response.headers


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_a_form_without_this_browsers_own_token_changes_nothing(browser: Browser, sandbox: Sandbox) -> None:
    async with Browser(sandbox) as other:
        foreign = re.findall(r'name="form_token" value="([^"]*)"', (await other.open()).text)[0]
    await browser.sign_in()
    for token in (foreign, "", "\u00e9"):
        response = await browser.press("authorize", memento="all", form_token=token)
        assert response.status_code == 403
        assert browser.alert.startswith("This page was open for too long")
    browser.cookies.clear()
    assert (await browser.press("cancel")).status_code == 403


async def test_a_body_that_is_no_form_is_refused_with_a_page(browser: Browser) -> None:
    response = await browser.post(browser.address, json={}, headers={"Origin": browser.origin or ""})
    assert response.status_code == 415
    assert "This app can't be authorized" in response.text


@pytest.mark.promise("page:request:loopback-only")
async def test_the_listener_serves_this_page_and_no_other_part_of_the_api(
    browser: Browser, address: OutboxAddress
) -> None:
    base = f"http://127.0.0.1:{address.port}/api/v1/"
    assert address.authorize_url == base + "auth/oauth2/authorize/"
    for path in ("me/", "auth/signin/", "auth/oauth2/token/", "auth/oauth2/authorize"):
        assert (await browser.post(base + path, json={})).status_code == 404
    assert (await browser.get(browser.address, headers={"Host": "evil.example"})).status_code == 403
