"""The page, the picture and the kept figures belong to one run."""

import hashlib
from pathlib import Path

from tests.docs.performance_page import KEPT, STEPS, performance_regions

DOCS = Path(__file__).parents[2] / "docs"


def test_the_picture_shows_the_figures_that_are_kept() -> None:
    digest = hashlib.sha256(KEPT.read_bytes()).hexdigest()
    assert digest in (DOCS / "images" / "performance.svg").read_text(encoding="utf-8")


def test_the_page_has_every_server_and_step() -> None:
    regions = {name: make() for name, make in performance_regions().items()}
    assert regions["servers"].count("\n") == 2 + 4
    assert regions["empty-home"].count("\n") == 1 + len(STEPS)
    assert "needs the network" in regions["servers"]
