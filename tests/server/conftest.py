"""A real Redis for the tests of what is kept there."""

from collections.abc import Iterator

import pytest

from tests.support.redis import RedisServer, redis_server


@pytest.fixture(scope="module")
def redis_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(redis_of_module: RedisServer) -> RedisServer:
    """Redis without anything in it, its scripts neither."""
    redis_of_module.asked.flushall()
    redis_of_module.asked.script_flush()
    return redis_of_module
