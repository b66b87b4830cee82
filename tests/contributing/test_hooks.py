"""The pre-commit configuration runs the commands that people run, and downloads nothing."""

import re

import pytest
import yaml

from tests.bundle.host import ROOT

CONFIGURATION = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = [hook for repository in CONFIGURATION["repos"] for hook in repository["hooks"]]


@pytest.mark.promise("repository:contributing:steps")
def test_every_hook_is_a_make_target_of_this_repository() -> None:
    assert {repository["repo"] for repository in CONFIGURATION["repos"]} == {"local"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for hook in HOOKS:
        command, *names = hook["entry"].split()
        assert command == "make"
        assert set(names) <= targets
        assert (hook["language"], hook["pass_filenames"]) == ("system", False)


@pytest.mark.promise("repository:contributing:steps")
def test_lint_and_types_are_among_them_at_stages_that_are_installed() -> None:
    assert {"lint", "types"} <= {hook["id"] for hook in HOOKS}
    assert {stage for hook in HOOKS for stage in hook["stages"]} == set(CONFIGURATION["default_install_hook_types"])
