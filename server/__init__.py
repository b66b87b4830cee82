"""Everything of rememberizer-mcp that is not a tool. docs/architecture.md lists the rooms, ground floor first."""

__version__ = "0.1.0"
