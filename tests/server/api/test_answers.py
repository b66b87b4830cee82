"""What each call makes of each answer, held against the table that docs/errors.md shows."""

from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any

import anyio
import httpx
import pytest
from pydantic import SecretStr
from rememberizer_mcp.server.api import auth, endpoints, oauth
from rememberizer_mcp.server.api.api_key import ApiKey
from rememberizer_mcp.server.api.client import RememberizerAPI
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import Endpoint, Lane
from rememberizer_mcp.server.api.oauth import OAuthClient
from rememberizer_mcp.server.errors import RememberizerError
from rememberizer_mcp.server.sessions.states import State

from tests.docs import answers_page as page
from tests.docs.answers_page import EVERY_CALL, expected
from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.credentials import ada
from tests.support.rest import client
from tests.support.sessions import signed_in
from tests.support.tiers import matrix
from tests.support.upstream import BASE_URL, FakeUpstream, reply, usual

STATUSES = (
    *(100, 200, 201, 204, 302, 304, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 426, 429),
    *(451, 499, 500, 501, 502, 503, 504, 521, 599),
)
USUAL_STATUSES = (200, 302, 400, 401, 402, 403, 404, 409, 422, 429, 503)
WORDS = "Just a moment: captcha, verify your email, quota exceeded, already exists, invalid api key"
SAMPLES: dict[str, list[bytes]] = {
    page.JSON: [b'{"detail": "No."}', b"[]", b"null", b'\xef\xbb\xbf{"detail": "No."}', b"\xef\xbb\xbfnull"],
    page.BARE: [b'"Access denied"', b"403", b"true", b"-0.5", b'\xef\xbb\xbf"No."'],
    page.NOTHING: [b"", b" \r\n", b"\xef\xbb\xbf"],
    page.PAGE: [f"<!DOCTYPE html>\n<html><title>{WORDS}</title></html>".encode(), b"<html></html>"],
    page.TEXT: [b"Forbidden", f"{WORDS}\n".encode(), b'{"detail": "captcha', b"{'error': 1}", b"\xff\xfe", b"<"],
    page.CAPTCHA: [b'{"captcha": ["This field is required."]}', b'{"detail": "Prove that you are not a robot."}'],
    page.NOT_VERIFIED: [b'{"detail": "E-mail address is not verified."}', b'{"code": "emailNotVerified"}'],
    page.TAKEN: [b'{"email": ["A user with this email already exists."]}', b'{"email": ["Already in use."]}'],
    page.QUOTA: [b'{"detail": "Embedding quota exceeded."}', b'{"message": "Payment required"}'],
    page.DENIED: [b'{"detail": "Incorrect authentication credentials."}', b'{"detail": "Invalid API key"}'],
    page.ERROR: [b'{"error": "invalid_grant"}', b'{"data": {"error": "invalid_client"}}'],
}
APP = OAuthClient(
    client_id="app", client_secret="secret", redirect_uri="http://127.0.0.1:8976/", authorize_url=BASE_URL
)


async def code_of(made: Awaitable[Any]) -> str:
    """The code of the failure that it ends with."""
    with pytest.raises(RememberizerError) as raised:
        await made
    return raised.value.code


def with_password(
    ask: Callable[..., Awaitable[Any]], captcha: str | None, **more: Any
) -> Callable[..., Awaitable[Any]]:
    return lambda api, who: ask(api, who, **ADA, captcha=captcha, **more)


def exchange(api: RememberizerAPI, who: Credentials) -> Awaitable[Any]:
    return oauth.exchange(api, who, APP, code="code", verifier="verifier")


def renew(api: RememberizerAPI, who: Credentials) -> Awaitable[Any]:
    who.take_oauth("access", refresh_token="refresh", expires_in=None)
    return oauth.renew(api, who, APP)


DIRECT: dict[str, Callable[[RememberizerAPI, Credentials], Awaitable[Any]]] = {
    page.SIGN_IN: with_password(auth.signin, None),
    page.SIGN_IN_SOLVED: with_password(auth.signin, "solved"),
    page.SIGN_UP: with_password(auth.signup, None, name="Ada"),
    page.SIGN_UP_SOLVED: with_password(auth.signup, "solved", name="Ada"),
    page.VERIFY: lambda api, who: auth.verify_email(api, who, code="123456"),
    page.REFRESH: auth.custom_refresh,
    page.SIGN_OUT: auth.custom_logout,
    page.CODE: exchange,
    page.RENEWAL: renew,
}


async def direct(call: str, answer: httpx.Response) -> str:
    """By the function that makes the call."""
    transport = httpx.MockTransport(
        lambda _: httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
    )
    return await code_of(DIRECT[call](client(transport), ada()))


async def by_key(endpoint: Endpoint, answer: httpx.Response) -> str:
    call = endpoint.call(**PARTS)
    api = client(FakeUpstream({endpoint.path_for_key or call.path: answer}))
    return await code_of(ApiKey(api, SecretStr("key"), setting="KEY").request(call))


async def by_session(endpoint: Endpoint, answer: httpx.Response, *, verified: bool = True) -> str:
    """The session is renewed once where the API itself denies it, and never blamed for anything else."""
    upstream, call = usual(me=reply(200, json={"email_verified": verified})), endpoint.call(**PARTS)
    async with signed_in(upstream, FakeClock()) as session:
        upstream.answers[call.path] = answer
        code = await code_of(session.grant.request(call))
        denied = answer.status_code == HTTPStatus.UNAUTHORIZED and code != "upstream_unavailable"
        assert len(upstream.asked("auth/custom-refresh/")) == int(denied)
        assert session.state is (State.SIGNED_IN if verified else State.UNVERIFIED)
    return code


OTHER: dict[str, Callable[[Endpoint, httpx.Response], Awaitable[str]]] = {
    page.ACCOUNT: by_session,
    page.UNVERIFIED: lambda endpoint, answer: by_session(endpoint, answer, verified=False),
    page.KEY: by_key,
}
PARTS: dict[str, Any] = {"document_id": 1, "discussion_id": 1, "memento_id": "1", "store_id": "vs-1"}
ENDPOINTS = {
    name: found
    for name, found in vars(endpoints).items()
    if isinstance(found, Endpoint) and found.lane is not Lane.SIGN_IN
}


def cases(statuses: tuple[int, ...], *, most: int | None = None) -> Iterator[tuple[int, str, bytes]]:
    for status in statuses:
        for kind, samples in SAMPLES.items():
            for content in samples[:most]:
                yield status, kind, content


@pytest.mark.promise("upstream:answers:codes", "upstream:answers:table")
@pytest.mark.parametrize(
    ("statuses", "most"), matrix({"usual": (USUAL_STATUSES, 1), "every": (STATUSES, None)}, usual=["usual"])
)
@pytest.mark.parametrize("call", EVERY_CALL)
async def test_each_answer_to_each_call_means_what_the_table_says(
    call: str, statuses: tuple[int, ...], most: int | None
) -> None:
    for status, kind, content in cases(statuses, most=most):
        code = expected(call, status, kind)
        if code is None:
            continue
        answer = httpx.Response(status, content=content)
        with anyio.fail_after(5):
            seen = await (direct(call, answer) if call in DIRECT else OTHER[call](endpoints.INTEGRATIONS, answer))
        assert seen == code, (status, content)
        await anyio.lowlevel.checkpoint()  # as on a network; all together would hold up the loop for too long


@pytest.mark.promise("upstream:answers:table")
@pytest.mark.parametrize("name", ENDPOINTS)
async def test_every_endpoint_is_read_by_the_same_rows(name: str) -> None:
    for status, kind, content in cases((400, 401, 403, 404, 422), most=1):
        answer = httpx.Response(status, content=content)
        for call in (page.ACCOUNT, page.KEY):
            assert await OTHER[call](ENDPOINTS[name], answer) == expected(call, status, kind), (call, status, content)


@pytest.mark.promise("upstream:answers:table")
def test_the_table_says_something_of_every_answer_but_a_success() -> None:
    silent = {
        status
        for call in EVERY_CALL
        for status in range(100, 600)
        for kind in SAMPLES
        if expected(call, status, kind) is None
    }
    assert silent == set(range(200, 300))
    assert all(expected(call, 200, kind) for call in EVERY_CALL for kind in page.NOT_OF_API)


@pytest.mark.promise("upstream:answers:table")
def test_every_row_decides_something() -> None:
    deciding = {
        next((row for row in page.ROWS if row.fits(call, status, kind)), None)
        for call in EVERY_CALL
        for status in range(100, 600)
        for kind in SAMPLES
    }
    assert set(page.ROWS) <= deciding


@pytest.mark.promise("upstream:answers:not-the-apis")
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("content", [b"", b'{"detail": "No."}'])
@pytest.mark.parametrize("call", EVERY_CALL)
async def test_a_refusal_that_asks_for_the_proxy_s_password_is_the_proxy_s(
    call: str, status: int, content: bytes
) -> None:
    answer = httpx.Response(status, content=content, headers={"Proxy-Authenticate": 'Basic realm="x"'})
    seen = await (direct(call, answer) if call in DIRECT else OTHER[call](endpoints.INTEGRATIONS, answer))
    assert seen == "upstream_unavailable"
