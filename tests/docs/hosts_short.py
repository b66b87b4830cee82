"""The README's table of hosts: what was seen when they were run, VS Code by hand in November 2026.

What the others can do is read off their changelogs and issue threads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rememberizer_mcp.server.hosts.table import HOSTS

from tests.docs.hosts_page import pinned
from tests.docs.hosts_remote import REMOTE
from tests.docs.markdown import table

BROWSER = "your browser, or the link in the answer"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a person sees of a sign-in and of a deletion in a host, and the version that was run, if one was."""

    version: str | None = None
    page: str = BROWSER
    asks: bool = False


SEEN: Mapping[str, Seen] = {
    "claude-desktop": Seen(),
    "claude-code": Seen(version=pinned("claude-code"), page="Claude Code asks you to open it", asks=True),
    "cursor": Seen(asks=True),
    "vscode": Seen(version="1.139.1", page="VS Code asks you to open it", asks=True),
    "codex": Seen(version=pinned("codex"), asks=True),
    "gemini-cli": Seen(version=pinned("gemini-cli")),
    "goose": Seen(),
}


def hosts_short() -> str:
    """Each host, the version that was run, how it is connected, and what works there.

    Raises:
        KeyError: ``SEEN`` lacks a host.
    """
    rows = [
        f"{host.title} | {SEEN[name].version or 'not run'} | `rememberizer-mcp install {name}` | {SEEN[name].page} | "
        + ("in a form of the host" if SEEN[name].asks else "in the conversation")
        + f" | {REMOTE[name].add}"
        for name, host in HOSTS.items()
    ]
    columns = ("host", "version", "command", "the sign-in page is opened by", "you are asked before a deletion")
    return table(" | ".join((*columns, "add a [team's server](#hosting-for-a-team)")), rows)
