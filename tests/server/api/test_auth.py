"""The five calls as documented: what is sent, what is taken, and what a strange answer leaves untouched."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
from rememberizer_mcp.server.api import auth, endpoints
from rememberizer_mcp.server.api.client import RememberizerAPI
from rememberizer_mcp.server.api.cookies import ACCESS_NAMES
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.errors import (
    NotSignedIn,
    RememberizerError,
    SessionExpired,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamUnreachable,
)

from tests.support.clock import FakeClock
from tests.support.credentials import ada, nobody
from tests.support.hints import hint
from tests.support.rest import client
from tests.support.upstream import BASE_URL, Answer, jwt, reply, tokens, usual

Made = Callable[[RememberizerAPI, Credentials], Awaitable[None]]
BOTH = tokens()
refresh, logout = auth.custom_refresh, auth.custom_logout


async def signup(
    api: RememberizerAPI, who: Credentials, *, name: str | None = "Ada", captcha: str | None = None
) -> None:
    await auth.signup(api, who, email="a@b.c", password="pw", name=name, captcha=captcha)


async def signin(api: RememberizerAPI, who: Credentials, *, captcha: str | None = None) -> None:
    await auth.signin(api, who, email="a@b.c", password="pw", captcha=captcha)


async def verify(api: RememberizerAPI, who: Credentials) -> None:
    await auth.verify_email(api, who, code="123456")


async def sent_by(call: Made, who: Credentials) -> tuple[str, str, Any, dict[str, str]]:
    """Method, path, JSON body (``None`` for none) and credentials of the one request that a call makes."""
    upstream = usual()
    await call(client(upstream), who)
    (request,) = upstream.requests
    shown = {name: request.headers[name] for name in ("Authorization", "Cookie") if name in request.headers}
    return request.method, upstream.paths[0], json.loads(request.content or b"null"), shown


@pytest.mark.promise("upstream:calls:as-documented")
async def test_signup_sends_the_four_documented_fields_and_no_credentials() -> None:
    fields = {"email": "a@b.c", "password": "pw", "name": "Ada", "captcha": "solved"}
    sent = await sent_by(lambda api, who: signup(api, who, captcha="solved"), ada())
    assert sent == ("POST", "auth/signup/", fields, {})


@pytest.mark.promise("upstream:calls:as-documented")
async def test_signin_names_the_email_login_and_sends_no_credentials() -> None:
    fields = {"login": "a@b.c", "password": "pw", "captcha": "solved"}
    sent = await sent_by(lambda api, who: signin(api, who, captcha="solved"), ada())
    assert sent == ("POST", "auth/signin/", fields, {})


@pytest.mark.promise("upstream:calls:as-documented")
async def test_fields_that_were_not_given_are_left_out() -> None:
    assert (await sent_by(signin, nobody()))[2] == {"login": "a@b.c", "password": "pw"}
    assert (await sent_by(lambda api, who: signup(api, who, name=None), nobody()))[2] == {
        "email": "a@b.c",
        "password": "pw",
    }


@pytest.mark.promise("upstream:calls:as-documented", "sessions:account:verify-token")
async def test_verify_sends_the_code_with_the_access_token_as_bearer() -> None:
    sent = ("POST", "auth/verify-email/", {"verification_code": "123456"}, {"Authorization": "Bearer access-1"})
    assert await sent_by(verify, ada()) == sent


@pytest.mark.promise("upstream:calls:as-documented")
async def test_refresh_sends_the_refresh_cookie_alone() -> None:
    sent = ("POST", "auth/custom-refresh/", None, {"Cookie": "refresh_token=refresh-1"})
    assert await sent_by(refresh, ada()) == sent


@pytest.mark.promise("upstream:calls:as-documented")
async def test_logout_sends_the_cookies_so_that_they_can_be_revoked() -> None:
    sent = ("POST", "auth/custom-logout/", None, {"Cookie": "access_token=access-1; refresh_token=refresh-1"})
    assert await sent_by(logout, ada()) == sent
    assert await sent_by(logout, nobody()) == ("POST", "auth/custom-logout/", None, {})


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:verify-token")
@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize(
    ("answer", "token", "can_refresh"),
    [
        ({"json": {"id": 1}}, None, False),
        ({}, None, False),
        ({"cookies": BOTH}, "access-1", True),
        ({"cookies": {"sid": f"{jwt({})}; Path=/; HttpOnly"}}, jwt({}), False),
        ({"cookies": {"refresh_token": "refresh-1; Path=/"}, "json": {"access": "t-1", "refresh": "x"}}, "t-1", True),
        *(({"json": {"user": {"id": 1}, name: "t-1"}}, "t-1", False) for name in ACCESS_NAMES),
        *(({"json": {"data": {name: "t-1"}, "message": "", "code": None}}, "t-1", False) for name in ACCESS_NAMES),
    ],
)
async def test_signup_takes_a_token_from_wherever_it_comes(
    status: int, answer: dict[str, Any], token: str | None, can_refresh: bool
) -> None:
    upstream, who = usual(signup=reply(status, **answer)), nobody()
    await signup(client(upstream), who)
    assert (who.access_token, who.refresh_token is not None) == (token, can_refresh)
    if token:
        await verify(client(upstream), who)
        assert upstream.requests[-1].headers["Authorization"] == f"Bearer {token}"


@pytest.mark.promise("upstream:answers:every-variant")
@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize(
    "answer",
    [
        {"cookies": BOTH},
        {"cookies": {"sessionid": "opaque; Path=/; Secure; HttpOnly"}},
        {"cookies": {"refresh_token": "refresh-1; Path=/"}},
        {"json": {"access": "t-1"}},
        {"cookies": BOTH, "content": b"null"},
    ],
)
async def test_signin_accepts_whatever_can_show_who_asks(status: int, answer: dict[str, Any]) -> None:
    who = nobody()
    await signin(client(usual(signin=reply(status, **answer))), who)
    assert who.has_any


@pytest.mark.promise("upstream:answers:every-variant")
@pytest.mark.parametrize("cookies", [{}, {"csrftoken": "c; Path=/"}, {"access_token": "; Path=/"}])
async def test_a_signin_that_brings_nothing_is_no_success(cookies: dict[str, str]) -> None:
    with pytest.raises(UpstreamProtocolError, match="gave no session") as raised:
        await signin(client(usual(signin=reply(204, cookies=cookies))), nobody())
    assert raised.value.status == 204


@pytest.mark.promise("sessions:account:verify-token")
@pytest.mark.parametrize("cookies", [{"refresh_token": f"{jwt({})}; Path=/"}, {"csrftoken": "c; Path=/"}])
async def test_verify_without_a_token_asks_nobody_and_names_login(cookies: dict[str, str]) -> None:
    upstream = usual()
    with pytest.raises(NotSignedIn) as raised:
        await verify(client(upstream), ada(**cookies))
    assert hint(raised.value) == "Call `login`, then `verify` again."
    assert upstream.requests == []


@pytest.mark.promise("cookies:jar:re-read")
async def test_verify_takes_what_its_answer_brings() -> None:
    who = ada()
    answer = reply(200, cookies={"refresh_token": "refresh-2; Path=/"}, json={"access": "t-2"})
    await verify(client(usual(verify_email=answer)), who)
    assert (who.access_token, who.refresh_token) == ("t-2", "refresh-2")


@pytest.mark.promise("sessions:refresh:older-never-wins")
async def test_an_answer_to_verify_never_overwrites_newer_tokens() -> None:
    asked, may_answer = anyio.Event(), anyio.Event()

    async def late(_: httpx.Request) -> httpx.Response:
        asked.set()
        await may_answer.wait()
        return reply(200, json={"access": "old"}, cookies={"refresh_token": "old; Path=/"})

    who, api = ada(), client(usual(verify_email=late))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(verify, api, who)
            await asked.wait()
            await refresh(api, who)
            may_answer.set()
    assert (who.access_token, who.refresh_token) == ("access-2", "refresh-2")


@pytest.mark.promise("sessions:refresh:older-never-wins")
async def test_a_rotated_refresh_token_is_taken_whatever_changed_meanwhile() -> None:
    def rotate(_: httpx.Request) -> httpx.Response:
        other = reply(200, cookies={"access_token": "access-9; Path=/"})
        other.request = httpx.Request("GET", BASE_URL + "me/")
        who.absorb(other, sent_at_version=who.version)
        return reply(204, cookies=tokens(2))

    who = ada()
    await refresh(client(usual(custom_refresh=rotate)), who)
    assert (who.access_token, who.refresh_token) == ("access-2", "refresh-2")


@pytest.mark.promise("upstream:answers:every-variant", "cookies:jar:re-read")
@pytest.mark.parametrize(
    ("answer", "access", "kept"),
    [
        (reply(204, cookies=tokens(2)), "access-2", "refresh-2"),
        (reply(200, cookies={"access_token": "access-2; Path=/"}), "access-2", "refresh-1"),
        (reply(200, cookies={"refresh_token": "refresh-2; Path=/"}), "access-1", "refresh-2"),
        (reply(200, json={"access": "t-2"}), "t-2", "refresh-1"),
        (reply(201, cookies=tokens(2), content=b"null"), "access-2", "refresh-2"),
    ],
    ids=["both", "access", "refresh", "JSON", "null"],
)
async def test_a_refresh_takes_whichever_token_was_rotated(answer: httpx.Response, access: str, kept: str) -> None:
    who = ada()
    await refresh(client(usual(custom_refresh=answer)), who)
    assert (who.access_token, who.refresh_token) == (access, kept)


@pytest.mark.parametrize("answer", [reply(204), reply(200, json={}), reply(204, cookies={"csrftoken": "c; Path=/"})])
async def test_a_refresh_that_brings_no_token_is_no_success(answer: httpx.Response) -> None:
    with pytest.raises(UpstreamProtocolError):
        await refresh(client(usual(custom_refresh=answer)), ada())


def cut(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut")


def unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


GONE = {"access_token": "; Path=/; Max-Age=0", "refresh_token": "stranger; Path=/"}


@pytest.mark.promise("cookies:jar:re-read")
@pytest.mark.parametrize(
    "answer",
    [
        cut,
        reply(503, cookies=GONE),
        reply(429, cookies=GONE),
        reply(404, cookies=GONE, json={"detail": "Not found."}),
        reply(302, cookies=GONE, headers={"Location": "/portal/"}),
        reply(200, cookies=GONE, html="<html>sign in to this network</html>"),
    ],
    ids=["cut", "503", "429", "404", "redirect", "web page"],
)
async def test_a_refresh_without_a_usable_answer_leaves_the_tokens_as_they_were(answer: Answer) -> None:
    who = ada()
    with pytest.raises(RememberizerError) as raised:
        await refresh(client(usual(custom_refresh=answer)), who)
    assert not isinstance(raised.value, SessionExpired)
    assert (who.access_token, who.refresh_token, who.version) == ("access-1", "refresh-1", 1)


@pytest.mark.parametrize("answer", [cut, reply(503), reply(200, html="<html></html>")], ids=["cut", "503", "web page"])
async def test_a_signup_of_unknown_end_says_that_login_may_work(answer: Answer) -> None:
    with pytest.raises(UpstreamError) as raised:
        await signup(client(usual(signup=answer)), nobody())
    assert raised.value.repair == endpoints.SIGN_UP.if_lost


async def test_a_signup_that_was_never_sent_says_to_check_the_network() -> None:
    with pytest.raises(UpstreamUnreachable) as raised:
        await signup(client(usual(signup=unreachable)), nobody())
    assert hint(raised.value) == hint(UpstreamUnreachable)


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize(
    ("call", "name", "times"),
    [
        (signin, "signin", 1),
        (signup, "signup", 1),
        (verify, "verify_email", 1),
        (refresh, "custom_refresh", 1),
        (logout, "custom_logout", 4),
    ],
    ids=["signin", "signup", "verify", "refresh", "logout"],
)
async def test_only_logout_is_ever_sent_again(call: Made, name: str, times: int, clock: FakeClock) -> None:
    answers: list[Answer] = [reply(503), reply(429), reply(502), unreachable]
    for answer in answers:
        upstream = usual(**{name: answer})
        with pytest.raises(RememberizerError):
            await call(client(upstream, clock), ada())
        assert len(upstream.requests) == times


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404])
async def test_a_logout_that_upstream_refused_is_not_confirmed(status: int) -> None:
    with pytest.raises(UpstreamProtocolError) as raised:
        await logout(client(usual(custom_logout=reply(status))), ada())
    assert raised.value.status == status
