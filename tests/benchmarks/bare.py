"""What ours is measured against: the least server that the SDK can serve, with one tool."""

from mcp.server.mcpserver import MCPServer

server: MCPServer[None] = MCPServer("bare")


@server.tool()
async def ping() -> str:
    """Answer."""
    return "pong"


if __name__ == "__main__":
    server.run()
