"""Where documents come from, and whose they are (rememberizer-api.md §5.1-5.3); raises as ``Asker.request``."""

from typing import Any

from pydantic import Field, model_validator

from . import endpoints
from .answers import Answer, SomeLine, SomeWhole, Text, Whole, read, read_list, require_done
from .client import Asker
from .text import clean_line


class Profile(Answer):
    """The account behind a session or a key; each field where upstream gives it."""

    email: SomeLine = None
    name: SomeLine = None
    embed_quota: SomeWhole = None
    """Its unit is not documented, but is that of ``current_usage``."""
    current_usage: SomeWhole = None
    datasource_description: Text | None = None


class Integration(Answer):
    """One connected source."""

    id: Whole
    integration_type: SomeLine = None
    source: SomeLine = None
    document_type: SomeLine = None
    integration_step: SomeLine = None
    token_validity: bool | None = None
    document_count: SomeWhole = None
    total_size: SomeWhole = None
    """In bytes."""
    status: dict[str, Whole] = Field(default_factory=dict)
    """How many documents have each status."""

    @model_validator(mode="before")
    @classmethod
    def _with_its_stats(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        stats = value.get("document_stats")
        stats = stats if isinstance(stats, dict) else {}
        status = stats.get("status")
        counts = status.items() if isinstance(status, dict) else ()
        validity = value.get("token_validity")
        return value | {
            "document_count": stats.get("document_count"),
            "total_size": stats.get("total_size"),
            "status": {clean_line(name, limit=40): count for name, count in counts if count is not None},
            "token_validity": validity if isinstance(validity, bool) else None,
        }


async def profile(asker: Asker) -> Profile:
    """``GET me/`` (§5.2), which has the quota, or by a key ``GET account/`` (§5.1), which is known to take one."""
    reply = await asker.request(endpoints.ME.call())
    found = read(Profile, reply.body.fields, reply)
    if not found.model_fields_set:
        raise reply.unusable()
    return found


async def integrations(asker: Asker) -> list[Integration]:
    """``GET integrations/`` (§5.3)."""
    reply = await asker.request(endpoints.INTEGRATIONS.call())
    found = read_list(Integration, reply, "results", "integrations")
    if not found:
        require_done(reply)
    return found
