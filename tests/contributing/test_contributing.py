"""CONTRIBUTING.md keeps its word: who follows its five steps has a tool that works."""

import sys
from pathlib import Path

import pytest
from mcp import StdioServerParameters

from tests.bundle.host import ROOT
from tests.contributing.checkout import copied, environment_of
from tests.contributing.steps import changed, steps
from tests.support.agent import ADA, agent_on

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ADD_A_TOOL = GUIDE.partition("## Add a tool")[2].partition("\n## ")[0]


NO_FRONT = {"Rememberizer_Read_Only": "off"}
"""A spelling of which the front is not certain, so that the server answers itself."""


async def count_mementos(checkout: Path, **settings: str) -> None:
    """Use the new tool as a host of the copy's server does."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "rememberizer_mcp.server", "--sandbox", "--variant", "captcha=off"],
        env=environment_of(checkout)
        | {"REMEMBERIZER_TOOLSETS": "auth,mementos", "XDG_RUNTIME_DIR": str(checkout)}
        | settings,
        cwd=checkout,
    )
    async with agent_on(server) as agent:
        await agent.call("signup", **ADA)
        assert await agent.call("count_mementos") == {"mementos": 0}
        await agent.call("create_memento", name="One")
        assert await agent.call("count_mementos") == {"mementos": 1}
    assert "count_mementos" not in (ROOT / "tools" / "mementos.py").read_text(encoding="utf-8")


@pytest.fixture
def changed_alone(tmp_path: Path) -> Path:
    """A copy of the repository in which the files were changed as the steps say, and no command was run."""
    checkout = copied(tmp_path / "checkout")
    for step in steps(ADD_A_TOOL):
        if step.language != "sh":
            step.take(checkout, environment_of(checkout))
    return checkout


@pytest.mark.promise("repository:contributing:steps")
async def test_the_changes_of_the_five_steps_add_a_tool_that_answers_over_stdio(changed_alone: Path) -> None:
    await count_mementos(changed_alone, **NO_FRONT)


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A copy of the repository in which the steps were followed."""
    checkout = copied(tmp_path / "checkout")
    for step in steps(ADD_A_TOOL):
        step.take(checkout, environment_of(checkout))
    return checkout


@pytest.mark.promise("repository:contributing:steps")
@pytest.mark.exhaustive
@pytest.mark.timeout(300)
async def test_the_commands_of_the_five_steps_bring_the_rest_up_to_date_and_check_it(followed: Path) -> None:
    await count_mementos(followed)
    assert "count_mementos" in (followed / "README.md").read_text(encoding="utf-8")


def test_there_are_five_steps_and_each_has_something_to_do() -> None:
    parts = ADD_A_TOOL.split("\n### ")[1:]
    assert [part[:2] for part in parts] == ["1.", "2.", "3.", "4.", "5."]
    assert all(list(steps(part)) for part in parts)
    assert ADD_A_TOOL.count("\n```") == 2 * len(list(steps(ADD_A_TOOL)))


def test_a_diff_changes_the_lines_that_it_shows() -> None:
    assert changed("one\ntwo\nthree\n", " one\n-two\n+2\n three\n") == "one\n2\nthree\n"


@pytest.mark.parametrize("text", ["three\n", "one\none\n"])
def test_a_diff_that_fits_nowhere_or_twice_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        changed(text, " one\n+two\n")
