"""How a recording becomes frames."""

import pytest

from tests.docs.film.cutting import cut, lines
from tests.docs.film.recording import AT_THE_PAGE, Chunk, Recording

STEP = b"\x1b[1m%2d. A step\x1b[0m\r\n    done\r\n"


def recording(*said: bytes) -> Recording:
    chunks = tuple(Chunk(at=10.0 * number, data=data) for number, data in enumerate(said))
    return Recording(chunks=chunks, address="http://127.0.0.1:1/x", photographs=(b"one", b"two"))


def test_lines_are_put_together_whichever_way_they_came() -> None:
    chunks = [Chunk(at=1, data=b"a"), Chunk(at=2, data=b"b\nc\nd"), Chunk(at=3, data=b"\n")]
    assert list(lines(chunks)) == [(2, b"ab\n"), (2, b"c\n"), (3, b"d\n")]


def test_each_step_is_a_frame_and_the_photographs_stand_before_the_next() -> None:
    page = f"    ({AT_THE_PAGE})\r\n".encode()
    frames = cut(recording(b"hello\r\n", STEP % 1, STEP % 2 + page, STEP % 3))
    assert [frame.photograph for frame in frames] == [None, None, 0, 1, None]
    assert [frame.seconds for frame in frames[2:4]] == [3.5, 3.5]
    texts = [[" ".join(run.text for run in row) for row in frame.rows if row] for frame in frames]
    assert texts[0] == ["$ make demo", "hello", "1. A step", "done"]
    assert texts[1] == texts[2] == texts[3] == [*texts[0], "2. A step", "done", f"({AT_THE_PAGE})"]
    assert texts[4] == [*texts[3], "3. A step", "done"]


def test_a_frame_lasts_as_long_as_it_took_and_no_shorter_than_reading_it() -> None:
    frames = cut(recording(STEP % 1, STEP % 2, STEP % 3))
    first, second, last = (frame.seconds for frame in frames)
    assert (first, second) == (10.0, 10.0)
    assert last == pytest.approx(4.1)


def test_looks_are_kept() -> None:
    (frame,) = cut(recording(b"\x1b[1mbold\x1b[0m  \x1b[36mcyan\x1b[0m plain\r\n"))
    (row,) = [row for row in frame.rows[1:] if row]
    assert [(run.column, run.text, run.colour, run.bold) for run in row] == [
        (0, "bold", "default", True),
        (6, "cyan", "cyan", False),
        (11, "plain", "default", False),
    ]
