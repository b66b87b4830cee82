"""Why a host's file is left alone."""

from enum import StrEnum


class CantChange(Exception):
    """A text can't be changed safely; the message goes on from the file's name: "is not valid JSON"."""


class NoCommand(Exception):
    """There is no command that a host could start again."""


class Leniency(StrEnum):
    """What some hosts read in a JSON file and others refuse, in the words of the sentence about it."""

    MARK = "a byte order mark"
    COMMENT = "a comment"
    COMMA = "a comma before a closing bracket"
    NUMBER = "`NaN` or `Infinity`"

    @property
    def step(self) -> str:
        """What somebody does about it; a sentence without its beginning and end."""
        return "save the file as UTF-8 without it" if self is Leniency.MARK else "take it out"
