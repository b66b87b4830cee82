"""Every promise has a test, and every test that names one names a known one."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from tests.promises import PROMISES
from tests.support.tiers import EXHAUSTIVE, examples, matrix, proven

HERE = Path(__file__).parent


@cache
def promises_named() -> Sequence[tuple[str, str]]:
    """Each ``pytest.mark.promise("ID", ...)`` in the tests: the id and where it stands."""
    return list(_promises())


def _promises() -> Iterator[tuple[str, str]]:
    for path in HERE.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.promise":
                for argument in node.args:
                    yield ast.literal_eval(argument), f"{path.relative_to(HERE)}:{node.lineno}"


def test_every_promise_has_a_test() -> None:
    assert PROMISES.keys() - {promise for promise, _ in promises_named()} == set()


def test_every_promise_keeps_a_test_outside_of_the_exhaustive_tier() -> None:
    """One that needs a command will do: what a machine lacks is another matter than how long a test takes."""
    files = [proven(path.read_text(encoding="utf-8")) for path in HERE.rglob("test_*.py")]
    usual = {promise for each in files for promise in each.usual}
    exhaustive = {promise for each in files for promise in each.exhaustive}
    assert usual | exhaustive == {promise for promise, _ in promises_named()}
    assert exhaustive - usual == set()


def test_the_exhaustive_tier_has_no_other_name() -> None:
    """Under another one it would not be seen."""
    for path in HERE.rglob("*.py"):
        assigned = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
        renamed = [node for node in assigned if ast.unparse(node.targets[0]) != "pytestmark"]
        parts = [part for node in renamed for part in ast.walk(node) if isinstance(part, ast.Attribute)]
        assert EXHAUSTIVE not in map(ast.unparse, parts), path


USUALLY, ALWAYS, NEVER = '@pytest.mark.promise("A")', "pytest.param(1)", "pytest.param(2, marks=pytest.mark.exhaustive)"
TEST = "\ndef test_it(): pass\n"
WITH_CASE = 'pytest.param(2, marks=[pytest.mark.promise("B"), pytest.mark.exhaustive])'


@pytest.mark.parametrize(
    ("source", "usual", "exhaustive"),
    [
        (USUALLY + TEST, {"A"}, set()),
        (USUALLY + "\nasync" + TEST.replace("\n", " "), {"A"}, set()),
        (f"{USUALLY}\n@pytest.mark.exhaustive{TEST}", set(), {"A"}),
        (f"pytestmark = pytest.mark.exhaustive\n{USUALLY}{TEST}", set(), {"A"}),
        (f"pytestmark = [pytest.mark.traced, pytest.mark.exhaustive]\n{USUALLY}{TEST}", set(), {"A"}),
        (f'pytestmark = pytest.mark.promise("A")\n@pytest.mark.exhaustive{TEST}', set(), {"A"}),
        (f'pytestmark = pytest.mark.promise("A")\n@pytest.mark.exhaustive{TEST}{TEST}', {"A"}, {"A"}),
        (f'{USUALLY}\n@pytest.mark.parametrize("x", [{NEVER}]){TEST}', set(), {"A"}),
        (f'{USUALLY}\n@pytest.mark.parametrize("x", [{NEVER}, {ALWAYS}]){TEST}', {"A"}, set()),
        (f'{USUALLY}\n@pytest.mark.parametrize("x", [3, {NEVER}]){TEST}', {"A"}, set()),
        (f'{USUALLY}\n@pytest.mark.parametrize("x", SOME){TEST}', {"A"}, set()),
        (f'{USUALLY}\n@pytest.mark.parametrize("x", [3, {WITH_CASE}]){TEST}', {"A"}, {"B"}),
        (f'@pytest.mark.exhaustive\n@pytest.mark.parametrize("x", [3, {WITH_CASE}]){TEST}', set(), {"B"}),
        (f'@pytest.mark.needs("zsh")\n{USUALLY}{TEST}', {"A"}, set()),
        (f"{USUALLY}\ndef helper(): pass\n", set(), set()),
    ],
)
def test_the_tiers_are_read_from_the_marks(source: str, usual: set[str], exhaustive: set[str]) -> None:
    found = proven(source)
    assert (found.usual, found.exhaustive) == (usual, exhaustive)


def test_a_matrix_keeps_its_usual_cases_outside_of_the_tier() -> None:
    marked = {
        case.id: (case.values, [mark.name for mark in case.marks])
        for case in matrix({"a": 1, "b": (2, 3)}, usual=["a"])
    }
    assert marked == {"a": ((1,), []), "b": ((2, 3), ["exhaustive"])}


@pytest.mark.parametrize("usual", [[], ["a", "c"]])
def test_a_matrix_without_a_usual_case_is_refused(usual: list[str]) -> None:
    with pytest.raises(ValueError, match="not the ids"):
        matrix({"a": 1, "b": 2}, usual=usual)


@pytest.mark.parametrize(("profile", "tried"), [("project", 300), ("usual", 99)])
def test_a_property_has_all_of_its_examples_but_in_the_usual_tier(profile: str, tried: int) -> None:
    before = settings.get_current_profile_name()
    settings.load_profile(profile)
    found = examples(300)
    settings.load_profile(before)
    assert found == tried


def test_every_named_promise_is_known() -> None:
    assert not [(promise, where) for promise, where in promises_named() if promise not in PROMISES]


def test_every_promise_says_what_and_whence() -> None:
    assert all(entry.text.endswith(".") and entry.source for entry in PROMISES.values())
    assert {f"security S{number}" for number in range(1, 45)} <= {entry.source for entry in PROMISES.values()}
