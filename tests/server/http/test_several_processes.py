"""Several processes over one Redis: any answers any request of either era, and each says whether Redis is there."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import to_thread
from mcp import MCPError
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult
from rememberizer_mcp.server.http.start import LOCKED_BEYOND_SECONDS, clients
from rememberizer_mcp.server.settings.settings import Settings

from tests.server.http.test_authorized_serving import hosted
from tests.support.agent import agent_on
from tests.support.authorized import LEGACY, bearer
from tests.support.http_server import HEADERS, HttpServer, http_server
from tests.support.process import clean_environment, initialize, legacy, running
from tests.support.redis import NEW, OLD, RedisServer, redis_server

CANCEL = ElicitResult(action="cancel")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def shared_by(redis: RedisServer, *keys: Any) -> dict[str, str]:
    """The settings of a process that shares sessions there."""
    ring = ",".join(key.get_secret_value() for key in keys or (OLD,))
    return {"STORE": redis.url.get_secret_value(), "STORE_KEYS": ring}


@asynccontextmanager
async def two(**settings: str) -> AsyncIterator[list[HttpServer]]:
    """Two processes with the same settings."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(http_server(**settings)) for _ in range(2)]


@pytest.mark.needs("redis-server")
@pytest.mark.promise("hosting:store:stateless")
async def test_a_client_of_2025_goes_on_at_another_process_and_no_stream_is_offered(redis: RedisServer) -> None:
    async with two(**shared_by(redis)) as (one, other), httpx.AsyncClient(trust_env=False, headers=HEADERS) as client:
        begun = await client.post(one.url, json=initialize())
        assert (begun.status_code, "Mcp-Session-Id" in begun.headers) == (200, False)
        headers = {"MCP-Protocol-Version": LEGACY}
        listed = await client.post(other.url, json=legacy(1, "tools/list"), headers=headers)
        assert (listed.status_code, "session_status" in listed.text) == (200, True)
        stream = await client.get(other.url, headers=headers)
        assert (stream.status_code, stream.headers["Allow"], stream.content) == (405, "POST", b"")


@pytest.mark.traced
@pytest.mark.needs("redis-server")
@pytest.mark.promise("hosting:store:stateless", "authorization:challenge:says-where")
async def test_a_get_without_a_token_gets_its_401_and_only_one_with_a_token_the_405(redis: RedisServer) -> None:
    async with hosted(**shared_by(redis)) as on, httpx.AsyncClient(trust_env=False, headers=HEADERS) as client:
        nobody, ada = [await client.get(on.server.url, headers=each) for each in ({}, bearer(on.token()))]
        assert (nobody.status_code, "WWW-Authenticate" in nobody.headers) == (401, True)
        assert (ada.status_code, ada.headers["Allow"]) == (405, "POST")
        assert (await client.get(f"{on.server.origin}/healthz")).status_code == 200


@pytest.mark.needs("redis-server")
@pytest.mark.promise("hosting:store:ready")
async def test_no_call_is_wanted_while_redis_is_not_there(redis: RedisServer) -> None:
    async with http_server(**shared_by(redis)) as server, httpx.AsyncClient(trust_env=False) as client:
        ready, lives = f"{server.origin}/readyz", f"{server.origin}/healthz"
        assert (await client.get(ready)).status_code == 200
        with redis.stopped():
            assert [(await client.get(each)).status_code for each in (ready, lives)] == [503, 200]
        assert (await client.get(ready)).status_code == 200
        server.process.popen.terminate()
        _, code, _, noise = await to_thread.run_sync(server.process.finish)
    assert (code, noise.decode().count("Redis can't be used"), noise.decode().count("Redis")) == (0, 1, 1)


@pytest.mark.needs("redis-server")
@pytest.mark.promise("hosting:store:stateless")
@pytest.mark.parametrize("is_shared", [True, False])
async def test_the_state_of_a_question_is_opened_by_any_process_with_the_keys(
    redis: RedisServer, *, is_shared: bool
) -> None:
    asks: Any = {"elicitation_callback": lambda *_: CANCEL}
    async with (
        two(**shared_by(redis) if is_shared else {}) as (one, other),
        agent_on(one.url, **asks) as first,
        agent_on(other.url, **asks) as second,
    ):
        asked = await first.client.session.call_tool("login", {}, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        answer: Any = {"request_state": asked.request_state, "input_responses": {"sign_in": CANCEL}}
        if is_shared:
            result = await second.client.session.call_tool("login", {}, **answer)
            assert isinstance(result, CallToolResult)
        else:
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await second.client.session.call_tool("login", {}, **answer)


@pytest.mark.needs("redis-server")
@pytest.mark.promise("hosting:store:sessions")
async def test_a_lock_lives_longer_than_its_holder_may_ask_rememberizer(redis: RedisServer) -> None:
    settings: Any = {"store": redis.url, "store_keys": (OLD, NEW), "timeout_seconds": 40}
    known = clients(Settings(**settings))
    assert known.keys == (OLD, NEW)
    assert known.shared is not None
    async with known.shared.locked("handle", "tokens"):
        left: Any = redis.asked.pttl(redis.names("locks")[0])
    await known.shared.aclose()
    assert 0 < left / 1000 - 40 <= LOCKED_BEYOND_SECONDS
    assert (clients(Settings()).shared, clients(Settings()).keys) == (None, ())


@pytest.mark.traced
@pytest.mark.promise("hosting:start:refused")
def test_without_the_library_one_sentence_names_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text("raise ModuleNotFoundError('not here')\n", encoding="utf-8")
    os.environ["PYTHONPATH"] = str(tmp_path)
    settings = clean_environment(STORE="redis://127.0.0.1", STORE_KEYS="canary" * 6)
    with running("serve", "--http", "--port", "0", environment=settings) as process:
        _, code, out, noise = process.finish()
    needs = "REMEMBERIZER_STORE: needs the library redis; install `rememberizer-mcp[hosted]`"
    assert (code, out, noise.decode()) == (2, b"", f"rememberizer-mcp can't start:\n  {needs}\n")
