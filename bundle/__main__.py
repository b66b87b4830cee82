"""``python -m bundle mcpb FOLDER`` writes the bundle, ``server.json PATH`` that file; ``check`` looks at the release."""

import json
import sys
from pathlib import Path

import anyio
from rememberizer_mcp.server import __version__

from .archive import write_bundle
from .manifest import manifest
from .registry import server_json
from .release import problems
from .sources import ROOT


def main(command: str, *arguments: str) -> int:
    """Do it; the process's exit code."""
    if command == "mcpb":
        sys.stdout.write(f"{write_bundle(anyio.run(manifest), *map(Path, arguments))}\n")
        return 0
    if command == "server.json":
        text = json.dumps(server_json(), indent=2, ensure_ascii=False) + "\n"
        Path(*arguments).write_text(text, encoding="utf-8")
        return 0
    found = list(problems(ROOT, version=__version__, server_json=server_json()))
    sys.stdout.write("".join(f"{problem}\n" for problem in found) or f"{__version__} can be released.\n")
    return 1 if found else 0


sys.exit(main(*sys.argv[1:]))
