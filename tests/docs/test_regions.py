"""No generated line is stale, and no marker is without its function."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.regions import ROOT, markers, name_of, pages, regions, rewritten
from tests.docs.registry import REGIONS
from tests.support.process import clean_environment

TEXTS = {page: page.read_text(encoding="utf-8") for page in pages()}


@pytest.mark.promise("repository:pages:generated", "repository:pages:readme-runs")
@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_generated_region_is_what_the_code_says_now(page: Path) -> None:
    """``make docs`` writes them."""
    for name, text in regions(TEXTS[page]):
        assert text == REGIONS[name]().rstrip() + "\n", f"{name_of(page)}: {name} is stale; run `make docs`"


@pytest.mark.promise("repository:pages:generated")
def test_every_marker_has_a_function_and_every_function_its_one_region() -> None:
    marked = Counter(name for text in TEXTS.values() for name in markers(text))
    assert marked == Counter(each for name in REGIONS for each in (name, "/" + name))
    assert {name for text in TEXTS.values() for name, _ in regions(text)} == set(REGIONS)


def test_a_region_is_replaced_and_the_rest_of_the_page_is_kept() -> None:
    page = "before\n<!-- one -->\nold\n<!-- /one -->\nbetween\n<!-- two -->\n<!-- /two -->\nafter\n"
    made = rewritten(page, {"one": lambda: "new\n", "two": lambda: "more"})
    assert made == "before\n<!-- one -->\nnew\n<!-- /one -->\nbetween\n<!-- two -->\nmore\n<!-- /two -->\nafter\n"
    assert dict(regions(made)) == {"one": "new\n", "two": "more\n"}


def test_a_region_that_nothing_makes_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="unknown"):
        rewritten("<!-- unknown -->\nold\n<!-- /unknown -->\n", {})


@pytest.mark.traced
@pytest.mark.promise("repository:pages:generated")
def test_make_docs_brings_the_pages_of_a_folder_up_to_date_whatever_is_set(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    readme, page = tmp_path / "README.md", tmp_path / "docs" / "tools.md"
    readme.write_text("# Nothing generated\n", encoding="utf-8")
    page.write_text("# Tools\n<!-- tools-auth -->\nstale\n<!-- /tools-auth -->\nend\n", encoding="utf-8")
    environment = clean_environment(SECRET_ARGUMENTS="off")
    subprocess.run([sys.executable, "-m", "tests.docs", tmp_path], cwd=ROOT, env=environment, check=True, timeout=60)
    assert readme.read_text(encoding="utf-8") == "# Nothing generated\n"
    made = REGIONS["tools-auth"]()
    assert page.read_text(encoding="utf-8") == f"# Tools\n<!-- tools-auth -->\n{made}\n<!-- /tools-auth -->\nend\n"
