"""Completion of our commands, by the shells themselves."""

import os
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from rememberizer_mcp.server.sandbox.config import Variants

from tests.support.offline import offline_environment

FISH = """
rememberizer-mcp completion fish | source
complete -C "$TYPED"
"""
ZSH = """
autoload -U compinit && compinit -D
eval "$(rememberizer-mcp completion zsh)"
print $_comps[rememberizer-mcp]
"""
OFFERED = [
    ("rememberizer-mcp sand", ["sandbox"]),
    ("rememberizer-mcp sandbox ", ["outbox"]),
    ("rememberizer-mcp demo --da", ["--data"]),
    ("rememberizer-mcp completion ", ["bash", "fish", "zsh"]),
    ("rememberizer-mcp --sandbox --variant captcha", ["captcha=off", "captcha=optional", "captcha=required"]),
    ("rememberizer-mcp --variant captcha=op", ["captcha=optional"]),
    ("rememberizer-mcp install cl", ["claude-code", "claude-desktop"]),
    ("rememberizer-mcp nonsense", []),
]
pytestmark = pytest.mark.promise("cli:help:fits")
typed_and_offered = pytest.mark.parametrize(("typed", "offered"), OFFERED)


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return offline_environment(tmp_path)


def run(*command: str, typed: str = "", environment: Mapping[str, str]) -> list[str]:
    """What a shell's script prints, a word a line; descriptions are left out."""
    done = subprocess.run(
        command, env={**environment, "TYPED": typed}, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr == ""
    return [line.partition("\t")[0] for line in done.stdout.splitlines() if line]


@typed_and_offered
@pytest.mark.needs("fish")
def test_fish_completes_what_was_typed(typed: str, offered: list[str], environment: Mapping[str, str]) -> None:
    assert sorted(run("fish", "-c", FISH, typed=typed, environment=environment)) == offered


@pytest.mark.needs("zsh")
def test_zsh_takes_the_script_for_our_command(environment: Mapping[str, str]) -> None:
    assert run("zsh", "-f", "-c", ZSH, environment=environment) == ["_rememberizer_mcp_completion"]


@typed_and_offered
def test_what_zsh_asks_for_is_answered(typed: str, offered: list[str], environment: Mapping[str, str]) -> None:
    """By the protocol of its script: three lines for each word, the kind, the word and its description."""
    words = typed.split(" ")
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_REMEMBERIZER_MCP_COMPLETE": "zsh_complete"}
    answered = run("rememberizer-mcp", environment={**environment, **asked})
    assert sorted(answered[1::3]) == offered


def test_every_variant_is_offered_and_taken() -> None:
    settings = Variants.settings()
    assert "access_cookie=" in settings
    assert len({setting.partition("=")[0] for setting in settings}) == len(vars(Variants()))
    for setting in settings:
        if setting != "access_cookie=":
            Variants.parse([setting])


def test_a_shell_that_is_not_known_is_refused(environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["rememberizer-mcp", "completion", "csh"],
        env=dict(environment), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "'bash', 'zsh', 'fish'" in done.stderr


def test_keys_that_are_typed_during_a_completion_stay_in_the_terminal(environment: Mapping[str, str]) -> None:
    """The command stands alone then, as where it serves; its front would read them."""
    asked = {"COMP_WORDS": "rememberizer-mcp sa", "COMP_CWORD": "1", "_REMEMBERIZER_MCP_COMPLETE": "zsh_complete"}
    source, sink = os.pipe()
    with os.fdopen(source, "rb") as keys, os.fdopen(sink, "wb") as person:
        person.write(b"ndbox\n")
        person.flush()
        subprocess.run(
            ["rememberizer-mcp"], env={**environment, **asked}, stdin=keys, capture_output=True, timeout=30, check=True
        )
        assert select.select([keys], [], [], 0)[0]
        assert keys.readline() == b"ndbox\n"
