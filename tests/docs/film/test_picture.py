"""The picture that the README shows is that of the demo as it is now."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.film.making import WORDS
from tests.docs.film.reading import STEP, Picture
from tests.docs.regions import ROOT
from tests.support.process import SERVE, clean_environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = Picture((ROOT / "docs" / "images" / "demo.svg").read_text(encoding="utf-8"))
pytestmark = pytest.mark.promise("repository:pages:picture")


def test_the_readme_shows_it_with_words_for_those_who_don_t_see_it() -> None:
    shown = re.findall(r'<img src="docs/images/demo\.svg" alt="([^"]+)"', README)
    assert shown == [WORDS]
    assert PICTURE.words == WORDS


@pytest.mark.exhaustive
def test_it_shows_the_steps_of_the_demo_as_they_are_now(tmp_path: Path) -> None:
    """``make pictures`` makes it anew."""
    environment = clean_environment() | {"PATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([*SERVE, "demo"], env=environment, capture_output=True, timeout=60, check=True, text=True)
    assert PICTURE.steps == [line.strip() for line in done.stdout.splitlines() if STEP.match(line.strip())]
