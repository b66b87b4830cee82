"""The bundle as a file: a zip archive that is the same bytes each time.

It holds our two folders as the package that they are, and a ``pyproject.toml`` of its own, by which the host's uv
installs the libraries: in the versions of ``requirements.lock``, the keyring's among them, so that staying signed in
needs nothing more. It is no package to be built, so the host needs no build tools.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

from rememberizer_mcp.server import __version__

from .manifest import ENTRY_POINT
from .sources import PACKAGE, ROOT, pins, project

LAUNCHER = """\
from rememberizer_mcp.server.__main__ import main

main()
"""
DATA_FILES = ("py.typed", "front.json", "card.html")
DATA_FOLDERS = ("schema", "templates", "seed")
NOT_FOR_HOSTS = (
    "server/cli/bash_completion.py",
    "server/cli/demo.py",
    "server/cli/installing.py",
    "server/http/*",
    "server/api/issuer*.py",
    "server/api/shared.py",
    "server/sessions/records.py",
    "server/sessions/redis_*.py",
    "server/sessions/sealing.py",
    "server/sessions/shared.py",
    "server/signin/issuer_trip.py",
    "server/signin/page_record.py",
    "server/signin/public.py",
)
"""What only a terminal or an operator starts."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that the zip format can say."""


def write_bundle(manifest: dict[str, Any], folder: Path) -> Path:
    """Write the archive into the folder; its path, named by the version."""
    path = folder / f"{PACKAGE}-{__version__}.mcpb"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(contents(manifest).items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return path


def contents(manifest: dict[str, Any]) -> dict[str, bytes]:
    """Each file of the bundle, by its name there."""
    sources = [path for folder in ("server", "tools") for path in (ROOT / folder).rglob("*") if _is_shipped(path)]
    ours = {f"rememberizer_mcp/{path.relative_to(ROOT).as_posix()}": path.read_bytes() for path in sources}
    return ours | {
        "manifest.json": (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode(),
        "pyproject.toml": pyproject().encode(),
        ENTRY_POINT: LAUNCHER.encode(),
        "icon.png": (ROOT / "bundle" / "icon.png").read_bytes(),
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
    }


def _is_shipped(path: Path) -> bool:
    """Whether the wheel would hold it, and a host has use for it; no link is followed."""
    inside = path.relative_to(ROOT)
    is_known = path.suffix == ".py" or path.name in DATA_FILES or path.parent.name in DATA_FOLDERS
    is_open = not any(part.startswith(".") for part in inside.parts)
    is_link = any((ROOT / each).is_symlink() for each in (inside, *inside.parents[:-1]))
    is_for_hosts = not any(inside.match(pattern) for pattern in NOT_FOR_HOSTS)
    return is_known and is_open and is_for_hosts and path.is_file() and not is_link


def pyproject() -> str:
    """What uv installs for the bundle."""
    about = project()
    needs = _list([*about["dependencies"], *about["optional-dependencies"]["keyring"]])
    return (
        f'[project]\nname = "{PACKAGE}"\nversion = "{__version__}"\n'
        f'requires-python = "{about["requires-python"]}"\ndependencies = {needs}\n'
        f"[tool.uv]\npackage = false\nconstraint-dependencies = {_list(pins())}"
    )


def _list(values: list[str]) -> str:
    """A TOML array, a value a line; what JSON writes for plain text is a TOML string too."""
    return "[\n" + "".join(f"  {json.dumps(value)},\n" for value in values) + "]\n"
