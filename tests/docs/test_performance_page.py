"""The page, the picture and the kept figures belong to one run."""

import hashlib
from pathlib import Path

import pytest

from tests.docs.performance_page import KEPT, SOAK, STEPS, performance_regions

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("kept", "picture"), [(KEPT, "performance.svg"), (SOAK, "soak.svg")])
def test_a_picture_shows_the_figures_that_are_kept(kept: Path, picture: str) -> None:
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    assert digest in (DOCS / "images" / picture).read_text(encoding="utf-8")


def test_the_page_has_every_server_and_step() -> None:
    regions = {name: make() for name, make in performance_regions().items()}
    assert regions["servers"].count("\n") == 2 + 4
    assert regions["empty-home"].count("\n") == 1 + len(STEPS)
    assert "needs the network" in regions["servers"]
    assert "| sign-ins lost | 0 |" in regions["load"]
    assert regions["soak"].count("\n") == 1 + 2
