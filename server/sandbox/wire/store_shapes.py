"""A vector store's documents as the API shows them (rememberizer-api.md §6)."""

from collections.abc import Sequence

from ..config import Variants
from ..data.documents import Document, Match
from ..data.vector_stores import VectorStore
from .times import iso


def store_document(
    document: Document, store: VectorStore, variants: Variants, *, remark: str | None = None
) -> dict[str, object]:
    """Give a document. The remark takes the place of a failure's sentence where there is no failure."""
    status, processing_status = _statuses(document, variants)
    return {
        **_short(document, store),
        "status": status,
        "processing_status": processing_status,
        "status_error_message": document.failure or remark,
    }


def store_search_reply(matches: Sequence[Match], store: VectorStore) -> dict[str, object]:
    """Give the body of a search's reply."""
    return {
        "vector_store": {"id": store.id, "name": store.name},
        "matched_chunks": [
            {
                "document": _short(match.document, store),
                "matched_content": match.text,
                "distance": match.distance,
            }
            for match in matches
        ],
    }


def _short(document: Document, store: VectorStore) -> dict[str, object]:
    return {
        "id": document.id,
        "name": document.name,
        "type": document.type,
        "vector_store": store.id,
        "size": document.size,
        "indexed_on": iso(document.ready_at) if document.status == "indexed" else None,
        "created": _time(document.created_at),
        "modified": _time(document.modified_at),
    }


def _statuses(document: Document, variants: Variants) -> tuple[str, str]:
    match document.status:
        case "indexing":
            return "processing", "queued"
        case "error":
            return "error", "error"
    return ("done", "done") if variants.store_status == "done" else ("indexed", "completed")


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)
