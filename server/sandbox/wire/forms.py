"""The fields of a request: models that pydantic checks, whose refusals sound like Django REST Framework's."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticUseDefault
from starlette.requests import Request

from ..data.refusals import InvalidFields, Refusal

MAX_BODY_BYTES = 1024 * 1024
_MAX_FIELDS = 50
_INTEGER, _NUMBER, _BOOLEAN = "A valid integer is required.", "A valid number is required.", "Must be a valid boolean."
_BLANK = "This field may not be blank."
_SENTENCES = {
    "missing": "This field is required.",
    "null": "This field may not be null.",
    "string_type": "Not a valid string.",
    "string_unicode": "Surrogate characters are not allowed.",
    "string_pattern_mismatch": "Null characters are not allowed.",
    "string_too_long": "Ensure this field has no more than {max_length} characters.",
    "too_long": "Ensure this field has no more than {max_length} elements.",
    "list_type": 'Expected a list of items but got type "{kind}".',
    "model_type": "Invalid data. Expected a dictionary, but got {kind}.",
    "greater_than_equal": "Ensure this value is greater than or equal to {ge:.0f}.",
    "less_than_equal": "Ensure this value is less than or equal to {le:.0f}.",
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _INTEGER),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _BOOLEAN),
}
"""What Django REST Framework calls pydantic's errors, by their types."""
_NO_MOMENT = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
_SOME_TEXT = r"^[^\x00]*[^\s\x00][^\x00]*$"


class Fields(BaseModel):
    """The fields of one request. One that is not named in the model is ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True, frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> tuple[()]:
        """Show no value: it may be a password."""
        return ()


Model = TypeVar("Model", bound=Fields)


def must(condition: Callable[[Any], bool], complaint: str) -> AfterValidator:
    """Make a check of a field's value, which stands in the complaint where that has `{}`."""
    return AfterValidator(_check(condition, complaint))


def one_of(choices: Collection[str]) -> BeforeValidator:
    """Make the check that a value, whatever its type, is one of these."""
    return BeforeValidator(_check(lambda value: value in tuple(choices), '"{}" is not a valid choice.'))


def _check(condition: Callable[[Any], bool], complaint: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if condition(value):
            return value
        shown = str(value).encode(errors="replace").decode()  # no reply can carry half a character
        raise PydanticCustomError("complaint", "{complaint}", {"complaint": complaint.format(shown)})

    return check


def _given(value: object) -> object:
    """Take null and an empty text for an absent value."""
    if value is None or value == "":
        raise PydanticUseDefault
    return value


def _given_number(value: object) -> object:
    """Do the same, and take a truth value for no number."""
    return str(value) if isinstance(value, bool) else _given(value)


def _moment(value: object) -> float:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise PydanticCustomError("complaint", _NO_MOMENT) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


GIVEN = BeforeValidator(_given)
GIVEN_NUMBER = BeforeValidator(_given_number)
Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=_SOME_TEXT)]
Verbatim = Annotated[str, StringConstraints(pattern=_SOME_TEXT)]
"""A text that is kept with the white space around it."""
Name = Annotated[Text, Field(max_length=255)]
Content = Annotated[Verbatim, Field(max_length=MAX_BODY_BYTES)]
Query = Annotated[Text, Field(max_length=10_000)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1), GIVEN_NUMBER]
Moment = Annotated[float | None, BeforeValidator(_moment), GIVEN]
"""An ISO 8601 time in Unix seconds, in UTC where it names no zone."""


class Named(Fields):
    """What is made, or renamed, by a name."""

    name: Name


def judge(model: type[Model], data: object, *, status: int = 400, context: object = None) -> Model:
    """Check the fields. `InvalidFields` has one complaint for each that is missing or unusable."""
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        complaints: dict[str, list[str]] = {}
        for each in error.errors(include_url=False):
            name = str(each["loc"][0]) if each["loc"] else "non_field_errors"
            complaints.setdefault(name, [_sentence(each)])
        raise InvalidFields(complaints, status=status) from None


def read_query(request: Request, model: type[Model]) -> Model:
    """Check the query string of a request; of two values for one name the later counts."""
    return judge(model, dict(request.query_params))


async def read_json(request: Request, model: type[Model], *, status: int = 400, context: object = None) -> Model:
    """Read and check the JSON object in a request's body; an empty body is an object without members.

    Raises:
        Refusal: 413 over 1 MB, 415 when it is not declared as JSON, 400 when it is no JSON object.
        InvalidFields: as for `judge`.
    """
    body = await _read_body(request)
    if body and media_type(request) != "application/json":
        raise unsupported(request)
    try:
        data = json.loads((body or b"{}").decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "parse_error", f"JSON parse error - {error}") from error
    return judge(model, data, status=status if isinstance(data, dict) else 400, context=context)


async def read_urlencoded(request: Request) -> Mapping[str, str]:
    """Read the fields of a body that is form-encoded, as browsers and OAuth clients send it.

    Raises:
        Refusal: 413 over 1 MB, 415 when it is not declared so, 400 when it is no UTF-8 text or a name comes twice.
    """
    body = await _read_body(request)
    if media_type(request) != "application/x-www-form-urlencoded":
        raise unsupported(request)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Refusal(400, "parse_error", "The form can't be read.") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Refusal(400, "parse_error", "A field comes twice.")
    return fields


def media_type(request: Request) -> str:
    """Give the media type of a body without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def unsupported(request: Request) -> Refusal:
    """The body is of a kind that the endpoint doesn't read."""
    kind = request.headers.get("content-type", "")
    return Refusal(415, "unsupported_media_type", f'Unsupported media type "{kind}" in request.')


def _sentence(error: ErrorDetails) -> str:
    kind, value = error["type"], error["input"]
    if kind == "string_type" and value is None:
        kind = "null"
    if kind == "string_pattern_mismatch" and "\x00" not in value:
        return _BLANK
    if kind not in _SENTENCES:
        return error["msg"]
    return _SENTENCES[kind].format(kind=type(value).__name__, **error.get("ctx", {}))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, "request_too_large", "Request body is larger than 1 MB.")
    return body
