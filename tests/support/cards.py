"""What a client says that shows cards (MCP Apps)."""

from mcp.client import advertise

EXTENSION = "io.modelcontextprotocol/ui"
MIME_TYPE = "text/html;profile=mcp-app"
DECLARED = [advertise(EXTENSION, {"mimeTypes": [MIME_TYPE]})]
