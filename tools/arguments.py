"""What tools accept: argument models that forbid what they don't know and never repeat a value in an error.

``null`` counts as "not given", since some clients send it for every optional argument; the schema doesn't mention it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ..server import setting_values
from ..server.api.text import clean
from ..server.errors import InvalidArguments
from ..server.setting_values import EMAIL_PATTERN, encodable

LONGEST_SECRET = 8_192
"""Characters: no argument that can hold a secret may be longer."""
MOST_LEARNT = 100
MOST_CHARACTERS_LEARNT = 16_384
"""More than a call that is accepted can hold; learning costs a second for each 100,000 or so."""
SWITCHED_OFF = ("password", "captcha")
"""What REMEMBERIZER_SECRET_ARGUMENTS=off takes out of the schemas."""


Text = Annotated[str, AfterValidator(encodable)]
Email = Annotated[Text, Field(max_length=254, pattern=EMAIL_PATTERN)]
Secret = Annotated[setting_values.Secret, Field(min_length=1)]


def _moment(value: Any) -> datetime:
    """A date is its start; what names no time zone is in UTC."""
    try:
        given = datetime.fromisoformat(value)
        return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise PydanticCustomError("moment", "no date") from None


def _no_truth(value: Any) -> Any:
    """Anything but true and false, which pydantic takes for 1 and 0."""
    if isinstance(value, bool):
        raise PydanticCustomError("truth", "no number")
    return value


def _no_blank(value: str) -> str:
    if not clean(value).strip():
        raise PydanticCustomError("blank", "nothing to read")
    return value


NO_BLANK = AfterValidator(_no_blank)
"""Upstream refuses a text of which nothing can be read."""
NO_TRUTH = BeforeValidator(_no_truth)
"""Stands behind the bounds of a number, which it would take out of the schema otherwise."""
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]


class Arguments(BaseModel):
    """The argument that every tool takes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    session: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Session handle; leave out for the default session."
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_given(cls, value: Any) -> Any:
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: each for name, each in value.items() if each is not None or name not in optional}


Model = TypeVar("Model", bound=Arguments)


def parse(model: type[Model], arguments: dict[str, Any]) -> Model:
    """Validate a call's raw arguments, strings as they are: one that looks like JSON stays a string.

    Raises:
        InvalidArguments: Naming each field that can't be used, and no value.
    """
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        names = list(model.model_fields)
        problems = [_problem(each["loc"], each["type"], names) for each in error.errors(include_input=False)]
    raise InvalidArguments(f"Unusable arguments: {'; '.join(dict.fromkeys(problems))}.")


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, names of members included."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending += [*value, *value.values()]
        elif isinstance(value, list):
            pending += value


def learnable(arguments: dict[str, Any]) -> set[str]:
    """The strings of a call that can be secrets of a call that is accepted, so that no size of a call is costly.

    What is left out belongs to a call that is rejected, of which nothing is logged but an error's code, or is a text to
    remember, which no log line holds.
    """
    short = (text for text in strings(arguments) if len(text) <= LONGEST_SECRET)
    room, found = MOST_CHARACTERS_LEARNT, set[str]()
    for text in islice(short, MOST_LEARNT):
        room -= len(text)
        if room < 0:
            break
        found.add(text)
    return found


_WORDS = {
    "missing": "is missing",
    "too_short": "is empty",
    "too_long": "is too long",
    "string_too_short": "is empty",
    "blank": "is blank",
    "string_too_long": "is too long",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "truth": "must be a number, not true or false",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "moment": "must be an ISO 8601 date or date-time",
}


def _problem(location: tuple[int | str, ...], kind: str, names: list[str]) -> str:
    """One problem in our words; a name that the model doesn't know is the caller's data, so it is not repeated."""
    name = str(location[0])
    if kind != "extra_forbidden":
        return f"`{name}` {_WORDS.get(kind, 'is not in the right form')}"
    if name in SWITCHED_OFF:
        return f"`{name}` is not taken here (REMEMBERIZER_SECRET_ARGUMENTS=off, or this tool has no use for it)"
    close = get_close_matches(name, names, n=1)
    meant = f", did you mean `{close[0]}`?" if close else ""
    return f"an argument that this tool doesn't have{meant} (it takes {', '.join(f'`{each}`' for each in names)})"
