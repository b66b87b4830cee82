"""``Lane``: which calls wait for which others."""

from enum import Enum, auto


class Lane(Enum):
    """Calls of one kind wait for each other only, so that slow ones hold up neither the rest nor a sign-out."""

    SIGN_IN = auto()
    SLOW = auto()
    """A language model works behind it, or files are sent."""
    USUAL = auto()
