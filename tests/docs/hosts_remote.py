"""The table of docs/hosts.md that says how a host is told of a server at a URL; what was not run is documentation's."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.docs.hosts_page import pinned
from tests.docs.markdown import table
from tests.interop.hosts.table import CLAUDE_CODE, CODEX, COPILOT, GEMINI_CLI, NAME, ChatHost

NOT_RUN = "documentation only"


@dataclass(frozen=True, kw_only=True)
class Remote:
    """What a person does in a host."""

    title: str
    add: str
    """To tell it of the server."""
    then: str
    """To get a token of the server's issuer."""
    tried: str = NOT_RUN


def added(command: str, host: ChatHost) -> str:
    """The host's own command, as the tests run it, for an entry of the usual name."""
    return f"`{' '.join((command, *host.adds)).replace(NAME, 'rememberizer')}`"


def run(environment: str) -> str:
    return f"run ({pinned(environment)}), without an issuer"


REMOTE: Mapping[str, Remote] = {
    "claude-desktop": Remote(
        title="Claude Desktop, claude.ai",
        add="*Customize*, *Connectors*, *Add custom connector*",
        then="*Connect*",
    ),
    "claude-code": Remote(
        title="Claude Code",
        add=added("claude", CLAUDE_CODE),
        then="`claude mcp login rememberizer`, or `/mcp`",
        tried=run("claude-code"),
    ),
    "cursor": Remote(
        title="Cursor",
        add='`"rememberizer": {"url": "URL"}` in `~/.cursor/mcp.json`',
        then="Cursor opens the browser",
    ),
    "vscode": Remote(title="VS Code", add="the command *MCP: Add Server*, *HTTP*", then="VS Code opens the browser"),
    "codex": Remote(
        title="Codex",
        add=added("codex", CODEX),
        then="Codex opens the browser at once; `codex mcp login rememberizer` does so again",
        tried=run("codex"),
    ),
    "gemini-cli": Remote(
        title="Gemini CLI",
        add=added("gemini", GEMINI_CLI),
        then="`/mcp auth rememberizer`",
        tried=run("gemini-cli"),
    ),
    "goose": Remote(
        title="Goose",
        add="`goose configure`, *Add Extension*, *Remote Extension (Streamable HTTP)*",
        then="Goose opens the browser",
    ),
    "copilot": Remote(
        title="GitHub Copilot CLI",
        add=added("copilot", COPILOT),
        then="Copilot opens the browser",
        tried=run("copilot"),
    ),
    "mcporter": Remote(
        title="mcporter",
        add="`mcporter config add rememberizer URL --scope home`",
        then="`mcporter auth rememberizer`",
        tried=f"run ({pinned('mcporter')}), also with an issuer",
    ),
    "inspector": Remote(
        title="MCP Inspector",
        add="`npx @modelcontextprotocol/inspector --cli URL --transport http --method tools/list`",
        then="the Inspector opens the browser, or `--header` takes a token",
        tried="run, also with a token in `--header`",
    ),
}


def hosts_remote() -> str:
    """Each host, how it is told of a server and gets a token, and what was tried of that."""
    rows = [f"{each.title} | {each.add} | {each.then} | {each.tried}" for each in REMOTE.values()]
    return table("host | add the server | get a token | what was tried", rows)
