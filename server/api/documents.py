"""Documents: list them, read one, add one (rememberizer-api.md §4.3, §4.4, §4.6); raises as ``Asker.request``."""

from typing import Any

from pydantic import model_validator

from ..errors import Forbidden, NotFound, repaired
from . import endpoints
from .answers import (
    Answer,
    Name,
    SomeLine,
    SomeUrl,
    SomeWhole,
    Text,
    Whole,
    ask,
    first_whole,
    found_list,
    read,
    read_list,
    require_done,
)
from .client import Asker, Reply

MAY_NOT_STORE = (
    "Rememberizer may refuse this to an API key or a sign-in by password. It also refuses it to an app for which the "
    'user chose "Disable Memory" there. Ask the user to change that, or to sign in another way; then call again.'
)
_IDS = ("pk", "id", "document_id")


class Document(Answer):
    """One document as lists and searches describe it; dates are upstream's text.

    ``id`` is what ``contents`` takes: ``pk`` where there is one, else the first id that is a number (§4.3, §8).
    """

    id: Whole
    name: Name
    source: SomeLine = None
    """Upstream's word for where it comes from: google_drive, slack and so on."""
    type: SomeLine = None
    """The MIME type."""
    status: SomeLine = None
    status_error_message: SomeLine = None
    path: SomeLine = None
    url: SomeUrl = None
    size: SomeWhole = None
    """In bytes."""
    created_time: SomeLine = None
    modified_time: SomeLine = None
    indexed_on: SomeLine = None

    @model_validator(mode="before")
    @classmethod
    def _of_any_shape(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        integration = value.get("integration")
        inner = integration.get("integration_type") if isinstance(integration, dict) else None
        source = value.get("integration_type") or inner
        return value | {"id": first_whole(value, *_IDS), "name": value.get("name"), "source": source}


class _Paging(Answer):
    """What stands beside the documents of a page."""

    count: Whole | None = None
    next: Any = None


class DocumentPage(Answer):
    """One page of the list."""

    documents: list[Document]
    total: int | None
    """Of all pages, if upstream counts."""
    is_last: bool


class Contents(Answer):
    """Some chunks of a document as one text."""

    content: Text
    end_chunk: SomeWhole = None
    """Where upstream says that the next chunks begin; whether it was given already is not documented."""

    was_empty: bool = False
    """Whether upstream gave nothing: a text of nothing but characters that are removed is something."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: Any) -> Any:
        if "content" not in value:
            return value
        content = "" if value["content"] is None else value["content"]
        return value | {"content": content, "was_empty": content == ""}


async def list_documents(asker: Asker, *, page: int, page_size: int, source: str | None = None) -> DocumentPage:
    """``GET documents/`` (§4.3). A page beyond the last is empty and the last, also where upstream has a 404 for it.

    Pages count from 1. A ``source`` leaves only the documents of this ``integration_type``.
    """
    call = endpoints.DOCUMENTS.call({"page": page, "page_size": page_size, "source": source})
    try:
        reply = await asker.request(call)
    except NotFound:
        if page == 1:
            raise
        return DocumentPage(documents=[], total=None, is_last=True)
    require_done(reply)
    return _page(reply, number=page, size=page_size)


def _page(reply: Reply, *, number: int, size: int) -> DocumentPage:
    """Whether another page follows is taken from ``next``, else from the count; the URL itself is never followed.

    An empty page is the last, and so is one with as high a number as there are documents: no upstream makes paging
    endless. A bare list is all there is, and is divided into pages here.
    """
    documents, seen = read_list(Document, reply, "results"), number * size
    if isinstance(reply.body.json, list):
        return DocumentPage(
            documents=documents[seen - size : seen], total=len(documents), is_last=seen >= len(documents)
        )
    paging = read(_Paging, reply.body.fields, reply)
    follows = paging.next is not None if "next" in paging.model_fields_set else seen < (paging.count or 0)
    is_possible = bool(documents) and (paging.count is None or number < paging.count)
    return DocumentPage(documents=documents, total=paging.count, is_last=not (follows and is_possible))


async def document_contents(
    asker: Asker, document_id: int, *, start_chunk: int, end_chunk: int | None = None
) -> Contents:
    """``GET documents/{id}/contents/`` (§4.4): at most 20 chunks, which count from 0; 20 also where no end is given."""
    given = {"start_chunk": start_chunk, "end_chunk": end_chunk}
    return await ask(Contents, asker, endpoints.DOCUMENT_CONTENTS.call(given, document_id=document_id))


async def memorize(asker: Asker, *, name: str, content: str) -> int | None:
    """``POST documents/memorize/`` (§4.6), sent once: 200, 201 and 204 are successes, with or without an id.

    Raises:
        RememberizerError: Upstream's refusals, or no usable answer; then the repair says that it may be stored.
    """
    call = endpoints.MEMORIZE.call({"name": name, "content": content})
    with repaired({Forbidden: MAY_NOT_STORE}):
        reply = await asker.request(call)
    require_done(reply)
    described = next(iter(found_list(reply) or []), reply.body.fields)
    return first_whole(described, *_IDS)
