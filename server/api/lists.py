"""Whole lists, whose paging is not documented: bare, or in pages (rememberizer-api.md §8)."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from ..errors import ResponseTooLarge
from .answers import Model, Whole, found_list, read
from .client import Asker
from .endpoints import Endpoint

ID_PATTERN = r"^[A-Za-z0-9_-]{1,100}$"
"""An id that is text: nothing in it can change the path of a call."""
MOST_ITEMS = 20_000
"""Of one list, over all pages."""
MOST_PAGES = 100
"""Pages of one list that are asked for; a list that goes on is none that the contract knows."""


def _id(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(ID_PATTERN, text):
        raise ValueError("is no id")
    return text


Id = Annotated[str, BeforeValidator(_id)]
"""A number is taken as its text."""
WholeId = Annotated[Whole, WithJsonSchema({"type": "integer"})]


async def read_every(model: type[Model], asker: Asker, endpoint: Endpoint, **parts: Any) -> list[Model]:
    """Every item of a list; further pages are asked for by number, since upstream's own ``next`` is not followed.

    Raises:
        UpstreamProtocolError: There is no list, or an item lacks what is promised.
        ResponseTooLarge: It has more than 20,000 items or 100 pages, or no end.
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    found: list[Model] = []
    before: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        call = endpoint.call({"page": page if page > 1 else None}, **parts)
        reply = await asker.request(call)
        items = found_list(reply, "results", "documents", "mementos")
        if items is None:
            raise reply.unusable()
        if items == before:  # whoever ignores the number gives the same page again
            return found
        if len(found) + len(items) > MOST_ITEMS:
            raise _too_long()
        found += [read(model, item, reply) for item in items]
        if not items or not reply.body.fields.get("next"):
            return found
        before = items
    raise _too_long()


def _too_long() -> ResponseTooLarge:
    return ResponseTooLarge(
        f"Rememberizer's list has more than {MOST_ITEMS:,} items or {MOST_PAGES} pages, which is more than is read.",
        repair="Calling again won't help; tell the user to look at Rememberizer itself.",
    )
