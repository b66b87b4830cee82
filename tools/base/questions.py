"""``Questions``: what the client was asked, and how long its answer took.

On 2026-07-28 the answer comes with another request, whose state names the question. The state is sealed, but a client
can send it twice, so each question is answered once here (S16).
"""

from collections.abc import Callable

from ...server.sessions.shelf import Shelf
from ...server.signin.pending import UNSEEN

READING_SECONDS = 0.3
"""Nobody reads a question faster; hosts that were run without a person answered within 10 ms (November 2026)."""
LIFE_SECONDS = 90_000.0
"""Of what is kept: a little over a day, which no sign-in page and no state of a question outlives."""


class Questions:
    """The questions to all clients.

    >>> import anyio
    >>> from rememberizer_mcp.server.sessions.shelf import MemoryShelf
    >>> seconds = iter([10.0, 12.5])
    >>> questions = Questions(MemoryShelf(clock=lambda: next(seconds)), clock=float)
    >>> anyio.run(questions.ask, "q")
    >>> anyio.run(questions.answered, "q"), anyio.run(questions.answered, "q")
    (2.5, None)

    Args:
        shelf: Where they are kept.
        clock: Seconds on a clock that never jumps.
    """

    def __init__(self, shelf: Shelf, *, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._shelf = shelf

    async def ask(self, question: str) -> None:
        """Remember that this question was asked now."""
        await self._shelf.put("question", question, b"", seconds=LIFE_SECONDS)

    async def answered(self, question: str) -> float | None:
        """How many seconds ago the question was asked; ``None`` if it has an answer already, or is not known."""
        asked = await self._shelf.take("question", question)
        return asked.age_seconds if asked else None

    async def is_first(self, page: str) -> bool:
        """Whether nobody was sent to the page with this id before; nobody is sent twice."""
        return await self._shelf.take(UNSEEN, page) is not None

    async def went_unread(self, subject: str) -> bool:
        """Remember that a question about this subject was answered before anybody could read it.

        Returns:
            Whether that had happened before.
        """
        before = await self._shelf.get("unread", subject)
        await self._shelf.put("unread", subject, b"", seconds=LIFE_SECONDS)
        return before is not None
