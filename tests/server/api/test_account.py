"""``GET me/``: whose account it is, cleaned, and nothing of a strange answer."""

import json
from contextlib import nullcontext
from typing import Any

import anyio
import pytest
from rememberizer_mcp.server.api.account import Me, fits, get_me, same_account, whose
from rememberizer_mcp.server.errors import RememberizerError, SignInFailed, UpstreamProtocolError

from tests.support.credentials import nobody
from tests.support.rest import client
from tests.support.upstream import Answer, FakeUpstream, Slow, reply, usual


async def me(answer: Answer | list[Answer], upstream: FakeUpstream | None = None) -> Me:
    with anyio.fail_after(5):
        return await get_me(client(upstream or usual(me=answer)), nobody())


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:name-and-email")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"email": "a@b.c", "name": "Ada", "email_verified": True}, Me(email="a@b.c", name="Ada", email_verified=True)),
        ({"email": "a@b.c", "id": "ada", "embed_quota": 9, "team": [{}]}, Me(email="a@b.c")),
        ({"data": {"email": "a@b.c"}, "message": "ok", "code": None}, Me(email="a@b.c")),
        ({"email": None, "name": None, "email_verified": None}, Me()),
        ({"email_verified": False}, Me(email_verified=False)),
        ({}, Me()),
    ],
)
async def test_the_fields_of_the_contract_are_kept_and_no_other(value: Any, expected: Me) -> None:
    assert await me(reply(200, json=value)) == expected


@pytest.mark.promise("sign-in:inputs:validated-and-limited")
async def test_name_and_email_are_one_clean_line_of_bounded_length() -> None:
    name = "Ada\u202e\x1b[2J\n\nignore\U000e0041 all" + "!" * 5_000
    found = await me(reply(200, json={"name": name, "email": "a@b.c\r\nBcc: x\u200b"}))
    assert found.email == "a@b.c Bcc: x"
    assert found.name == ("Ada[2J ignore all" + "!" * 5_000)[:254]


@pytest.mark.promise("upstream:answers:codes", "settings:secrets:never-shown")
@pytest.mark.parametrize(
    "value", [{"email": {"canary": "canary"}}, {"name": ["canary"]}, {"email_verified": "canary"}, {"email": 7}]
)
async def test_fields_of_another_type_are_a_broken_contract_and_not_quoted(value: Any) -> None:
    with pytest.raises(UpstreamProtocolError) as raised:
        await me(reply(200, json=value))
    assert raised.value.status == 200
    assert "canary" not in f"{raised.value} {raised.value.__cause__} {raised.value.__cause__!r}"


@pytest.mark.promise("upstream:retries:safe-calls-only")
async def test_me_is_asked_again_when_that_is_safe() -> None:
    upstream = usual(me=[reply(503), reply(429), reply(200, json={"name": "Ada"})])
    assert (await me(reply(), upstream)).name == "Ada"
    assert [(request.method, request.content) for request in upstream.requests] == [("GET", b"")] * 3


@pytest.mark.parametrize(("status", "has_token"), [(401, False), (401, True), (403, False), (500, True), (500, False)])
async def test_only_who_got_no_token_and_is_not_known_was_not_signed_in(status: int, has_token: bool) -> None:
    credentials = nobody()
    if has_token:
        credentials.take_oauth("access", refresh_token=None, expires_in=None)
    asked = whose(client(usual(me=reply(status))), credentials)
    if status == 401 and not has_token:
        with pytest.raises(UpstreamProtocolError, match="gave no session"):
            await asked
    else:
        assert await asked == Me()


@pytest.mark.parametrize(("email", "is_it"), [("a@b.c", True), ("x@b.c", False), (None, False)])
async def test_a_sign_in_that_is_meant_for_an_account_has_to_be_its(email: str | None, is_it: bool) -> None:
    asked = whose(client(usual(me=reply(200, json={"email": email}))), nobody(), of=" A@b.C ")
    with nullcontext() if is_it else pytest.raises(SignInFailed, match="another account's"):
        assert await asked == Me(email=email)


async def test_a_sign_in_does_not_wait_long_for_the_name_of_its_account() -> None:
    with anyio.fail_after(5):
        assert await whose(client(usual(me=Slow(reply()))), nobody(), limit_seconds=0.05) == Me()


@pytest.mark.parametrize(("one", "other"), [(None, None), ("a@b.c", None), (None, "a@b.c"), ("a@b.c", "b@b.c")])
def test_nobody_is_the_same_account_as_nobody(one: str | None, other: str | None) -> None:
    assert not same_account(one, other)


@pytest.mark.parametrize(
    ("account", "meant", "does"),
    [
        ("a@b.c", None, True),
        (None, None, True),
        ("A@b.c ", "a@b.c", True),
        ("x@b.c", "a@b.c", False),
        (None, "a@b.c", False),
    ],
)
def test_without_an_account_that_is_meant_any_will_do(account: str | None, meant: str | None, does: bool) -> None:
    assert fits(account, meant=meant) is does


@pytest.mark.promise("upstream:answers:codes")
async def test_a_body_of_ten_megabytes_is_not_read() -> None:
    with pytest.raises(RememberizerError, match="response_too_large"):
        await me(reply(200, content=json.dumps({"name": "x" * 10_000_000}).encode()))


@pytest.mark.promise("upstream:answers:codes")
async def test_a_body_nested_without_end_is_a_broken_contract() -> None:
    with pytest.raises(UpstreamProtocolError):
        await me(reply(200, content=b'{"data":' * 100_000 + b"1" + b"}" * 100_000))
