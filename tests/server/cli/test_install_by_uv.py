"""``uvx --from`` a checkout: what install then writes starts the same package, in whatever folder the host works."""

import json
import subprocess
from pathlib import Path

import anyio
import pytest
from mcp import StdioServerParameters

from tests.support.agent import agent_on
from tests.support.offline import BIN, offline_environment
from tests.support.source import copied_source


def a_folder(source: Path) -> str:
    return str(source)


def a_repository(source: Path) -> str:
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "a"],
    ):
        subprocess.run(["git", *words], cwd=source, check=True, timeout=60)
    return f"git+{source.as_uri()}"


@pytest.fixture(params=[pytest.param(a_folder, marks=pytest.mark.exhaustive), a_repository])
def origin(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    named: str = request.param(copied_source(tmp_path / "source"))
    return named


@pytest.mark.promise("install:command:same-origin")
async def test_the_entry_starts_what_uvx_was_given(origin: str, tmp_path: Path) -> None:
    environment = offline_environment(tmp_path)
    command = [str(BIN / "uvx"), "--from", origin, "rememberizer-mcp", "install", "claude-desktop", "--sandbox"]
    with anyio.fail_after(100):
        done = await anyio.run_process(command, env=environment, cwd=tmp_path)
    assert done.stdout.startswith(b"Added")
    file = tmp_path / ".config" / "Claude" / "claude_desktop_config.json"
    block = json.loads(file.read_text(encoding="utf-8"))["mcpServers"]["rememberizer-sandbox"]
    variables = {**environment, **block["env"]}
    server = StdioServerParameters(command=block["command"], args=block["args"], env=variables, cwd="/")
    async with agent_on(server) as agent:
        assert (await agent.call("session_status"))["state"] == "signed_out"
