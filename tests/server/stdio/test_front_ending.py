"""Two lanes can end the process while the SDK loads: whichever comes first does so alone."""

import json
import subprocess
import sys

import pytest

from tests.support.process import LONGEST_SECONDS, clean_environment, initialize

BEHIND_A_FRONT = """
import json, os, sys
from pathlib import Path
from rememberizer_mcp.server.stdio import front
from rememberizer_mcp.server.cli.commands import main

front.GRACE_SECONDS = 0
data = json.loads(Path(front.__file__).with_suffix(".json").read_text(encoding="utf-8"))
lane = front.Front(front.Script(data, "auth,knowledge off on False"), 0, 1)
"""
THE_REFUSAL_FIRST = """
try:
    main([], obj=lane)
finally:
    lane.listen()
"""
THE_END_OF_THE_INPUT_FIRST = """
class Taken:
    def acquire(self):
        os._exit(0)  # as the lane does that has taken it

lane.ending = Taken()
main([], obj=lane)
"""


def ended(order: str) -> tuple[int, int, bytes]:
    """Exit code, lines of stdout, and stderr of a process with an unusable setting, whose input ends."""
    done = subprocess.run(
        [sys.executable, "-c", BEHIND_A_FRONT + order],
        env=clean_environment(LOG_LEVEL="loud"),
        input=json.dumps(initialize()).encode() + b"\n",
        capture_output=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.count(b"\n"), done.stderr


@pytest.mark.promise("process:front:ends-in-time")
def test_an_end_of_the_input_during_a_refusal_does_not_take_its_exit_code() -> None:
    code, answers, noise = ended(THE_REFUSAL_FIRST)
    assert (code, answers) == (2, 1)
    assert b"REMEMBERIZER_LOG_LEVEL: must be" in noise


@pytest.mark.promise("process:front:ends-in-time")
def test_a_refusal_during_the_end_of_the_input_says_nothing() -> None:
    assert ended(THE_END_OF_THE_INPUT_FIRST) == (0, 0, b"")
