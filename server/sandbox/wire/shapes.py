"""Documents as the API shows them (rememberizer-api.md §4.1, §4.3 and §6)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ..config import Variants
from ..data.documents import INTEGRATIONS, Document, Match
from ..data.vector_stores import VectorStore

Shape = dict[str, object]


def iso(seconds: float) -> str:
    """Write Unix seconds in ISO 8601, in UTC, as Django REST Framework does."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def listed(document: Document, variants: Variants) -> Shape:
    """Give a document as a list of documents has it."""
    described = _described(document)
    is_pk = variants.document_ids == "pk"
    return {
        **({"pk": document.id, "id": described["document_id"]} if is_pk else {"id": document.id}),
        **described,
        "integration_type": document.integration_type,
        "source": document.source,
        "status": document.status,
        "status_error_message": document.failure,
        "indexed_on": _indexed_on(document),
        "created_time": _time(document.created_at) or "",
    }


def search_reply(matches: Sequence[Match], variants: Variants) -> Shape:
    """Give the body of a search's reply. In the older shape the size of a document is a text."""
    chunks: list[Shape] = []
    sources: dict[str, set[int]] = {}
    for match in matches:
        shown = _found(match.document, variants)
        chunks.append({"chunk_id": match.chunk_id, "document": shown, **_passage(match)})
        sources.setdefault(INTEGRATIONS[match.document.integration_type].title, set()).add(match.document.id)
    if variants.search_shape == "data":
        return {"data": chunks, "message": "", "code": None}
    data_sources = [{"name": title, "documents": len(ids)} for title, ids in sources.items()]
    return {"data_sources": data_sources, "matched_chunks": chunks}


def store_document(document: Document, store: VectorStore, variants: Variants) -> Shape:
    """Give a vector store's document. A remark takes the place of a failure's sentence where there is no failure."""
    indexed = ("done", "done") if variants.store_status == "done" else ("indexed", "completed")
    statuses = {"indexing": ("processing", "queued"), "error": ("error", "error"), "indexed": indexed}
    status, processing_status = statuses[document.status]
    return {
        **_in_store(document, store),
        "status": status,
        "processing_status": processing_status,
        "status_error_message": document.failure or document.remark,
    }


def store_search_reply(matches: Sequence[Match], store: VectorStore) -> Shape:
    """Give the body of the reply to a search in a vector store."""
    chunks = [{"document": _in_store(match.document, store), **_passage(match)} for match in matches]
    return {"vector_store": {"id": store.id, "name": store.name}, "matched_chunks": chunks}


def _passage(match: Match) -> Shape:
    return {"matched_content": match.text, "distance": match.distance}


def _found(document: Document, variants: Variants) -> Shape:
    is_filled = variants.search_dates == "filled"
    kind = document.integration_type
    return {
        "id": document.id,
        **_described(document),
        "size": str(document.size) if variants.search_shape == "data" else document.size,
        "created_time": (is_filled and _time(document.created_at)) or "",
        "modified_time": (is_filled and _time(document.modified_at)) or "",
        "indexed_on": iso(document.ready_at),
        "integration": {"id": INTEGRATIONS[kind].id, "integration_type": kind},
    }


def _in_store(document: Document, store: VectorStore) -> Shape:
    return {
        "id": document.id,
        "name": document.name,
        "type": document.type,
        "vector_store": store.id,
        "size": document.size,
        "indexed_on": _indexed_on(document),
        "created": _time(document.created_at),
        "modified": _time(document.modified_at),
    }


def _described(document: Document) -> Shape:
    """`document_id` is what the source calls it: no number, so that it can't be taken for one."""
    return {
        "document_id": f"{document.integration_type}-{document.id}",
        "name": document.name,
        "type": document.type,
        "path": document.path,
        "url": document.url,
        "size": document.size,
    }


def _indexed_on(document: Document) -> str | None:
    return iso(document.ready_at) if document.status == "indexed" else None


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)
