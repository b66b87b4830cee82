"""Machines that the doctor looks at, each with a home below a folder."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.doctor.report import Finding, as_text
from rememberizer_mcp.server.doctor.run import Machine
from rememberizer_mcp.server.hosts.system import System, this_system

CANARY = "canary-of-the-doctor"
NUMBERS = (
    (r"Python [0-9.]+ at \S+\.", "Python N at PYTHON."),
    (r"(mcp|httpx|sniffio|pydantic) [0-9][0-9.a-z]*", r"\1 N"),
    (r"\b[0-9]+ (more|ms|tools)", r"N \1"),
    (r"127\.0\.0\.1:[0-9]+(?=/api/v1/ answers| is reached| takes)", "127.0.0.1:N"),
    (r"answers [0-9]+", "answers N"),
)


def system_of(environ: Mapping[str, str]) -> System:
    return replace(this_system(), home=Path(environ["HOME"]), environ=environ)


def machine(environ: Mapping[str, str], **others: Any) -> Machine:
    return Machine(environ=environ, system=lambda: system_of(environ), **others)


def patient(environ: Mapping[str, str]) -> Machine:
    """For reports that are compared: how busy the machine is is not what they are about."""
    return machine(environ, read_until=40.0, examined_until=40.0, own_until=70.0, hosts_until=100.0)


def settled(findings: Sequence[Finding], home: Path) -> str:
    """The report without what differs from run to run."""

    def text(said: str) -> str:
        for pattern, instead in NUMBERS:
            said = re.sub(pattern, instead, said)
        return said.replace(str(home), "HOME")

    told = [replace(each, text=text(each.text), next_step=each.next_step and text(each.next_step)) for each in findings]
    return click.unstyle(as_text(told)).replace(__version__, "VERSION")


def write(file: Path, entries: Mapping[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"mcpServers": entries}))


def block(*command: str, **env: str) -> dict[str, Any]:
    return {"command": command[0], "args": list(command[1:]), "env": env}


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with its time and content."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
