"""What was said in a Slack or Discord channel (rememberizer-api.md §4.5); raises as ``Asker.request``."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import model_validator

from . import endpoints
from .answers import Answer, SomeLine, Text, moment, read
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

    Args:
        asker: Who asks.
        discussion_id: The id of the channel's document.
        source: Sent as ``integration_type``.
        start: The older end; it comes with the newer one, or not at all. Both have a time zone.
        end: The newer end.
    """

    async def ask(from_: datetime | None, to: datetime | None) -> Discussion:
        given = {"source": source, "start": moment(from_), "end": moment(to)}
        reply = await asker.request(endpoints.DISCUSSION_CONTENTS.call(given, discussion_id=discussion_id))
        return read(Discussion, reply.body.fields, reply)

    found = await ask(start, end)
    return await ask(end, start) if start and found.is_empty else found


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
