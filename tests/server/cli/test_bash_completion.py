"""Completion in a real bash: it runs in a terminal, and Tab is pressed."""

import os
import pty
import select
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.offline import offline_environment

LONGEST_SECONDS = 30.0
TAB, SHOW = b"\t", b"\x14"
END = "|end of the line"
INPUTRC = """
set bell-style none
set completion-display-width 1
set completion-query-items 0
set enable-bracketed-paste off
set page-completions off
set show-all-if-ambiguous on
"""
BASHRC = f"""
PS1='> '
eval "$(rememberizer-mcp completion bash)"
bind -x '"\\C-t": echo "$READLINE_LINE{END}"'
"""
COMPLETED = [
    ("sand", "sandbox ", []),
    ("sandbox ", "sandbox outbox ", []),
    ("demo --da", "demo --data ", []),
    ("completion ", "completion ", ["bash", "zsh", "fish"]),
    ("install cl", "install claude-", ["claude-desktop", "claude-code"]),
    ("nonsense", "nonsense", []),
    ("--variant captc", "--variant captcha=", ["captcha=required", "captcha=optional", "captcha=off"]),
    ("--variant captcha=", "--variant captcha=", ["required", "optional", "off"]),
    ("--variant captcha=op", "--variant captcha=optional ", []),
    ("--variant=captcha=op", "--variant=captcha=optional ", []),
    ("--variant=captcha=r", "--variant=captcha=required ", []),
    ("--variant access_c", "--variant access_cookie=", []),
    ("--variant captcha=off sand", "--variant captcha=off sandbox ", []),
    ("demo --data a:b --var", "demo --data a:b --variant ", []),
    ("demo --data 'a b' --var", "demo --data 'a b' --variant ", []),
    (r"demo --data a\ ", r"demo --data a\ b.db ", []),
    ("demo --data k", "demo --data kept.db ", []),
]
pytestmark = [pytest.mark.promise("cli:help:fits"), pytest.mark.needs("bash"), pytest.mark.traced]


def seen(terminal: int, until: str) -> str:
    """What the terminal shows until then."""
    text = b""
    while until.encode() not in text:
        ready, _, _ = select.select([terminal], [], [], LONGEST_SECONDS)
        assert ready, text
        text += os.read(terminal, 65536)
    return text.decode()


@pytest.fixture
def terminal(tmp_path: Path, bashrc: str) -> Iterator[int]:
    """The terminal of a bash that waits at its prompt."""
    (tmp_path / "inputrc").write_text(INPUTRC, encoding="utf-8")
    (tmp_path / "bashrc").write_text(bashrc + BASHRC, encoding="utf-8")
    for name in ("kept.db", "a b.db"):
        (tmp_path / name).touch()
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (50, 200))
    environment = offline_environment(tmp_path) | {"INPUTRC": str(tmp_path / "inputrc"), "TERM": "dumb"}
    bash = subprocess.Popen(
        ["bash", "--noprofile", "--rcfile", str(tmp_path / "bashrc"), "-i"],
        cwd=tmp_path, env=environment, stdin=its, stdout=its, stderr=its, start_new_session=True,
    )  # fmt: skip
    os.close(its)
    assert "rememberizer" not in seen(ours, "> ")
    yield ours
    bash.kill()
    bash.wait(timeout=LONGEST_SECONDS)
    os.close(ours)


def completed(terminal: int, typed: str) -> tuple[str, list[str]]:
    """The line after Tab, and what was listed."""
    os.write(terminal, typed.encode() + TAB + SHOW)
    shown = seen(terminal, END).replace("\r", "\n").splitlines()
    line = next(each for each in shown if each.endswith(END)).removesuffix(END)
    listed = [each.strip() for each in shown[1:] if each.strip(" >") and "rememberizer-mcp" not in each]
    return line, listed


@pytest.mark.parametrize(
    "bashrc",
    ["", "COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:]}\n"],
    ids=["as bash splits", "without a split at = and :"],
)
def test_bash_completes_what_was_typed(terminal: int, bashrc: str) -> None:
    for typed, line, listed in COMPLETED:
        whole = [f"captcha={each}" if bashrc and "captcha=" in typed else each for each in listed]
        assert completed(terminal, f"rememberizer-mcp {typed}") == (f"rememberizer-mcp {line}", whole)
        os.write(terminal, b"\x15")


@pytest.mark.parametrize("bashrc", [""])
def test_what_stands_before_the_command_or_behind_the_cursor_is_no_word_of_it(terminal: int) -> None:
    left = b"\x02" * len(" tail")
    before = "true; A=1 "
    os.write(terminal, f"{before}rememberizer-mcp --variant captcha=op tail".encode() + left)
    line, listed = completed(terminal, "")
    assert (line, listed) == (f"{before}rememberizer-mcp --variant captcha=optional tail", [])


@pytest.mark.parametrize("bashrc", [""])
def test_a_file_is_completed_behind_an_equals_sign(terminal: int) -> None:
    assert completed(terminal, "rememberizer-mcp demo --data=k") == ("rememberizer-mcp demo --data=kept.db ", [])
