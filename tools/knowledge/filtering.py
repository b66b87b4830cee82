"""The list of documents by folder and dates. Upstream filters by source only; the rest is done here, page by page."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from ...server.api.documents import Document, DocumentPage
from ..base.arguments import moment
from ..base.content import Fence, fits
from .findings import DocumentList, Wanted, document_list

MOST_PAGES = 10
"""Pages that one call asks upstream for."""


def wanted_by(folder: str | None, after: datetime | None, before: datetime | None) -> Wanted | None:
    """Which documents are wanted; ``None`` means all.

    Those whose path begins with ``folder``, in any letter case, and that were created from ``after`` on and earlier
    than ``before``. A document whose date can't be read is in no time.
    """
    if folder is None and after is None and before is None:
        return None
    beginning = (folder or "").strip("/").casefold()

    def is_wanted(document: Document) -> bool:
        path = (document.path or "").lstrip("/").casefold()
        return path.startswith(beginning) and _is_between(document.created_time, after, before)

    return is_wanted


async def filtered_list(
    page_of: Callable[[int], Awaitable[DocumentPage]], wanted: Wanted, *, number: int, size: int
) -> DocumentList:
    """The wanted documents of up to ten pages, or of as many as have room in a result.

    Args:
        page_of: Asks upstream for one page.
        wanted: Which documents are shown.
        number: The page to begin with.
        size: How many documents a page has.
    """
    fence = Fence()
    listed = document_list(await page_of(number), number=number, size=size, fence=fence, wanted=wanted)
    for at in range(number + 1, number + MOST_PAGES):
        if listed.next_page != at or listed.page_size != size:
            break
        more = document_list(await page_of(at), number=at, size=size, fence=fence, wanted=wanted)
        both = {
            "documents": [*listed.documents, *more.documents],
            "looked_at": listed.looked_at + more.looked_at,
            "next_page": more.next_page,
        }
        longer = listed.model_copy(update=both)
        if more.page_size != size or not fits(longer):
            break
        listed = longer
    rest = f"Only {listed.looked_at} documents were looked at: go on with `page` = `next_page` for the rest."
    return listed if listed.cut or listed.next_page is None else listed.model_copy(update={"cut": rest})


def _is_between(created: str | None, after: datetime | None, before: datetime | None) -> bool:
    if after is None and before is None:
        return True
    with suppress(ValueError):
        at = moment(created)
        return (after is None or after <= at) and (before is None or at < before)
    return False
