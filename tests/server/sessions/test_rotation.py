"""A key of the ring is replaced: sessions move to the first key when they are used, and need no other from then on."""

from typing import Any

import pytest
from rememberizer_mcp.server.sessions.sealing import Ring
from rememberizer_mcp.server.sessions.shelf import Change, Found, Part, Record

from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.redis import NEW, OLD, RedisServer, redis_shelf
from tests.support.sharing import replicas, sign_in
from tests.support.upstream import FakeUpstream

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:rotated")]
WRITTEN: dict[Part, Change] = {"session": Change(b"ada", "s1", None), "tokens": Change(b"one", "t1", None)}
THERE: dict[Part, Found] = {"session": Found("s1", b"ada"), "tokens": Found("t1", b"one")}


async def written(redis: RedisServer) -> str:
    """The name in Redis of what the old key seals."""
    async with redis_shelf(redis, OLD, NEW) as shelf:
        assert await shelf.write("handle", WRITTEN, used_at=1, seconds=600)
    (name,) = redis.names("sessions")
    return name


@pytest.mark.parametrize(
    "known", [{}, {"session": "s1"}, {"session": "s1", "tokens": "t0"}, {"session": "s1", "tokens": "t1"}]
)
async def test_a_session_that_was_moved_needs_the_old_key_no_longer(known: dict[Part, str], redis: RedisServer) -> None:
    name = await written(redis)
    async with redis_shelf(redis, NEW, OLD) as shelf:
        new = {
            part: Found(version, None if known.get(part) == version else value)
            for part, (version, value) in THERE.items()
        }
        assert await shelf.read("handle", known=known) == Record(new, 1, is_to_move=True)
        await shelf.move("handle")
        assert await shelf.read("handle", known={}) == Record(THERE, 1)
    async with redis_shelf(redis, NEW) as shelf:
        assert await shelf.read("handle", known={}) == Record(THERE, 1)
    (moved,) = redis.names("sessions")
    assert moved != name
    assert 590_000 < int(redis.asked.pttl(moved)) <= 600_000


async def test_a_write_moves_what_it_leaves(redis: RedisServer) -> None:
    """Or a part of the session would still need the old key, under a name that says otherwise."""
    await written(redis)
    later: dict[Part, Change] = {"tokens": Change(b"two", "t2", "t1")}
    async with redis_shelf(redis, NEW, OLD) as shelf, redis_shelf(redis, OLD, NEW) as other:
        assert await shelf.write("handle", later, used_at=2, seconds=600)
        assert await other.write("handle", {"tokens": Change(b"three", "t3", "t2")}, used_at=3, seconds=600)
        (by_old,) = redis.names("sessions")
        assert not await shelf.write("handle", later, used_at=4, seconds=600)
    async with redis_shelf(redis, NEW) as shelf:
        there: dict[Part, Found] = {"session": Found("s1", b"ada"), "tokens": Found("t3", b"three")}
        assert await shelf.read("handle", known={}) == Record(there, 3)
    assert redis.names("sessions") != [by_old]


async def test_what_is_not_there_is_not_moved(redis: RedisServer) -> None:
    async with redis_shelf(redis, NEW, OLD) as shelf:
        await shelf.move("handle")
        assert await shelf.get("account", "handle") is None
    assert redis.names() == []


@pytest.mark.parametrize("part", ["session", "tokens"])
@pytest.mark.parametrize("gone", [False, True])
async def test_what_is_written_meanwhile_stays(
    part: Part, redis: RedisServer, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    name, seal = await written(redis), Ring.seal
    if gone:
        redis.asked.hdel(name, part, f"{part}.version")

    def overtaken(ring: Ring, value: bytes, *place: str) -> str:
        redis.asked.hset(name, mapping={f"{part}.version": "later", part: "later"})
        return seal(ring, value, *place)

    async with redis_shelf(redis, NEW, OLD) as shelf:
        monkeypatch.setattr(Ring, "seal", overtaken)  # the only moment between what is read and what is written
        await shelf.move("handle")
    assert redis.names("sessions") == [name]
    assert redis.asked.hget(name, part) == b"later"


async def test_a_part_that_no_key_opens_stays_as_it_is(redis: RedisServer) -> None:
    name = await written(redis)
    redis.asked.hset(name, "tokens", "sealed by another ring")
    async with redis_shelf(redis, NEW, OLD) as shelf:
        await shelf.move("handle")
        assert await shelf.read("handle", known={}) == Record(THERE | {"tokens": Found("t1", b"")}, 1)
    (moved,) = redis.names("sessions")
    assert moved != name
    assert redis.asked.hget(moved, "tokens") == b"sealed by another ring"


async def test_a_value_moves_when_it_is_read_and_keeps_its_life(redis: RedisServer) -> None:
    async with redis_shelf(redis, OLD) as shelf:
        await shelf.put("account", "ada", b"tea", seconds=600)
        redis.wait(100)
    async with redis_shelf(redis, NEW, OLD) as shelf:
        assert await shelf.get("account", "ada") == b"tea"
        (name,) = redis.names("account")
        moved = redis.asked.get(name)
        assert await shelf.get("account", "ada") == b"tea"
        assert redis.asked.get(name) == moved  # and not sealed once more
    async with redis_shelf(redis, NEW) as shelf:
        assert await shelf.get("account", "ada") == b"tea"
        taken = await shelf.take("account", "ada")
    assert taken is not None
    assert (taken.value, round(taken.age_seconds)) == (b"tea", 100)


@pytest.mark.parametrize("other", [None, b"milk"])
async def test_a_value_that_was_taken_or_replaced_meanwhile_does_not_come_back(
    other: bytes | None, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with redis_shelf(redis, OLD) as shelf:
        await shelf.put("account", "ada", b"tea", seconds=600)
    (name,), seal = redis.names("account"), Ring.seal

    def overtaken(ring: Ring, value: bytes, *place: str) -> str:
        redis.asked.delete(name)
        if other:
            redis.asked.set(name, other)
        return seal(ring, value, *place)

    async with redis_shelf(redis, NEW, OLD) as shelf:
        monkeypatch.setattr(Ring, "seal", overtaken)  # as above
        assert await shelf.get("account", "ada") == b"tea"
    assert (redis.names("account"), redis.asked.get(name)) == ([name] if other else [], other)


async def test_who_was_signed_in_stays_so_and_it_is_known_whose_the_session_was(
    upstream: FakeUpstream, clock: FakeClock, redis: RedisServer
) -> None:
    async with replicas(1, upstream, clock, redis, keys=[OLD]) as (one,):
        handle = (await sign_in(one, "ada")).handle
    async with replicas(2, upstream, clock, redis, keys=[NEW, OLD]) as (one, other):
        for each in (one, other, one):
            session: Any = await each.session("ada")
            assert (session.handle, session.email) == (handle, ADA["email"])
    async with replicas(2, upstream, clock, redis, keys=[NEW]) as (one, other):
        session = await one.session("ada")
        assert (session.handle, session.email) == (handle, ADA["email"])
        assert await session.grant.is_usable()
        (name,) = redis.names("sessions")
        redis.asked.delete(name)  # as at its end
        assert await other.find("ada") is None
        assert (other.store.has_ended("ada"), other.store.ended_account("ada")) == (True, ADA["email"])
