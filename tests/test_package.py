"""What is shipped: the wheel, the source archive, and the commands of ``mcp.json`` started from them."""

import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import StdioServerParameters
from packaging.requirements import Requirement
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

from tests.support.agent import ADA, ERAS, Era, agent_on
from tests.support.offline import offline_environment
from tests.support.source import ROOT, copied_source
from tests.support.tiers import matrix

HOSTS: dict[str, dict[str, Any]] = json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))["mcpServers"]


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both archives, built from a copy of what git would commit."""
    source, target = copied_source(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    return target


@pytest.fixture(scope="session")
def wheel(dist: Path) -> zipfile.ZipFile:
    (path,) = dist.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="session")
def metadata(wheel: zipfile.ZipFile) -> Message:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


@pytest.mark.promise("package:wheel:our-modules-only")
def test_the_wheel_holds_every_module_and_no_other_top_level_name(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {name.partition("/")[0] for name in names} == {
        "rememberizer_mcp",
        f"rememberizer_mcp-{__version__}.dist-info",
    }
    assert {name.split("/")[1] for name in names if name.startswith("rememberizer_mcp/")} == {"server", "tools"}
    sources = [path for folder in ("server", "tools") for path in (ROOT / folder).rglob("*") if path.is_file()]
    wanted = {f"rememberizer_mcp/{path.relative_to(ROOT).as_posix()}" for path in sources if path.suffix != ".pyc"}
    assert wanted == {name for name in names if name.startswith("rememberizer_mcp/")}


@pytest.mark.promise("package:wheel:our-modules-only")
def test_the_one_command_is_rememberizer_mcp(wheel: zipfile.ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert wheel.read(name).decode().split("\n")[:2] == [
        "[console_scripts]",
        "rememberizer-mcp = rememberizer_mcp.server.__main__:main",
    ]


@pytest.mark.promise("package:wheel:our-modules-only")
def test_the_source_archive_holds_what_the_tests_need(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "server/cli/commands.py", "tools/auth/toolset.py"} <= names


@pytest.mark.promise("settings:versions:mcp-fixed")
def test_no_mcp_with_the_session_flaw_is_accepted(metadata: Message) -> None:
    """CVE-2026-59951 is fixed in 2.2.0."""
    needs = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    (mcp,) = [each.specifier for each in needs if each.name == "mcp"]
    assert not [version for version in ("1.30.0", "2.0.0", "2.1.9", "3.0.0") if version in mcp]
    assert "2.3.0" in mcp


def test_the_metadata_says_version_licence_and_python(metadata: Message) -> None:
    assert (metadata["Version"], metadata["License-Expression"]) == (__version__, "Apache-2.0")
    assert metadata["Requires-Python"] == ">=3.11"


def test_the_metadata_names_the_author_and_the_pages_that_the_bundle_names(metadata: Message) -> None:
    bundle = json.loads((ROOT / "bundle" / "template.json").read_text(encoding="utf-8"))
    assert metadata["Author"] == bundle["author"]["name"]
    (policy,) = bundle["privacy_policies"]
    assert metadata.get_all("Project-URL") == ["Rememberizer, https://rememberizer.ai", f"Privacy policy, {policy}"]


@pytest.fixture
def offline(dist: Path, tmp_path: Path) -> Mapping[str, str]:
    """An environment in which uv can install nothing but this wheel and the locked ones."""
    pin = tmp_path / "constraints.txt"
    pin.write_text(f"rememberizer-mcp=={__version__}\n", encoding="utf-8")
    return offline_environment(tmp_path, [dist]) | {"UV_CONSTRAINT": str(pin)}


def command_of(host: str, environment: Mapping[str, str]) -> StdioServerParameters:
    block = HOSTS[host]
    return StdioServerParameters(
        command=block["command"], args=block["args"], env={**environment, **block.get("env", {})}
    )


@pytest.mark.promise("package:wheel:starts-offline", "process:eras:same")
@pytest.mark.parametrize(
    ("host", "era"),
    matrix(
        {f"{host}-{era}": (host, era) for host in sorted(HOSTS) for era in ERAS},
        usual=["rememberizer-2026-07-28", "rememberizer-sandbox-legacy"],
    ),
)
async def test_each_block_of_mcp_json_starts_the_built_wheel(host: str, era: Era, offline: Mapping[str, str]) -> None:
    async with agent_on(command_of(host, offline), era) as agent:
        assert (await agent.call("session_status"))["state"] == "signed_out"


@pytest.mark.promise("package:wheel:starts-offline")
async def test_a_person_signs_up_at_the_page_of_the_sandbox_block(offline: Mapping[str, str]) -> None:
    """There a password has no way into the conversation."""
    async with agent_on(command_of("rememberizer-sandbox", offline)) as agent:
        assert (await agent.fails("signup", **ADA))["code"] == "invalid_arguments"
        url = (await agent.call("signup"))["sign_in_url"]
        form = {"form": "sign_up", **ADA, "captcha": SANDBOX_CAPTCHA}
        async with httpx.AsyncClient(trust_env=False) as browser:
            await browser.post(url, data=form, headers={"Origin": url.rpartition("/")[0]})
        status = await agent.call("session_status")
        assert (status["email"], status["method"]) == (ADA["email"], "browser")


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert not [line for line in lock.splitlines() if line.startswith(("--index", "-i", "--extra-index", "--find"))]
    assert not (ROOT / "uv.lock").exists()
