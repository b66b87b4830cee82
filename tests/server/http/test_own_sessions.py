"""What one client of a server for many can't do to the others: take their room, or fill the log."""

from typing import Any

import httpx
import pytest
from anyio import to_thread
from rememberizer_mcp.server.http.own_sessions import MOST_OF_ONE

from tests.server.http.test_authorized_serving import hosted
from tests.support.authorized import LEGACY, bearer
from tests.support.http_server import HEADERS
from tests.support.process import LONGEST_SECONDS, initialize, legacy


async def begun(client: httpx.AsyncClient, token: str) -> str:
    """The id of a new session of 2025-11-25."""
    answer = await client.post("/mcp", json=initialize(), headers=bearer(token))
    return str(answer.headers["Mcp-Session-Id"])


async def used(client: httpx.AsyncClient, token: str, session: str) -> int:
    """How a request in a session is answered."""
    headers = {"Mcp-Session-Id": session, "MCP-Protocol-Version": LEGACY}
    return (await client.post("/mcp", json=legacy(1, "ping"), headers=headers | bearer(token))).status_code


@pytest.mark.traced
@pytest.mark.promise("hosting:strangers:room")
async def test_the_session_that_an_owner_left_unused_for_longest_makes_room_for_their_newest() -> None:
    options: Any = {"trust_env": False, "timeout": LONGEST_SECONDS, "headers": HEADERS}
    async with hosted() as on, httpx.AsyncClient(base_url=on.server.origin, **options) as client:
        ada, grace = on.token(), on.token(sub="grace")
        others = await begun(client, grace)
        first, *unused = [await begun(client, ada) for _ in range(MOST_OF_ONE)]
        assert await used(client, ada, first) == 200
        newest = await begun(client, ada)
        statuses = [await used(client, ada, each) for each in (first, *unused[:2], newest)]
        assert statuses == [200, 404, 200, 200]
        assert await used(client, grace, others) == 200


@pytest.mark.promise("hosting:strangers:log")
async def test_what_anybody_can_send_leaves_no_line_in_the_log() -> None:
    upgrade = {"Connection": "upgrade", "Upgrade": "websocket"}
    async with hosted() as on, httpx.AsyncClient(trust_env=False, base_url=on.server.origin) as client:
        statuses = [(await client.get("/mcp", headers=upgrade)).status_code, (await client.get("/mcp")).status_code]
        on.server.process.popen.terminate()
        _, _, _, noise = await to_thread.run_sync(on.server.process.finish)
    assert (statuses, noise.decode()) == ([401, 401], "")
