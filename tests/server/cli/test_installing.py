"""``install`` and ``uninstall`` as a person sees them, and as a host does afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner
from mcp import StdioServerParameters
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.hosts.system import this_system
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.agent import ERAS, Era, agent_on

OURS = str(Path(sys.executable).with_name("rememberizer-mcp"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Path:
    """An empty home, and nothing that moves a host's file out of it."""
    for name in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        os.environ.pop(name, None)
    os.environ["HOME"] = str(tmp_path)
    return tmp_path


def invoke(*arguments: str, said: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, input=said)
    return result.exit_code, result.output


def desktop(home: Path) -> Path:
    return home / ".config" / "Claude" / "claude_desktop_config.json"


@pytest.mark.promise("install:start:from-empty-home")
@pytest.mark.parametrize("era", ERAS)
async def test_what_is_written_from_an_empty_home_answers_the_host(home: Path, era: Era) -> None:
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(home)}
    command = [OURS, "install", "claude-desktop", "--sandbox", "--yes"]
    done = await anyio.run_process(command, env=environment)
    assert b"Next: Quit Claude Desktop completely" in done.stdout
    block = json.loads(desktop(home).read_text(encoding="utf-8"))["mcpServers"]["rememberizer-sandbox"]
    server = StdioServerParameters(command=block["command"], args=block["args"], env=environment | block["env"])
    async with agent_on(server, era) as agent:
        assert (await agent.call("session_status"))["state"] == "signed_out"


@pytest.mark.promise("install:start:from-empty-home")
async def test_what_is_taken_out_again_leaves_the_hosts_file_as_it_was(home: Path) -> None:
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(home)}
    original = (Path(__file__).parents[1] / "hosts" / "samples" / "claude-desktop.json").read_bytes()
    desktop(home).parent.mkdir(parents=True)
    desktop(home).write_bytes(original)
    await anyio.run_process([OURS, "install", "claude-desktop", "--sandbox", "--yes"], env=environment)
    block = json.loads(desktop(home).read_text(encoding="utf-8"))["mcpServers"]["rememberizer-sandbox"]
    server = StdioServerParameters(command=block["command"], args=block["args"], env=environment | block["env"])
    async with agent_on(server, ERAS[0]) as agent:
        assert (await agent.call("session_status"))["state"] == "signed_out"
    await anyio.run_process([OURS, "uninstall", "claude-desktop", "--sandbox"], env=environment)
    assert desktop(home).read_bytes() == original


@pytest.mark.promise("install:file:nothing-else-changed")
def test_install_says_what_it_did_and_what_comes_next(home: Path) -> None:
    desktop(home).parent.mkdir(parents=True)
    os.environ["REMEMBERIZER_PASSWORD"] = "canary"
    code, said = invoke("install", "claude-desktop")
    assert (code, said.splitlines()) == (
        0,
        [
            f"Added `rememberizer` to {desktop(home)}.",
            "Set here and not copied: REMEMBERIZER_PASSWORD.",
            "You sign in on a page in your browser, so no password belongs in this file.",
            (
                "To use an API key instead, set REMEMBERIZER_API_TOKEN_FILE in this entry to the path of a file that "
                "contains it."
            ),
            "Next: Quit Claude Desktop completely and start it again.",
        ],
    )
    assert invoke("install", "claude-desktop") == (
        0,
        f"Claude Desktop has `rememberizer` already, in {desktop(home)}.\n",
    )
    code, said = invoke("install", "claude-desktop", "--sandbox")
    assert said.splitlines()[1:] == [
        f"Before: {desktop(home)}.rememberizer-undo",
        "Set here and not copied: REMEMBERIZER_PASSWORD.",
        "The sandbox needs no account and no network.",
        "Next: Quit Claude Desktop completely and start it again.",
    ]
    assert "canary" not in desktop(home).read_text(encoding="utf-8")


def test_a_host_that_was_never_used_is_said_to_be_new() -> None:
    assert "Codex has not been used here yet; it reads the file when it starts." in invoke("install", "codex")[1]


@pytest.mark.promise("install:file:nothing-else-changed")
def test_a_dry_run_shows_our_entry_and_writes_nothing(home: Path) -> None:
    code, said = invoke("install", "claude-desktop", "--dry-run")
    assert code == 0
    assert f'+      "command": "{OURS}",' in said
    assert said.endswith("Nothing was written. Nothing else in the file would change.\n")
    assert not desktop(home).parent.exists()
    invoke("install", "claude-desktop")
    before = desktop(home).read_bytes()
    code, said = invoke("uninstall", "claude-desktop", "--dry-run")
    assert (code, "-  " in said, desktop(home).read_bytes() == before) == (0, True, True)


@pytest.mark.promise("install:file:nothing-else-changed")
def test_a_dry_run_of_uninstall_says_what_else_would_change(home: Path) -> None:
    """The emptied member of the servers goes too, where it was not there before."""
    desktop(home).parent.mkdir(parents=True)
    desktop(home).write_text("{}", encoding="utf-8")
    invoke("install", "claude-desktop")
    again = "Nothing was written. The rest of the file would again be as it was before `install`.\n"
    assert invoke("uninstall", "claude-desktop", "--dry-run")[1].endswith(again)
    with desktop(home).open("a", encoding="utf-8") as file:
        file.write("\n")
    nothing = "Nothing was written. Nothing else in the file would change.\n"
    assert invoke("uninstall", "claude-desktop", "--dry-run")[1].endswith(nothing)
    invoke("uninstall", "claude-desktop")
    assert "mcpServers" in desktop(home).read_text(encoding="utf-8")


@pytest.mark.promise("install:entry:overwritten-if-wanted")
def test_another_entry_of_ours_is_overwritten_only_if_it_is_wanted(home: Path) -> None:
    """The test's standard input is no terminal."""
    entry = {"command": "/canary/rememberizer-mcp", "args": ["--sandbox"], "env": {"KEY": "canary"}}
    other = json.dumps({"mcpServers": {"rememberizer": entry}})
    desktop(home).parent.mkdir(parents=True)
    desktop(home).write_text(other, encoding="utf-8")
    code, said = invoke("install", "claude-desktop", said="y\n")
    assert code == 1
    assert "It was left alone; --yes overwrites it." in said
    assert "canary" not in said
    assert desktop(home).read_text(encoding="utf-8") == other
    code, said = invoke("install", "claude-desktop", "--yes")
    assert code == 0
    assert "Kept of what stood there: KEY." in said
    assert "canary" not in said
    entry = json.loads(desktop(home).read_text(encoding="utf-8"))["mcpServers"]["rememberizer"]
    assert (entry["command"], entry["args"], entry["env"]["KEY"]) == (OURS, [], "canary")


@pytest.mark.promise("install:entry:overwritten-if-wanted")
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_at_a_terminal_the_person_is_asked(home: Path, answer: str, code: int) -> None:
    desktop(home).parent.mkdir(parents=True)
    desktop(home).write_text('{"mcpServers": {"rememberizer": {"command": "/other"}}}', encoding="utf-8")
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    command = [OURS, "install", "claude-desktop"]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=60, check=False)
    os.close(ours)
    os.close(theirs)
    assert "Overwrite it? [y/N]" in done.stderr
    assert done.returncode == code
    assert ("/other" in desktop(home).read_text(encoding="utf-8")) == (code == 1)


@pytest.mark.promise("install:file:nothing-else-changed")
def test_uninstall_removes_our_entry_and_says_where_the_old_file_is(home: Path) -> None:
    assert invoke("uninstall", "claude-desktop") == (
        0,
        f"Claude Desktop has no `rememberizer` in {desktop(home)}.\n",
    )
    invoke("install", "claude-desktop")
    code, said = invoke("uninstall", "claude-desktop")
    assert (code, said.splitlines()) == (
        0,
        [
            f"Removed `rememberizer` from {desktop(home)}.",
            f"Before: {desktop(home)}.rememberizer-undo",
            "It is gone when Claude Desktop starts again.",
        ],
    )
    assert json.loads(desktop(home).read_text(encoding="utf-8")) == {"mcpServers": {}}


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize("command", ["install", "uninstall"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_broken_file_is_left_alone_with_a_sentence(home: Path, host: str, command: str) -> None:
    from rememberizer_mcp.server.hosts.system import this_system  # noqa: PLC0415 -- the home is set by now

    path = HOSTS[host].path(this_system())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"broken": [ canary', encoding="utf-8")
    code, said = invoke(command, host)
    assert code == 1
    assert said.startswith(f"Error: {path} is not valid ")
    assert said.endswith("it was left alone.\n")
    assert "canary" not in said
    assert path.read_text(encoding="utf-8") == '{"broken": [ canary'
    assert home in path.parents


def test_a_file_that_is_no_file_is_said() -> None:
    desktop(Path(os.environ["HOME"])).mkdir(parents=True)
    assert invoke("install", "claude-desktop")[0] == 1


def test_the_block_is_printed_for_any_other_host() -> None:
    code, said = invoke("install", "json", "--sandbox")
    assert code == 0
    assert json.loads(said)["mcpServers"]["rememberizer-sandbox"]["command"] == OURS


@pytest.mark.promise("install:secrets:none", "install:file:replaced-at-once")
@pytest.mark.parametrize("command", ["install", "uninstall"])
@pytest.mark.parametrize(
    "text",
    [
        "extensions:\n  rememberizer: &r\n    cmd: x\n  gh: {base: *r, envs: {TOKEN: canary}}\n",
        "extensions:\n  gh: {envs: {TOKEN: !!bool canary}}\n",
        "extensions:\n  gh: {envs: {TOKEN: !!timestamp canary}}\n",
        'extensions:\n  gh: {envs: {TOKEN: canary, X: !!int ""}}\n',
        "extensions: &a\n  canary: [*a]\n  rememberizer: {}\n",
    ],
)
def test_what_a_parser_says_of_somebody_elses_secret_is_not_repeated(text: str, command: str) -> None:
    path = HOSTS["goose"].path(this_system())
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, (command, "goose", *(["--yes"] if command == "install" else [])))
    assert isinstance(result.exception, SystemExit | None)
    assert "canary" not in result.output
    assert path.read_text(encoding="utf-8") == text or result.exit_code == 0


@pytest.mark.promise("install:entry:overwritten-if-wanted")
def test_an_entry_that_is_null_is_asked_about_too(home: Path) -> None:
    desktop(home).parent.mkdir(parents=True)
    desktop(home).write_text('{"mcpServers": {"rememberizer": null}}', encoding="utf-8")
    assert invoke("install", "claude-desktop")[0] == 1
    assert invoke("uninstall", "claude-desktop")[0] == 0
    assert json.loads(desktop(home).read_text(encoding="utf-8")) == {"mcpServers": {}}


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize(
    "text",
    [
        '{"mcpServers": {,}}',
        "{,}",
        '{"mcpServers": {"rememberizer": {"command": "rememberizer-mcp", "env": {"A": "\\ud800"}}}}',
    ],
)
def test_odd_json_is_refused_in_a_sentence(home: Path, text: str) -> None:
    desktop(home).parent.mkdir(parents=True)
    desktop(home).write_text(text, encoding="utf-8")
    code, said = invoke("install", "claude-desktop", "--yes")
    assert (code, said.startswith("Error: "), said.endswith("left alone.\n")) == (1, True, True)
    assert desktop(home).read_text(encoding="utf-8") == text


def test_names_that_a_terminal_would_obey_are_shown_without_that(home: Path) -> None:
    desktop(home).parent.mkdir(parents=True)
    text = '{"mcpServers": {"rememberizer": {"command": "rememberizer-mcp", "\\u001b]0;title\\u0007": 1}}}'
    desktop(home).write_text(text, encoding="utf-8")
    assert "Kept of what stood there: …." in invoke("install", "claude-desktop", "--yes")[1]


def test_an_entry_with_a_number_for_a_name_is_told() -> None:
    path = HOSTS["goose"].path(this_system())
    path.parent.mkdir(parents=True)
    path.write_text("extensions:\n  rememberizer:\n    cmd: rememberizer-mcp\n    1: y\n", encoding="utf-8")
    code, said = invoke("install", "goose", "--yes")
    assert (code, "Kept of what stood there: 1." in said) == (0, True)


def test_a_home_that_is_no_absolute_path_is_refused() -> None:
    os.environ["HOME"] = "relative"
    assert invoke("install", "cursor") == (1, "Error: The home folder that HOME names is no absolute path.\n")
