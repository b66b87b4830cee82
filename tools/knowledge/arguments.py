"""What the tools of ``knowledge`` accept."""

import re
from typing import Annotated, get_args

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ...server.api.answers import HIGHEST
from ...server.api.discussions import Source
from ..base.arguments import NO_BLANK, NO_TRUTH, Arguments, Moment, Text, one_of
from ..base.paging import PagedArguments

LONGEST_QUERY = 4_000
LONGEST_MEMORY = 500_000
"""Characters. Upstream's limit is not documented; what takes minutes to index belongs into a file."""

Query = Annotated[Text, Field(min_length=1, max_length=LONGEST_QUERY)]
Limit = Annotated[int, Field(ge=1, le=20), NO_TRUTH]
Number = Annotated[int, Field(ge=0, le=HIGHEST), NO_TRUTH]
"""Takes every id and chunk that a result can hold."""
SOURCES = ("google_drive", "slack", "dropbox", "gmail", "common_knowledge")
"""Those that the API names (rememberizer-api.md §4.3); others may be added."""
SOME_SOURCE = f"{', '.join(SOURCES)} or another"
_SOURCE = r"[\w-]{1,40}"
_FROM = "ISO 8601, UTC if it names no zone; a date means its start."


def _source(value: str) -> str:
    """By ``re``: as a ``pattern`` this bound takes pydantic's engine 25 ms and 3 MiB at every start."""
    if not re.fullmatch(_SOURCE, value):
        raise PydanticCustomError("literal_error", "no source", {"expected": SOME_SOURCE})
    return value


class SmartSearchArguments(Arguments):
    """``smart_search``."""

    query: Query
    user_context: Annotated[Text, Field(max_length=LONGEST_QUERY)] | None = Field(
        None, description="What you know of the user's aim."
    )
    limit: Limit = 5
    after: Moment | None = Field(None, description=_FROM)
    before: Moment | None = None


class SearchArguments(Arguments):
    """``search``."""

    query: Query = Field(description="At most 400 words.")
    limit: Limit = 5
    after: Moment | None = Field(None, description=_FROM)
    before: Moment | None = None
    context_chunks: Annotated[int, Field(ge=0, le=5), NO_TRUTH] = Field(2, description="Chunks around each hit.")


class ListDocumentsArguments(PagedArguments):
    """``list_documents``."""

    source: Annotated[Text, one_of(*SOURCES), AfterValidator(_source)] | None = Field(
        None, description=f"{SOME_SOURCE}."
    )


class ReadDocumentArguments(Arguments):
    """``read_document``."""

    id: Number
    start_chunk: Number = 0


class ReadDiscussionArguments(Arguments):
    """``read_discussion``."""

    id: Number
    source: Annotated[Source, one_of(*get_args(Source))]
    start: Moment | None = Field(None, description=_FROM)
    end: Moment | None = None


class RememberArguments(Arguments):
    """``remember``."""

    name: Annotated[Text, Field(min_length=1, max_length=200), NO_BLANK] = Field(description="A title to find it by.")
    content: Annotated[Text, Field(min_length=1, max_length=LONGEST_MEMORY), NO_BLANK]
