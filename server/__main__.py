"""``python -m rememberizer_mcp.server`` is the command ``rememberizer-mcp``."""

from .cli import main

main()
