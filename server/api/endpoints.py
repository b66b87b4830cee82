"""The endpoints: what each takes, how long it may take, and what our tools call its fields (rememberizer-api.md §1-6).

A request is made from its endpoint alone, so nothing about it is said a second time elsewhere. The docs show a bearer
on all of §4, the official server an API key; so both are taken there. A vector store's documents take its own key
alone, and everything else takes a signed-in account alone.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, Flag, auto
from typing import Any, Literal
from urllib.parse import quote

from ..errors import Repair

Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Takes(Flag):
    """What an endpoint accepts to see who asks."""

    NOTHING = 0
    """Signup and signin."""
    ACCOUNT = auto()
    """A sign-in: the cookies, or the bearer token where there is no access cookie (§0: either is accepted)."""
    API_KEY = auto()
    """A common knowledge's key (REMEMBERIZER_API_TOKEN)."""
    STORE_KEY = auto()
    """A vector store's key (REMEMBERIZER_VECTOR_STORE_TOKEN)."""
    BEARER = auto()
    """The access token in an ``Authorization`` header, and no cookie: verify-email (§1.3)."""
    REFRESH_TOKEN = auto()
    """The ``refresh_token`` cookie alone: custom-refresh (§1.4)."""
    ALL_COOKIES = auto()
    """As ``ACCOUNT``, and the ``refresh_token`` cookie wherever it is meant for: custom-logout ends it (§1.5)."""


class Lane(Enum):
    """Calls of one kind wait for each other only, so that slow ones hold up neither the rest nor a sign-out."""

    SIGN_IN = auto()
    SLOW = auto()
    """A language model works behind it, or files are sent."""
    USUAL = auto()


@dataclass(frozen=True, kw_only=True)
class Content:
    """A body that is made while it is sent; ``chunks`` has to give ``length`` bytes in all, or raise."""

    type: str
    length: int
    chunks: Callable[[], AsyncIterator[bytes]] = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """With the length known, the body isn't sent in HTTP's chunks, which not every server takes."""
        return {"Content-Type": self.type, "Content-Length": str(self.length)}


@dataclass(frozen=True)
class Endpoint:
    """One row of the table; ``path`` is sent as written (§0), with what stands in braces filled in.

    >>> SEARCH.call({"query": "tea", "limit": 3, "after": None}).query
    {'q': 'tea', 'n': 3}
    >>> MEMENTO.call(memento_id="a/b").path
    'mementos/a%2Fb/'
    """

    method: Method
    path: str
    takes: Takes
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What our tools call its fields, where that is another name."""
    at_least_seconds: float = 0
    """How long a call of it may take in any case."""
    path_for_key: str | None = None
    """Where an API key asks in its place."""
    if_lost: Repair | None = field(default=None, hash=False)
    """How to find out whether a call was done, where it went out and no answer came that says so."""

    @property
    def is_repeatable(self) -> bool:
        """Whether a call may be sent again: what only reads, and a sign-out."""
        return self.method == "GET" or self.takes is Takes.ALL_COOKIES

    @property
    def family(self) -> str:
        """Which others it is counted with: those whose paths begin alike.

        >>> VECTOR_SEARCH.family
        'vector-stores'
        """
        return self.path.partition("/")[0]

    @property
    def lane(self) -> Lane:
        """With which other calls it takes turns."""
        if self.family == "auth":
            return Lane.SIGN_IN
        return Lane.SLOW if self.at_least_seconds else Lane.USUAL

    def call(
        self,
        given: Mapping[str, Any] | None = None,
        *,
        form: Mapping[str, str] | None = None,
        content: Content | None = None,
        **parts: str | int,
    ) -> "Call":
        """A request to it.

        Args:
            given: Its fields, by our tools' names for them or its own. ``None`` is left out, and a point in time, which
                has a zone, is sent as full ISO 8601 in UTC.
            form: A body that is a form.
            content: A body that isn't held in memory.
            **parts: What stands in the path.
        """
        known = {ours: _sent(value) for ours, value in (given or {}).items() if value is not None}
        fields = {name: value for ours, value in known.items() for name in self._names_of(ours)}
        path = self.path.format(**{name: quote(str(value), safe="") for name, value in parts.items()})
        return Call(endpoint=self, path=path, fields=fields, form=form, content=content)

    def _names_of(self, ours: str) -> list[str]:
        theirs = [their for their, our in self.arguments.items() if our == ours]
        return theirs if theirs and ours not in self.arguments else [ours]


def _sent(value: Any) -> Any:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of the contract; ``path`` is relative to the base URL."""

    endpoint: Endpoint
    path: str
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: Content | None = None

    @property
    def names(self) -> set[str]:
        """The names of fields that a refusal may speak of, as upstream knows them."""
        return {*self.fields, *self.endpoint.arguments}

    @property
    def query(self) -> Mapping[str, Any] | None:
        """What is sent in the URL."""
        return self.fields if self.fields and self.endpoint.method == "GET" else None

    @property
    def json(self) -> Mapping[str, Any] | None:
        """What is sent in the body."""
        return self.fields if self.fields and self.endpoint.method != "GET" else None


_EITHER = Takes.ACCOUNT | Takes.API_KEY
_SMART_SECONDS = 45.0
"""A language model of upstream's works behind an agentic search; its own client allows it a minute."""
_THRESHOLD = {"t": "threshold"}
_TIMES = {"from": "after", "to": "before"}
_WORDS = {"q": "query", "n": "limit", "prev_chunks": "context_chunks", "next_chunks": "context_chunks"}
_CHUNKS = {"n_chunks": "limit"}
_START = {"start_chunk": "start_chunk", "end_chunk": "start_chunk"}
_FILES = {"files": "paths"}
_MEMENTO = {"memento": "id", "folder_add": "add_folders"}
_SOURCE = {"integration_type": "source"}

_MAYBE_STORED = Repair("It may have been stored all the same: look for it with {search} before you try again.")
_ACCOUNT_MAYBE_CREATED = Repair("The account may have been created all the same: try {login} before another {signup}.")
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
AGENTIC_SEARCH = Endpoint("POST", "documents/agentic_search/", _EITHER, _CHUNKS | _TIMES, _SMART_SECONDS)
DOCUMENTS = Endpoint("GET", "documents/", _EITHER, _SOURCE)
DOCUMENT_CONTENTS = Endpoint("GET", "documents/{document_id}/contents/", _EITHER, _START)
DISCUSSION_CONTENTS = Endpoint(
    "GET", "discussions/{discussion_id}/contents/", _EITHER, _SOURCE | {"from": "start", "to": "end"}
)
MEMORIZE = Endpoint("POST", "documents/memorize/", _EITHER, if_lost=_MAYBE_STORED)
ME = Endpoint("GET", "me/", _EITHER, path_for_key="account/")
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
    "POST", "vector-stores/{store_id}/documents/upload", Takes.STORE_KEY, _FILES, 60.0, if_lost=_MAYBE_UPLOADED
)
RENAME_VECTOR_DOCUMENT = Endpoint("PATCH", "vector-stores/{store_id}/documents/{document_id}/", Takes.STORE_KEY)
DELETE_VECTOR_DOCUMENT = Endpoint("DELETE", "vector-stores/{store_id}/documents/{document_id}/", Takes.STORE_KEY)
VECTOR_SEARCH = Endpoint("GET", "vector-stores/{store_id}/documents/search", Takes.STORE_KEY, _WORDS | _THRESHOLD)
VECTOR_AGENTIC_SEARCH = Endpoint(
    "POST", "vector-stores/{store_id}/documents/agentic_search", Takes.STORE_KEY, _CHUNKS, _SMART_SECONDS
)

SIGN_UP = Endpoint("POST", "auth/signup/", Takes.NOTHING, if_lost=_ACCOUNT_MAYBE_CREATED)
SIGN_IN = Endpoint("POST", "auth/signin/", Takes.NOTHING, {"login": "email"})
VERIFY_EMAIL = Endpoint("POST", "auth/verify-email/", Takes.BEARER)
CUSTOM_REFRESH = Endpoint("POST", "auth/custom-refresh/", Takes.REFRESH_TOKEN)
CUSTOM_LOGOUT = Endpoint("POST", "auth/custom-logout/", Takes.ALL_COOKIES)
OAUTH_TOKEN = Endpoint("POST", "auth/oauth2/token/", Takes.NOTHING)
