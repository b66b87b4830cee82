"""Whether there is a front, and which answers the settings choose."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rememberizer_mcp.server.settings.settings import Settings, UnusableSettings, load_settings
from rememberizer_mcp.server.stdio import front
from rememberizer_mcp.server.stdio.front import chosen, installed

from tests.snapshots.front import MADE_WITH, also, write
from tests.support.process import clean_environment

ROOT = Path(__file__).parents[3]
DATA: dict[str, Any] = json.loads(Path(front.__file__).with_suffix(".json").read_text(encoding="utf-8"))
USUAL = "auth,knowledge off on False"
STEPS_ASIDE = "import sys; from rememberizer_mcp.server.stdio.front import start; sys.exit(4 if start() else 5)"
Environment = Mapping[str, str]


@pytest.mark.promise("process:front:steps-aside")
@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["--sandbox", "--data", "x"], {}),
        (["serve", "--http"], {}),
        (["--help"], {}),
        ([], {"REMEMBERIZER_TOOLSETS": "auth,nonsense"}),
        ([], {"REMEMBERIZER_TOOLSETS": ","}),
        ([], {"REMEMBERIZER_READ_ONLY": "perhaps"}),
        ([], {"REMEMBERIZER_SECRET_ARGUMENTS": " on"}),
        ([], {"Rememberizer_Toolsets": "auth"}),
        ([], {"_REMEMBERIZER_MCP_COMPLETE": "bash_source"}),
    ],
)
def test_settings_that_are_not_certain_choose_nothing(arguments: list[str], environ: Environment) -> None:
    assert chosen(DATA, arguments, environ) is None


@pytest.mark.promise("process:front:steps-aside")
def test_the_ways_to_serve_over_stdio_choose_what_they_mean() -> None:
    everything = {"REMEMBERIZER_TOOLSETS": " all ,,auth", "REMEMBERIZER_READ_ONLY": "1", "REMEMBERIZER_EMAIL": "x"}
    off = {"REMEMBERIZER_SECRET_ARGUMENTS": "false", "REMEMBERIZER_TOOLSETS": "", "REMEMBERIZER_READ_ONLY": ""}
    assert chosen(DATA, [], {}) == chosen(DATA, ["serve"], {}) == USUAL
    assert chosen(DATA, ["serve", "--sandbox"], off) == "auth,knowledge off off True"
    assert chosen(DATA, ["--sandbox"], everything) == "auth,knowledge,mementos,vector_stores on on True"


@pytest.mark.promise("process:front:answers-while-loading")
@pytest.mark.parametrize("words", ["on true 1", "off false 0"])
def test_the_usual_words_of_a_switch_are_certain(words: str) -> None:
    meant, *_ = alike = words.split()
    for word in alike:
        environ = {"REMEMBERIZER_READ_ONLY": word, "REMEMBERIZER_SECRET_ARGUMENTS": word}
        assert chosen(DATA, [], environ) == f"auth,knowledge {meant} {meant} False"


SWITCHES = st.sampled_from(
    ["", "on", "off", "1", "0", "true", "false", "On", "TRUE", "yes", "n", " on", "2", "perhaps"]
)
NAMES = st.lists(
    st.sampled_from(["auth", " knowledge", "mementos ", "vector_stores", "all", "", "Auth", "x"]), max_size=4
)


@pytest.mark.promise("process:front:steps-aside")
@given(toolsets=NAMES.map(",".join), read_only=SWITCHES, secrets=SWITCHES)
def test_what_is_chosen_is_what_the_settings_mean(toolsets: str, read_only: str, secrets: str) -> None:
    environ = dict(zip(front.SETTINGS, (toolsets, read_only, secrets), strict=True))
    row = chosen(DATA, [], environ)
    os.environ.update(environ)
    try:
        meant = named(load_settings())
    except UnusableSettings:
        meant = None
    assert row in (meant, None)


def named(settings: Settings) -> str:
    """The row of these settings."""
    switches = ["on" if each else "off" for each in (settings.read_only, settings.secret_arguments)]
    return " ".join((",".join(settings.toolsets), *switches, str(settings.sandbox)))


def steps_aside(environment: Environment, redirection: str = "") -> bool:
    """Whether a process with this environment has no front."""
    command = f"exec {sys.executable} -c '{STEPS_ASIDE}' {redirection}"
    code = subprocess.run(
        ["sh", "-c", command], env=environment, stdout=subprocess.PIPE, stdin=subprocess.PIPE, timeout=20, check=False
    ).returncode
    return {4: False, 5: True}[code]


@pytest.mark.promise("process:front:steps-aside")
@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-"])
def test_the_front_steps_aside_where_a_descriptor_is_closed(redirection: str) -> None:
    assert not steps_aside(clean_environment())
    assert steps_aside(clean_environment(), redirection)


@pytest.mark.promise("process:front:steps-aside")
def test_the_front_steps_aside_without_docstrings_and_on_unknown_settings() -> None:
    assert steps_aside(clean_environment() | {"PYTHONOPTIMIZE": "2"})
    assert steps_aside(clean_environment(READ_ONLY="perhaps"))


@pytest.mark.promise("process:front:steps-aside")
@pytest.mark.parametrize(
    ("folders", "aside"),
    [
        (["mcp-2.3.0.dist-info"], False),
        ([], True),
        (["mcp-2.3.1.dist-info"], True),
        (["mcp-2.3.0.dist-info", "mcp-2.3.1.dist-info"], True),
    ],
)
def test_the_front_steps_aside_with_another_version_of_the_sdk(tmp_path: Path, folders: list[str], aside: bool) -> None:
    package = Path(sys.modules["mcp"].__file__ or "").parent
    (tmp_path / "mcp").symlink_to(package)
    for name in folders:
        (tmp_path / name.replace("2.3.0", version("mcp"))).mkdir()
    assert steps_aside(clean_environment() | {"PYTHONPATH": str(tmp_path)}) is aside


@pytest.mark.promise("process:front:steps-aside")
@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["some/__init__.py", "some-1.2.dist-info"], "1.2"),
        (["some/__init__.py"], None),
        (["some/__init__.py", "some-1.2.dist-info", "some-1.3.dist-info"], None),
        (["some/__init__.py", "some-1.2.egg-info"], None),
        (["some/part.py", "some-1.2.dist-info"], None),
        (["some/__init__.py", "some-1.2"], None),
        ([], None),
    ],
)
def test_a_version_counts_where_the_folder_of_the_package_says_it(
    tmp_path: Path, names: list[str], found: str | None
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    sys.path.insert(0, str(tmp_path))
    try:
        assert installed("some") == found
    finally:
        sys.path.remove(str(tmp_path))


@pytest.mark.promise("process:front:steps-aside")
def test_the_installed_versions_are_found() -> None:
    assert {package: installed(package) for package in MADE_WITH} in DATA["made_with"]


@pytest.mark.promise("process:front:steps-aside")
def test_versions_join_those_that_were_seen_to_make_the_same(tmp_path: Path) -> None:
    older, newer, newest = ({"mcp": each} for each in ("2.9.3", "2.10.0", "2.11.0"))
    before = {"made_with": [older, newest], "toolsets": ["auth"], "pieces": ["a"]}
    now = {"made_with": [newer], "toolsets": ("auth",), "pieces": ["a"]}
    assert also(before, now) == now | {"made_with": [older, newer, newest]}
    assert also(before | {"made_with": [newer]}, now) == now
    assert also(before | {"pieces": ["b"]}, now) == now
    for each in (before, now):
        write(tmp_path / "front.json", each)
    written = json.loads((tmp_path / "front.json").read_text(encoding="utf-8"))
    assert written["made_with"] == [older, newer, newest]


@pytest.mark.promise("process:front:small")
def test_the_front_loads_the_standard_library_only_and_fits_in_200_lines() -> None:
    script = (
        "import sys; known = {*sys.modules}; import rememberizer_mcp.server.__main__; print(*{*sys.modules} - known)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True
    ).stdout
    tops = {name.partition(".")[0] for name in loaded.split()}
    assert tops - {"rememberizer_mcp"} <= sys.stdlib_module_names
    assert {"pathlib", "importlib.metadata", "asyncio"}.isdisjoint(loaded.split())
    assert (ROOT / "server" / "stdio" / "front.py").read_text(encoding="utf-8").count("\n") <= 200
