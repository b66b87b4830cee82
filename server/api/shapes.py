"""How values of upstream's replies are read, in whichever of their documented forms they come (rememberizer-api.md §8).

Strict where a tool promises something (ids, names, texts), open elsewhere: a date can be empty, a size can be text.
"""

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError

from ..errors import UpstreamProtocolError
from .asking import Asker
from .client import Reply
from .endpoints import Endpoint
from .text import clean, clean_line

ID_PATTERN = r"^[A-Za-z0-9_-]{1,100}$"
"""An id that is text: nothing that could change the path of a call."""
MOST_PAGES = 100
"""Pages of one list that are asked for; a list that goes on is none that the contract knows."""
_LIST_NAMES = ("results", "data", "documents", "mementos")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
Model = TypeVar("Model", bound=BaseModel)


def _id(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(ID_PATTERN, text):
        raise ValueError("is no id")
    return text


def _whole(value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("is no whole number")


def _count(value: Any) -> int | None:
    try:
        return max(_whole(value), 0)
    except ValueError:
        return None


def _open(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return clean_line(str(value)) or None


Id = Annotated[str, BeforeValidator(_id)]
"""From a number or a text."""
WholeId = Annotated[int, BeforeValidator(_whole)]
"""From a number, or a text that is one."""
Line = Annotated[str, AfterValidator(clean_line)]
LongText = Annotated[str, AfterValidator(clean)]
OpenLine = Annotated[str | None, BeforeValidator(_open)]
"""A date, a status or a kind, as upstream puts it; what is empty or no text is ``None``."""
OpenCount = Annotated[int | None, BeforeValidator(_count)]
"""A count or a size in bytes; what is no whole number is ``None``."""


def read(model: type[Model], value: Any, reply: Reply, *, hint: str | None = None) -> Model:
    """A part of a reply as a model.

    Args:
        model: What it has to be.
        value: The part.
        reply: Where it comes from.
        hint: What to do about one that isn't, where something was written all the same.

    Raises:
        UpstreamProtocolError: It is not what the contract says.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise UpstreamProtocolError(status=reply.status, hint=hint) from error


def items_of(reply: Reply) -> list[Any]:
    """The items of a list, which comes bare, in a page, or in the ``{data, message, code}`` envelope.

    Raises:
        UpstreamProtocolError: There is no list.
    """
    value = reply.body.json
    if isinstance(value, list):
        return value
    for name in _LIST_NAMES:
        items = reply.body.fields.get(name)
        if isinstance(items, list):
            return items
    raise UpstreamProtocolError(status=reply.status)


async def every(model: type[Model], asker: Asker, endpoint: Endpoint, *, deadline: float, **parts: str) -> list[Model]:
    """Every item of a list, whose further pages are asked for by number: upstream's own ``next`` is not followed.

    One item that is not what the contract says fails the call: left out in silence, it would seem not to exist.

    Raises:
        UpstreamProtocolError: It is no list, or has no end.
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    found: list[Model] = []
    before: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        call = endpoint.call(query={"page": page} if page > 1 else None, **parts)
        reply = await asker.request(call, deadline=deadline)
        items = items_of(reply)
        if page > 1 and items == before:  # whoever ignores the number gives the same page again
            return found
        found += [read(model, item, reply) for item in items]
        if not items or not reply.body.fields.get("next"):
            return found
        before = items
    raise UpstreamProtocolError
