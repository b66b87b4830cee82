"""Questions are answered once, their time is taken, and what is kept is bounded."""

from rememberizer_mcp.tools.base.questions import MOST_KEPT, Questions

from tests.support.clock import FakeClock


def test_an_answer_is_taken_once_with_the_seconds_that_it_took() -> None:
    clock = FakeClock(5.0)
    questions = Questions(clock)
    questions.ask("a")
    clock.advance(0.5)
    questions.ask("b")
    clock.advance(1.0)
    assert [questions.answered(each) for each in ("a", "a", "b", "never asked")] == [1.5, None, 1.0, None]


def test_beyond_the_most_the_oldest_question_is_forgotten() -> None:
    questions = Questions(FakeClock())
    for number in range(MOST_KEPT + 1):
        questions.ask(str(number))
    assert questions.answered("0") is None
    assert questions.answered("1") == questions.answered(str(MOST_KEPT)) == 0


def test_a_subject_that_went_unread_is_known_from_the_second_time_on() -> None:
    questions = Questions(FakeClock())
    assert [questions.went_unread(each) for each in ("a", "b", "a", "a")] == [False, False, True, True]
    for number in range(MOST_KEPT):
        questions.went_unread(str(number))
    assert not questions.went_unread("a")
