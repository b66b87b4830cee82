"""What the front writes before it leaves fits in what lies between it and a host that reads nothing."""

import json
import os
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rememberizer_mcp.server.stdio import front
from rememberizer_mcp.server.stdio.front import MOST_BYTES, PAGE, Front, Script, filled

from tests.snapshots.front import LISTS, VERSIONS, questions
from tests.support.conversation import pipe
from tests.support.process import LONGEST_SECONDS, initialize, legacy

DATA: dict[str, Any] = json.loads(Path(front.__file__).with_suffix(".json").read_text(encoding="utf-8"))
SIZES = st.one_of(st.integers(1, 3 * PAGE), st.integers(1, 15).map(lambda pages: pages * PAGE))


def line(message: object) -> bytes:
    return json.dumps(message).encode() + b"\n"


@pytest.mark.promise("process:front:ends-in-time")
@given(sizes=st.lists(SIZES, min_size=1, max_size=80))
@example(sizes=[PAGE // 2 + 1] * 31)
def test_what_is_counted_as_fitting_in_a_pipe_fits(sizes: list[int]) -> None:
    source, sink = os.pipe()
    os.set_blocking(sink, False)
    held = 0
    with os.fdopen(source, "rb"), os.fdopen(sink, "wb"):
        for answer in map(bytes, sizes):
            held = filled(held, answer)
            assert held > MOST_BYTES or os.write(sink, answer) == len(answer)


@pytest.mark.promise("process:front:answers-while-loading", "process:front:ends-in-time")
@pytest.mark.parametrize("spoken", VERSIONS)
def test_a_whole_start_fits_whichever_tools_there_are(spoken: str) -> None:
    for row in DATA["rows"]:
        script, held = Script(DATA, row), 0
        for question in questions(spoken):
            answer = script.answer(line(question))
            assert answer
            held = filled(held, answer)
        assert held <= MOST_BYTES


@pytest.mark.promise("process:front:ends-in-time")
@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize(
    "connect", [os.pipe, lambda: [end.detach() for end in socket.socketpair()]], ids=["pipe", "socket"]
)
def test_a_front_never_blocks_on_a_host_that_reads_nothing(connect: Callable[[], Sequence[int]], method: str) -> None:
    source, ours = pipe()
    our_input, sink = connect()
    with source, ours, os.fdopen(our_input, "rb"), os.fdopen(sink, "wb"):
        front = Front(Script(DATA, "auth,knowledge off on False"), source.fileno(), sink)
        ours.write(b"".join(map(line, (initialize(), *[legacy(1, method)] * 600))))
        ours.flush()
        threading.Thread(target=front.listen, daemon=True).start()
        assert front.done.wait(LONGEST_SECONDS)
