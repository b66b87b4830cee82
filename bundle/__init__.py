"""What a release holds beside the wheel: the MCPB bundle for one-click install, and server.json for the MCP registry.

Both are generated from the code, ``pyproject.toml`` and ``mcp.json``; none of this is in the wheel.
"""
