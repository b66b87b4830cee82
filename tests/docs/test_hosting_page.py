"""The page of hosting: its unit and its settings are ones that the server takes."""

from configparser import ConfigParser

import pytest
from rememberizer_mcp.server.http.serving import CUT_SECONDS, DRAIN_SECONDS
from rememberizer_mcp.server.http.start import refused
from rememberizer_mcp.server.settings.settings import load_settings, unknown_variables

from tests.docs.page import blocks
from tests.docs.regions import ROOT
from tests.docs.test_pages import resolved

PAGE = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
(SETTINGS,) = blocks(PAGE, "ini")


def service() -> dict[str, str]:
    """What the unit says of the service."""
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # configparser's own way to keep capitals
    parser.read_string(blocks(PAGE, "systemd")[0])
    return dict(parser["Service"])


@pytest.mark.promise("hosting:proxy:unit")
def test_the_unit_starts_a_command_that_exists_and_lets_it_answer_before_it_kills() -> None:
    folder, _, command = service()["ExecStart"].partition("rememberizer-mcp serve")
    assert folder.startswith("/opt/")
    assert resolved(f"rememberizer-mcp serve{command}")[-1] == "serve"
    assert float(service()["TimeoutStopSec"]) > DRAIN_SECONDS + CUT_SECONDS


@pytest.mark.promise("hosting:proxy:unit")
def test_a_server_starts_with_the_settings_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    name = service()["Environment"].partition("=")[0].removesuffix("_FILE")
    given = dict(line.split("=", 1) for line in SETTINGS.splitlines()) | {name: "canary-secret"}
    for each, value in given.items():
        monkeypatch.setenv(each, value)
    assert unknown_variables(given) == []
    assert refused(load_settings(), "127.0.0.1") == []
