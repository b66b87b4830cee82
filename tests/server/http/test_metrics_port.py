"""The port at which metrics are read: who gets them there, and how the library reads them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from rememberizer_mcp.server.http.metrics import Metrics, metrics_server
from rememberizer_mcp.server.loopback import serving

from tests.support.metrics import CALLS, samples

pytestmark = pytest.mark.promise("hosting:metrics:port")


@asynccontextmanager
async def scraper() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at the port, once a call was counted."""
    metrics = Metrics()
    metrics.called("search", "ok", since=metrics.now())
    server = metrics_server(metrics, port=0)
    async with serving(server), httpx.AsyncClient(trust_env=False, base_url=server.origin) as client:
        yield client


async def test_a_program_on_this_machine_reads_them_by_any_name_of_it() -> None:
    async with scraper() as client:
        for name in ("127.0.0.1", "localhost", "[::1]", "LOCALHOST"):
            answer = await client.get("/metrics", headers={"Host": f"{name}:{client.base_url.port}"})
            assert (answer.status_code, answer.headers["Content-Type"]) == (
                200,
                "text/plain; version=0.0.4; charset=utf-8",
            )
            assert samples(answer.text, CALLS) == {("ok", "search"): 1}
            assert "_created" not in answer.text  # a second series for each series


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/metrics", {"Host": "evil.example"}, 403),
        ("GET", "/metrics", {"Host": "127.0.0.1:1"}, 403),
        ("GET", "/metrics", {"Origin": "https://evil.example"}, 403),
        ("GET", "/metrics/", {}, 404),
        ("GET", "/", {}, 404),
        ("POST", "/metrics", {}, 405),
        ("DELETE", "/metrics", {}, 405),
    ],
)
async def test_nothing_else_is_answered_there(method: str, path: str, headers: dict[str, str], status: int) -> None:
    async with scraper() as client:
        answer = await client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert "rememberizer_mcp" not in answer.text
