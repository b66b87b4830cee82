"""How upstream's answers are read: the design's table, each row through the call that meets it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api import auth
from rememberizer_mcp.server.api.account import get_me
from rememberizer_mcp.server.api.body import Body
from rememberizer_mcp.server.api.client import RememberizerAPI, Reply
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import ME
from rememberizer_mcp.server.api.refusals import refusal
from rememberizer_mcp.server.errors import RememberizerError

from tests.support.credentials import ada, nobody
from tests.support.hints import hint
from tests.support.rest import client
from tests.support.tiers import examples
from tests.support.upstream import reply

HTML = b"<html><title>Just a moment: captcha, verify your email, quota exceeded, already exists</title></html>"
CAPTCHA = {"captcha": ["This field is required."]}
UNVERIFIED = {"detail": "E-mail address is not verified.", "code": "email_not_verified"}
EXISTS = {"email": ["A user with this email already exists."]}
DENIED = {"detail": "Incorrect authentication credentials."}
QUOTA = {"detail": "Embedding quota exceeded."}
CANARY = "canary-of-upstream"
Made = Callable[[RememberizerAPI, Credentials], Awaitable[Any]]


def signin(captcha: str | None) -> Made:
    return lambda api, who: auth.signin(api, who, email="ada@example.org", password="pw", captcha=captcha)


def signup(captcha: str | None) -> Made:
    return lambda api, who: auth.signup(api, who, email="ada@example.org", password="pw", name="Ada", captcha=captcha)


def verify(api: RememberizerAPI, who: Credentials) -> Awaitable[Any]:
    return auth.verify_email(api, who, code="123456")


def refresh(api: RememberizerAPI, who: Credentials) -> Awaitable[Any]:
    return auth.custom_refresh(api, who)


def logout(api: RememberizerAPI, who: Credentials) -> Awaitable[Any]:
    return auth.custom_logout(api, who)


def any_other(api: RememberizerAPI, who: Credentials) -> Awaitable[Any]:
    return get_me(api, who)


async def refused(call: Made, status: int, body: Any) -> RememberizerError:
    """The error that a call raises when upstream answers so."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    with anyio.fail_after(5), pytest.raises(RememberizerError) as raised:
        await call(client(transport), ada())
    return raised.value


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    ("body", "captcha", "code"),
    [
        (CAPTCHA, "solved", "captcha_rejected"),
        (CAPTCHA, None, "captcha_required"),
        ({"detail": "Please prove that you are not a robot."}, None, "captcha_required"),
        ({"error": {"code": "reCAPTCHA_failed"}}, "solved", "captcha_rejected"),
        (UNVERIFIED, None, "email_not_verified"),
        ({"code": "emailNotVerified"}, None, "email_not_verified"),
        ({"detail": "Your account hasn't been verified yet."}, None, "email_not_verified"),
        ({"non_field_errors": ["Unverified e-mail."]}, None, "email_not_verified"),
        ({"detail": "You need to verify the e-mail address first."}, None, "email_not_verified"),
        ({"detail": "Confirm your email address before signing in."}, None, "email_not_verified"),
        (DENIED, "solved", "invalid_credentials"),
        ({"non_field_errors": ["Unable to log in with provided credentials."]}, None, "invalid_credentials"),
        ({"data": None, "message": "Wrong password", "code": "invalid"}, None, "invalid_credentials"),
        ({"detail": "Could not verify your credentials."}, None, "invalid_credentials"),
        ({"detail": "Please verify your password and try again."}, None, "invalid_credentials"),
        ({"detail": "We couldn't confirm your identity."}, None, "invalid_credentials"),
        (b"", None, "invalid_credentials"),
    ],
)
async def test_a_refused_signin_is_told_by_its_body(status: int, body: Any, captcha: str | None, code: str) -> None:
    error = await refused(signin(captcha), status, body)
    assert (error.code, error.status) == (code, status)


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize(
    ("statuses", "body", "captcha", "code"),
    [
        ((400, 401, 403, 409, 422), CAPTCHA, "solved", "captcha_rejected"),
        ((400, 401, 403, 409, 422), CAPTCHA, None, "captcha_required"),
        ((400, 409, 422), EXISTS, None, "email_taken"),
        ((400, 409, 422), {"detail": "That address is taken."}, None, "email_taken"),
        ((400, 409, 422), {"message": "E-mail already registered", "code": "conflict"}, None, "email_taken"),
        ((400, 409, 422), {"email": ["This field must be unique."]}, None, "email_taken"),
        ((400, 409, 422), {"code": "user_exists"}, None, "email_taken"),
        ((400, 409, 422), {"login": ["Already in use."]}, None, "email_taken"),
        ((400, 409, 422), {"password": ["This password is too common."]}, None, "invalid_arguments"),
        ((400, 409, 422), {"email": ["Enter a valid email address."]}, None, "invalid_arguments"),
        ((400, 409, 422), {"email": ["The domain of this address does not exist."]}, None, "invalid_arguments"),
        ((400, 409, 422), {"detail": "Error in user data."}, None, "invalid_arguments"),
        ((400, 409, 422), {"detail": "Your user name must not be mistaken for another."}, None, "invalid_arguments"),
        ((400, 409, 422), b"", None, "invalid_arguments"),
        ((409, 422), HTML, None, "invalid_arguments"),
        ((401, 403), EXISTS, None, "forbidden"),
    ],
)
async def test_a_refused_signup_is_told_by_its_body(
    statuses: tuple[int, ...], body: Any, captcha: str | None, code: str
) -> None:
    for status in statuses:
        error = await refused(signup(captcha), status, body)
        assert (error.code, error.status) == (code, status)


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize("body", [b"", DENIED, QUOTA, CAPTCHA, {"verification_code": ["Invalid."]}], ids=str)
async def test_a_refused_verification_is_told_by_its_status(body: Any) -> None:
    for status in (400, 404, 422):
        assert (await refused(verify, status, body)).code == "invalid_verification_code"
    for status in (401, 403):
        assert (await refused(verify, status, body)).code == "session_expired"


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize("body", [b"", DENIED, QUOTA, {"detail": "Token is blacklisted"}], ids=str)
async def test_a_refused_refresh_is_an_expired_session(body: Any) -> None:
    for status in (400, 401, 403):
        error = await refused(refresh, status, body)
        assert (error.code, error.status) == ("session_expired", status)


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize(
    ("status", "body", "code", "code_if_unverified"),
    [
        (401, DENIED, "session_expired", "session_expired"),
        (401, QUOTA, "session_expired", "session_expired"),
        (403, DENIED, "forbidden", "email_not_verified"),
        (404, b"", "not_found", "not_found"),
        (404, {"detail": "No document named quota limits.xlsx"}, "not_found", "not_found"),
        (402, b"", "quota_exceeded", "quota_exceeded"),
        *((status, QUOTA, "quota_exceeded", "quota_exceeded") for status in (400, 403, 409, 413, 422)),
        (400, {"detail": "Storage limit reached"}, "quota_exceeded", "quota_exceeded"),
        *((status, DENIED, "invalid_arguments", "invalid_arguments") for status in (400, 409, 413, 415, 422)),
        (400, {"q": ["Character limit exceeded."]}, "invalid_arguments", "invalid_arguments"),
    ],
)
async def test_a_refusal_of_any_other_call_is_told_by_its_status(
    status: int, body: Any, code: str, code_if_unverified: str
) -> None:
    error = await refused(any_other, status, body)
    assert (error.code, error.status) == (code, status)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = httpx.Response(status, content=content)
    again = Reply(call=ME.call(), status=status, body=Body(content), response=response, sent_at_version=0)
    assert refusal(again, unverified=True).code == code_if_unverified


@pytest.mark.promise("upstream:refused-field:argument")
async def test_a_refusal_that_names_no_field_is_of_the_arguments() -> None:
    assert "Rememberizer refused the arguments of this call." in str(await refused(any_other, 400, DENIED))


@pytest.mark.promise("upstream:answers:codes")
async def test_the_hint_of_a_refused_value_sends_nobody_for_an_id_where_there_is_none() -> None:
    said = hint(await refused(any_other, 400, {"name": ["This field may not be blank."]}))
    assert "If it is an id, look it up first" in said
    assert "else simplify the text" in said


EVERY_CALL = {
    "signin": signin("solved"),
    "signup": signup(None),
    "verify": verify,
    "refresh": refresh,
    "logout": logout,
    "any other": any_other,
}
each_call = pytest.mark.parametrize("call", EVERY_CALL.values(), ids=EVERY_CALL)


@pytest.mark.promise("upstream:answers:codes")
@each_call
@pytest.mark.parametrize(
    "body", [b"", HTML, CAPTCHA, EXISTS, b"x" * 10_000_000], ids=["empty", "HTML", "c", "e", "10 MB"]
)
async def test_429_and_5xx_mean_the_same_to_every_call(call: Made, body: Any) -> None:
    assert (await refused(call, 429, body)).code == "rate_limited"
    for status in (500, 501, 502, 503, 504, 521, 599):
        error = await refused(call, status, body)
        assert (error.code, error.status) == ("upstream_unavailable", status)


@pytest.mark.promise("upstream:answers:codes")
@each_call
async def test_every_other_4xx_is_a_broken_contract(call: Made) -> None:
    for status in (405, 406, 408, 410, 418, 426, 451, 499):
        error = await refused(call, status, DENIED)
        assert (error.code, error.status) == ("upstream_protocol", status)


@pytest.mark.promise("upstream:answers:codes")
@each_call
@pytest.mark.parametrize("status", [200, 201, 302, 304, 100])
async def test_a_web_page_in_place_of_the_api_is_a_broken_contract(call: Made, status: int) -> None:
    assert (await refused(call, status, HTML)).code == "upstream_protocol"


@pytest.mark.promise("upstream:answers:codes")
@each_call
@pytest.mark.parametrize("body", [HTML, "Access denied", 1020, 0.5], ids=["HTML", "text", "whole", "number"])
async def test_a_refusal_that_is_neither_object_nor_list_blames_neither_person_nor_key(call: Made, body: Any) -> None:
    for status in (400, 401, 403):
        error = await refused(call, status, body)
        assert (error.code, error.status) == ("upstream_unavailable", status)


@pytest.mark.promise("upstream:answers:codes")
async def test_a_refused_signup_names_the_fields_that_are_known_to_be_wrong() -> None:
    for body, named in (
        ({"password": ["Too common."]}, "`password`"),
        ({"password": {"code": "too_common"}}, "`password`"),
        ({"password": "Too common."}, "`password`"),
        (
            {"title": "Invalid", "password": {"code": "too_common"}, "email": ["Invalid."]},
            "`password` and `email`",
        ),
        (b"", "the sign-up details"),
    ):
        assert f"Rememberizer refused {named}." in str(await refused(signup(None), 400, body))


@pytest.mark.promise("upstream:answers:codes")
async def test_a_success_without_what_it_promises_is_a_broken_contract() -> None:
    api = client(httpx.MockTransport(lambda _: reply(204)))
    for call in (signin(None), refresh):
        with pytest.raises(RememberizerError) as raised:
            await call(api, nobody())
        assert (raised.value.code, raised.value.status) == ("upstream_protocol", 204)


JSON = st.recursive(
    st.sampled_from(
        [CANARY, f"captcha {CANARY}", f"not verified {CANARY}", f"email exists {CANARY}", "quota", None, 1]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([CANARY, "detail", "data"]), inner),
)


@pytest.mark.promise("upstream:answers:codes", "settings:secrets:never-shown")
@settings(deadline=None, max_examples=examples(60))
@given(
    call=st.sampled_from(list(EVERY_CALL.values())),
    status=st.sampled_from([100, 300, 302]) | st.integers(400, 599),
    body=JSON | st.binary(max_size=40).map(lambda junk: junk + CANARY.encode()),
)
async def test_nothing_that_upstream_says_is_ever_quoted(call: Made, status: int, body: Any) -> None:
    error: BaseException | None = await refused(call, status, body)
    assert isinstance(error, RememberizerError)
    while error is not None:
        assert CANARY not in f"{error} {error!r} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__
