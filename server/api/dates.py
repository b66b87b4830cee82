"""HTTP's dates."""

from datetime import UTC
from email.utils import parsedate_to_datetime


def unix_time(value: str | None) -> float | None:
    """The Unix seconds of an HTTP date, which is in UTC; ``None`` if there is no date, or it can't be read."""
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
