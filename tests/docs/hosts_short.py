"""The README's table of hosts; what each can do is read off their changelogs and issue threads, as of autumn 2026."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.docs.markdown import table

BROWSER = "your browser, or the link in the answer"


@dataclass(frozen=True, kw_only=True)
class Host:
    """What a person sees of a sign-in and of a deletion there."""

    title: str
    page: str = BROWSER
    asks: bool = False


HOSTS: Mapping[str, Host] = {
    "claude-desktop": Host(title="Claude Desktop"),
    "claude-code": Host(title="Claude Code", asks=True),
    "cursor": Host(title="Cursor", asks=True),
    "vscode": Host(title="VS Code", page="VS Code asks you to open it", asks=True),
    "codex": Host(title="Codex CLI", asks=True),
    "gemini-cli": Host(title="Gemini CLI"),
    "goose": Host(title="Goose"),
    "json": Host(title="any other: prints the block", page="as far as it can"),
}


def hosts_short() -> str:
    """Each host, how it is connected, and what works there."""
    rows = [
        f"{host.title} | `rememberizer-mcp install {name}` | {host.page} | "
        + ("in a form of the host" if host.asks else "in the conversation")
        for name, host in HOSTS.items()
    ]
    return table("host | command | the sign-in page is opened by | you are asked before a deletion", rows)
