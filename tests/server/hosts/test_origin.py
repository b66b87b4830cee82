"""Where a package came from is what a runner is told to install again."""

import json
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.hosts.block import NoCommand, own_block, requirement, starts_us, typed
from rememberizer_mcp.server.hosts.system import direct_url

from tests.support.systems import a_system

GIT = {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"}
UV, PIPX = Path("cache/uv/archive-v0/abc"), Path("cache/pipx/1f2e3d4c5b6a798")
RUNNERS = {"uvx": "/opt/uvx", "pipx": "/opt/pipx"}


@pytest.mark.promise("install:command:same-origin")
@pytest.mark.parametrize(
    ("came_from", "address"),
    [
        ({"url": "file:///", "dir_info": {}}, "file:///"),
        ({"url": "file:///", "dir_info": {"editable": True}, "subdirectory": "a/b"}, "file:///#subdirectory=a/b"),
        ({"url": "https://git.example/r.git", "vcs_info": GIT}, "git+https://git.example/r.git@abc123"),
        ({"url": "ssh://git@git.example/r", "vcs_info": GIT}, "git+ssh://git@git.example/r@abc123"),
        (
            {"url": "https://git.example/r", "vcs_info": GIT, "subdirectory": "x"},
            "git+https://git.example/r@abc123#subdirectory=x",
        ),
        ({"url": "https://files.example/r.whl", "archive_info": {}}, "https://files.example/r.whl"),
    ],
)
def test_each_kind_of_origin_is_named_as_runners_take_it(came_from: Any, address: str, tmp_path: Path) -> None:
    text, named = json.dumps(came_from), f"rememberizer-mcp @ {address}"
    assert requirement(text, keyring=False) == named
    system = a_system(tmp_path, prefix=tmp_path / UV, commands=RUNNERS, direct_url=text)
    block = own_block(system, sandbox=True)
    assert [block.command, *block.args] == ["/opt/uvx", "--from", named, "rememberizer-mcp", "--sandbox"]
    system = a_system(tmp_path, prefix=tmp_path / PIPX, commands=RUNNERS, direct_url=text, has_keyring=True)
    block = own_block(system, sandbox=False)
    spec = f"rememberizer-mcp[keyring] @ {address}"
    assert [block.command, *block.args] == ["/opt/pipx", "run", "--spec", spec, "rememberizer-mcp"]
    assert starts_us(block)
    assert typed("doctor", prefix=UV, keyring=False, origin=text) == f'uvx --from "{named}" rememberizer-mcp doctor'


@pytest.mark.promise("install:command:same-origin")
@pytest.mark.parametrize(
    "url",
    [
        "https://ada:canary@git.example/r",
        "https://canary@git.example/r",
        "https://files.example/r.whl?token=canary",
        "https://${CANARY}@git.example/r",
        "https://${CANARY}:${CANARY}@git.example/r",
        "ssh://git:canary@git.example/r",
    ],
)
def test_an_address_that_may_hold_a_secret_is_in_no_entry(url: str, tmp_path: Path) -> None:
    text = json.dumps({"url": url, "vcs_info": GIT})
    system = a_system(tmp_path, prefix=tmp_path / UV, commands=RUNNERS, direct_url=text)
    with pytest.raises(NoCommand, match="may hold a secret") as caught:
        own_block(system, sandbox=False)
    assert "canary" not in str(caught.value).lower()
    assert typed("doctor", prefix=UV, keyring=False, origin=text) == "uvx rememberizer-mcp doctor"


@pytest.mark.promise("install:command:same-origin")
def test_a_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    there = tmp_path / "a b"
    there.mkdir()
    text = json.dumps({"url": there.as_uri(), "dir_info": {}})
    assert requirement(text, keyring=False) == f"rememberizer-mcp @ file://{tmp_path}/a%20b"
    there.rmdir()
    with pytest.raises(NoCommand, match="What this was installed from is not there any more"):
        requirement(text, keyring=False)


@pytest.mark.promise("install:command:same-origin")
def test_what_lasts_needs_no_origin(tmp_path: Path) -> None:
    system = a_system(tmp_path, direct_url=json.dumps({"url": "file:///gone"}))
    assert own_block(system, sandbox=False).args == []


def test_what_is_not_installed_has_no_origin() -> None:
    assert direct_url("no-such-package") is None
    assert direct_url("pytest") is None
