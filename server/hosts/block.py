"""``Block``: the command that a host starts, as ``mcp.json`` has it but with an absolute path.

Hosts start servers with a PATH of their own, often a short one, so a bare name is not found.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .system import System, has_keyring

NAME = "rememberizer"
SANDBOX_NAME = "rememberizer-sandbox"
PROGRAM = "rememberizer-mcp"
ENVIRONMENT: Mapping[str, str] = {"REMEMBERIZER_SECRET_ARGUMENTS": "off"}
"""A chat host logs every argument, so no tool takes a password there. Nothing of the caller's environment is copied."""
FLEETING = {"archive-v0", "builds-v0", "environments-v2"}
"""Folders of uv's cache: what runs from there can be gone tomorrow, so the command is the runner itself."""
PIPX_RUN = re.compile(r"[0-9a-f]{15}")
"""`pipx run` names an environment so, and drops it after two weeks."""
_MODULE = ["-m", "rememberizer_mcp.server"]
_WITH_KEYRING = ["--from", f"{PROGRAM}[keyring]", PROGRAM]
_BY_UV = ["tool", "run"]
_BY_PIPX = ["run", PROGRAM]
_ARGUMENTS = ([PROGRAM], _MODULE, _WITH_KEYRING, [*_BY_UV, PROGRAM], [*_BY_UV, *_WITH_KEYRING], _BY_PIPX)
"""Of the blocks that we make, but for the sandbox's, and for those that start our script itself."""


class NoCommand(Exception):
    """There is no command that a host could start again."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """What to start, with which arguments and variables."""

    command: str
    args: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    folder: str | None = None
    """Where to start it, if the entry says so to a host that reads it."""


def entry_name(*, sandbox: bool) -> str:
    """Under which name our entry stands."""
    return SANDBOX_NAME if sandbox else NAME


def own_block(system: System, *, sandbox: bool) -> Block:
    """The block that starts what is running now.

    Raises:
        NoCommand: It runs from a cache, and what made it run is not found.
    """
    command, *args = _lasting_command(system)
    return Block(command=command, args=[*args, *(["--sandbox"] if sandbox else [])], env=dict(ENVIRONMENT))


def starts_us(block: Block) -> bool:
    """Whether a block is one that we make, here or on another machine or by another runner."""
    args = block.args[:-1] if block.args[-1:] == ["--sandbox"] else block.args
    if args:
        return args in _ARGUMENTS
    return re.split(r"[/\\]", block.command)[-1] in {PROGRAM, f"{PROGRAM}.exe"}


def typed(*arguments: str, prefix: Path | None = None, keyring: bool | None = None) -> str:
    """What a person types to run us again with these arguments: who came by a runner has us nowhere on the PATH.

    Args:
        arguments: What stands behind the command.
        prefix: The environment that we run from, if not this one.
        keyring: Whether the extra `keyring` is installed there.
    """
    match _runner(prefix or Path(sys.prefix)):
        case "uv":
            extra = has_keyring() if keyring is None else keyring
            command = f'uvx --from "{PROGRAM}[keyring]" {PROGRAM}' if extra else f"uvx {PROGRAM}"
        case "pipx":
            command = f"pipx run {PROGRAM}"
        case _:
            command = PROGRAM
    return " ".join([command, *arguments])


def _runner(prefix: Path) -> Literal["uv", "pipx"] | None:
    """Who keeps the environment in a cache, if it is in one."""
    if FLEETING.intersection(prefix.parts):
        return "uv"
    if PIPX_RUN.fullmatch(prefix.name) and any("pipx" in part for part in prefix.parts):
        return "pipx"
    return None


def _lasting_command(system: System) -> list[str]:
    match _runner(system.prefix):
        case "uv":
            return _by_uv(system)
        case "pipx":
            return _by_pipx(system)
    script = system.scripts / (PROGRAM + (".exe" if system.platform == "win32" else ""))
    if script.is_file():
        return [str(script.absolute())]
    return [str(system.python.absolute()), *_MODULE]


def _by_uv(system: System) -> list[str]:
    what = _WITH_KEYRING if system.has_keyring else [PROGRAM]
    started_by = Path(system.environ.get("UV", ""))
    if started_by.is_absolute():  # before the search path, on which a relative folder can stand
        uvx = started_by.with_name(started_by.name.replace("uv", "uvx", 1))
        return [str(uvx), *what] if uvx.is_file() else [str(started_by), *_BY_UV, *what]
    if found := system.which("uvx"):
        return [str(Path(found).absolute()), *what]
    if found := system.which("uv"):
        return [str(Path(found).absolute()), *_BY_UV, *what]
    raise NoCommand(
        "This runs from uv's cache, and uvx is not found; `uv tool install rememberizer-mcp` makes it last."
    )


def _by_pipx(system: System) -> list[str]:
    if pipx := system.which("pipx"):
        return [str(Path(pipx).absolute()), *_BY_PIPX]
    raise NoCommand(
        "This runs from pipx's cache, and pipx is not found; `pipx install rememberizer-mcp` makes it last."
    )
