"""Sign-in pages that several processes have: what a page is made of, who waits for it, and its end without Redis."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import anyio
import httpx
import pytest
from pydantic_core import from_json, to_json
from rememberizer_mcp.server.api.account import Me
from rememberizer_mcp.server.errors import SignInFailed, StoreUnavailable
from rememberizer_mcp.server.sessions.shelf import Change
from rememberizer_mcp.server.signin.desk import FOLLOW_SECONDS
from rememberizer_mcp.server.signin.page_record import PageRecord
from rememberizer_mcp.server.signin.pending import AFTER_SECONDS, End, PendingSignIn

from tests.support.agent import ADA
from tests.support.clock import FakeClock, Gate, for_good
from tests.support.person import visit
from tests.support.redis import RedisServer
from tests.support.sharing import Replica, replicas
from tests.support.upstream import reply, tokens, usual

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:same-sessions")]
Both = tuple[Replica, Replica]


class Passing(Gate):
    """A sleep of which each look for news elsewhere ends when the test says so; the page's own life has no end."""

    async def sleep(self, seconds: float) -> None:
        await (super().sleep if seconds == FOLLOW_SECONDS else for_good)(seconds)


@pytest.fixture
def passing() -> Passing:
    return Passing()


@pytest.fixture
async def both(clock: FakeClock, redis: RedisServer, passing: Passing) -> AsyncIterator[Both]:
    async with replicas(2, usual(), clock, redis, sleep=passing.sleep) as (one, two):
        yield one, two


async def opened(on: Replica) -> PendingSignIn:
    async with on.store.moving("ada", create=True) as session:
        return await on.desk.open(session, email=ADA["email"], name="Ada")


async def test_everything_about_a_page_is_known_elsewhere(both: Both) -> None:
    one, two = both
    page = await opened(one)
    async with one.store.moving("ada"):
        page.asked_by, page.browser, page.account = "Claude 1", "cookie", Me(email=ADA["email"])
        page.entered_email, page.shows_email, page.attempts_left = ADA["email"], True, 2
        page.wants_code = page.another_account = page.was_changed = True
        page.trouble = SignInFailed("The app was refused.", repair="Correct it.")
    there = await two.desk.page(page.ticket)
    assert there is not None
    assert PageRecord.of(there) == PageRecord.of(page)
    assert (there.trouble and there.trouble.message) == "The app was refused."
    assert there.attempts_left == 2
    assert there.email_in("cookie") == ADA["email"]


async def test_who_waits_for_a_person_hears_of_an_end_elsewhere(both: Both, passing: Passing) -> None:
    one, two = both
    page = await opened(one)
    there = await two.desk.page(page.ticket)
    assert there is not None
    await there.stop_alone(End.DECLINED)
    await anyio.wait_all_tasks_blocked()
    assert not page.ended.is_set()
    passing.open()
    with anyio.fail_after(5):
        await page.ended.wait()
    assert page.end is End.DECLINED


async def test_without_redis_nobody_hears_of_it_until_redis_is_there_again(
    both: Both, redis: RedisServer, passing: Passing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="rememberizer_mcp.server")
    one, two = both
    page = await opened(one)
    there = await two.desk.page(page.ticket)
    assert there is not None
    await there.stop_alone(End.DECLINED)
    with redis.stopped():
        passing.open()
        await passing.waiting.wait()
    assert "a page could not be followed: store_unavailable" in caplog.text
    assert not page.ended.is_set()
    passing.open()
    await page.ended.wait()
    assert page.end is End.DECLINED


async def test_a_process_that_ends_leaves_its_pages_to_the_others(both: Both) -> None:
    one, two = both
    page = await opened(one)
    await one.desk.aclose()
    there = await two.desk.page(page.ticket)
    assert there is not None
    assert there.end is None


async def test_a_page_that_others_would_not_find_is_not_open(both: Both, redis: RedisServer) -> None:
    one, two = both
    async with one.store.moving("ada", create=True) as session:
        with redis.stopped(), pytest.raises(StoreUnavailable):
            await one.desk.open(session)
    page = await opened(one)
    there = await two.desk.page(page.ticket)
    assert there is not None
    assert there.end is None


@pytest.mark.promise("hosting:store:unreadable")
@pytest.mark.parametrize("change", [{"end": "LATER"}, {"form": "passkey"}, {"id": None}], ids=str)
async def test_a_page_of_another_release_is_as_if_it_were_not_there(
    both: Both, passing: Passing, clock: FakeClock, change: Mapping[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    one, two = both
    page = await opened(one)
    assert one.shelf
    record = await one.shelf.read("ada", known={})
    assert record
    found = record.parts["session"]
    written = from_json(found.value or b"")
    written["pages"][0] |= change
    await one.shelf.write(
        "ada", {"session": Change(to_json(written), "v2", found.version)}, used_at=clock(), seconds=60
    )
    assert await two.desk.page(page.ticket) is None
    passing.open()
    with anyio.fail_after(5):
        await page.ended.wait()
    assert page.end is End.CLOSED
    assert "do all run the same release?" in caplog.text


@pytest.mark.promise("hosting:store:unavailable")
async def test_a_page_that_can_not_be_shown_now_says_so(clock: FakeClock, redis: RedisServer) -> None:
    """Without Redis, or where all sessions that a process has room for are in use."""
    async with (
        replicas(2, usual(), clock, redis, most=1) as (one, two),
        httpx.AsyncClient(trust_env=False) as client,
    ):
        page = await opened(one)
        async with two.store.moving("grace", create=True) as session:
            elsewhere = await two.desk.open(session)
        full = await client.get(f"{elsewhere.base_url}/{page.ticket}")
        with redis.stopped():
            lost = await client.get(page.url)
        for answer in (full, lost):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert "can't be shown at the moment" in answer.text


async def test_a_page_that_no_longer_says_how_it_ended_is_not_known_again(
    both: Both, clock: FakeClock, redis: RedisServer
) -> None:
    one, two = both
    page = await opened(one)
    await page.stop_alone(End.DECLINED)
    clock.advance(page.expires_at + AFTER_SECONDS - clock() - 1)
    assert await two.desk.page(page.ticket) is not None
    async with replicas(1, usual(), clock, redis) as (third,):
        clock.advance(1)
        assert await third.desk.page(page.ticket) is None


async def test_of_a_signed_out_session_whose_page_says_how_it_ended_no_token_stays(both: Both) -> None:
    one, two = both
    page = await opened(one)
    async with one.store.moving("ada") as session:
        await session.sign_in(**ADA, captcha=None, method="browser")
        page.finish()
    await two.store.catch_up("ada")
    async with two.store.moving("ada") as there:
        await there.sign_out()
    assert two.shelf
    record = await two.shelf.read("ada", known={})
    assert record
    assert record.parts["session"].value
    assert record.parts["tokens"].value == b""
    assert await one.find("ada") is None
    assert (await opened(one)).end is None


async def test_a_sign_in_that_can_not_be_told_is_answered_503_and_counts(clock: FakeClock, redis: RedisServer) -> None:
    def stopping(_: httpx.Request) -> httpx.Response:
        redis.stop()
        return reply(cookies=tokens())

    async with replicas(2, usual(signin=stopping), clock, redis) as (one, two):
        page = await opened(one)
        answer = await visit(page.url, form="sign_in", **ADA)
        redis.start()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "Open the link again" in answer.text
        assert (await one.session("ada")).email == (await two.session("ada")).email == ADA["email"]
