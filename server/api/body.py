"""``Body``: what upstream's reply says, read for classification and for the fields of the contract, never quoted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic_core import from_json

MOST_WORDS = 10_000
"""Characters of text that are looked at to tell one refusal from another."""


@dataclass(frozen=True)
class Body:
    """The bytes of a reply; a body that is empty, HTML or malformed is no error by itself."""

    raw: bytes = field(default=b"", repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but white space."""
        return not self.raw.strip()

    @cached_property
    def json(self) -> Any:
        """The JSON value, or ``None`` where there is none."""
        try:
            return from_json(self.raw, allow_inf_nan=False)
        except ValueError:
            return None

    @property
    def is_json(self) -> bool:
        """Whether there is a JSON value, which can be ``null``."""
        return self.json is not None or self.raw.strip() == b"null"

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
        found: list[str] = []
        size = 0
        for text in _texts(self.json):
            found.append(text.lower())
            size += len(text)
            if size > MOST_WORDS:
                break
        return " ".join(found)[:MOST_WORDS]


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
