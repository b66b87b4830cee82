"""Documents as the API shows them (rememberizer-api.md §4.1 and §4.3)."""

from collections.abc import Iterable, Sequence

from ..config import Variants
from ..data.documents import Document, Match
from ..data.integrations import INTEGRATIONS
from .times import iso


def listed(document: Document, variants: Variants) -> dict[str, object]:
    """Give a document as a list of documents has it."""
    identity: dict[str, object] = {"id": document.id}
    if variants.document_ids == "pk":
        identity = {"pk": document.id, "id": _source_id(document)}
    return identity | {
        "document_id": _source_id(document),
        "name": document.name,
        "type": document.type,
        "path": document.path,
        "url": document.url,
        "integration_type": document.integration_type,
        "source": document.source,
        "status": document.status,
        "status_error_message": document.failure,
        "indexed_on": iso(document.ready_at) if document.status == "indexed" else None,
        "size": document.size,
        "created_time": _time(document.created_at),
    }


def search_reply(matches: Sequence[Match], variants: Variants) -> dict[str, object]:
    """Give the body of a search's reply."""
    if variants.search_shape == "data":
        found = [_match(match, _older_document(match.document, variants)) for match in matches]
        return {"data": found, "message": "", "code": None}
    chunks = [_match(match, _document(match.document, variants)) for match in matches]
    return {"data_sources": _data_sources(match.document for match in matches), "matched_chunks": chunks}


def _match(match: Match, document: dict[str, object]) -> dict[str, object]:
    return {
        "chunk_id": match.chunk_id,
        "document": document,
        "matched_content": match.text,
        "distance": match.distance,
    }


def _document(document: Document, variants: Variants) -> dict[str, object]:
    filled = variants.search_dates == "filled"
    return {
        "id": document.id,
        "document_id": _source_id(document),
        "name": document.name,
        "type": document.type,
        "path": document.path,
        "url": document.url,
        "size": document.size,
        "created_time": _time(document.created_at) if filled else "",
        "modified_time": _time(document.modified_at) if filled else "",
        "indexed_on": iso(document.ready_at),
        "integration": {
            "id": INTEGRATIONS[document.integration_type].id,
            "integration_type": document.integration_type,
        },
    }


def _older_document(document: Document, variants: Variants) -> dict[str, object]:
    """In the older shape the size is a text."""
    return _document(document, variants) | {"size": str(document.size)}


def _data_sources(documents: Iterable[Document]) -> list[dict[str, object]]:
    found: dict[str, set[int]] = {}
    for document in documents:
        found.setdefault(INTEGRATIONS[document.integration_type].title, set()).add(document.id)
    return [{"name": title, "documents": len(ids)} for title, ids in found.items()]


def _source_id(document: Document) -> str:
    """What the source calls the document; no number, so that it can't be taken for one."""
    return f"{document.integration_type}-{document.id}"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else iso(seconds)
