"""What makes a host leave our entry out although it stands in its file: install and the doctor say it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.doctor.entries import entries
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.hosts.left_out import left_out
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.systems import a_system

UNSET = dict.fromkeys(("CLAUDE_CONFIG_DIR", "GEMINI_CLI_HOME", "GEMINI_CLI_TRUSTED_FOLDERS_PATH"))
TRUSTING = {"/home/ada/work": "TRUST_PARENT"}
COMMAND = ["/x/rememberizer-mcp", "--sandbox"]
ENTRY = {"command": COMMAND[0], "args": COMMAND[1:]}


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def gemini(folder: Path, said: dict[str, Any], trusted: Any = TRUSTING, **environ: str) -> list[str]:
    """The reasons; what Gemini CLI trusts stands where it would be."""
    system = a_system(folder, environ=environ)
    write(HOSTS["gemini-cli"].path(system).with_name("trustedFolders.json"), trusted)
    found = left_out(HOSTS["gemini-cli"], system, said, "rememberizer", None)
    return [each.text.replace(str(system.home), "~") for each in found]


EXCLUDED = ["`mcp.excluded` in ~/.gemini/settings.json names `rememberizer`."]
NOT_ALLOWED = ["`mcp.allowed` in ~/.gemini/settings.json does not name `rememberizer`."]
NONE_TRUSTED = ["Gemini CLI trusts no folder yet, and starts no server in one that it does not trust."]


@pytest.mark.promise("install:entry:left-out")
@pytest.mark.parametrize(
    ("lists", "texts"),
    [
        ({"excluded": ["rememberizer"]}, EXCLUDED),
        ({"excluded": [" Rememberizer "]}, EXCLUDED),
        ({"excluded": ["other", 1]}, []),
        ({"excluded": "rememberizer"}, []),
        ({"allowed": ["other"]}, NOT_ALLOWED),
        ({"allowed": ["REMEMBERIZER"]}, []),
        ({"allowed": []}, []),
        ({"allowed": ["other"], "excluded": ["rememberizer"]}, EXCLUDED + NOT_ALLOWED),
        ([], []),
    ],
)
def test_the_lists_of_gemini_are_read_as_it_reads_them(lists: Any, texts: list[str], tmp_path: Path) -> None:
    assert gemini(tmp_path, {"mcp": lists}) == texts


@pytest.mark.promise("install:entry:left-out")
@pytest.mark.parametrize(
    ("trusted", "said", "texts"),
    [
        ({}, {}, NONE_TRUSTED),
        ({"/home/ada/x": "DO_NOT_TRUST"}, {}, NONE_TRUSTED),
        ({"/home/ada/x": ["odd"]}, {}, NONE_TRUSTED),
        ([], {"security": {"folderTrust": {"enabled": True}}}, NONE_TRUSTED),
        ({}, {"security": {"folderTrust": {"enabled": False}}}, []),
        ({"/home/ada/x": "TRUST_FOLDER"}, {}, []),
        (
            TRUSTING | {"/a": "DO_NOT_TRUST", "/b": "DO_NOT_TRUST"},
            {},
            ["Gemini CLI does not trust /a, /b, and starts no server there."],
        ),
    ],
)
def test_folders_that_gemini_does_not_trust_are_told(
    trusted: Any, said: dict[str, Any], texts: list[str], tmp_path: Path
) -> None:
    assert gemini(tmp_path, said, trusted) == texts


@pytest.mark.promise("install:entry:left-out")
def test_what_gemini_keeps_beside_its_settings_is_found_there(tmp_path: Path) -> None:
    beside = tmp_path / "home" / ".gemini" / "mcp-server-enablement.json"
    write(beside, {"rememberizer": {"enabled": False}})
    assert gemini(tmp_path, {}) == ["`rememberizer` is switched off in ~/.gemini/mcp-server-enablement.json."]
    write(beside, {"rememberizer": {"enabled": True}, "other": {"enabled": False}})
    assert gemini(tmp_path, {}) == []
    beside.write_text("{broken")
    assert gemini(tmp_path, {}) == []
    elsewhere = tmp_path / "trusted.json"
    assert gemini(tmp_path, {}, GEMINI_CLI_TRUSTED_FOLDERS_PATH=str(elsewhere)) == NONE_TRUSTED
    write(elsewhere, TRUSTING)
    assert gemini(tmp_path, {}, {}, GEMINI_CLI_TRUSTED_FOLDERS_PATH=str(elsewhere)) == []


NAME, OTHER = {"serverName": "rememberizer"}, {"serverName": "other"}
RIGHT, WRONG = {"serverCommand": COMMAND}, {"serverCommand": COMMAND[:1]}
DENIED = ["`deniedMcpServers` in ~/.claude/settings.json names `rememberizer`."]
UNLISTED = ["`allowedMcpServers` in ~/.claude/settings.json does not name `rememberizer`."]


@pytest.mark.promise("install:entry:left-out")
@pytest.mark.parametrize(
    ("lists", "texts"),
    [
        ({"deniedMcpServers": [OTHER, NAME]}, DENIED),
        ({"deniedMcpServers": [RIGHT]}, DENIED),
        ({"deniedMcpServers": [OTHER, WRONG, "rememberizer", {"serverUrl": "https://x.example"}]}, []),
        ({"deniedMcpServers": NAME}, []),
        ({"allowedMcpServers": []}, UNLISTED),
        ({"allowedMcpServers": [OTHER]}, UNLISTED),
        ({"allowedMcpServers": [OTHER, NAME]}, []),
        ({"allowedMcpServers": [NAME, WRONG]}, UNLISTED),
        ({"allowedMcpServers": [OTHER, RIGHT]}, []),
        ({"allowedMcpServers": None}, []),
        ({"allowedMcpServers": [NAME], "deniedMcpServers": [NAME]}, DENIED),
    ],
)
@pytest.mark.parametrize("moved", [False, True])
def test_the_lists_of_claude_code_are_read_as_it_reads_them(
    lists: Any, texts: list[str], moved: bool, tmp_path: Path
) -> None:
    host, folder = HOSTS["claude-code"], tmp_path / ("moved" if moved else "home/.claude")
    system = a_system(tmp_path, environ={"CLAUDE_CONFIG_DIR": str(folder)} if moved else {})
    write(folder / "settings.json", lists)
    found = left_out(host, system, {}, "rememberizer", host.block(ENTRY))
    assert [each.text.replace(str(folder), "~/.claude") for each in found] == texts


def test_an_entry_without_a_command_is_found_by_its_name_alone(tmp_path: Path) -> None:
    system = a_system(tmp_path)
    write(system.home / ".claude" / "settings.json", {"deniedMcpServers": [{"serverCommand": None}, {}, RIGHT]})
    assert left_out(HOSTS["claude-code"], system, {}, "rememberizer", None) == []


PROJECTS = {
    "/home/ada/p": {"disabledMcpServers": ["other", "rememberizer"]},
    "/home/ada/q": {"disabledMcpServers": ["rememberizer"]},
    "/home/ada/r": {"disabledMcpServers": ["other"]},
    "/home/ada/s": {"disabledMcpServers": "rememberizer"},
    "/home/ada/t": ["rememberizer"],
}
IN_FOLDERS = "Claude Code leaves `rememberizer` out in /home/ada/p, /home/ada/q (`disabledMcpServers`)."
SAID: tuple[tuple[str, dict[str, Any], dict[str, Any], str, str], ...] = (
    ("claude-code", {"projects": PROJECTS}, {".claude/settings.json": {}}, IN_FOLDERS, "`/mcp` there switches it on."),
    (
        "claude-code",
        {},
        {".claude/settings.json": {"deniedMcpServers": [NAME]}},
        "`deniedMcpServers` in {home}/.claude/settings.json names `rememberizer`.",
        "Take it out of that list.",
    ),
    (
        "gemini-cli",
        {"mcp": {"allowed": ["other"]}},
        {".gemini/trustedFolders.json": TRUSTING},
        "`mcp.allowed` in {home}/.gemini/settings.json does not name `rememberizer`.",
        "Add it to that list.",
    ),
    (
        "gemini-cli",
        {},
        {
            ".gemini/trustedFolders.json": TRUSTING,
            ".gemini/mcp-server-enablement.json": {"rememberizer": {"enabled": False}},
        },
        "`rememberizer` is switched off in {home}/.gemini/mcp-server-enablement.json.",
        "`/mcp enable rememberizer` in Gemini CLI switches it on.",
    ),
    (
        "gemini-cli",
        {},
        {},
        NONE_TRUSTED[0],
        "Start it in a folder of yours, and answer that you trust that; `/permissions` asks again.",
    ),
)


@pytest.mark.promise("install:entry:left-out")
@pytest.mark.parametrize("case", SAID, ids=["folders", "denied", "allowed", "switch", "trust"])
def test_install_and_the_doctor_both_say_it(
    case: tuple[str, dict[str, Any], dict[str, Any], str, str], tmp_path: Path
) -> None:
    name, said, beside, text, step = case
    system, host = a_system(tmp_path), HOSTS[name]
    text = text.replace("{home}", str(system.home))
    write(host.path(system), said)
    for path, value in beside.items():
        write(system.home / path, value)
    for _ in range(2):  # when it is added, and when it stands there already
        result = CliRunner().invoke(main, ("install", name), env=UNSET | {"HOME": str(system.home)})
        assert (result.exit_code, f"But: {text} {step}\n" in result.output) == (0, True)
    findings = [each for each in entries(lambda: system) if isinstance(each, Finding)]
    expected = ("warning", f"{host.title}: {text}", f"{step} {host.next_step}")
    assert [(each.level, each.text, each.next_step) for each in findings] == [expected]
    result = CliRunner().invoke(main, ("uninstall", name), env=UNSET | {"HOME": str(system.home)})
    assert (result.exit_code, text in result.output) == (0, False)


def test_a_folder_that_a_terminal_would_obey_is_told_without_that(tmp_path: Path) -> None:
    write(tmp_path / ".claude.json", {"projects": {"/\x1b]0;x": {"disabledMcpServers": ["rememberizer"]}}})
    result = CliRunner().invoke(main, ("install", "claude-code"), env=UNSET | {"HOME": str(tmp_path)})
    assert "out in /?]0;x (" in result.output
    assert "\x1b" not in result.output


@pytest.mark.promise("install:entry:left-out")
def test_where_nothing_of_the_kind_stands_nothing_is_said(tmp_path: Path) -> None:
    for name in ("claude-code", "cursor", "codex"):
        result = CliRunner().invoke(main, ("install", name), env=UNSET | {"HOME": str(tmp_path)})
        assert (result.exit_code, "But: " in result.output) == (0, False)
