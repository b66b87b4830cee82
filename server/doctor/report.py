"""``Finding``: one line of the doctor's report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is; only a failure makes the exit code 1."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found.

    Args:
        name: The check, as in docs/doctor.md.
        level: How bad it is.
        text: What was seen, in a sentence.
        next_step: What repairs it; none where all is well.
        ms: How long things took, in milliseconds.
    """

    name: str
    level: Level
    text: str
    next_step: str | None = None
    ms: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def ok(cls, name: str, text: str, *, ms: Mapping[str, float] | None = None) -> "Finding":
        """All is well."""
        return cls(name=name, level=Level.OK, text=text, ms=ms or {})

    @classmethod
    def warning(cls, name: str, text: str, next_step: str, *, ms: Mapping[str, float] | None = None) -> "Finding":
        """It works, but not as somebody may expect."""
        return cls(name=name, level=Level.WARNING, text=text, next_step=next_step, ms=ms or {})

    @classmethod
    def failure(cls, name: str, text: str, next_step: str, *, ms: Mapping[str, float] | None = None) -> "Finding":
        """It can't work."""
        return cls(name=name, level=Level.FAILURE, text=text, next_step=next_step, ms=ms or {})

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Finding":
        """The finding that ``as_dict`` wrote.

        Raises:
            KeyError, ValueError: It did not.
        """
        return cls(
            name=given["name"],
            level=Level(given["level"]),
            text=given["text"],
            next_step=given["next_step"],
            ms=given["ms"],
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON; times are rounded to a tenth of a millisecond."""
        return {
            "name": self.name,
            "level": self.level.value,
            "text": self.text,
            "next_step": self.next_step,
            "ms": {name: round(value, 1) for name, value in self.ms.items()},
        }


def failed(findings: Iterable[Finding]) -> bool:
    """Whether any of them is a failure."""
    return any(finding.level is Level.FAILURE for finding in findings)


def printable(text: str, *, instead: str = " ") -> str:
    """The same on one line, with nothing that a terminal obeys: something else stands instead."""
    return "".join(character if character.isprintable() else instead for character in text)
