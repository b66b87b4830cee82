"""``Body``: what upstream's reply says, read for classification and for the fields of the contract, never quoted."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import httpx
from pydantic_core import from_json

from ..errors import UpstreamProtocolError

_BOM = b"\xef\xbb\xbf"
_GZIP = zlib.MAX_WBITS | 16
_HALF = rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_WHOLE = re.compile(rb"((?:[^\\]+|%s|(?!%s)\\.?)++)|%s" % (_PAIR, _HALF, _HALF), re.DOTALL)
"""What stands between halves of surrogate pairs that are alone; pairs and other escapes belong to it."""
MOST_WORDS = 10_000
"""Characters of text that are looked at to tell one refusal from another."""


@dataclass(frozen=True)
class Body:
    """The bytes of a reply; a body that is empty, HTML or malformed is no error by itself.

    >>> Body(b'{"data": {"id": 7}, "message": "ok"}').fields
    {'id': 7}
    """

    raw: bytes = field(default=b"", repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but white space."""
        return not self._text.strip()

    @property
    def _text(self) -> bytes:
        """Without the mark that some programs put before UTF-8."""
        return self.raw.removeprefix(_BOM)

    @cached_property
    def json(self) -> Any:
        """The JSON value, or ``None`` where there is none; without halves of surrogate pairs, which no UTF-8 has."""
        try:
            return from_json(self._text, allow_inf_nan=False)
        except ValueError:
            return _without_lone_surrogates(self._text)

    def holds_more_than(self, most: int) -> bool:
        """Whether the JSON has more values than that, in lists and objects of any depth."""
        if len(self.raw) <= 2 * most:
            return False  # a value takes a byte, and what parts it from the next another
        count, pending = 0, [self.json]
        while pending and count <= most:
            value = pending.pop()
            if isinstance(value, list | dict):
                count += len(value)
                pending += value.values() if isinstance(value, dict) else value
        return count > most

    @property
    def is_json(self) -> bool:
        """Whether there is a JSON value, which can be ``null``."""
        return self.json is not None or self._text.strip() == b"null"

    @property
    def fields(self) -> Mapping[str, Any]:
        """The members of the object, taken out of the ``{data, message, code}`` envelope if it is in one (§7)."""
        value = self.json
        if not isinstance(value, dict):
            return {}
        inner = value.get("data")
        return inner if isinstance(inner, dict) else value

    @cached_property
    def words(self) -> str:
        """All names and texts in the JSON, lower-case; empty for HTML and anything else that is no JSON.

        An HTML error page is left unread on purpose: a proxy's challenge speaks of captchas that are not the API's.
        """
        looked_at = islice(_texts(self.json), MOST_WORDS + 1)  # with a space behind each, no more than these can count
        return " ".join(text.lower() for text in looked_at)[:MOST_WORDS]


async def read_up_to(most: int, response: httpx.Response) -> bytes:
    """The first ``most`` bytes of a reply's body.

    A gzip layer is taken off here and not by httpx, which unpacks 64 KB at a time, of which 67 MB can come.

    Raises:
        UpstreamProtocolError: An encoding that was not asked for, more than one, or one that is broken.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UpstreamProtocolError(status=response.status_code)
    gzip = zlib.decompressobj(_GZIP) if encoding.endswith("gzip") else None
    raw = bytearray()
    try:
        async for chunk in response.aiter_raw() if gzip else response.aiter_bytes():
            if not gzip:
                raw += chunk
            elif not gzip.eof:  # what stands behind the packed data is nothing
                raw += gzip.decompress(chunk, most - len(raw))
            if len(raw) >= most:
                break
    except zlib.error as error:
        raise UpstreamProtocolError(status=response.status_code) from error
    return bytes(raw[:most])


def _without_lone_surrogates(raw: bytes) -> Any:
    """The value where half a surrogate pair is the only fault."""
    try:
        return from_json(b"".join(_WHOLE.findall(raw)), allow_inf_nan=False)
    except ValueError:
        return None


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            pending.extend(reversed(value))
        elif isinstance(value, dict):
            for name, member in reversed(value.items()):
                pending += (member, name)
