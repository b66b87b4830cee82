"""Times as the API writes them."""

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Write Unix seconds in ISO 8601, in UTC, as Django REST Framework does."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
