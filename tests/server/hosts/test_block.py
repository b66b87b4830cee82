"""The command that a host is given: absolute, lasting, and that of ``mcp.json`` but for its path."""

import json
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.hosts.block import NoCommand, own_block, typed
from rememberizer_mcp.server.hosts.install import pasteable

from tests.support.systems import a_system

ROOT = Path(__file__).parents[3]
SHIPPED: dict[str, dict[str, Any]] = json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))["mcpServers"]
CACHE = Path("cache/uv/archive-v0/abc")


@pytest.mark.promise("install:command:absolute")
@pytest.mark.parametrize(("platform", "file"), [("linux", ""), ("darwin", ""), ("win32", ".exe")])
def test_the_command_of_the_environment_is_named_by_its_path(platform: Any, file: str, tmp_path: Path) -> None:
    block = own_block(a_system(tmp_path, platform), sandbox=False)
    assert (block.command, block.args) == (str(tmp_path / "bin" / f"rememberizer-mcp{file}"), [])


@pytest.mark.promise("install:command:absolute")
def test_without_that_command_the_interpreter_starts_the_module(tmp_path: Path) -> None:
    system = a_system(tmp_path)
    (system.scripts / "rememberizer-mcp").unlink()
    block = own_block(system, sandbox=True)
    assert (block.command, block.args) == (str(system.python), ["-P", "-m", "rememberizer_mcp.server", "--sandbox"])


@pytest.mark.promise("install:command:absolute")
@pytest.mark.parametrize(
    ("commands", "environ", "expected"),
    [
        ({"uvx": "/opt/uvx"}, {}, ["/opt/uvx", "rememberizer-mcp"]),
        ({"uvx": "/opt/uvx"}, {"UV": "uv"}, ["/opt/uvx", "rememberizer-mcp"]),
        ({"uvx": "uvx"}, {"UV": "/usr/bin/uv"}, ["/usr/bin/uv", "tool", "run", "rememberizer-mcp"]),
        ({"uv": "/opt/uv"}, {}, ["/opt/uv", "tool", "run", "rememberizer-mcp"]),
    ],
)
def test_what_runs_from_a_cache_is_started_by_its_runner(
    commands: dict[str, str], environ: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    system = a_system(tmp_path, prefix=tmp_path / CACHE, commands=commands, environ=environ)
    block = own_block(system, sandbox=False)
    assert [block.command, *block.args] == expected


@pytest.mark.promise("install:command:absolute")
def test_the_uv_that_runs_us_is_known_better_than_the_search_path(tmp_path: Path) -> None:
    (tmp_path / "uvx").touch()
    environ = {"UV": str(tmp_path / "uv")}
    system = a_system(tmp_path, prefix=tmp_path / CACHE, commands={"uvx": "uvx"}, environ=environ)
    assert own_block(system, sandbox=False).command == str(tmp_path / "uvx")


@pytest.mark.promise("install:command:absolute")
def test_the_extra_that_runs_now_is_asked_for_again(tmp_path: Path) -> None:
    system = a_system(tmp_path, prefix=tmp_path / CACHE, commands={"uvx": "/opt/uvx"}, has_keyring=True)
    assert own_block(system, sandbox=False).args == ["--from", "rememberizer-mcp[keyring]", "rememberizer-mcp"]


@pytest.mark.promise("install:command:absolute")
@pytest.mark.parametrize("cache", [".cache/pipx", ".local/pipx/.cache", "AppData/Local/pipx/pipx/Cache"])
def test_what_pipx_runs_once_is_started_by_pipx(cache: str, tmp_path: Path) -> None:
    system = a_system(tmp_path, prefix=tmp_path / cache / "1f2e3d4c5b6a798", commands={"pipx": "/opt/pipx"})
    block = own_block(system, sandbox=True)
    assert [block.command, *block.args] == [
        "/opt/pipx",
        "run",
        "--spec",
        "rememberizer-mcp",
        "rememberizer-mcp",
        "--sandbox",
    ]


@pytest.mark.promise("install:command:absolute")
@pytest.mark.parametrize("prefix", [".local/pipx/venvs/rememberizer-mcp", "work/1f2e3d4c5b6a798"])
def test_what_lasts_is_named_itself(prefix: str, tmp_path: Path) -> None:
    system = a_system(tmp_path, prefix=tmp_path / prefix, commands={"pipx": "/opt/pipx"})
    assert own_block(system, sandbox=False).command == str(system.scripts / "rememberizer-mcp")


@pytest.mark.parametrize(
    ("prefix", "keyring", "expected"),
    [
        ("cache/uv/archive-v0/abc", False, "uvx rememberizer-mcp install cursor"),
        ("cache/uv/archive-v0/abc", True, 'uvx --from "rememberizer-mcp[keyring]" rememberizer-mcp install cursor'),
        ("cache/uv/archive-v0/abc", None, 'uvx --from "rememberizer-mcp[keyring]" rememberizer-mcp install cursor'),
        ("pipx/.cache/1f2e3d4c5b6a798", False, "pipx run rememberizer-mcp install cursor"),
        (
            "pipx/.cache/1f2e3d4c5b6a798",
            True,
            'pipx run --spec "rememberizer-mcp[keyring]" rememberizer-mcp install cursor',
        ),
        ("pipx/venvs/rememberizer-mcp", True, "rememberizer-mcp install cursor"),
        (None, True, "rememberizer-mcp install cursor"),
    ],
)
def test_a_person_types_what_started_us(prefix: str | None, keyring: bool | None, expected: str) -> None:
    found = typed("install", "cursor", prefix=Path(prefix) if prefix else None, keyring=keyring)
    assert found == expected


@pytest.mark.parametrize(
    ("cache", "advice"),
    [
        (CACHE, "uv tool install rememberizer-mcp"),
        (Path("cache/pipx/1f2e3d4c5b6a798"), "pipx install rememberizer-mcp"),
    ],
)
def test_a_cache_without_its_runner_is_refused(cache: Path, advice: str, tmp_path: Path) -> None:
    with pytest.raises(NoCommand, match=advice):
        own_block(a_system(tmp_path, prefix=tmp_path / cache), sandbox=False)


@pytest.mark.promise("install:command:absolute")
@pytest.mark.parametrize("sandbox", [False, True])
def test_install_json_prints_the_block_of_mcp_json_but_for_its_command(sandbox: bool, tmp_path: Path) -> None:
    system = a_system(tmp_path, prefix=tmp_path / CACHE, commands={"uvx": "/opt/uvx"})
    ((name, block),) = json.loads(pasteable(system, sandbox=sandbox))["mcpServers"].items()
    assert block == SHIPPED[name] | {"command": "/opt/uvx"}


@pytest.mark.promise("install:secrets:none")
def test_nothing_of_the_callers_environment_is_copied(tmp_path: Path) -> None:
    system = a_system(tmp_path, environ={"REMEMBERIZER_PASSWORD": "canary", "REMEMBERIZER_EMAIL": "canary"})
    assert "canary" not in repr(own_block(system, sandbox=False))
