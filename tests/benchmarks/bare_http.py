"""What ours is measured against over HTTP: the SDK's own app with two tools, behind the same check of tokens.

Its arguments are the port, the issuer, the base URL that one of the tools asks, and whether any process could answer
each request of 2025-11-25, as where ours shares its sessions. uvicorn gets the options of ours.
"""

import sys
from typing import Any

import httpx
import uvicorn
from mcp.server.mcpserver import MCPServer
from rememberizer_mcp.server.api.issuer import Issuer
from rememberizer_mcp.server.http.serving import KEPT_SECONDS
from rememberizer_mcp.server.http.verifier import Verifier


def main(port: int, issuer: str, base_url: str, *, is_stateless: bool) -> None:
    """Serve until killed."""
    verifier = Verifier(Issuer(issuer), resource=f"http://127.0.0.1:{port}/mcp")
    server: MCPServer[None] = MCPServer(
        "bare", auth=verifier.settings, token_verifier=verifier, log_level="WARNING", subscriptions=False
    )
    client = httpx.AsyncClient(base_url=base_url, trust_env=False)

    @server.tool()
    async def ping() -> str:
        """Answer."""
        return "pong"

    @server.tool()
    async def search(query: str) -> dict[str, Any]:
        """Ask upstream, and pass its answer on."""
        asked = {"q": query, "n": "5", "prev_chunks": "2", "next_chunks": "2"}
        response = await client.get("documents/search/", params=asked)
        found: dict[str, Any] = response.raise_for_status().json()
        return found

    uvicorn.run(
        server.streamable_http_app(stateless_http=is_stateless),
        port=port,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEPT_SECONDS,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], is_stateless=sys.argv[4:] == ["stateless"])
