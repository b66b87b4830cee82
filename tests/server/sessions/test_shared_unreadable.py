"""What in Redis can't be read, whoever wrote it, is as if it were not there, and something else can take its place."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from pydantic_core import from_json, to_json
from rememberizer_mcp.server.sessions.shelf import Change

from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.redis import RedisServer, redis_shelf
from tests.support.sessions import ACCOUNT
from tests.support.sharing import replicas, sign_in
from tests.support.upstream import FakeUpstream

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:unreadable")]


@pytest.mark.parametrize(
    "fields",
    [
        {"session": "?", "session.version": "?"},
        {"session": "?", "session.version": b"\xff"},
        {"session": "?", "session.version": ""},
        {"tokens": "?", "tokens.version": "?"},
        {"session": "?", "tokens": "?"},
        {"used_at": "?"},
    ],
    ids=str,
)
async def test_a_session_with_such_parts_can_be_signed_in_to_anew(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer, fields: Mapping[Any, Any]
) -> None:
    async with replicas(3, upstream, clock, redis) as (one, other, third):
        await sign_in(one, "ada")
        (name,) = redis.names("sessions")
        redis.asked.hset(name, mapping={**fields})
        with anyio.fail_after(10, shield=True):
            await sign_in(other, "ada")
        there = await third.session("ada")
        assert there.email == ADA["email"]
        assert (await there.grant.request(ACCOUNT)).is_success


async def test_a_session_without_the_time_of_its_last_use_is_there(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> None:
    async with replicas(2, upstream, clock, redis) as (one, other):
        await sign_in(one, "ada")
        (name,) = redis.names("sessions")
        redis.asked.hdel(name, "used_at")
        assert (await other.session("ada")).email == ADA["email"]


async def test_a_name_that_is_no_text_stops_nobody(redis: RedisServer) -> None:
    redis.asked.hset(b"rememberizer:\xff:sessions:x", "session", "?")
    async with redis_shelf(redis) as shelf:
        assert await shelf.is_there()


@pytest.mark.parametrize("change", [{"bearer": None}, {"bearer": "b", "cookies": [["name", "value"]]}], ids=str)
async def test_tokens_of_another_release_are_none(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer, change: dict[str, Any]
) -> None:
    async with replicas(2, upstream, clock, redis) as (one, other):
        await sign_in(one, "ada")
        assert one.shelf
        record = await one.shelf.read("ada", known={})
        assert record
        found = record.parts["tokens"]
        written = to_json(from_json(found.value or b"") | {"credentials": change})
        await one.shelf.write("ada", {"tokens": Change(written, "v2", found.version)}, used_at=clock(), seconds=60)
        assert not (await other.session("ada")).grant.credentials.has_any
        await sign_in(other, "ada")
        assert (await one.session("ada")).grant.credentials.has_any


async def test_an_account_of_another_release_is_none(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> None:
    async with replicas(1, upstream, clock, redis) as (one,):
        assert one.shelf
        await one.shelf.put("account", "ada", b'{"e-mail": "ada@example.org"}', seconds=60)
        assert await one.find("ada") is None
        assert not one.store.has_ended("ada")
