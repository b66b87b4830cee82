"""The MCPB bundle: what is in it, that the official tool takes it, and that a host can start it."""

import json
import re
import struct
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from packaging.requirements import Requirement
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.settings.settings import SECRETS, Settings, variable
from rememberizer_mcp.tools.resources.prompts import prompts
from rememberizer_mcp.tools.toolsets import chosen

from bundle.archive import NOT_FOR_HOSTS
from bundle.sources import pins
from tests.bundle.conftest import build
from tests.bundle.host import COMMANDS, ROOT, composed, mcpb
from tests.support.agent import ERAS, Era, agent_on
from tests.support.offline import offline_environment

official = pytest.mark.needs(*COMMANDS)
MOST_BYTES = 500_000
EMPTY: Mapping[str, Any] = {"toolsets": "", "upload_dirs": "", "api_token": "", "vector_store_token": ""}


@pytest.fixture
def manifest(bundle: Path) -> dict[str, Any]:
    with zipfile.ZipFile(bundle) as archive:
        read: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return read


@pytest.mark.promise("package:bundle:valid")
def test_the_bundle_is_small_and_the_same_bytes_each_time(bundle: Path, tmp_path: Path) -> None:
    assert bundle.name == f"rememberizer-mcp-{__version__}.mcpb"
    assert build(tmp_path).read_bytes() == bundle.read_bytes()
    assert bundle.stat().st_size < MOST_BYTES


@pytest.mark.promise("package:bundle:valid")
def test_the_bundle_holds_the_code_and_no_more(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    assert names == sorted(names)
    beside = {name for name in names if not name.startswith("rememberizer_mcp/")}
    assert beside == {"LICENSE", "icon.png", "main.py", "manifest.json", "pyproject.toml"}
    sources = [path for folder in ("server", "tools") for path in (ROOT / folder).rglob("*") if path.is_file()]
    left_out = {path for pattern in NOT_FOR_HOSTS for path in ROOT.glob(pattern)}
    wanted = {path.relative_to(ROOT).as_posix() for path in {*sources} - left_out if path.suffix != ".pyc"}
    assert {name.removeprefix("rememberizer_mcp/") for name in names} - beside == wanted


@pytest.mark.promise("package:bundle:valid")
def test_the_manifest_lists_what_the_server_lists(manifest: Mapping[str, Any]) -> None:
    settings = Settings()
    assert [tool["name"] for tool in manifest["tools"]] == [tool.name for tool in chosen(settings)]
    assert [prompt["name"] for prompt in manifest["prompts"]] == [prompt.name for prompt in prompts(settings)]
    (question,) = [each["text"] for each in manifest["prompts"] if each["arguments"] == ["question"]]
    assert "\n\nThe question: ${arguments.question}\n\n" in question
    assert all(tool["description"] for tool in manifest["tools"])


@pytest.mark.promise("package:bundle:empty-fields")
def test_each_field_is_a_setting_and_none_is_required(manifest: Mapping[str, Any]) -> None:
    fields = manifest["user_config"]
    assert set(fields) < set(Settings.model_fields)
    for name, field in fields.items():
        assert not field.get("required", False)
        assert field.get("sensitive", False) == (name in SECRETS)
    environment = dict(manifest["server"]["mcp_config"]["env"])
    assert environment.pop("REMEMBERIZER_SECRET_ARGUMENTS") == "off"
    assert environment == {variable(name): f"${{user_config.{name}}}" for name in fields}
    assert fields["toolsets"]["default"] == ",".join(Settings().toolsets)


@pytest.mark.promise("package:bundle:valid")
def test_the_bundle_installs_the_versions_that_were_tested(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        read = tomllib.loads(archive.read("pyproject.toml").decode())
    pinned = {Requirement(each).name: Requirement(each) for each in read["tool"]["uv"]["constraint-dependencies"]}
    needs = [Requirement(each) for each in read["project"]["dependencies"]]
    assert "keyring" in [each.name for each in needs]
    for need in needs:
        (version,) = pinned[need.name].specifier
        assert version.operator == "=="
        assert version.version in need.specifier
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert list(pinned) == re.findall(r"^([^ #=]+)==", lock, re.MULTILINE)


@official
@pytest.mark.promise("package:bundle:valid")
def test_the_official_tool_finds_the_manifest_valid(extension: Path) -> None:
    said = mcpb("validate", str(extension / "manifest.json"))
    assert "Manifest schema validation passes!" in said
    assert "Icon validation passed" in said


@official
@pytest.mark.promise("package:bundle:valid")
def test_the_official_tool_unpacks_what_was_packed(bundle: Path, extension: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        assert all((extension / name).read_bytes() == archive.read(name) for name in archive.namelist())
    assert "rememberizer-mcp" in mcpb("info", str(bundle))


def test_the_icon_is_512_pixels_wide_and_high(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        head = archive.read("icon.png")[:24]
    assert struct.unpack(">II", head[16:24]) == (512, 512)


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment with the locked wheels, and stand-ins for those of other systems, which uv looks up as well."""
    home, others = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("others")
    for requirement in map(Requirement, pins()):
        if requirement.marker and not requirement.marker.evaluate():
            stand_in(requirement, others)
    return offline_environment(home, [others])


def stand_in(requirement: Requirement, folder: Path) -> None:
    """A wheel without content, which is never installed here."""
    (version,) = [each.version for each in requirement.specifier]
    name = requirement.name.replace("-", "_")
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        about = f"{name}-{version}.dist-info"
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {requirement.name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


@official
@pytest.mark.promise("package:bundle:empty-fields", "package:bundle:valid")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("filled_in", [{}, EMPTY], ids=["untouched", "emptied"])
async def test_a_bundle_starts_when_nobody_filled_anything_in(
    filled_in: Mapping[str, Any], era: Era, extension: Path, offline: Mapping[str, str]
) -> None:
    """The official library leaves the placeholders of untouched fields as they stand."""
    command = await to_thread.run_sync(composed, extension, filled_in, offline)
    left = [value for value in (command.env or {}).values() if value.startswith("${user_config.")]
    assert bool(left) == (not filled_in)
    async with agent_on(command, era) as agent:
        assert (await agent.call("session_status"))["state"] == "signed_out"


@official
@pytest.mark.promise("package:bundle:valid")
async def test_what_is_filled_in_is_what_the_server_does(
    extension: Path, offline: Mapping[str, str], tmp_path: Path
) -> None:
    filled_in = {"toolsets": "auth,mementos", "read_only": True, "upload_dirs": str(tmp_path)}
    command = await to_thread.run_sync(composed, extension, filled_in, offline)
    async with agent_on(command) as agent:
        tools = [tool.name for tool in (await agent.client.list_tools()).tools]
        assert "list_mementos" in tools
        assert not {"create_memento", "search"} & set(tools)
        (login,) = [tool for tool in (await agent.client.list_tools()).tools if tool.name == "login"]
        assert "password" not in login.input_schema["properties"]
