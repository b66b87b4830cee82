"""Machines for the tests of hosts, each with a home of its own below a folder."""

from collections.abc import Mapping
from pathlib import Path

from rememberizer_mcp.server.hosts.system import Platform, System


def a_system(
    folder: Path,
    platform: Platform = "linux",
    *,
    environ: Mapping[str, str] | None = None,
    prefix: Path | None = None,
    commands: Mapping[str, str] | None = None,
    has_keyring: bool = False,
    direct_url: str | None = None,
) -> System:
    """A machine whose user lives below a folder, and who has our command in an environment there.

    Args:
        folder: Where everything of it is.
        platform: Which system it has.
        environ: Its environment variables.
        prefix: The environment that we run from, if not its own.
        has_keyring: Whether the extra is installed.
        direct_url: What is kept of where the package came from.
        commands: The paths of what is on its PATH, by name.
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    scripts = folder / "bin"
    scripts.mkdir(exist_ok=True)
    (scripts / ("rememberizer-mcp.exe" if platform == "win32" else "rememberizer-mcp")).touch()
    return System(
        platform=platform,
        home=home,
        environ=environ or {},
        prefix=prefix or folder,
        python=scripts / "python",
        scripts=scripts,
        has_keyring=has_keyring,
        direct_url=direct_url,
        which=(commands or {}).get,
    )
