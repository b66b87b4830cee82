"""What stands in the hosts' files, before any of it is started."""

import json
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.entries import entries
from rememberizer_mcp.server.doctor.entry import Entry
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.systems import a_system


def found(folder: Path, host: str, text: str) -> list[Entry | Finding]:
    system = a_system(folder)
    path = HOSTS[host].path(system)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    trusted = HOSTS["gemini-cli"].path(system).with_name("trustedFolders.json")
    trusted.parent.mkdir(exist_ok=True)
    trusted.write_text(json.dumps({"/home/ada/work": "TRUST_FOLDER"}))
    return list(entries(lambda: system))


SWITCHED = (
    ("codex", '[mcp_servers.rememberizer]\ncommand = "/x"\nenabled = {}', "false", "true"),
    ("goose", "extensions:\n  rememberizer:\n    cmd: /x\n    enabled: {}", "false", "true"),
    ("cursor", '{{"mcpServers": {{"rememberizer": {{"command": "/x", "disabled": {}}}}}}}', "true", "false"),
    ("claude-code", '{{"mcpServers": {{"rememberizer": {{"command": "/x", "disabled": {}}}}}}}', "true", "false"),
)


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(("host", "text", "off", "on"), SWITCHED, ids=[each[0] for each in SWITCHED])
def test_an_entry_that_is_switched_off_is_a_warning_and_started_all_the_same(
    host: str, text: str, off: str, on: str, tmp_path: Path
) -> None:
    entry, finding = found(tmp_path, host, text.format(off))
    assert isinstance(entry, Entry)
    assert isinstance(finding, Finding)
    path = HOSTS[host].path(a_system(tmp_path))
    member = "disabled" if off == "true" else "enabled"
    assert (finding.name, finding.level) == ("hosts", "warning")
    assert finding.text == f"{HOSTS[host].title}: our entry in {path} is switched off (`{member}`)."
    assert finding.next_step == f"Switch it on there: set `{member}` to `{on}`. {HOSTS[host].next_step}"
    (entry,) = found(tmp_path, host, text.format(on))
    assert isinstance(entry, Entry)


def test_the_sandboxs_entry_is_told_apart_and_an_odd_one_is_not_off(tmp_path: Path) -> None:
    both = {"rememberizer": "odd", "rememberizer-sandbox": {"command": "/x", "disabled": True}}
    odd, _, finding = found(tmp_path, "cursor", json.dumps({"mcpServers": both}))
    assert isinstance(odd, Finding)
    assert isinstance(finding, Finding)
    assert odd.text.endswith("holds no command.")
    assert finding.text.startswith("Cursor (sandbox): our entry in ")


@pytest.mark.parametrize(
    ("host", "text", "problem"),
    [
        ("codex", "a = ?", "is not valid TOML (line 1, column 5)."),
        ("goose", "extensions:", None),
        ("vscode", None, "is no file."),
    ],
)
def test_a_file_that_can_not_be_read_is_a_warning(
    host: str, text: str | None, problem: str | None, tmp_path: Path
) -> None:
    path = HOSTS[host].path(a_system(tmp_path))
    if text is None:
        path.mkdir(parents=True)
    findings = list(entries(lambda: a_system(tmp_path))) if text is None else found(tmp_path, host, text)
    told = [(each.level, each.text, each.next_step) for each in findings if isinstance(each, Finding)]
    step = f"Correct {path}; the host may not be able to read it either."
    assert told == ([("warning", f"{HOSTS[host].title}: {path} {problem}", step)] if problem else [])


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(
    "block",
    [
        {"command": "${env:HOME}/bin/rememberizer-mcp"},
        {"command": "/x", "args": ["--log-level", "${input:level}"]},
    ],
)
def test_a_placeholder_that_only_the_host_can_fill_is_not_started(block: dict[str, object], tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "cursor", json.dumps({"mcpServers": {"rememberizer": block}}))
    assert isinstance(finding, Finding)
    path = tmp_path / "home" / ".cursor" / "mcp.json"
    assert (finding.name, finding.level) == ("hosts", "warning")
    assert finding.text == (
        f"Cursor: our entry in {path} holds a placeholder that only the host can fill; it was not started."
    )
    assert finding.next_step == (
        "If Cursor does not start it, run `rememberizer-mcp install cursor`, which writes the absolute path. "
        "Switch the server on in Cursor's settings, under MCP."
    )


PLACED = (
    ("cursor", "${userHome}/.keys/rememberizer"),
    ("vscode", "${input:token}"),
    ("gemini-cli", "$HOME/.keys/rememberizer"),
    ("gemini-cli", "${HOME}/.keys/rememberizer"),
)


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(("host", "value"), PLACED)
def test_a_placeholder_among_the_variables_is_not_taken_for_a_value(host: str, value: str, tmp_path: Path) -> None:
    block = {"command": "/x", "env": {"REMEMBERIZER_API_TOKEN_FILE": value}}
    (finding,) = found(tmp_path, host, json.dumps({HOSTS[host].key: {"rememberizer": block}}))
    assert isinstance(finding, Finding)
    assert finding.level == "warning"
    assert finding.text.endswith(" holds a placeholder that only the host can fill; it was not started.")
    assert finding.next_step == (
        f"If {HOSTS[host].title} does not start it, write among its variables what the placeholder stands for; "
        f"of a secret, a file that holds it. {HOSTS[host].next_step}"
    )


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize("folder", ["gone", "/gone/for/good"])
def test_a_folder_in_which_nothing_can_start_is_a_failure(folder: str, tmp_path: Path) -> None:
    text = f'[mcp_servers.rememberizer]\ncommand = "/x"\ncwd = "{folder}"\n'
    (finding,) = found(tmp_path, "codex", text)
    assert isinstance(finding, Finding)
    assert finding.level == "failure"
    assert finding.text.endswith("/.codex/config.toml names a folder (`cwd`) that is relative or not there.")
    assert finding.next_step == "Write an absolute path there. Start a new session of Codex; `/mcp` shows the server."


ODD = (
    ("cursor", '{"mcpServers": {"rememberizer": {"command": "/x", "env": {"REMEMBERIZER_READ_ONLY": true}}}}', "`env`"),
    ("goose", "extensions:\n  rememberizer:\n    cmd: /x\n    args: [1]\n    envs: {A: 1}", "`args` and `envs`"),
)


@pytest.mark.promise("doctor:looks:commands")
@pytest.mark.parametrize(("host", "text", "members"), ODD, ids=["JSON", "YAML"])
def test_a_value_that_is_no_text_is_a_warning(host: str, text: str, members: str, tmp_path: Path) -> None:
    entry, finding = found(tmp_path, host, text)
    assert isinstance(entry, Entry)
    assert isinstance(finding, Finding)
    path = HOSTS[host].path(a_system(tmp_path))
    assert finding.level == "warning"
    assert finding.text == f"{HOSTS[host].title}: in our entry in {path}, {members} holds what is no text."
    assert finding.next_step == f"Write it in quotes there: a host may refuse the entry for it. {HOSTS[host].next_step}"


@pytest.mark.promise("doctor:looks:commands")
def test_an_entry_for_a_folder_alone_is_a_warning(tmp_path: Path) -> None:
    local = {"mcpServers": {"rememberizer": {"command": "/x"}}}
    projects = {"/home/ada/p": local, "/home/ada/q": {"mcpServers": {}}, "/home/ada/r": {"mcpServers": 1}, "/odd": 1}
    (finding,) = found(tmp_path, "claude-code", json.dumps({"projects": projects}))
    assert isinstance(finding, Finding)
    assert finding.level == "warning"
    assert "an entry `rememberizer` stands for /home/ada/p alone; it goes before" in finding.text
    assert finding.next_step == "If it is not wanted, `claude mcp remove rememberizer` there removes it."
    assert found(tmp_path, "claude-code", json.dumps({"projects": [local]})) == []


def test_a_brace_alone_is_no_placeholder(tmp_path: Path) -> None:
    block = {"command": "/x", "args": ["$HOME", "{}", "${"], "env": {"A": "$HOME"}}
    (entry,) = found(tmp_path, "cursor", json.dumps({"mcpServers": {"rememberizer": block}}))
    assert isinstance(entry, Entry)
