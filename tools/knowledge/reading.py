"""Results of ``knowledge`` that hold a text: a document's chunks, a discussion."""

from pydantic import BaseModel, Field

from ...server.api.client import Asker
from ...server.api.discussions import Discussion
from ...server.api.documents import Contents, document_contents
from ..base.content import Fence, FromDocuments, fits, fitted, shortened

CHUNKS_A_CALL = 20
"""What upstream gives where no end is asked for, and the most (rememberizer-api.md §4.4)."""
NOTHING_SAID = "Nothing was said in this time. Try another `start` and `end`."


class DocumentText(FromDocuments):
    id: int
    content: str
    start_chunk: int
    next_chunk: int | None = Field(description="Null at the end.")
    complete: bool = Field(description="Whether `content` is known to be the document's whole text.")


class ThreadText(BaseModel):
    title: str | None
    text: str


class DiscussionText(FromDocuments):
    """A discussion, main messages first."""

    id: int
    source: str
    text: str
    threads: list[ThreadText]


async def document_text(asker: Asker, document_id: int, *, start_chunk: int) -> DocumentText:
    """Chunks of a document, as many as have room in a result; only a single one that has none is cut.

    Raises:
        RememberizerError: As ``document_contents``.
    """
    fence, chunks = Fence(), CHUNKS_A_CALL
    contents = await document_contents(asker, document_id, start_chunk=start_chunk)

    def make(_: int, characters: int) -> DocumentText:
        is_cut, then = characters < len(contents.content), next_chunk(contents, start_chunk, asked=chunks)
        cut = f"This chunk was cut at {characters} characters; no call gets the rest of it."
        return DocumentText(
            **fence.marks(cut if is_cut else None),
            id=document_id,
            content=fence.around(shortened(contents.content, characters)),
            start_chunk=start_chunk,
            next_chunk=then,
            complete=not (start_chunk or is_cut) and has_ended(contents, start_chunk, asked=chunks),
        )

    while chunks > 1 and not fits(make(0, len(contents.content))):
        chunks //= 2
        end_chunk = start_chunk + chunks
        contents = await document_contents(asker, document_id, start_chunk=start_chunk, end_chunk=end_chunk)
    return fitted(make, characters=len(contents.content))


def next_chunk(contents: Contents, start_chunk: int, *, asked: int = CHUNKS_A_CALL) -> int | None:
    """Where to read on; the end is where upstream gives nothing, no further chunk, none beyond the start, or too few.

    ``asked`` is how many chunks it was asked for.
    """
    end = contents.end_chunk
    goes_on = not contents.was_empty and end is not None and end > start_chunk
    return end if goes_on and not has_ended(contents, start_chunk, asked=asked) else None


def has_ended(contents: Contents, start_chunk: int, *, asked: int) -> bool:
    """Whether upstream gave fewer chunks than it was asked for, in either reading of its end (§4.4, §12)."""
    end = contents.end_chunk
    return not contents.was_empty and end is not None and start_chunk <= end < start_chunk + asked - 1


def discussion_text(said: Discussion, *, discussion_id: int, source: str) -> DiscussionText:
    """The messages and every thread that has room, the longest texts cut evenly."""
    fence, threads = Fence(), said.thread_contents
    longest = max(len(text) for text in (said.discussion_content, *(thread.text for thread in threads)))

    def make(items: int, characters: int) -> DiscussionText:
        is_whole = items == len(threads) and characters == longest
        narrower = (
            f"Texts were cut at {characters} characters and {len(threads) - items} threads left out: "
            "call again with a narrower `start` and `end`."
        )
        return DiscussionText(
            **fence.marks(None if is_whole else narrower, nothing=None if longest or threads else NOTHING_SAID),
            id=discussion_id,
            source=source,
            text=fence.around(shortened(said.discussion_content, characters)),
            threads=[
                ThreadText(
                    title=fence.around(each.title) if each.title else None,
                    text=fence.around(shortened(each.text, characters)),
                )
                for each in threads[:items]
            ],
        )

    return fitted(make, items=len(threads), characters=longest)
