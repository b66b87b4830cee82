"""What is in Redis opens nothing and names nobody, and counts only where it was put; the ring changes in steps."""

import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState
from pydantic import SecretStr
from rememberizer_mcp.server.errors import StoreUnavailable
from rememberizer_mcp.server.sessions.redis_shelf import RedisShelf
from rememberizer_mcp.server.sessions.sealing import Ring
from rememberizer_mcp.server.sessions.shelf import Change, Found, Part, Record

from tests.support.redis import LOCK_SECONDS, NEW, OLD, RedisServer, redis_shelf

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.promise("hosting:store:sealed")]
STEPS = [(OLD,), (OLD, NEW), (NEW, OLD), (NEW,)]
NEIGHBOURS = list(pairwise(STEPS))
each_step = pytest.mark.parametrize(("one_ring", "other_ring"), [*NEIGHBOURS, *(pair[::-1] for pair in NEIGHBOURS)])
Keys = Sequence[SecretStr]


async def test_a_dump_holds_nothing_that_was_put_there(redis: RedisServer) -> None:
    canaries = [f"canary-{number}-of-seven" for number in range(7)]
    redis.asked.config_set("rdbcompression", "no")
    async with redis_shelf(redis) as shelf:
        await shelf.put("page", canaries[0], canaries[1].encode(), seconds=600)
        await shelf.attempt(canaries[2], most=3, seconds=600)
        change = Change(canaries[4].encode(), "version-in-clear", None)
        await shelf.write(canaries[3], {"session": change, "tokens": change}, used_at=1, seconds=600)
        async with shelf.locked(canaries[5], "tokens"):
            redis.asked.save()
    dump = b"".join(path.read_bytes() for path in sorted(redis.folder.rglob("*")) if path.is_file())
    assert dump.count(b"version-in-clear") >= 2
    assert [canary for canary in (*canaries, OLD.get_secret_value()) if canary.encode() in dump] == []
    assert {name.split(":")[2] for name in redis.names()} == {"page", "attempts", "sessions"}


def test_names_and_values_of_one_ring_say_nothing_to_another() -> None:
    one, other = Ring([OLD]), Ring([NEW])
    assert one.names("page", "a") == Ring([OLD]).names("page", "a")
    named = [*one.names("page", "a"), *one.names("page", "b"), *one.names("trip", "a"), *other.names("page", "a")]
    assert len({name.rpartition(":")[2] for name in named}) == 4
    sealed = one.seal(b"tea", "page", "a").encode()
    assert [one.opened(sealed, "page", "a"), other.opened(sealed, "page", "a")] == [b"tea", None]
    assert [one.opened(each, "page", "a") for each in (b"", b"\xff", sealed[:-1], sealed[1:])] == [None] * 4


def test_a_value_is_no_state_of_a_request_though_the_secret_is_the_same() -> None:
    codec = AESGCMRequestStateCodec([OLD.get_secret_value()])
    with pytest.raises(InvalidRequestState):
        codec.unseal(Ring([OLD]).seal(b"tea", "page", "a"))


async def test_a_value_that_was_moved_is_not_there(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        for kind, key in (("page", "b"), ("trip", "a")):
            await shelf.put(kind, key, b"other", seconds=600)
            (name,) = redis.names(kind)
            await shelf.put("page", "a", b"tea", seconds=600)
            (moved,) = set(redis.names("page")) - {name}
            redis.asked.rename(moved, name)
            assert await shelf.get(kind, key) is None
            assert await shelf.take(kind, key) is None


async def test_a_value_counts_with_the_life_that_it_was_given(redis: RedisServer) -> None:
    async with redis_shelf(redis) as shelf:
        await shelf.put("page", "a", b"tea", seconds=600)
        (name,) = redis.names("page")
        value: Any = redis.asked.get(name)
        redis.asked.set(name, b"999999999 " + value.partition(b" ")[2], keepttl=True)
        assert await shelf.take("page", "a") is None


async def test_a_part_that_was_moved_is_not_there(redis: RedisServer) -> None:
    first: dict[Part, Change] = {"session": Change(b"ada", "s1", None), "tokens": Change(b"one", "t1", None)}
    async with redis_shelf(redis) as shelf:
        await shelf.write("handle", first, used_at=1, seconds=600)
        (name,) = redis.names("sessions")
        session: Any = redis.asked.hget(name, "session")
        redis.asked.hset(name, mapping={"tokens": session, "tokens.version": "s1"})
        moved: dict[Part, Found] = {"session": Found("s1", b"ada"), "tokens": Found("s1", b"")}
        assert await shelf.read("handle", known={}) == Record(moved, 1)
        redis.asked.hset(name, "session.version", "s2")
        assert await shelf.read("handle", known={}) == Record(moved | {"session": Found("s2", b"")}, 1)

        await shelf.write("mine", first, used_at=1, seconds=600)
        (mine,) = set(redis.names("sessions")) - {name}
        await shelf.write("theirs", first, used_at=1, seconds=600)
        (theirs,) = set(redis.names("sessions")) - {name, mine}
        redis.asked.rename(theirs, mine)
        moved = {"session": Found("s1", b""), "tokens": Found("t1", b"")}
        assert await shelf.read("mine", known={}) == Record(moved, 1)


@each_step
async def test_processes_a_step_of_a_rotation_apart_share_everything(
    redis: RedisServer, one_ring: Keys, other_ring: Keys
) -> None:
    async with redis_shelf(redis, *one_ring) as one, redis_shelf(redis, *other_ring) as other:
        await one.put("page", "ticket", b"tea", seconds=600)
        assert await other.get("page", "ticket") == b"tea"
        await other.put("page", "ticket", b"milk", seconds=600)
        assert [(await one.take("page", "ticket") or b"")[0], await other.take("page", "ticket")] == [b"milk", None]

        assert [await each.attempt("ada", most=2, seconds=600) for each in (one, other)] == [None, None]
        assert all([await each.attempt("ada", most=2, seconds=600) for each in (one, other)])

        assert await one.write("handle", {"tokens": Change(b"one", "t1", None)}, used_at=1, seconds=600)
        assert not await other.write("handle", {"tokens": Change(b"late", "t9", None)}, used_at=1, seconds=600)
        assert await other.write("handle", {"tokens": Change(b"two", "t2", "t1")}, used_at=2, seconds=600)
        await other.touch("handle", used_at=3, seconds=600)
        is_to_move = one_ring[0] != other_ring[0]
        assert await one.read("handle", known={}) == Record({"tokens": Found("t2", b"two")}, 3, is_to_move=is_to_move)
        assert await one.remove("handle", over={"tokens": "t2"})
        assert await other.read("handle", known={}) is None

        async with one.locked("handle", "tokens"):
            with pytest.raises(StoreUnavailable):
                await other.locked("handle", "tokens").__aenter__()
            assert len(redis.names("locks")) == 1


async def test_a_session_lives_through_a_rotation_and_ends_with_its_key(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    versions = ["t0", "t1", "t2", "t3"]
    for step, ring in enumerate(STEPS[:3]):
        async with redis_shelf(redis, *ring) as shelf:
            over = versions[step] if step else None
            change = Change(b"", versions[step + 1], over)
            assert await shelf.write("handle", {"tokens": change}, used_at=1, seconds=600)
            assert await shelf.write(f"more {step}", {"tokens": change._replace(over=None)}, used_at=1, seconds=600)
    assert caplog.messages == []
    async with redis_shelf(redis, *STEPS[3]) as shelf:
        assert await shelf.read("handle", known={})
        assert [bool(await shelf.read(f"more {step}", known={})) for step in range(3)] == [False, False, True]
    warning = "2 sessions in Redis can't be opened: their key is not in REMEMBERIZER_STORE_KEYS."
    assert caplog.messages == [warning]


async def test_a_password_in_the_url_is_in_no_error_log_or_repr(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = SecretStr(redis.url.get_secret_value().replace("//", "//canary-user:canary-password@"))
    shelf = RedisShelf(url, keys=[OLD], lock_seconds=LOCK_SECONDS)
    with caplog.at_level("DEBUG"), pytest.raises(StoreUnavailable) as raised:
        await shelf.get("page", "a")
    await shelf.aclose()
    said = [*caplog.messages, repr(shelf), *traceback.format_exception(raised.value)]
    assert "AuthenticationError" in "".join(said)
    assert "canary" not in "".join(said)
