"""The JSON object of a request, read and judged as Django REST Framework's serializers do, and form-encoded bodies."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import parse_qsl

from starlette.requests import Request

from ..data.refusals import InvalidFields, Refusal

MAX_BODY_BYTES = 1024 * 1024
_MAX_FIELDS = 50
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_FORMATS = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"


class Form:
    """The fields of one request. Complaints are gathered, so that one answer names them all."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._data = data
        self._complaints: dict[str, list[str]] = {}

    def text(self, name: str, *, max_length: int, trim: bool = True, required: bool = True) -> str:
        """Give a text of 1 to `max_length` characters; "" when it is absent, or after a complaint."""
        if name not in self._data:
            self.require(name, not required, "This field is required.")
            return ""
        text, complaint = _read_text(self._data[name], max_length=max_length, trim=trim)
        return self._refuse(name, complaint) if complaint else text

    def optional_text(self, name: str, *, max_length: int) -> str:
        """Give a text as `text` does; "" also when null or nothing stands there."""
        return "" if self._data.get(name) in (None, "") else self.text(name, max_length=max_length)

    def switch(self, name: str, *, default: bool) -> bool:
        """Give a truth value, which may stand there as text; the default when it is absent, or after a complaint."""
        value = str(self._data.get(name, default)).lower()
        self.require(name, value in _TRUTHS, "Must be a valid boolean.")
        return _TRUTHS.get(value, default)

    def integer(self, name: str, *, default: int, least: int, most: int = 2**31 - 1) -> int:
        """Give a whole number, which may stand there as text; the default when it is absent, or after a complaint."""
        value = self._data.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool) or not _INTEGER.fullmatch(str(value)):
            self.require(name, False, "A valid integer is required.")  # noqa: FBT003 - see require
            return default
        self.require(name, int(str(value)) >= least, f"Ensure this value is greater than or equal to {least}.")
        self.require(name, int(str(value)) <= most, f"Ensure this value is less than or equal to {most}.")
        return int(str(value))

    def number(self, name: str, *, default: float, least: float, most: float) -> float:
        """Give a number, which may stand there as text; the default when it is absent, or after a complaint."""
        value = self._data.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
            self.require(name, False, "A valid number is required.")  # noqa: FBT003 - see require
            return default
        self.require(name, float(str(value)) >= least, f"Ensure this value is greater than or equal to {least:g}.")
        self.require(name, float(str(value)) <= most, f"Ensure this value is less than or equal to {most:g}.")
        return float(str(value))

    def texts(self, name: str, *, max_length: int, most: int) -> list[str]:
        """Give a list of texts or whole numbers, as texts, each once; [] when it is absent, or after a complaint."""
        value = self._data.get(name, [])
        if not isinstance(value, list):
            self.require(name, False, f'Expected a list of items but got type "{type(value).__name__}".')  # noqa: FBT003 - see require
            return []
        self.require(name, len(value) <= most, f"Ensure this field has no more than {most} elements.")
        read = [_read_text(item, max_length=max_length, trim=True) for item in value[:most]]
        for complaint in filter(None, (complaint for _, complaint in read)):
            self.require(name, False, complaint)  # noqa: FBT003 - see require
        return [] if name in self._complaints else list(dict.fromkeys(text for text, _ in read))

    def moment(self, name: str) -> float | None:
        """Give an ISO 8601 time in Unix seconds, in UTC where it names no zone; None when it is absent or unusable."""
        value = self._data.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            complaint = f"Datetime has wrong format. Use one of these formats instead: {_FORMATS}."
            self.require(name, False, complaint)  # noqa: FBT003 - see require
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    def choice(self, name: str, choices: Collection[str], *, required: bool = False) -> str | None:
        """Give one of the choices; None when it is absent or unusable."""
        value = self._data.get(name)
        if value is None or value == "":
            self.require(name, not required, "This field is required.")
            return None
        shown = str(value).encode(errors="replace").decode()  # no reply can carry half a character
        self.require(name, value in choices, f'"{shown}" is not a valid choice.')
        return shown

    def require(self, name: str, met: bool, complaint: str) -> None:  # noqa: FBT001 - reads as a sentence: name, condition, complaint
        """Complain about a field unless the condition is met, or the field was complained of already."""
        if not met:
            self._complaints.setdefault(name, [complaint])

    def finish(self, *, status: int = 400) -> None:
        """End the reading.

        Raises:
            InvalidFields: there was a complaint.
        """
        if self._complaints:
            raise InvalidFields(self._complaints, status=status)

    def _refuse(self, name: str, complaint: str) -> str:
        self.require(name, False, complaint)  # noqa: FBT003 - see require
        return ""


async def read_form(request: Request) -> Form:
    """Read a request's body; an empty one is an object without members.

    Raises:
        Refusal: 413 over 1 MB, 415 when it is not declared as JSON, 400 when it is no JSON object.
    """
    body = await _read_body(request)
    if not body:
        return Form({})
    if _media_type(request) != "application/json":
        media_type = request.headers.get("content-type", "")
        raise Refusal(415, "unsupported_media_type", f'Unsupported media type "{media_type}" in request.')
    data = _parse(body)
    if not isinstance(data, dict):
        kind = type(data).__name__
        raise InvalidFields({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
    return Form(data)


async def read_urlencoded(request: Request) -> Mapping[str, str]:
    """Read the fields of a body that is form-encoded, as browsers and OAuth clients send it.

    Raises:
        Refusal: 413 over 1 MB, 415 when it is not declared so, 400 when it is no UTF-8 text or a name comes twice.
    """
    body = await _read_body(request)
    media_type = _media_type(request)
    if media_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "unsupported_media_type", f'Unsupported media type "{media_type}" in request.')
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Refusal(400, "parse_error", "The form can't be read.") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Refusal(400, "parse_error", "A field comes twice.")
    return fields


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, "request_too_large", "Request body is larger than 1 MB.")
    return body


def _parse(body: bytes) -> object:
    try:
        data: object = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "parse_error", f"JSON parse error - {error}") from error
    return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")


def _read_text(value: object, *, max_length: int, trim: bool) -> tuple[str, str | None]:
    """Give a value as a text, and what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        return "", "Not a valid string."
    if value is None:
        return "", "This field may not be null."
    text = str(value).strip() if trim else str(value)
    return text, _complaint(text, max_length)


def _complaint(text: str, max_length: int) -> str | None:
    if not text.strip():
        return "This field may not be blank."
    if len(text) > max_length:
        return f"Ensure this field has no more than {max_length} characters."
    if "\x00" in text:
        return "Null characters are not allowed."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "Surrogate characters are not allowed."
    return None
