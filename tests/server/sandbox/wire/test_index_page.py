import base64
import hashlib
import re
from pathlib import Path

import httpx
import pytest
from rememberizer_mcp.server.sandbox.config import (
    SANDBOX_GUEST_EMAIL,
    SANDBOX_GUEST_PASSWORD,
    SANDBOX_OAUTH_CLIENT_ID,
    SANDBOX_OAUTH_CLIENT_SECRET,
)

from tests.server.sandbox.support import API


async def _index(api: API, **headers: str) -> httpx.Response:
    response = await api.get("http://sandbox.test/", headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response


@pytest.mark.promise("sandbox:wire:says-so")
async def test_the_first_page_says_that_there_is_no_real_account(api: API) -> None:
    page = (await _index(api)).text
    assert "This is a sandbox, not Rememberizer." in page
    assert "There is no real account behind it" in page


async def test_the_commands_name_this_servers_own_address(api: API) -> None:
    page = (await _index(api, Host="127.0.0.1:8765")).text
    assert page.count("http://127.0.0.1:8765/api/v1/auth/") == 5
    assert "http://127.0.0.1:8765/api/v1/me/" in page
    assert "https://api.rememberizer.ai" not in page
    assert "sandbox-captcha" in page


async def test_page_and_documentation_name_the_guest_and_the_registered_app(api: API) -> None:
    documentation = (Path(__file__).parents[4] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    for text in ((await _index(api)).text, documentation):
        assert SANDBOX_GUEST_EMAIL in text
        assert SANDBOX_GUEST_PASSWORD in text
        assert SANDBOX_OAUTH_CLIENT_ID in text
        assert SANDBOX_OAUTH_CLIENT_SECRET in text
        assert "http://127.0.0.1:PORT/oauth/callback" in text


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_text_from_outside_is_escaped(api: API) -> None:
    page = (await _index(api, Host="<script>alert(1)</script>")).text
    assert "<script>" not in page


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_the_policy_admits_the_pages_own_style_and_nothing_else(api: API) -> None:
    response = await _index(api)
    style = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert (
        dict(response.headers).items()
        >= {
            "cache-control": "no-store",
            "content-security-policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'"
            ),
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
        }.items()
    )
