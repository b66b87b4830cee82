"""Which client is asked what, and how: by its protocol version and by what it declared (S3)."""

from types import SimpleNamespace
from typing import Any

import pytest
from mcp_types import ClientCapabilities
from rememberizer_mcp.server.sessions.shelf import MemoryShelf
from rememberizer_mcp.tools.base.caller import AskedBy, Caller
from rememberizer_mcp.tools.base.questions import Questions

from tests.test_elicitation_matrix import CAPABILITIES

VERSIONS = (None, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
LINKS: dict[str | None, AskedBy] = {"2025-11-25": AskedBy.REQUEST, "2026-07-28": AskedBy.RESULT}
FORMS: dict[str | None, AskedBy] = {**LINKS, "2025-06-18": AskedBy.REQUEST}

pytestmark = [
    pytest.mark.promise("sign-in:elicitation:declared-modes-only"),
    pytest.mark.parametrize("version", VERSIONS),
]


def caller_of(version: str | None, capabilities: ClientCapabilities | None) -> Caller:
    context: Any = SimpleNamespace(protocol_version=version, client_capabilities=capabilities)
    return Caller(
        context=context, questions=Questions(MemoryShelf(), clock=float), patience_seconds=30, opens_browser=False
    )


@pytest.mark.parametrize("declared", CAPABILITIES)
def test_a_client_is_asked_by_what_it_declared_and_its_version_has(version: str | None, declared: str) -> None:
    caller = caller_of(version, ClientCapabilities.model_validate(CAPABILITIES[declared]))
    assert caller.asked_by("url") == (LINKS.get(version) if declared in ("url", "both") else None)
    by_form = FORMS.get(version) if declared in ("empty", "form", "both") else None
    assert caller.asked_by("form") == by_form


def test_a_client_that_declared_nothing_at_all_is_not_asked(version: str | None) -> None:
    caller = caller_of(version, None)
    assert caller.asked_by("url") is caller.asked_by("form") is None
