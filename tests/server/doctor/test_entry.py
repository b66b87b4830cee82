"""What an entry in a host's file sets itself is judged as the server that it starts would see it."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.desktop import keyring
from rememberizer_mcp.server.doctor.entry import Entry
from rememberizer_mcp.server.doctor.report import Finding, as_json, grouped
from rememberizer_mcp.server.doctor.run import Machine, diagnose
from rememberizer_mcp.server.errors import SignInFailed
from rememberizer_mcp.server.sessions.keychain import Ring

from tests.support.held_keyring import in_a_task
from tests.support.secret_service import bare_environment
from tests.support.way import answer, server

from .machines import CANARY, block, patient, write
from .starting import entry

CURSORS = ".cursor/mcp.json"
NOWHERE = {"REMEMBERIZER_BASE_URL": "http://127.0.0.1:1/api/v1/"}
"""What the shell of these tests sets, so that only loopback is asked."""


ENDS = (sys.executable, "-c", "")
"""Stands for servers where how one starts is not what a test is about."""
ENTRYS = f"""
import os, sys
if os.environ.get("REMEMBERIZER_BASE_URL") == {NOWHERE["REMEMBERIZER_BASE_URL"]!r}:
    for name in sys.argv[1:]:
        print(f'["{{name}}", []]')
else:
    os.execv(sys.executable, [sys.executable, "-P", "-m", "rememberizer_mcp.server.doctor", *sys.argv[1:]])
"""
"""A check finds nothing in the shell of these tests; what it finds with an entry's variables is real."""


def only_entrys(environ: Mapping[str, str]) -> Machine:
    """A machine on which only what hosts' files say is looked at."""
    return replace(patient(environ), server=ENDS, checks=(sys.executable, "-c", ENTRYS))


async def cursors(home: Path, *, sandbox: bool = False, **env: str) -> list[Finding]:
    """What is said of Cursor's entry, after how it starts; not what it lacks."""
    write(home / CURSORS, {"rememberizer": block(*ENDS, **env)})
    findings = await diagnose(only_entrys(bare_environment(home, **NOWHERE, DISPLAY=":0")), sandbox=sandbox)
    start, *others = [each for each in findings if each.text.startswith("Cursor: ")]
    assert start.name == "hosts"
    return [each for each in others if each.name != "hosts"]


@pytest.mark.promise("doctor:looks:commands")
async def test_an_entry_is_started_in_its_own_folder(tmp_path: Path) -> None:
    program = Path(sys.executable)
    settings = {"command": f"{program.parent.name}/rememberizer-mcp", "cwd": str(program.parents[1])}
    write(tmp_path / ".gemini" / "settings.json", {"rememberizer": settings})
    findings = await diagnose(only_entrys(bare_environment(tmp_path, **NOWHERE)), sandbox=True)
    (start,) = [each for each in findings if each.text.startswith("Gemini CLI: first answer")]
    assert start.level == "ok"


@pytest.mark.promise("doctor:looks:network")
async def test_the_way_is_looked_at_with_the_entrys_base_url(tmp_path: Path) -> None:
    settings, network = await cursors(tmp_path, REMEMBERIZER_BASE_URL="http://127.0.0.1:2/api/v1/")
    assert (settings.level, settings.text) == (
        "ok", "Cursor: REMEMBERIZER_BASE_URL is `http://127.0.0.1:2/api/v1/`.",
    )  # fmt: skip
    assert (network.level, network.text) == ("failure", "Cursor: 127.0.0.1:2 takes no connection.")
    assert f"{network.next_step}".endswith(
        f"The entry of Cursor is in {tmp_path / CURSORS}. Switch the server on in Cursor's settings, under MCP."
    )


@pytest.mark.promise("doctor:looks:network", "doctor:safe:only-reads")
async def test_the_entrys_proxy_is_named_without_its_password(tmp_path: Path) -> None:
    async with server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        found = await cursors(tmp_path, HTTPS_PROXY=f"http://ada:{CANARY}@127.0.0.1:{proxy.port}")
    refused = next(each for each in found if each.name == "proxy")
    assert refused.level == "failure"
    assert refused.text.startswith(f"Cursor: http://127.0.0.1:{proxy.port} (HTTPS_PROXY) asks for a user name")
    assert "canary" not in as_json(found)
    assert len(proxy.asked) == 1


@pytest.mark.promise("doctor:looks:network")
async def test_what_several_entries_share_is_asked_once(tmp_path: Path) -> None:
    async with server(answer()) as stop:
        ours = block(*ENDS, REMEMBERIZER_BASE_URL=f"http://127.0.0.1:{stop.port}/api/v1/")
        write(tmp_path / CURSORS, {"rememberizer": ours})
        write(tmp_path / ".claude.json", {"rememberizer": ours})
        findings = await diagnose(only_entrys(bare_environment(tmp_path, **NOWHERE)))
    (told,) = [each.text for each in findings if each.name == "api"]
    assert told.startswith("Claude Code and Cursor: http://127.0.0.1:")
    assert len(stop.asked) == 1


@pytest.mark.promise("doctor:looks:settings", "doctor:safe:only-reads")
async def test_the_entrys_settings_are_told_as_its_server_understands_them(tmp_path: Path) -> None:
    found = await cursors(tmp_path, REMEMBERIZER_READ_ONLY="1", REMEMBERIZER_PASSWROD=CANARY)
    assert [(each.level, each.text) for each in found] == [
        ("warning", "Cursor: REMEMBERIZER_PASSWROD is no setting of this version and is ignored."),
        ("ok", "Cursor: REMEMBERIZER_READ_ONLY is `on`."),
    ]
    assert f"{found[0].next_step}".startswith("Did you mean REMEMBERIZER_PASSWORD? The entry of Cursor is in ")


@pytest.mark.promise("doctor:looks:settings")
async def test_the_entrys_keyring_and_browser_are_looked_at(tmp_path: Path) -> None:
    found = await cursors(
        tmp_path, sandbox=True, REMEMBERIZER_KEEP_SIGNED_IN="keyring", REMEMBERIZER_OPEN_BROWSER="never"
    )
    told = {each.name: (each.level, each.text) for each in found if each.name in ("keyring", "browser")}
    assert told["keyring"][0] == "failure"
    assert told["keyring"][1].startswith("Cursor: There is none of the operating system's own")
    assert told["browser"][1].startswith("Cursor: None is opened, since REMEMBERIZER_OPEN_BROWSER is `never`")


@pytest.mark.promise("doctor:safe:ends")
async def test_with_the_sandbox_no_entry_has_the_network_looked_at(tmp_path: Path) -> None:
    async with server(answer()) as stop:
        url = f"http://127.0.0.1:{stop.port}/api/v1/"
        found = await cursors(
            tmp_path, sandbox=True, REMEMBERIZER_BASE_URL=url, HTTPS_PROXY=f"http://127.0.0.1:{stop.port}"
        )
    assert {each.name for each in found} == {"settings"}
    assert stop.asked == []


@pytest.mark.promise("doctor:safe:only-reads", "doctor:safe:ends")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (f"REMEMBERIZER_PASSWORD {CANARY}", "Cursor: REMEMBERIZER_PASSWORD… is no setting of this version"),
        (f"REMEMBERIZER_PASSWORD={CANARY}", "Cursor: No program can be started with these variables."),
    ],
)
async def test_a_variable_that_is_none_is_told_without_a_value_in_its_name(
    name: str, text: str, tmp_path: Path
) -> None:
    found = await cursors(tmp_path, sandbox=True, **{name: "x"})
    assert found[0].text.startswith(text)
    assert "canary" not in as_json(found)


@pytest.mark.promise("doctor:safe:ends")
async def test_a_check_that_hangs_is_a_failure_of_the_entry(tmp_path: Path) -> None:
    write(tmp_path / CURSORS, {"rememberizer": block(*ENDS, REMEMBERIZER_READ_ONLY="on")})
    patients = patient(bare_environment(tmp_path))
    hangs = replace(patients, server=ENDS, checks=("/bin/sh", "-c", "sleep 60"), examined_until=0.3, least=0.3)
    findings = await diagnose(hangs, sandbox=True)
    assert findings[-1].text == "Cursor: The check did not end within 0 s."


@pytest.mark.parametrize(
    ("ours", "shell", "names"),
    [
        (entry(), {"HTTPS_PROXY": "http://127.0.0.1:1"}, []),
        (entry(HOME="/elsewhere"), {}, []),
        (entry(REMEMBERIZER_READ_ONLY="on"), {"REMEMBERIZER_READ_ONLY": "on"}, []),
        (entry(REMEMBERIZER_READ_ONLY="on"), {"REMEMBERIZER_READ_ONLY": "off"}, ["settings"]),
        (entry(https_proxy="http://127.0.0.1:1"), {}, ["network"]),
        (entry(NO_PROXY="*"), {}, ["network"]),
        (entry(SSL_CERT_FILE="/ca.pem"), {}, ["network"]),
        (entry(BROWSER="lynx"), {}, ["browser"]),
        (entry(PYTHON_KEYRING_BACKEND="x.Y"), {}, ["keyring"]),
        (entry(REMEMBERIZER_BASE_URL="https://x/"), {}, ["settings", "network"]),
        (entry("/bin/server", "--sandbox", REMEMBERIZER_BASE_URL="https://x/"), {}, ["settings"]),
    ],
)
def test_only_checks_whose_variables_differ_are_made_again(
    ours: Entry, shell: Mapping[str, str], names: list[str]
) -> None:
    assert [check.name for check in ours.checks_again(shell, sandbox=False)] == names


def test_a_check_sees_the_machine_and_the_entry_but_not_the_shells_settings() -> None:
    shell = {"HOME": "/home/ada", "REMEMBERIZER_READ_ONLY": "on", "https_proxy": "http://a:1", "DISPLAY": ":0"}
    ours = entry(REMEMBERIZER_BASE_URL="https://x/", PATH="/nowhere")
    assert ours.environ_again(shell) == {"HOME": "/home/ada", "DISPLAY": ":0", "REMEMBERIZER_BASE_URL": "https://x/"}


def test_a_check_does_not_show_its_variables() -> None:
    assert CANARY not in repr(entry(REMEMBERIZER_PASSWORD=CANARY).checks_again({}, sandbox=False))


async def test_a_missing_library_is_no_failure_of_an_entry_with_packages_of_its_own() -> None:
    def find() -> Ring:
        raise SignInFailed

    missing = await in_a_task(lambda: keyring("keyring", find=find, has_library=lambda: False))
    assert missing.level == "failure"
    ours = entry(str(Path(sys.executable).with_name("rememberizer-mcp")))
    assert ours.told(missing).level == "failure"
    (elsewhere,) = grouped([entry("/usr/bin/uvx").told(missing)])
    assert (elsewhere.level, elsewhere.text) == (
        "warning",
        "Claude Desktop: not looked at. The library `keyring` is not installed where the doctor runs.",
    )
    assert f"{elsewhere.next_step}".endswith("its command, with `doctor` behind it.")


@pytest.mark.promise("doctor:looks:commands")
def test_variables_of_the_shell_that_an_entry_lacks_are_named_without_their_values() -> None:
    shell = {"https_proxy": f"http://a:{CANARY}@x:1", "REMEMBERIZER_EMAIL": "ada", "NO_PROXY": "x", "ALL_PROXY": ""}
    (found,) = entry().lacking(shell)
    assert found.text.endswith(" may not see it: REMEMBERIZER_EMAIL, https_proxy.")
    assert CANARY not in repr(found)
    assert entry(HTTPS_PROXY="http://y:1", REMEMBERIZER_EMAIL="bob").lacking(shell) == []
    assert entry("/bin/server", "--sandbox").lacking(shell) == []


@pytest.mark.promise("doctor:looks:commands")
def test_what_several_entries_share_is_one_line_that_names_them() -> None:
    shared = Finding.warning("settings", "X is no setting.", "Remove it.")
    hosts = [
        replace(entry(), title=title, place=f"It is in {title}.", path=title) for title in ("Cursor", "Codex", "Goose")
    ]
    other = Finding.ok("hosts", "of a file")
    one, alone, last = grouped(
        [
            hosts[0].told(shared),
            other,
            *(each.told(shared) for each in hosts),
            hosts[1].told(Finding.ok("api", "It answers.", ms={"first_byte": 1.0})),
        ]
    )
    assert one.text == "Cursor, Codex and Goose: X is no setting."
    assert one.next_step == "Remove it. The entries are in Cursor, Codex and Goose. Start these hosts again."
    assert (alone, last.text, last.next_step) == (other, "Codex: It answers.", None)
