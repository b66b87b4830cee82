"""What was said in a Slack or Discord channel (rememberizer-api.md §4.5); raises as ``Asker.request``."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import model_validator

from . import endpoints
from .answers import Answer, SomeLine, Text, ask
from .client import Asker

Source = Literal["slack", "discord"]


class Thread(Answer):
    """One thread; how upstream keys and writes it is not documented."""

    title: SomeLine
    text: Text


class Discussion(Answer):
    """The messages as one text, and the threads beside them."""

    discussion_content: Text
    thread_contents: list[Thread]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return not self.discussion_content and not self.thread_contents

    @model_validator(mode="before")
    @classmethod
    def _of_any_shape(cls, value: Any) -> Any:
        if not ("discussion_content" in value or "thread_contents" in value):
            return value
        threads = [{"title": title, "text": text} for title, text in _threads(value.get("thread_contents"))]
        text = value.get("discussion_content")
        return {"discussion_content": "" if text is None else text, "thread_contents": threads}


async def discussion_contents(
    asker: Asker, discussion_id: int, *, source: Source, start: datetime | None = None, end: datetime | None = None
) -> Discussion:
    """``GET discussions/{id}/contents/``.

    The spec calls ``from`` the newer end and every sample sends the older one: this sends what the samples do, and
    where nothing was said then, the two the other way round. Without both, upstream gives the last seven days.

    ``discussion_id`` is that of the channel's document. ``start`` is the older end. Both ends are given, or neither;
    each has a time zone.
    """

    async def between(from_: datetime | None, to: datetime | None) -> Discussion:
        given = {"source": source, "start": from_, "end": to}
        return await ask(Discussion, asker, endpoints.DISCUSSION_CONTENTS.call(given, discussion_id=discussion_id))

    found = await between(start, end)
    return await between(end, start) if start and found.is_empty else found


def _threads(value: Any) -> Iterator[tuple[str | None, str]]:
    """Each thread's key, if it has one, and all that it holds as text."""
    if isinstance(value, Mapping):
        yield from ((title, _as_text(thread)) for title, thread in value.items())
    elif isinstance(value, list):
        yield from ((None, _as_text(thread)) for thread in value)
    elif value not in (None, ""):
        yield None, _as_text(value)


def _as_text(value: Any) -> str:
    """A JSON value as lines: lists one item a line, objects one member a line."""
    match value:
        case str():
            return value
        case list():
            return "\n".join(_as_text(item) for item in value)
        case dict():
            return "\n".join(f"{name}: {_as_text(member)}" for name, member in value.items())
        case None:
            return ""
        case _:
            return str(value)
