"""``System``: what the hosts' files and our command depend on, so that tests can be any machine."""

import os
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Platform = Literal["darwin", "win32", "linux"]


@dataclass(frozen=True, kw_only=True)
class System:
    """A machine and its user, as a process sees them."""

    platform: Platform
    """Anything that is neither macOS nor Windows counts as Linux."""
    home: Path
    environ: Mapping[str, str]
    prefix: Path
    """The environment that the process runs from."""
    python: Path
    scripts: Path
    """Where the environment's commands are."""
    has_keyring: bool
    """Whether the extra `keyring` is installed."""
    direct_url: str | None
    """What the installed package's file of that name holds: it has one if it came from no index (PEP 610)."""
    which: Callable[[str], str | None]
    """The path of a command, if there is one."""

    def folder(self, variable: str, default: Path) -> Path:
        """The folder that an environment variable names by an absolute path, else the default."""
        named = Path(self.environ.get(variable, ""))
        return named if named.is_absolute() else default

    @property
    def settings_folder(self) -> Path:
        """Where programs of a desktop keep their settings: by XDG, by Apple's or by Microsoft's rules."""
        match self.platform:
            case "darwin":
                return self.home / "Library" / "Application Support"
            case "win32":
                return self.folder("APPDATA", self.home / "AppData" / "Roaming")
            case _:
                return self.folder("XDG_CONFIG_HOME", self.home / ".config")


class NoHome(Exception):
    """The user's home folder is not known."""


def has_keyring() -> bool:
    """Whether the extra `keyring` is installed here."""
    return find_spec("keyring") is not None


def direct_url(package: str = "rememberizer-mcp") -> str | None:
    """The ``direct_url.json`` of an installed package, if it has one."""
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 -- it slows the first help down

    try:
        return distribution(package).read_text("direct_url.json")
    except PackageNotFoundError:
        return None


def this_system() -> System:
    """The machine that we run on.

    Raises:
        NoHome: The user's home folder is not known.
    """
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 -- Path.home() fails in another way where there is none
    if not home.is_absolute() or (os.name == "posix" and os.environ.get("HOME") == ""):  # of "", it would be "/"
        raise NoHome("The home folder that HOME names is no absolute path.")
    return System(
        platform="darwin" if sys.platform == "darwin" else "win32" if sys.platform == "win32" else "linux",
        home=home,
        environ=os.environ,
        prefix=Path(sys.prefix),
        python=Path(sys.executable),
        scripts=Path(sysconfig.get_path("scripts")),
        has_keyring=has_keyring(),
        direct_url=direct_url(),
        which=shutil.which,
    )
