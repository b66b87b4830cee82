"""The sources that documents come from, as `integrations/` names them (rememberizer-api.md §5.3)."""

from typing import NamedTuple


class Integration(NamedTuple):
    """One source. `document_type` is what it calls a document."""

    id: int
    title: str
    document_type: str


INTEGRATIONS = {
    "google_drive": Integration(1, "Google Drive", "drive"),
    "slack": Integration(2, "Slack", "channel"),
    "dropbox": Integration(3, "Dropbox", "file"),
    "gmail": Integration(4, "Gmail", "mail"),
    "discord": Integration(5, "Discord", "channel"),
    "common_knowledge": Integration(6, "Common knowledge", "file"),
    "memory": Integration(7, "Memory", "memory"),
    "vector_store": Integration(8, "Vector store", "file"),
}
"""Each by its type."""
DISCUSSIONS = ("slack", "discord")
"""The types whose documents are channels with messages."""
