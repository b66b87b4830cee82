"""The page of the doctor: every line of its report is there, and no other is."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.doctor_page import LINES
from tests.docs.page import blocks
from tests.docs.regions import ROOT
from tests.server.doctor.test_run import SICK

PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")


def named() -> Iterator[str]:
    """The name of each finding that the code makes."""
    for path in (ROOT / "server" / "doctor").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                is_finding = ast.unparse(node.func).startswith("Finding.") or ast.unparse(node.func) == "kind"
                given = node.args[:1] if is_finding else [each.value for each in node.keywords if each.arg == "check"]
                yield from (str(each.value) for each in given if isinstance(each, ast.Constant))


@pytest.mark.promise("doctor:looks:settings")
def test_every_line_of_a_report_has_its_row_and_its_section() -> None:
    assert set(named()) == set(LINES)
    assert re.findall(r"^## `(\w+)`$", PAGE, re.MULTILINE) == list(LINES)


@pytest.mark.promise("doctor:looks:settings")
def test_the_example_is_of_a_real_report() -> None:
    (example,) = blocks(PAGE, "text")
    assert example.rstrip() in SICK
