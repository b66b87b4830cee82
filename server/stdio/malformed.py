"""Answers to lines of a host that the SDK would leave without one (JSON-RPC 2.0, §4 to §6).

The SDK drops a line that is no message of MCP, and treats a request with an invalid id as a notification, so the host
would wait for ever. Lines that the SDK answers are left to the SDK. Notifications and responses have no answer.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCRequest, jsonrpc_message_adapter
from pydantic import ValidationError

MOST_OF_A_BATCH = 100
MOST_TOKENS = 1_000_000
"""How many strings and runs of brackets are looked at in a line that can't be parsed."""
_NOTIFICATIONS = "notifications/"
_STRING = r'"(?:[^"\\]|\\.)*+"'
_UNENDED = '"(?s:.*)'
"""A string without an end takes all the rest of the line: a search from each quote in it would take too long."""
_TOKEN = re.compile(rf"{_STRING}|{_UNENDED}|[\[{{]+|[\]}}]+")
_MEMBER = re.compile(rf"({_STRING})\s*:\s*(?:({_STRING}|-?[0-9][0-9.eE+-]*)\s*[,}}])?")


class _Number(NamedTuple):
    """A number as it is written, so that the answer repeats an id exactly and a long number costs no time."""

    text: str


def refusal(line: str) -> str | None:
    """The answer to a line; None if the SDK answers it, or if it has no answer.

    The answer has the line's id, or ``null`` if no id can be read. A batch, which MCP no longer has, is answered by a
    line for each id.
    """
    if not line.strip() or _is_request(line):
        return None
    try:
        value = json.loads(line, parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        value = dict(_members(line))
        return None if _is_response(value) else _error(PARSE_ERROR, value, "This line is no JSON, or too deep.")
    if isinstance(value, list):
        return _to_batch(value)
    has_no_answer = isinstance(value, dict) and (_is_response(value) or _is_notification(value))
    return None if has_no_answer else _error(INVALID_REQUEST, value, _fault(value))


def about_lost(number: int) -> str:
    """The line in the place of answers that were dropped, because the host did not read."""
    return _error(INVALID_REQUEST, None, f"{number} more lines were refused, and nobody read why.")


def _is_request(line: str) -> bool:
    """Whether the SDK accepts the line as a request."""
    try:
        return isinstance(jsonrpc_message_adapter.validate_json(line, by_name=False), JSONRPCRequest)
    except ValidationError:
        return False


def _to_batch(batch: list[Any]) -> str:
    requests = [each for each in batch if isinstance(each, dict) and "id" in each and not _is_response(each)]
    message = "Batches are not taken: send each message on a line of its own."
    errors = (_error(INVALID_REQUEST, each, message) for each in requests[:MOST_OF_A_BATCH] or [{}])
    return "\n".join(dict.fromkeys(errors))


def _is_response(message: dict[str, Any]) -> bool:
    return "method" not in message and bool(message.keys() & {"result", "error"})


def _is_notification(message: dict[str, Any]) -> bool:
    """Whether the SDK treats it as a notification; one of MCP's own may have the id ``null``."""
    method, identity = message.get("method"), message.get("id")
    return isinstance(method, str) and ("id" not in message or (identity is None and method.startswith(_NOTIFICATIONS)))


def _fault(value: Any) -> str:
    """A sentence about what is wrong with JSON that the SDK doesn't accept."""
    if not isinstance(value, dict):
        return "A message is a JSON object."
    checks = {
        '`jsonrpc` must be "2.0".': value.get("jsonrpc") == "2.0",
        "`id` must be a string or a whole number.": re.fullmatch(r'-?[0-9]+|".*"', _written(value.get("id"))),
        "`method` must be a string.": isinstance(value.get("method"), str),
        "`params` must be an object.": isinstance(value.get("params"), dict | None),
    }
    wrong = (sentence for sentence, is_right in checks.items() if not is_right)
    return next(wrong, "It holds half of a surrogate pair or too long a number, or is nested too deeply.")


def _error(code: int, request: Any, message: str) -> str:
    identity = _written(request.get("id") if isinstance(request, dict) else None)
    return f'{{"jsonrpc":"2.0","id":{identity},"error":{{"code":{code},"message":{json.dumps(message)}}}}}'


def _written(identity: Any) -> str:
    """An id as JSON; ``null`` for a value that can't be an id."""
    if isinstance(identity, _Number):
        return identity.text
    return json.dumps(identity) if isinstance(identity, str) else "null"


def _members(line: str) -> Iterator[tuple[str, Any]]:
    """The members that can be found in an object that can't be parsed. Texts and numbers have their values."""
    depth = 0
    for token in islice(_TOKEN.finditer(line), MOST_TOKENS):
        first = token[0][0]
        member = _MEMBER.match(line, token.start()) if depth == 1 else None
        if member:
            yield _read(member[1]), _read(member[2])
        elif first in "[{":
            depth += len(token[0])
        elif first != '"' and (depth := depth - len(token[0])) <= 0:
            return


def _read(text: str | None) -> Any:
    try:
        return json.loads(text, parse_int=_Number, parse_float=_Number) if text else None
    except ValueError:
        return None
