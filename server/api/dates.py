"""HTTP's dates."""

from datetime import UTC
from email.utils import parsedate_to_datetime


def unix_time(value: str | None) -> float | None:
    """The Unix seconds that an HTTP date means, which is in UTC; nothing where there is none, or none that can be."""
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
