"""The endpoints: which credentials each takes, and what our tools call its fields (rememberizer-api.md §3-6).

The docs show a bearer on all of §4, the official server an API key; so both are taken there. A vector store's documents
take its own key alone, and everything else takes a signed-in account alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Any
from urllib.parse import quote

from ..errors import Repair
from .client import Call, Method


class Takes(Flag):
    """What an endpoint accepts to see who asks."""

    ACCOUNT = auto()
    """A sign-in: cookies or a bearer."""
    API_KEY = auto()
    """A common knowledge's key (REMEMBERIZER_API_TOKEN)."""
    STORE_KEY = auto()
    """A vector store's key (REMEMBERIZER_VECTOR_STORE_TOKEN)."""


@dataclass(frozen=True)
class Endpoint:
    """One row of the table; ``path`` is sent as written, with what stands in braces filled in."""

    method: Method
    path: str
    takes: Takes
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What our tools call its fields, where that is another name."""
    if_lost: Repair | None = field(default=None, hash=False)
    """How to find out whether it was done, where it went out and no answer came that says so."""

    def call(self, *, query: dict[str, Any] | None = None, json: Any = None, **parts: str | int) -> Call:
        """A request to it. Every GET may be repeated; members of ``query`` that are ``None`` are left out."""
        filled = {name: quote(str(value), safe="") for name, value in parts.items()}
        return Call(
            method=self.method,
            path=self.path.format(**filled),
            query={name: value for name, value in (query or {}).items() if value is not None},
            json=json,
            repeatable=self.method == "GET",
            arguments=self.arguments,
            if_lost=self.if_lost,
        )


_EITHER = Takes.ACCOUNT | Takes.API_KEY
_THRESHOLD = {"t": "threshold"}
_TIMES = {"from": "after", "to": "before"}
_WORDS = {"q": "query", "n": "limit", "prev_chunks": "context_chunks", "next_chunks": "context_chunks"}
_CHUNKS = {"n_chunks": "limit"}
_FILES = {"files": "paths"}
_MEMENTO = {"memento": "id", "folder_add": "add_folders"}
_SOURCE = {"integration_type": "source"}

_MAYBE_STORED = Repair("It may have been stored all the same: look for it with {search} before you try again.")
_MAYBE_CREATED = Repair(
    "The memento may have been created all the same: call {list_mementos} before another {create_memento}."
)
_STORE_MAYBE_CREATED = Repair(
    "The vector store may have been created all the same: have the user look at Rememberizer before another "
    "{create_vector_store}."
)
_MAYBE_ADDED = Repair(
    "The text may have been added all the same: call {list_vector_documents} before another {add_vector_text}."
)
_MAYBE_UPLOADED = Repair(
    "The files may have been stored all the same: call {list_vector_documents} before another upload."
)

SEARCH = Endpoint("GET", "documents/search/", _EITHER, _WORDS | _TIMES)
AGENTIC_SEARCH = Endpoint("POST", "documents/agentic_search/", _EITHER, _CHUNKS | _TIMES)
DOCUMENTS = Endpoint("GET", "documents/", _EITHER, _SOURCE)
DOCUMENT_CONTENTS = Endpoint("GET", "documents/{document_id}/contents/", _EITHER, {"end_chunk": "start_chunk"})
DISCUSSION_CONTENTS = Endpoint(
    "GET", "discussions/{discussion_id}/contents/", _EITHER, _SOURCE | {"from": "start", "to": "end"}
)
MEMORIZE = Endpoint("POST", "documents/memorize/", _EITHER, if_lost=_MAYBE_STORED)
ACCOUNT = Endpoint("GET", "account/", _EITHER)
ME = Endpoint("GET", "me/", Takes.ACCOUNT)
INTEGRATIONS = Endpoint("GET", "integrations/", _EITHER)

MEMENTOS = Endpoint("GET", "mementos/", Takes.ACCOUNT)
CREATE_MEMENTO = Endpoint("POST", "mementos/", Takes.ACCOUNT, if_lost=_MAYBE_CREATED)
MEMENTO = Endpoint("GET", "mementos/{memento_id}/", Takes.ACCOUNT)
MEMENTO_DOCUMENTS = Endpoint("POST", "mementos/memento_document/{memento_id}/", Takes.ACCOUNT, _MEMENTO)
DELETE_MEMENTO = Endpoint("DELETE", "mementos/{memento_id}/", Takes.ACCOUNT)
PUBLIC_KNOWLEDGE = Endpoint("GET", "common-knowledge/subscribed-list/", Takes.ACCOUNT)

VECTOR_STORE = Endpoint("GET", "vector-stores/me", Takes.STORE_KEY)
CREATE_VECTOR_STORE = Endpoint("POST", "vector-stores/", Takes.ACCOUNT, if_lost=_STORE_MAYBE_CREATED)
VECTOR_STORE_CONFIGS = Endpoint("GET", "vector-stores/configs", Takes.ACCOUNT)
VECTOR_DOCUMENTS = Endpoint("GET", "vector-stores/{store_id}/documents", Takes.STORE_KEY)
VECTOR_DOCUMENT = Endpoint("GET", "vector-stores/{store_id}/documents/{document_id}", Takes.STORE_KEY)
ADD_VECTOR_TEXT = Endpoint("POST", "vector-stores/{store_id}/documents/create", Takes.STORE_KEY, if_lost=_MAYBE_ADDED)
UPLOAD_VECTOR_FILES = Endpoint(
    "POST", "vector-stores/{store_id}/documents/upload", Takes.STORE_KEY, _FILES, if_lost=_MAYBE_UPLOADED
)
RENAME_VECTOR_DOCUMENT = Endpoint("PATCH", "vector-stores/{store_id}/documents/{document_id}/", Takes.STORE_KEY)
DELETE_VECTOR_DOCUMENT = Endpoint("DELETE", "vector-stores/{store_id}/documents/{document_id}/", Takes.STORE_KEY)
VECTOR_SEARCH = Endpoint("GET", "vector-stores/{store_id}/documents/search", Takes.STORE_KEY, _WORDS | _THRESHOLD)
VECTOR_AGENTIC_SEARCH = Endpoint("POST", "vector-stores/{store_id}/documents/agentic_search", Takes.STORE_KEY, _CHUNKS)
