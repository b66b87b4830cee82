"""``Block``: the command that a host starts, as ``mcp.json`` has it but with an absolute path.

Hosts start servers with a PATH of their own, often a short one, so a bare name is not found.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from .system import System, direct_url, has_keyring

NAME = "rememberizer"
SANDBOX_NAME = "rememberizer-sandbox"
NAMES = (NAME, SANDBOX_NAME)
PROGRAM = "rememberizer-mcp"
ENVIRONMENT: Mapping[str, str] = {"REMEMBERIZER_SECRET_ARGUMENTS": "off"}
"""A chat host logs every argument, so no tool takes a password there. Nothing of the caller's environment is copied."""
_FLEETING = {"archive-v0", "builds-v0", "environments-v2"}
"""Folders of uv's cache: what runs from there can be gone tomorrow, so the command is the runner itself."""
_PIPX_RUN = re.compile(r"[0-9a-f]{15}")
"""`pipx run` names an environment so, and drops it after two weeks."""
_MODULE = ["-P", "-m", "rememberizer_mcp.server"]
"""``-P``: without it, a file of the host's working folder is run in place of the module that it is called like."""
_FORMER_MODULE = _MODULE[1:]
_BY_UV = ["tool", "run"]
_FORMER_BY_PIPX = ["run", PROGRAM]
"""A file of that name in the folder where a host works is run in place of the package, unless ``--spec`` names that."""
_REQUIREMENT = re.compile(rf"{PROGRAM}(\[keyring\])?( @ \S+)?")
_STARTED_MODULE = re.compile(r"(?<!\S)-[a-zA-Z]*m ?rememberizer_mcp\.server(?!\S)")
_SAFE_PATH = re.compile(r"(?<!\S)-[a-zA-Z]*[PI]")


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
        NoCommand: It runs from a cache, and what made it run is not found, or not where it came from.
    """
    command, *args = _lasting_command(system)
    return Block(command=command, args=[*args, *(["--sandbox"] if sandbox else [])], env=dict(ENVIRONMENT))


def starts_us(block: Block) -> bool:
    """Whether a block is one that we make or once made, here or on another machine or by another runner."""
    match block.args[:-1] if block.args[-1:] == ["--sandbox"] else block.args:
        case []:
            return re.split(r"[/\\]", block.command)[-1] in {PROGRAM, f"{PROGRAM}.exe"}
        case ["--from", named, name] | ["tool", "run", "--from", named, name] | ["run", "--spec", named, name]:
            return name == PROGRAM and bool(_REQUIREMENT.fullmatch(named))
        case args:
            return args in (_MODULE, _FORMER_MODULE, [PROGRAM], [*_BY_UV, PROGRAM], _FORMER_BY_PIPX)


def as_named(ours: Block, there: Block | None) -> Block:
    """Our block, with the command that stands there if that is a link to ours: uv and pipx put one on the PATH.

    An interpreter is left out, because those of many environments are links to one program.
    """
    if there is None or ours.args[: len(_MODULE)] == _MODULE or not Path(there.command).is_absolute():
        return ours
    try:
        is_ours = Path(there.command).samefile(ours.command)
    except (OSError, ValueError):  # nothing is there, or it is no path
        return ours
    return replace(ours, command=there.command) if is_ours else ours


def runs_what_lies_about(block: Block) -> bool:
    """Whether a file in the folder where a host works is run in our place, if it is called like a module or like us."""
    line = " ".join(block.args)
    if module := _STARTED_MODULE.search(line):
        return not _SAFE_PATH.search(line[: module.end()]) and not block.env.get("PYTHONSAFEPATH")
    return block.args[:2] == _FORMER_BY_PIPX


def requirement(direct_url: str | None, *, keyring: bool) -> str:
    """What a runner is told to install: the package's name, and behind it where it came from, if that was no index.

    Args:
        direct_url: The text of the installed package's ``direct_url.json``, if it has that file (PEP 610).
        keyring: Whether the extra is wanted.

    Raises:
        NoCommand: It can't be installed from there again, or not without a secret.
    """
    package = f"{PROGRAM}[keyring]" if keyring else PROGRAM
    if direct_url is None:
        return package
    from urllib.request import url2pathname  # noqa: PLC0415 -- it slows the first help down

    came_from = json.loads(direct_url)
    url, version_control, folder = (came_from.get(name) for name in ("url", "vcs_info", "subdirectory"))
    parts = urlsplit(url)
    if parts.password or parts.query or (parts.username and parts.scheme != "ssh"):
        raise NoCommand("This came from an address that may hold a secret, so that no entry can name it.")
    if parts.scheme == "file" and not Path(url2pathname(parts.path)).exists():
        raise NoCommand("What this was installed from is not there any more.")
    if version_control:
        url = f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
    return f"{package} @ {url}#subdirectory={folder}" if folder else f"{package} @ {url}"


def typed(*arguments: str, prefix: Path | None = None, keyring: bool | None = None, origin: str | None = None) -> str:
    """What a person types to run us again with these arguments: who came by a runner has us nowhere on the PATH.

    The others tell of an environment that is not this one: where it is, and what is installed there.
    """
    runner = _runner(prefix or Path(sys.prefix))
    if runner is None:
        return " ".join([PROGRAM, *arguments])
    try:
        url, extra = origin if prefix else direct_url(), has_keyring() if keyring is None else keyring
        named = requirement(url, keyring=extra)
    except NoCommand:
        named = PROGRAM
    command, option = ("uvx", "--from") if runner == "uv" else ("pipx run", "--spec")
    words = [command, PROGRAM] if named == PROGRAM else [command, option, f'"{named}"', PROGRAM]
    return " ".join([*words, *arguments])


def _runner(prefix: Path) -> Literal["uv", "pipx"] | None:
    """Who keeps the environment in a cache, if it is in one."""
    if _FLEETING.intersection(prefix.parts):
        return "uv"
    if _PIPX_RUN.fullmatch(prefix.name) and any("pipx" in part for part in prefix.parts):
        return "pipx"
    return None


def _lasting_command(system: System) -> list[str]:
    runner = _runner(system.prefix)
    if runner is None:
        script = system.scripts / (PROGRAM + (".exe" if system.platform == "win32" else ""))
        return [str(script.absolute())] if script.is_file() else [str(system.python.absolute()), *_MODULE]
    named = requirement(system.direct_url, keyring=system.has_keyring)
    if runner == "uv":
        return [*_uvx(system), *([] if named == PROGRAM else ["--from", named]), PROGRAM]
    if pipx := system.which("pipx"):
        return [str(Path(pipx).absolute()), "run", "--spec", named, PROGRAM]
    raise NoCommand(
        "This runs from pipx's cache, and pipx is not found; `pipx install rememberizer-mcp` makes it last."
    )


def _uvx(system: System) -> list[str]:
    """What runs uv's tools: first by the uv that runs us, since the search path can hold a relative folder."""
    uv = Path(system.environ.get("UV", ""))
    if uv.is_absolute():
        uvx = uv.with_name(uv.name.replace("uv", "uvx", 1))
        return [str(uvx)] if uvx.is_file() else [str(uv), *_BY_UV]
    for name, words in (("uvx", []), ("uv", _BY_UV)):
        if found := system.which(name):
            return [str(Path(found).absolute()), *words]
    raise NoCommand(
        "This runs from uv's cache, and uvx is not found; `uv tool install rememberizer-mcp` makes it last."
    )
