"""Everything of rememberizer-mcp that is not a tool. The rooms, ground floor first, are listed in the README."""

__version__ = "0.1.0"
