"""Where the facts come from: this checkout, its ``pyproject.toml``, ``mcp.json`` and ``requirements.lock``."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = "rememberizer-mcp"
_PIN = re.compile(r"^([a-z0-9._-]+==[^ ;\\]+)( ; [^\\]+?)? \\$", re.MULTILINE)


def project() -> dict[str, Any]:
    """The table ``project`` of ``pyproject.toml``; its version is ``server.__version__``."""
    table: dict[str, Any] = tomllib.loads(_text("pyproject.toml"))["project"]
    return table


def host_environment() -> dict[str, str]:
    """The variables that every host gets: those of ``mcp.json``'s block without the sandbox."""
    environment: dict[str, str] = json.loads(_text("mcp.json"))["mcpServers"]["rememberizer"]["env"]
    return environment


def pins() -> list[str]:
    """What ``requirements.lock`` pins, each with its marker: the versions that the tests ran with."""
    return ["".join(match) for match in _PIN.findall(_text("requirements.lock"))]


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")
