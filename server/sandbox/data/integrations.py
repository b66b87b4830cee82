"""The sources that documents come from, as `integrations/` names them (rememberizer-api.md §5.3)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Integration:
    """One source. `document_type` is what it calls a document."""

    id: int
    type: str
    title: str
    document_type: str


_ALL = (
    Integration(id=1, type="google_drive", title="Google Drive", document_type="drive"),
    Integration(id=2, type="slack", title="Slack", document_type="channel"),
    Integration(id=3, type="dropbox", title="Dropbox", document_type="file"),
    Integration(id=4, type="gmail", title="Gmail", document_type="mail"),
    Integration(id=5, type="discord", title="Discord", document_type="channel"),
    Integration(id=6, type="common_knowledge", title="Common knowledge", document_type="file"),
    Integration(id=7, type="memory", title="Memory", document_type="memory"),
    Integration(id=8, type="vector_store", title="Vector store", document_type="file"),
)
INTEGRATIONS = {integration.type: integration for integration in _ALL}
"""Each by its type."""
DISCUSSIONS = ("slack", "discord")
"""The types whose documents are channels with messages."""
