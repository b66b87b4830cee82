"""The chat hosts that are run: how each is told of the scripted model and of nobody else, and what it then does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.client import MODERN, PREPARED
from tests.interop.hosts.dialects import CHAT, GEMINI, MESSAGES, RESPONSES, Dialect

NAME = "rememberizer-sandbox"
PROMPT = "Why is the sky blue?"


def program(environment: str, script: str) -> Sequence[str]:
    """A script in an environment of ``.interop``, with the Node that it runs on."""
    folder = PREPARED / environment
    return str(folder / "node"), str(folder / "node_modules" / script)


@dataclass(frozen=True, kw_only=True)
class ChatHost:
    """One host; ``MODEL`` stands for the address of the scripted model."""

    name: str
    command: Sequence[str]
    protocol: str
    """The revision that it settles on."""
    dialect: Dialect
    prefix: str
    """How its names of our tools begin."""
    prompt: Sequence[str]
    """The arguments that begin a conversation without a terminal."""
    adds: Sequence[str]
    """The arguments that add a server over HTTP; ``URL`` stands for its address."""
    environ: Mapping[str, str] = field(default_factory=dict)
    files: Callable[[Path], Mapping[str, Any]] = lambda _: {}
    """What its user has set, as JSON in files of the home folder; the host works in the folder that is given."""
    block: str | None = None
    """Where the block of ``install json`` goes, if ``install`` doesn't know this host."""


def _trusted_by_gemini(work: Path) -> Mapping[str, Any]:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
    }
    return {".gemini/settings.json": settings, ".gemini/trustedFolders.json": {str(work): "TRUST_FOLDER"}}


GEMINI_CLI = ChatHost(
    name="gemini-cli",
    command=program("gemini-cli", "@google/gemini-cli/bundle/gemini.js"),
    protocol="2025-06-18",
    dialect=GEMINI,
    prefix=f"mcp_{NAME}_",
    prompt=("--yolo", "--model", "scripted", "--prompt", PROMPT),
    adds=("mcp", "add", "--transport", "http", "--scope", "user", NAME, "URL"),
    environ={"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": "MODEL"},
    files=_trusted_by_gemini,
)
COPILOT = ChatHost(
    name="copilot",
    command=program("copilot", "@github/copilot/npm-loader.js"),
    protocol=MODERN,
    dialect=CHAT,
    prefix=f"{NAME}-",
    prompt=("--allow-all-tools", "--prompt", PROMPT),
    adds=("mcp", "add", "--transport", "http", NAME, "URL"),
    environ={"COPILOT_OFFLINE": "true", "COPILOT_PROVIDER_BASE_URL": "MODEL/v1", "COPILOT_MODEL": "scripted"},
    files=lambda work: {".copilot/config.json": {"trustedFolders": [str(work)]}},
    block=".copilot/mcp-config.json",
)
CODEX = ChatHost(
    name="codex",
    command=program("codex", "@openai/codex/bin/codex.js"),
    protocol="2025-06-18",
    dialect=RESPONSES,
    prefix="mcp__rememberizer_sandbox/",
    prompt=(
        *("exec", "--skip-git-repo-check", "--disable", "plugins"),
        *("--config", 'model="scripted"'),
        *("--config", 'model_provider="scripted"'),
        *("--config", 'model_providers.scripted={name="scripted", base_url="MODEL/v1", wire_api="responses"}'),
        *("--config", f"mcp_servers.{NAME}.required=true"),  # docs/hosts.md says why
        *("--config", "analytics.enabled=false"),
        *("--config", "check_for_update_on_startup=false"),
        PROMPT,
    ),
    adds=("mcp", "add", NAME, "--url", "URL"),
)
CLAUDE_CODE = ChatHost(
    name="claude-code",
    command=program("claude-code", "@anthropic-ai/claude-code/cli-wrapper.cjs"),
    protocol=MODERN,
    dialect=MESSAGES,
    prefix=f"mcp__{NAME}__",
    prompt=("--allowedTools", f"mcp__{NAME}", "--print", PROMPT),
    adds=("mcp", "add", "--transport", "http", "--scope", "user", NAME, "URL"),
    environ={
        "ANTHROPIC_BASE_URL": "MODEL",
        "ANTHROPIC_API_KEY": "none",
        "ENABLE_TOOL_SEARCH": "false",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    },
)
CHAT_HOSTS = (GEMINI_CLI, COPILOT, CODEX, CLAUDE_CODE)
MCPORTER = program("mcporter", "mcporter/dist/cli.js")
COMMANDS = (*(host.command[0] for host in CHAT_HOSTS), MCPORTER[0])
