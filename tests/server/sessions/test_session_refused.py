"""What a session makes of refusals that are none: a cookie that is taken away, and pages of who stands between."""

import httpx
import pytest
from rememberizer_mcp.server.api.blocked import UpstreamBlocked
from rememberizer_mcp.server.api.endpoints import Call, Endpoint, Takes
from rememberizer_mcp.server.errors import SessionExpired, UpstreamUnavailable, UpstreamUnreachable
from rememberizer_mcp.server.sessions.states import State

from tests.support.clock import FakeClock
from tests.support.hints import hint
from tests.support.sessions import ACCOUNT, signed_in
from tests.support.upstream import FakeUpstream, jwt, reply, tokens, usual

STORE = Endpoint("POST", "account/", Takes.ACCOUNT).call()
PAGE = reply(403, content=b"<html>Just a moment...</html>", headers={"content-type": "text/html"})
DENIED_PAGE = reply(401, content=b"<html>401 Authorization Required</html>")
OK = reply(200, json={})
REFRESH = "auth/custom-refresh/"


def denied(**cookies: str) -> httpx.Response:
    """A 401 that sets these cookies."""
    return reply(401, json={"detail": "Expired."}, cookies=cookies)


def sent(upstream: FakeUpstream) -> list[str]:
    """The cookies of each request for the account, by name."""
    lines = [request.headers.get("cookie", "") for request in upstream.asked("account/")]
    return ["; ".join(sorted(line.split("; "))) for line in lines]


AFTER_REFRESH = "access_token=access-2; refresh_token=refresh-2"


@pytest.mark.promise("upstream:refresh:deleted-cookie")
@pytest.mark.parametrize("call", [ACCOUNT, STORE], ids=["read", "write"])
@pytest.mark.parametrize(
    "deletion",
    [
        '""; Max-Age=0; Path=/',
        "; Max-Age=0; Path=/",
        "gone; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "; Path=/",
        '""; Path=/',
        "deleted; Max-Age=-1; Path=/",
    ],
)
async def test_a_refusal_that_deletes_the_access_cookie_costs_one_refresh_and_no_call(
    call: Call, deletion: str, clock: FakeClock
) -> None:
    upstream = usual(account=[denied(access_token=deletion), OK])
    async with signed_in(upstream, clock) as session:
        assert (await session.grant.request(call)).status == 200
        assert sent(upstream) == ["access_token=access-1; refresh_token=refresh-1", AFTER_REFRESH]
        assert (len(upstream.asked(REFRESH)), session.state) == (1, State.SIGNED_IN)


@pytest.mark.promise("upstream:refresh:deleted-cookie")
@pytest.mark.parametrize("name", ["jwt", "auth_token", "rememberizer"])
async def test_so_it_is_whatever_the_access_cookie_is_called(name: str, clock: FakeClock) -> None:
    held = {name: f"{jwt({'sub': 1})}; Path=/", "refresh_token": "refresh-1; Path=/"}
    upstream = usual(
        signin=reply(cookies=held),
        account=[denied(**{name: '""; Max-Age=0; Path=/'}), OK],
        custom_refresh=reply(cookies=held),
    )
    async with signed_in(upstream, clock) as session:
        assert (await session.grant.request(ACCOUNT)).status == 200
        assert len(upstream.asked(REFRESH)) == 1


@pytest.mark.promise("upstream:refresh:deleted-cookie")
async def test_a_refusal_that_deletes_the_refresh_cookie_too_is_the_end(clock: FakeClock) -> None:
    gone = denied(access_token='""; Max-Age=0; Path=/', refresh_token='""; Max-Age=0; Path=/')
    upstream = usual(account=gone)
    async with signed_in(upstream, clock) as session:
        with pytest.raises(SessionExpired):
            await session.grant.request(ACCOUNT)
        assert (upstream.asked(REFRESH), len(sent(upstream)), session.state) == ([], 1, State.EXPIRED)


@pytest.mark.promise("upstream:refresh:deleted-cookie")
async def test_a_refusal_that_brings_a_new_access_cookie_is_repeated_with_it(clock: FakeClock) -> None:
    upstream = usual(account=[denied(access_token="access-9; Path=/"), OK])
    async with signed_in(upstream, clock) as session:
        assert (await session.grant.request(ACCOUNT)).status == 200
        assert sent(upstream)[-1] == "access_token=access-9; refresh_token=refresh-1"
        assert upstream.asked(REFRESH) == []


@pytest.mark.promise("upstream:refresh:deleted-cookie")
async def test_a_deletion_whose_refresh_found_no_network_is_made_good_by_the_next_call(clock: FakeClock) -> None:
    def cut(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut")

    upstream = usual(
        account=[denied(access_token='""; Max-Age=0; Path=/'), denied(), OK],
        custom_refresh=[cut, reply(cookies=tokens(2))],
    )
    async with signed_in(upstream, clock) as session:
        with pytest.raises(UpstreamUnreachable):
            await session.grant.request(ACCOUNT)
        assert (await session.grant.request(ACCOUNT)).status == 200
        assert sent(upstream)[1:] == ["refresh_token=refresh-1", AFTER_REFRESH]


@pytest.mark.promise("upstream:strangers-page:session-kept")
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("content", [b"<html>Just a moment...</html>", b"Access denied", b"\x00"])
async def test_a_refresh_that_a_page_answered_costs_no_session(status: int, content: bytes, clock: FakeClock) -> None:
    upstream = usual(custom_refresh=[reply(status, content=content), reply(cookies=tokens(2))], account=OK)
    async with signed_in(upstream, clock) as session:
        with pytest.raises(UpstreamBlocked) as raised:
            await session.grant.refresh()
        assert (raised.value.status, raised.value.retryable) == (status, True)
        assert (session.state, session.grant.can_refresh) == (State.SIGNED_IN, True)
        await session.grant.refresh()
        assert (await session.grant.request(ACCOUNT)).status == 200
        assert sent(upstream) == [AFTER_REFRESH]


@pytest.mark.promise("upstream:strangers-page:session-kept")
async def test_a_call_whose_refresh_a_page_answered_says_so_and_the_next_works(clock: FakeClock) -> None:
    upstream = usual(account=[denied(), denied(), OK], custom_refresh=[PAGE, reply(cookies=tokens(2))])
    async with signed_in(upstream, clock) as session:
        with pytest.raises(UpstreamUnavailable):
            await session.grant.request(ACCOUNT)
        assert (await session.grant.request(ACCOUNT)).status == 200


@pytest.mark.promise("upstream:strangers-page:session-kept")
@pytest.mark.parametrize("answer", [PAGE, DENIED_PAGE], ids=["403", "401"])
async def test_a_call_that_a_page_answered_is_neither_renewed_nor_repeated(
    answer: httpx.Response, clock: FakeClock
) -> None:
    answer = reply(answer.status_code, content=answer.content, cookies={"access_token": '""; Max-Age=0; Path=/'})
    upstream = usual(account=[answer, OK])
    async with signed_in(upstream, clock) as session:
        with pytest.raises(UpstreamBlocked) as raised:
            await session.grant.request(ACCOUNT)
        assert "Rememberizer itself refused nothing" in hint(raised.value)
        assert (len(sent(upstream)), upstream.asked(REFRESH), session.state) == (1, [], State.SIGNED_IN)
        assert (await session.grant.request(ACCOUNT)).status == 200
        assert sent(upstream)[1] == "access_token=access-1; refresh_token=refresh-1"
