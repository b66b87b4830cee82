"""Other people's clients: how each is started, and what it can do."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PREPARED = ROOT / ".interop"
PACKAGES = PREPARED / "npm"
NODE = PACKAGES / "node"
SCRIPTS = ROOT / "tests" / "interop" / "clients"
ENVIRONMENTS = ROOT / "tests" / "interop" / "environments"
LEGACY, MODERN = "2025-11-25", "2026-07-28"


def python(name: str) -> tuple[str, ...]:
    """A script in the environment of the same name."""
    return str(PREPARED / name / "bin" / "python"), str(SCRIPTS / f"{name}_client.py")


def node(name: str) -> tuple[str, ...]:
    """A script beside the packages, where a link has it."""
    return (
        str(NODE),
        "--preserve-symlinks",
        "--preserve-symlinks-main",
        str(PACKAGES / "clients" / f"{name}_client.mjs"),
    )


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client, and what a run has to show of it."""

    name: str
    command: tuple[str, ...]
    package: str
    protocol: str
    asks_people: bool = True
    """Whether it can put the server's question before a person: open a link (URL elicitation)."""
    takes_progress: bool = True
    structured: bool = True
    """Whether its user gets structured content."""
    structured_failures: bool = False
    """Whether its user, or else its model, gets the error body of a failed call and not its sentence alone."""
    marks_failures: bool = True
    """Whether it tells a failed call from one that succeeded."""


CLIENTS = (
    Client(
        name="langchain",
        command=python("langchain"),
        package="langchain-mcp-adapters",
        protocol=LEGACY,
    ),
    Client(
        name="pydantic_ai",
        command=python("pydantic_ai"),
        package="pydantic-ai-slim",
        protocol=MODERN,
        structured_failures=True,
    ),
    Client(
        name="openai_agents",
        command=python("openai_agents"),
        package="openai-agents",
        protocol=MODERN,
        asks_people=False,
        takes_progress=False,
        structured=False,
        marks_failures=False,
    ),
    Client(
        name="typescript",
        command=node("typescript"),
        package="@modelcontextprotocol/sdk",
        protocol=LEGACY,
        structured_failures=True,
    ),
    Client(
        name="typescript_v2",
        command=node("typescript_v2"),
        package="@modelcontextprotocol/client",
        protocol=MODERN,
        structured_failures=True,
    ),
)
COMMANDS = [client.command[0] for client in CLIENTS]
