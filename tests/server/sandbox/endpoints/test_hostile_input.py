import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig

from tests.server.sandbox.support import API
from tests.support.tiers import examples

# One sandbox serves all examples of a test: no example depends on what another left behind.
_SETTINGS = settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

ENDPOINTS = [
    "auth/signup/",
    "auth/signin/",
    "auth/verify-email/",
    "auth/custom-refresh/",
    "auth/custom-logout/",
    "me/",
    "account/",
    "documents/",
    "documents/search/",
    "documents/agentic_search/",
    "documents/memorize/",
    "documents/1/contents/",
    "discussions/1/contents/",
    "integrations/",
]
FIELDS = ["email", "login", "password", "name", "captcha", "verification_code", "content", "query", "n_chunks", "from"]
PARAMETERS = [
    "q",
    "n",
    "from",
    "to",
    "page",
    "page_size",
    "start_chunk",
    "end_chunk",
    "integration_type",
    "prev_chunks",
]

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("sandbox-captcha")
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)
_objects = st.dictionaries(st.sampled_from(FIELDS), _values)
_bodies = st.binary() | (_objects | _values).map(lambda value: json.dumps(value).encode())


@pytest.fixture
async def api() -> AsyncIterator[API]:
    """Signed in, and never turned away for asking too often."""
    config = SandboxConfig(
        sign_in_attempts_per_minute=10**6, sign_up_attempts_per_minute=10**6, verify_attempts_per_minute=10**6
    )
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            yield api


def _assert_answered(response: httpx.Response) -> None:
    assert response.status_code in {200, 201, 204} or 400 <= response.status_code < 500
    if response.content:
        assert isinstance(response.json(), dict)
    else:
        assert response.status_code in {201, 204}


@_SETTINGS
@example(path="auth/verify-email/", body=b"{}", signed_in=True)
@given(path=st.sampled_from(ENDPOINTS), body=_bodies, signed_in=st.booleans())
async def test_no_body_makes_an_endpoint_fail(api: API, path: str, body: bytes, signed_in: bool) -> None:
    headers = {"Content-Type": "application/json"}
    if signed_in and path == "auth/verify-email/":
        headers["Authorization"] = f"Bearer {api.access}"
    kept = list(api.cookies.jar)
    _assert_answered(await api.post(path, content=body, headers=headers))
    api.cookies.clear()
    for cookie in kept:
        api.cookies.jar.set_cookie(cookie)


@_SETTINGS
@given(
    path=st.sampled_from(ENDPOINTS),
    method=st.sampled_from(["GET", "POST", "PUT"]),
    text=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0")),
)
async def test_no_header_makes_an_endpoint_fail(api: API, path: str, method: str, text: str) -> None:
    value = text.encode("latin-1")
    headers: list[tuple[bytes, bytes]] = [
        (b"Authorization", b"Bearer " + value),
        (b"Cookie", b"access_token=" + value + b"; refresh_token=" + value),
        (b"Content-Type", value),
        (b"X-API-Key", value),
    ]
    _assert_answered(await api.request(method, path, headers=headers, content=b"{}"))


@_SETTINGS
@given(
    path=st.sampled_from(["documents/", "documents/search/", "documents/1/contents/", "discussions/1/contents/"]),
    parameters=st.dictionaries(st.sampled_from(PARAMETERS), st.text() | st.integers().map(str)),
)
async def test_no_query_string_makes_an_endpoint_fail(api: API, path: str, parameters: dict[str, str]) -> None:
    _assert_answered(await api.get(path, params={"q": "bread", "integration_type": "slack", **parameters}))


@_SETTINGS
@given(field=st.sampled_from(FIELDS), value=_values)
async def test_a_refusal_never_repeats_what_was_sent(api: API, field: str, value: Any) -> None:
    secret = "canary-4711"
    body = {"login": secret, "password": secret, "captcha": secret, field: [secret, value]}
    for path in ("auth/signin/", "auth/signup/"):
        response = await api.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert secret not in response.text
