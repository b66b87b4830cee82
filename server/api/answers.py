"""How a successful answer is read: strict for what our tools promise, lenient for the rest (rememberizer-api.md §8).

Ids, texts and counts have to be there and of their type; what only describes (a path, a date, a status) is left out
where it is empty, missing or of another type. One item of a list that lacks what is promised fails the whole call: a
list that is silently short would be taken for complete.
"""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    WithJsonSchema,
)

from ..errors import ResponseTooLarge, UpstreamUnavailable
from .client import Asker, Reply
from .endpoints import Call, Endpoint
from .text import clean, clean_line, web_address

HIGHEST = 2**53 - 1
"""Of an id or a count: what every JSON reader takes exactly (RFC 7493 §2.2)."""
LONGEST_LINE = 500
LONGEST_URL = 2_000
ID_PATTERN = r"^[A-Za-z0-9_-]{1,100}$"
"""An id that is text: nothing in it can change the path of a call."""
MOST_ITEMS = 20_000
"""Of one list, over all pages."""
MOST_PAGES = 100
"""Pages of one list that are asked for; a list that goes on is none that the contract knows."""
_GAVE_UP = "unable to complete"


def _whole(value: Any) -> Any:
    """The number that a text of digits means; anything else as it is."""
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(HIGHEST))
    return int(value) if is_number else value


def _whole_or_none(value: Any) -> int | None:
    number = _whole(value)
    is_whole = isinstance(number, int) and not isinstance(number, bool)
    return number if is_whole and 0 <= number <= HIGHEST else None


def _number_or_none(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _line_or_none(value: Any) -> str | None:
    return clean_line(value, limit=LONGEST_LINE) or None if isinstance(value, str) else None


def _url_or_none(value: Any) -> str | None:
    return web_address(value, limit=LONGEST_URL) if isinstance(value, str) else None


def _name(value: Any) -> str:
    return _line_or_none(value) or ""


def _id(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(ID_PATTERN, text):
        raise ValueError("is no id")
    return text


Whole = Annotated[int, Strict(), BeforeValidator(_whole), Field(ge=0, le=HIGHEST)]
Text = Annotated[str, Strict(), AfterValidator(clean)]
Name = Annotated[str, BeforeValidator(_name)]
"""One line, empty where upstream gives none."""
SomeWhole = Annotated[int | None, BeforeValidator(_whole_or_none)]
SomeNumber = Annotated[float | None, BeforeValidator(_number_or_none)]
SomeLine = Annotated[str | None, BeforeValidator(_line_or_none)]
SomeUrl = Annotated[str | None, BeforeValidator(_url_or_none)]
Id = Annotated[str, BeforeValidator(_id)]
"""A number is taken as its text."""
WholeId = Annotated[Whole, WithJsonSchema({"type": "integer"})]


class Answer(BaseModel):
    """What is kept of an answer, or of an item in it; upstream's other fields are left where they are."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True, defer_build=True)  # built by its first answer


Model = TypeVar("Model", bound=Answer)


def read(model: type[Model], value: Any, reply: Reply) -> Model:
    """The answer, or a part of it, as the model.

    Raises:
        UpstreamProtocolError: It lacks what is promised.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise reply.unusable() from error


async def ask(model: type[Model], asker: Asker, call: Call, *, known: Mapping[str, Any] | None = None) -> Model:
    """Make a call, and read its answer as the model. What is ``known`` may be missing in the answer.

    Raises:
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    reply = await asker.request(call)
    return read(model, {**(known or {}), **reply.body.fields}, reply)


def read_list(model: type[Model], reply: Reply, *names: str) -> list[Model]:
    """Every item of the answer's list, under one of these names, in an envelope's ``data``, or bare.

    Raises:
        UpstreamProtocolError: There is no list, or an item lacks what is promised.
    """
    items = found_list(reply, *names)
    if items is None:
        raise reply.unusable()
    return [read(model, item, reply) for item in items]


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


def found_list(reply: Reply, *names: str) -> list[Any] | None:
    """The answer's list, if it has one."""
    value = reply.body.json
    for level in (value, reply.body.fields):
        for name in (*names, "data"):
            if isinstance(level, dict) and isinstance(level.get(name), list):
                return list(level[name])
    return value if isinstance(value, list) else None


def require_done(reply: Reply) -> None:
    """Refuse a success whose message says that it is none (§7).

    Raises:
        UpstreamUnavailable: It says so.
    """
    for level in (reply.body.json, reply.body.fields):
        message = level.get("message") if isinstance(level, dict) else None
        if isinstance(message, str) and _GAVE_UP in message.lower():
            raise UpstreamUnavailable(
                "Rememberizer was unable to complete this call.",
                repair=reply.call.endpoint.if_lost,
                status=reply.status,
            )


def first_whole(value: Any, *names: str) -> int | None:
    """The first of these members that is a whole number or a text of digits, if one is."""
    numbers = [_whole_or_none(value.get(name)) for name in names] if isinstance(value, dict) else []
    return next((number for number in numbers if number is not None), None)
