"""What an app may ask for on the consent page, and who is told when it may not."""

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox

from tests.server.sandbox.oauth import ASKED, CALLBACK, Browser, answer_of


@pytest.mark.promise("sandbox:oauth:consent")
@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": None},
        {"client_id": "unknown"},
        {"redirect_uri": None},
        *(
            {"redirect_uri": uri}
            for uri in (
                "https://127.0.0.1:7001/oauth/callback",
                "http://127.0.0.1/oauth/callback",
                "http://127.0.0.1:/oauth/callback",
                "http://127.0.0.1:0/oauth/callback",
                "http://127.0.0.1:7001/oauth/callback/",
                "http://127.0.0.1:7001/oauth/callback?a=1",
                "http://127.0.0.1:7001/oauth/callback\n",
                "http://127.0.0.1:7001/other",
                "http://127x0.0.1:7001/oauth/callback",
                "http://[::1]:7001/oauth/callback",
                "http://127.0.0.1:7001@evil.example/oauth/callback",
                "http://evil.example:7001/oauth/callback",
                "javascript:alert(1)",
            )
        ),
    ],
)
async def test_an_unknown_app_or_address_gets_a_page_and_never_a_redirect(
    sandbox: Sandbox, asked: dict[str, str | None]
) -> None:
    async with Browser(sandbox, **asked) as browser:
        for response in (await browser.open(), await browser.press("cancel")):
            assert response.status_code == 400
            assert "registered" in browser.alert
            assert "location" not in response.headers
            assert "form-action 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("twice", ["client_id", "redirect_uri"])
async def test_an_app_or_address_that_comes_twice_is_none(sandbox: Sandbox, twice: str) -> None:
    async with Browser(sandbox) as browser:
        browser.address += f"&{twice}={ASKED[twice]}"
        assert (await browser.open()).status_code == 400


@pytest.mark.parametrize("callback", [CALLBACK, "http://localhost:65535/oauth/callback"])
async def test_the_callback_may_be_on_any_port_of_this_machine(sandbox: Sandbox, callback: str) -> None:
    async with Browser(sandbox, redirect_uri=callback) as browser:
        await browser.open()
        assert answer_of(await browser.press("cancel"), callback=callback)["error"] == "access_denied"


@pytest.mark.promise("sandbox:oauth:consent")
@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "offline_access openid"}, "invalid_scope"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
    ],
)
async def test_any_other_fault_is_told_to_the_app(sandbox: Sandbox, asked: dict[str, str | None], error: str) -> None:
    async with Browser(sandbox, **asked) as browser:
        assert answer_of(await browser.open()) == {"error": error, "state": ASKED["state"]}


@pytest.mark.parametrize("state", [None, ""])
async def test_a_request_without_a_state_is_refused(sandbox: Sandbox, state: str | None) -> None:
    async with Browser(sandbox, state=state) as browser:
        assert answer_of(await browser.open()) == {"error": "invalid_request"}


@pytest.mark.parametrize("twice", ["state", "scope", "response_type", "code_challenge"])
async def test_a_parameter_that_comes_twice_is_refused(sandbox: Sandbox, twice: str) -> None:
    async with Browser(sandbox) as browser:
        browser.address += f"&{twice}=code"
        assert answer_of(await browser.open())["error"] == "invalid_request"
