"""What may be said of a crash of ours: its text may hold anything, such as a value of a host's file."""

import traceback
from pathlib import Path

_OURS = Path(__file__).parents[1]


def crash(error: Exception) -> str:
    """The kind of an exception that went through our code, and the last place of ours."""
    frame = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(_OURS)][
        -1
    ]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
