"""Lines are written in order by a thread of their own, and nobody waits for a reader who never reads."""

import io
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from rememberizer_mcp.server.logs.line_writer import FLUSH_SECONDS, MOST_WAITING, LineWriter

PATIENCE_SECONDS = 10
MANY = 100_000


class Pipe(io.StringIO):
    """A stream whose reader reads only when the test lets it."""

    def __init__(self, *, is_read: bool = True) -> None:
        super().__init__()
        self._may_write = threading.Semaphore(MANY if is_read else 0)
        self._arrived = threading.Semaphore(0)

    def write(self, text: str) -> int:
        self._arrived.release()
        assert self._may_write.acquire(timeout=PATIENCE_SECONDS)
        return super().write(text)

    def read_lines(self, number: int) -> None:
        self._may_write.release(number)

    def wait_for_line(self) -> None:
        assert self._arrived.acquire(timeout=PATIENCE_SECONDS)


class Broken(Pipe):
    """A stream that takes every second line."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += 1
        if self.lines % 2:
            raise BrokenPipeError
        return super().write(text)


def writer_to(stream: io.StringIO) -> LineWriter:
    return LineWriter(stream, about_lost="{} lost".format)


def end(writer: LineWriter, pipe: Pipe) -> list[str]:
    """Let the reader read, and give what it got."""
    pipe.read_lines(MANY)
    for _ in range(50):
        writer.flush()
    writer.close()
    return pipe.getvalue().splitlines()


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "lines"}


def fill(writer: LineWriter, pipe: Pipe, *, lines: int) -> None:
    """Have one line stuck in the pipe and these behind it."""
    writer.write("stuck")
    pipe.wait_for_line()
    for number in range(lines):
        writer.write(str(number))


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns in the middle of whatever they do."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.promise("settings:logs:one-redacted-line")
def test_lines_are_written_in_the_order_in_which_they_came() -> None:
    pipe = Pipe()
    writer = writer_to(pipe)
    for number in range(500):
        writer.write(str(number))
    assert end(writer, pipe) == [str(number) for number in range(500)]


@pytest.mark.promise("settings:logs:one-redacted-line")
def test_lines_of_many_threads_are_whole() -> None:
    pipe = Pipe()
    writer = writer_to(pipe)

    def write() -> None:
        for _ in range(20):
            writer.write("x" * 50)

    work = [threading.Thread(target=write) for _ in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(PATIENCE_SECONDS)
    assert end(writer, pipe) == ["x" * 50] * 160


@pytest.mark.usefixtures("hurried")
def test_no_line_is_lost_where_many_threads_start_and_end_the_writer() -> None:
    before, pipe = threads(), Pipe()
    writer = writer_to(pipe)

    def write() -> None:
        for _ in range(100):
            writer.write("x")
            writer.close()

    work = [threading.Thread(target=write) for _ in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(PATIENCE_SECONDS)
    writer.write("last")
    assert end(writer, pipe) == ["x"] * 800 + ["last"]
    for thread in {*work} | (threads() - before):
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_the_thread_starts_with_the_first_line_and_ends_with_the_writer() -> None:
    before, pipe = threads(), Pipe()
    writer = writer_to(pipe)
    writer.flush()
    writer.close()
    assert not threads() - before
    writer.write("one")
    writer.write("two")
    (thread,) = threads() - before
    writer.close()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    writer.write("three")
    assert end(writer, pipe) == ["one", "two", "three"]


@pytest.mark.promise("process:log:holds-up-nothing")
def test_a_reader_who_never_reads_holds_nobody_up() -> None:
    pipe = Pipe(is_read=False)
    writer = writer_to(pipe)
    begun = time.perf_counter()
    fill(writer, pipe, lines=5 * MOST_WAITING)
    writer.flush()
    assert FLUSH_SECONDS < time.perf_counter() - begun < PATIENCE_SECONDS / 2
    end(writer, pipe)


@pytest.mark.promise("process:log:holds-up-nothing")
def test_the_newest_lines_are_dropped_and_their_number_said() -> None:
    pipe = Pipe(is_read=False)
    writer = writer_to(pipe)
    fill(writer, pipe, lines=MOST_WAITING + 7)
    assert end(writer, pipe) == ["stuck", *map(str, range(MOST_WAITING)), "7 lost"]


@pytest.mark.promise("process:log:holds-up-nothing")
def test_each_gap_is_told_where_it_is() -> None:
    pipe = Pipe(is_read=False)
    writer = writer_to(pipe)
    fill(writer, pipe, lines=MOST_WAITING + 1)
    pipe.read_lines(2)
    pipe.wait_for_line()
    pipe.wait_for_line()  # two lines out, so there is room for one beside the word about the first gap
    for line in ("later", "dropped", "dropped as well"):
        writer.write(line)
    told = end(writer, pipe)
    assert told[-4:] == [str(MOST_WAITING - 1), "1 lost", "later", "2 lost"]


@pytest.mark.promise("process:log:holds-up-nothing")
def test_what_is_dropped_after_a_gap_was_told_makes_another() -> None:
    pipe = Pipe(is_read=False)
    writer = writer_to(pipe)
    fill(writer, pipe, lines=MOST_WAITING + 1)
    pipe.read_lines(MOST_WAITING + 1)
    for _ in range(MOST_WAITING + 1):
        pipe.wait_for_line()  # the word about the gap is stuck in the pipe now
    for number in range(MOST_WAITING + 3):
        writer.write(str(number))
    told = end(writer, pipe)
    assert [line for line in told if line.endswith(" lost")] == ["1 lost", "3 lost"]


def test_a_stream_that_fails_loses_no_later_line() -> None:
    pipe = Broken()
    writer = writer_to(pipe)
    for number in range(4):
        writer.write(str(number))
    assert end(writer, pipe) == ["1", "3"]


@pytest.mark.promise("process:log:holds-up-nothing")
def test_a_line_that_is_dropped_while_those_before_it_are_told_is_counted_too() -> None:
    """Between its look at the queue and the drop, the other thread comes to what stands for the dropped lines."""
    pipe, told = Pipe(is_read=False), threading.Event()

    def about_lost(lines: int) -> str:
        told.set()
        return f"{lines} lost"

    class Interrupted(LineWriter):
        is_interrupted = False

        def _drop(self) -> None:
            if self.is_interrupted:
                pipe.read_lines(MANY)
                told.wait(FLUSH_SECONDS)
            super()._drop()

    writer = Interrupted(pipe, about_lost=about_lost)
    writer.write("first")
    pipe.wait_for_line()
    for number in range(MOST_WAITING + 1):
        writer.write(str(number))
    writer.is_interrupted = True
    writer.write("one more")
    assert end(writer, pipe)[-1] == "2 lost"
