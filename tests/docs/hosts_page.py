"""The tables of docs/hosts.md: the hosts that the tests run, each host's file, and what is done after an install."""

import json
from collections.abc import Mapping
from pathlib import Path

from rememberizer_mcp.server.hosts.system import Platform, System
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.docs.markdown import table
from tests.interop.client import ENVIRONMENTS

HOME = Path("/HOME")
RUN: Mapping[str, tuple[str, str]] = {
    "claude-code": ("Claude Code", "the journey by `claude -p`; it refuses a file with a comment"),
    "codex": ("Codex", "the journey by `codex exec`, with [`required = true`](#codex)"),
    "gemini-cli": ("Gemini CLI", "the journey with `--yolo`; it starts no server where it doesn't trust the folder"),
    "copilot": (
        "GitHub Copilot CLI",
        "the journey by `copilot -p`; in a terminal it asks, opens the page, and the same call brings the documents",
    ),
    "mcporter": ("mcporter", "lists the tools of our entry in the files of Claude Code, Codex, Cursor and VS Code"),
}
"""What ``tests/interop/hosts`` runs, by the environment."""
APPDATA = str(HOME / "AppData" / "Roaming")


def hosts_table() -> str:
    """Each host's file on each system."""
    rows = [
        f"{host.title} | {_shown(host.path(_system('darwin')))} | {_shown(host.path(_system('win32')))} | "
        f"{_shown(host.path(_system('linux')))}"
        for host in HOSTS.values()
    ]
    return table("host | macOS | Windows | Linux", rows)


def pinned(environment: str) -> str:
    """The version of the one package in an environment of Node's."""
    text = (ENVIRONMENTS / environment / "package.json").read_text(encoding="utf-8")
    ((_, version),) = json.loads(text)["dependencies"].items()
    return str(version)


def hosts_run() -> str:
    """Each host that the tests run, and what it does there."""
    rows = [f"{title} | {pinned(name)} | {does}" for name, (title, does) in RUN.items()]
    return table("host | version | what it does there", rows)


def next_steps() -> str:
    """What a person does in each host afterwards."""
    rows = [f"{host.title} | {host.form.upper()}, `{host.key}` | {host.next_step}" for host in HOSTS.values()]
    return table("host | form and place in the file | what to do next", rows)


def _system(platform: Platform) -> System:
    return System(
        platform=platform,
        home=HOME,
        environ={},
        prefix=HOME,
        python=HOME,
        scripts=HOME,
        has_keyring=False,
        direct_url=None,
        which=lambda _: None,
    )


def _shown(path: Path) -> str:
    text = str(path)
    if text.startswith(APPDATA):
        return f"`{text.replace(APPDATA, '%APPDATA%').replace('/', chr(92))}`"
    return f"`{text.replace(str(HOME), '~')}`"
