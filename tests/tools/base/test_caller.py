"""Which client is asked what, and how: by its protocol version and by what it declared (S3)."""

import pytest
from mcp_types import ClientCapabilities
from rememberizer_mcp.tools.base.caller import Way, way_to_ask, way_to_ask_by_form

from tests.test_elicitation_matrix import CAPABILITIES

VERSIONS = (None, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
LINKS: dict[str | None, Way] = {"2025-11-25": Way.REQUEST, "2026-07-28": Way.RESULT}
FORMS: dict[str | None, Way] = {**LINKS, "2025-06-18": Way.REQUEST}

pytestmark = [
    pytest.mark.promise("sign-in:elicitation:declared-modes-only"),
    pytest.mark.parametrize("version", VERSIONS),
]


@pytest.mark.parametrize("declared", CAPABILITIES)
def test_a_client_is_asked_by_what_it_declared_and_its_version_has(version: str | None, declared: str) -> None:
    capabilities = ClientCapabilities.model_validate(CAPABILITIES[declared])
    assert way_to_ask(version, capabilities) == (LINKS.get(version) if declared in ("url", "both") else None)
    by_form = FORMS.get(version) if declared in ("empty", "form", "both") else None
    assert way_to_ask_by_form(version, capabilities) == by_form


def test_a_client_that_declared_nothing_at_all_is_not_asked(version: str | None) -> None:
    assert way_to_ask(version, None) is way_to_ask_by_form(version, None) is None
