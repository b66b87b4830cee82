"""Questions are answered once, and their time is taken."""

from rememberizer_mcp.server.sessions.shelf import MemoryShelf
from rememberizer_mcp.server.signin.pending import UNSEEN
from rememberizer_mcp.tools.base.questions import Questions

from tests.support.clock import FakeClock


async def test_an_answer_is_taken_once_with_the_seconds_that_it_took() -> None:
    clock = FakeClock(5.0)
    questions = Questions(MemoryShelf(clock=clock), clock=clock)
    await questions.ask("a")
    clock.advance(0.5)
    await questions.ask("b")
    clock.advance(1.0)
    assert [await questions.answered(each) for each in ("a", "a", "b", "never asked")] == [1.5, None, 1.0, None]


async def test_a_subject_that_went_unread_is_known_from_the_second_time_on() -> None:
    questions = Questions(MemoryShelf(), clock=float)
    assert [await questions.went_unread(each) for each in ("a", "b", "a", "a")] == [False, False, True, True]


async def test_a_person_is_sent_to_a_page_once() -> None:
    shelf = MemoryShelf()
    questions = Questions(shelf, clock=float)
    await shelf.put(UNSEEN, "page", b"", seconds=60)
    assert [await questions.is_first(each) for each in ("page", "page", "made up")] == [True, False, False]
