"""Writes what is released beside the wheel, or says what speaks against a release.

``python -m bundle mcpb FOLDER`` writes the bundle, ``server.json PATH`` that file; ``check CHECKOUT`` looks at it.
"""

import json
import sys
from pathlib import Path

import anyio
from rememberizer_mcp.server import __version__

from .archive import write_bundle
from .manifest import manifest
from .registry import server_json
from .release import problems


def main(command: str, path: Path) -> int:
    """Do it; the process's exit code."""
    if command == "mcpb":
        sys.stdout.write(f"{write_bundle(anyio.run(manifest), path)}\n")
    elif command == "server.json":
        path.write_text(json.dumps(server_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        found = list(problems(path, version=__version__, server_json=server_json()))
        sys.stdout.write("".join(f"{problem}\n" for problem in found) or f"{__version__} can be released.\n")
        return 1 if found else 0
    return 0


sys.exit(main(sys.argv[1], Path(sys.argv[2])))
