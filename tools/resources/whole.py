"""Texts as resources: plain text with the notice before it, the fence around it, and what was cut after it."""

from ...server.api.asking import Asker
from ...server.api.discussions import Source, discussion_contents
from ...server.api.documents import document_contents
from ..base.content import MOST_RESULT_BYTES, Fence
from ..knowledge.reading import discussion_text, next_chunk

ROOM_BYTES = MOST_RESULT_BYTES - 2_000
"""What notice, fence and the last sentence leave."""


async def document_as_text(asker: Asker, document_id: int, *, deadline: float) -> str:
    """A document from its beginning to its end, or as far as there is room.

    Raises:
        RememberizerError: As ``document_contents``.
    """
    fence, parts, room = Fence(), list[str](), ROOM_BYTES
    start: int | None = 0
    while start is not None:
        contents = await document_contents(asker, document_id, start_chunk=start, deadline=deadline)
        part = contents.content.encode()
        parts.append(part[:room].decode(errors="ignore"))
        room -= len(part)
        if room < 0:
            break
        start = next_chunk(contents, start)
    rest = f"Cut here: `read_document` with `id` {document_id} and `start_chunk` {start} goes on."
    return "\n".join([fence.notice, fence.around("".join(parts)), *([] if start is None else [rest])])


async def discussion_as_text(asker: Asker, discussion_id: int, *, source: Source, deadline: float) -> str:
    """What was said in a channel in upstream's default time, threads after the main messages.

    Raises:
        RememberizerError: As ``discussion_contents``.
    """
    said = await discussion_contents(asker, discussion_id, source=source, start=None, end=None, deadline=deadline)
    result = discussion_text(said, discussion_id=discussion_id, source=source)
    threads = [text for thread in result.threads for text in (thread.title, thread.text) if text]
    rest = f"`read_discussion` with `id` {discussion_id}, `source` {source} and a `start` and `end` gets"
    if said.is_empty:
        return f"Nothing was said in the last seven days; {rest} another time."
    cut = [f"Texts were cut; {rest} a shorter time whole."] if result.cut else []
    return "\n".join([result.notice, result.text, *threads, *cut])
