"""What tools accept: argument models that forbid what they don't know and never repeat a value in an error.

``parse`` also takes arguments as hosts and models really send them; the schemas don't mention it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from ...server.api.answers import HIGHEST
from ...server.api.text import clean
from ...server.errors import InvalidArguments, NotFound
from ...server.settings import values as setting_values

LONGEST_SECRET = 8_192
"""Characters: no argument that can hold a secret may be longer."""
MOST_PROBLEMS = 20
LONGEST_NAME = 64
"""Characters of a name for which a similar one is looked for, which takes long."""
MOST_LEARNT = 100
MOST_CHARACTERS_LEARNT = 16_384
"""More than a call that is accepted can hold; learning costs a second for each 100,000 or so."""
LONGEST_QUERY = 4_000
SWITCHED_OFF = ("password", "captcha")
"""What REMEMBERIZER_SECRET_ARGUMENTS=off takes out of the schemas."""
ADDED_BY_HOSTS: Mapping[str, str] = {
    "toolCallId": "n8n-io/n8n#21716",
    "sessionId": "n8n-io/n8n#22787",
    "action": "n8n-io/n8n#22787",
    "chatInput": "n8n-io/n8n#22787",
    "tool": "n8n-io/n8n#21500",
    "task_progress": "cline/cline#10426",
    "wait_for_previous": "Gemini CLI: MemPalace/mempalace#322",
    "random_string": "Cursor, where a tool needs no argument: many servers list it as a dummy for that",
}
"""Names that hosts add to the model's arguments, and where that was reported. A tool that has one of them gets it."""

Text = str
"""Pydantic takes none that UTF-8 can't write."""
Secret = Annotated[setting_values.Secret, Field(min_length=1)]


def moment(value: Any) -> datetime:
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


def _bare(value: str) -> str:
    if not value or value != value.strip():  # `parse` then takes it without the white space
        raise PydanticCustomError("blank", "nothing, or white space around it")
    return value


def _no_blank(value: str) -> str:
    if not clean(value).strip():
        raise PydanticCustomError("blank", "nothing to read")
    return value


NO_BLANK = AfterValidator(_no_blank)
"""Upstream refuses a text of which nothing can be read."""
NO_TRUTH = BeforeValidator(_no_truth)
"""Stands behind the bounds of a number, which it would take out of the schema otherwise."""
Moment = Annotated[datetime, BeforeValidator(moment), WithJsonSchema({"type": "string"})]
Name = Annotated[Text, Field(min_length=1, max_length=200), NO_BLANK]
Number = Annotated[int, Field(ge=0, le=HIGHEST), NO_TRUTH]
"""Takes every id and chunk that a result can hold."""
Query = Annotated[Text, Field(min_length=1, max_length=LONGEST_QUERY)]
UserContext = Annotated[
    Annotated[Text, Field(max_length=LONGEST_QUERY)] | None, Field(description="What you know of the user's aim.")
]


class Arguments(BaseModel):
    """The argument that every tool takes. It is not listed, since over stdio there is one session."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    session: SkipJsonSchema[Annotated[str, Field(max_length=64), AfterValidator(_bare)] | None] = None


Model = TypeVar("Model", bound=Arguments)


def parse(model: type[Model], arguments: dict[str, Any]) -> Model:
    """Validate a call's raw arguments, as they are meant.

    Names that hosts add are left out. ``null`` and a text of white space count as not given where they can't be meant,
    and so does white space around a text. A list may come as its JSON text. Any other text stays as it is, also one
    that looks like JSON.

    Raises:
        InvalidArguments: Naming each field that can't be used, and no value.
    """
    given = without_added(arguments, model.model_fields)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        refused = error.errors(include_input=False)
    meant = dict(given)
    for each in refused:
        _read_as_meant(meant, each, model)
    if meant != given:
        return parse(model, meant)
    problems = [_problem(each, list(model.model_fields)) for each in refused[:MOST_PROBLEMS]]
    raise InvalidArguments(f"Unusable arguments: {'; '.join(dict.fromkeys(problems))}.")


def without_added(arguments: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The arguments without those that hosts add, unless one is known here."""
    return {name: value for name, value in arguments.items() if name in known or name not in ADDED_BY_HOSTS}


def _read_as_meant(given: dict[str, Any], refused: ErrorDetails, model: type[Arguments]) -> None:
    """Correct one refused argument, if it can be meant otherwise; a text that is too long can't."""
    name, kind = str(refused["loc"][0]), refused["type"]
    value, field = given.get(name), model.model_fields.get(name)
    text = value.strip() if isinstance(value, str) else value
    if text in ("", None):
        if field and not field.is_required():
            given.pop(name, None)
    elif kind == "list_type" and (found := _list_in(text)) is not None:
        given[name] = found
    elif kind != "string_too_long":
        given[name] = text


def _list_in(value: Any) -> list[Any] | None:
    try:
        found = from_json(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def one_of(*words: str) -> BeforeValidator:
    """Take a word as it is meant."""
    return BeforeValidator(lambda value: as_listed(value, words) if isinstance(value, str) else value)


def as_listed(text: str, words: Iterable[str]) -> str:
    """The word that is meant: letter case, spaces, dashes and underscores don't matter. Any other text as it is."""
    return next((word for word in words if _letters(word) == _letters(text)), text)


def _letters(text: str) -> str:
    return re.sub(r"[\s_-]", "", text).casefold()


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
    room, left = MOST_CHARACTERS_LEARNT, MOST_LEARNT
    found: set[str] = set()
    for text in strings(arguments):
        if len(text) <= LONGEST_SECRET:
            room, left = room - len(text), left - 1
            if room < 0 or left < 0:
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
    "string_pattern_mismatch": "must be an e-mail address",
    "list_type": "must be a list, in square brackets",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large",
    "truth": "must be a number, not true or false",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "moment": "must be an ISO 8601 date or date-time",
    "literal_error": "must be {expected}",
}


def _problem(refused: ErrorDetails, names: list[str]) -> str:
    """One problem in our words; a name that the model doesn't know is the caller's data, so it is not repeated."""
    name, kind = str(refused["loc"][0]), refused["type"]
    if kind != "extra_forbidden":
        return f"`{name}` {_WORDS.get(kind, 'is not in the right form').format_map(refused.get('ctx', {}))}"
    if name in SWITCHED_OFF:
        return f"`{name}` is not taken here (REMEMBERIZER_SECRET_ARGUMENTS=off, or this tool has no use for it)"
    return f"an argument that this tool doesn't have{meant_of(name, names)} (it takes {in_quotes(names)})"


def meant_of(name: str, names: Sequence[str]) -> str:
    """A question whether the name that is nearest was meant, if one is near."""
    close = get_close_matches(name, names, n=1) if len(name) <= LONGEST_NAME else []
    return f", did you mean `{close[0]}`?" if close else ""


def unknown_name(kind: str, name: str, names: Sequence[str]) -> NotFound:
    """The refusal of a name that there isn't, among those of its kind, such as ``tool``."""
    sentence = f"There is no {kind} of this name{meant_of(name, names) or '.'}"
    return NotFound(sentence, repair=f"The {kind}s are: {in_quotes(names)}." if names else "There are none.")


def in_quotes(names: Iterable[str]) -> str:
    """A list of names for a sentence."""
    return ", ".join(f"`{name}`" for name in names)
