"""``Questions``: what the client was asked, and how long its answer took.

On 2026-07-28 the answer comes with another request, whose state names the question. The state is sealed, but a client
can send it twice, so each question is answered once here (S16). What is kept lives as long as the process.
"""

from collections.abc import Callable

READING_SECONDS = 0.3
"""Nobody reads a question faster; hosts that were run without a person answered within 10 ms (November 2026)."""
MOST_KEPT = 1_000
"""Questions of each kind; beyond that the oldest is forgotten, and asked again."""


class Questions:
    """The questions of one run of the server.

    >>> seconds = iter([10.0, 12.5])
    >>> questions = Questions(lambda: next(seconds))
    >>> questions.ask("q")
    >>> questions.answered("q"), questions.answered("q")
    (2.5, None)

    Args:
        clock: Seconds on a clock that never jumps.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._open: dict[str, float] = {}
        self._unread: dict[str, float] = {}

    def ask(self, question: str) -> None:
        """Remember that this question was asked now."""
        self._keep(self._open, question)

    def answered(self, question: str) -> float | None:
        """How many seconds ago the question was asked; ``None`` if it has an answer already, or is not known here."""
        asked = self._open.pop(question, None)
        return None if asked is None else self.clock() - asked

    def went_unread(self, subject: str) -> bool:
        """Remember that a question about this subject was answered before anybody could read it.

        Returns:
            Whether that had happened before.
        """
        before = subject in self._unread
        self._keep(self._unread, subject)
        return before

    def _keep(self, among: dict[str, float], name: str) -> None:
        among[name] = self.clock()
        if len(among) > MOST_KEPT:
            del among[next(iter(among))]
