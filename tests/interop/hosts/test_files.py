"""Real hosts read the files that ``install`` writes, and refuse those that it leaves alone."""

import json
from pathlib import Path

import pytest

from tests.interop.hosts.home import Home
from tests.interop.hosts.table import CLAUDE_CODE, COMMANDS, GEMINI_CLI, MCPORTER, NAME, ChatHost

pytestmark = pytest.mark.needs(*COMMANDS)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which nothing is set."""
    made = Home(tmp_path)
    made.write({})
    return made


@pytest.mark.promise("package:hosts:files")
@pytest.mark.parametrize("host", ["claude-code", "codex", "cursor", "vscode"])
def test_mcporter_finds_our_entry_in_a_hosts_own_file(host: str, home: Home) -> None:
    home.install(host)
    done = home.run([*MCPORTER, "list", "--json"])
    (server,) = json.loads(done.stdout)["servers"]
    assert (server["name"], server["status"], server["source"]["importKind"]) == (NAME, "ok", host)
    assert [tool["name"] for tool in server["tools"]] == home.wire.tools


@pytest.mark.promise("install:entry:left-out")
def test_gemini_starts_nothing_in_a_folder_that_it_does_not_trust_and_install_says_so(home: Home) -> None:
    assert "But: Gemini CLI trusts no folder yet, and starts no server" in home.install("gemini-cli")
    done = home.run([*GEMINI_CLI.command, "mcp", "list"])
    (listed,) = [line for line in done.stderr.splitlines() if NAME in line]
    assert listed.endswith(" - Disabled")


@pytest.mark.promise("install:file:host-can-read")
@pytest.mark.parametrize(
    ("host", "file", "text", "code"),
    [(CLAUDE_CODE, ".claude.json", "{} // mine", 1), (GEMINI_CLI, ".gemini/settings.json", '{"a": [1,]}', 52)],
    ids=["claude-code", "gemini-cli"],
)
def test_a_host_refuses_to_start_with_a_file_that_install_leaves_alone(
    host: ChatHost, file: str, text: str, code: int, home: Home
) -> None:
    (home.folder / file).parent.mkdir(exist_ok=True)
    (home.folder / file).write_text(text, encoding="utf-8")
    assert "itself can't read: take it out; it was left alone" in home.install(host.name, code=1)
    assert home.run([*host.command, "mcp", "list"], host.environ).returncode == code
