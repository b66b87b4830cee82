"""How a successful answer is read: strict for what our tools promise, lenient for the rest (rememberizer-api.md §8).

Ids, texts and counts have to be there and of their type; what only describes (a path, a date, a status) is left out
where it is empty, missing or of another type. One item of a list that lacks what is promised fails the whole call: a
list that is silently short would be taken for complete.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError

from ..errors import UpstreamUnavailable
from .client import Reply
from .text import clean, clean_line, web_address

HIGHEST = 2**53 - 1
"""Of an id or a count: what every JSON reader takes exactly (RFC 7493 §2.2)."""
LONGEST_LINE = 500
LONGEST_URL = 2_000
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


Whole = Annotated[int, Strict(), BeforeValidator(_whole), Field(ge=0, le=HIGHEST)]
Text = Annotated[str, Strict(), AfterValidator(clean)]
Name = Annotated[str, BeforeValidator(_name)]
"""One line, empty where upstream gives none."""
SomeWhole = Annotated[int | None, BeforeValidator(_whole_or_none)]
SomeNumber = Annotated[float | None, BeforeValidator(_number_or_none)]
SomeLine = Annotated[str | None, BeforeValidator(_line_or_none)]
SomeUrl = Annotated[str | None, BeforeValidator(_url_or_none)]


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


def read_list(model: type[Model], reply: Reply, *names: str) -> list[Model]:
    """Every item of the answer's list, under one of these names, in an envelope's ``data``, or bare.

    Raises:
        UpstreamProtocolError: There is no list, or an item lacks what is promised.
    """
    items = found_list(reply, *names)
    if items is None:
        raise reply.unusable()
    return [read(model, item, reply) for item in items]


def found_list(reply: Reply, *names: str) -> list[Any] | None:
    """The answer's list, if it has one."""
    value = reply.body.json
    levels = [value, reply.body.fields]
    for level in levels:
        for name in (*names, "data"):
            if isinstance(level, dict) and isinstance(level.get(name), list):
                return list(level[name])
    return value if isinstance(value, list) else None


def require_done(reply: Reply) -> None:
    """Refuse a success whose message says that it is none (§7).

    Raises:
        UpstreamUnavailable: It says so.
    """
    if any(_GAVE_UP in message.lower() for message in _messages(reply)):
        raise UpstreamUnavailable(
            "Rememberizer was unable to complete this call.", repair=reply.call.endpoint.if_lost, status=reply.status
        )


def _messages(reply: Reply) -> Iterator[str]:
    for level in (reply.body.json, reply.body.fields):
        if isinstance(level, dict) and isinstance(level.get("message"), str):
            yield level["message"]


def first_whole(value: Any, *names: str) -> Any:
    """The first of these members that is a whole number or a text of digits, if one is."""
    members = [value.get(name) for name in names] if isinstance(value, dict) else []
    return next((member for member in members if _whole_or_none(member) is not None), None)


def moment(when: datetime | None) -> str | None:
    """A point in time as queries carry it: full ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z") if when else None
