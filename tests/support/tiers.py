"""The two tiers of the tests: the usual one, which `make test` runs, and the exhaustive one beside it."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings

EXHAUSTIVE = "pytest.mark.exhaustive"
EVERY = 100
"""The examples of a property that names no number, where all are tried."""
Test = ast.FunctionDef | ast.AsyncFunctionDef


def matrix(cases: Mapping[str, Any], *, usual: Collection[str]) -> Sequence[Any]:
    """The cases of a large matrix for ``parametrize``; all but the usual ones are in the exhaustive tier.

    Args:
        cases: By their ids, the values of each; a tuple is several arguments.
        usual: The ids of those that stand for the rest; at least one.

    Raises:
        ValueError: No case is usual, or there is no such case.
    """
    if not usual or not set(usual) <= set(cases):
        raise ValueError(f"{sorted(usual)} are not the ids of some cases.")
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            id=name,
            marks=() if name in usual else pytest.mark.exhaustive,
        )
        for name, case in cases.items()
    ]


def examples(most: int) -> int:
    """How many examples of a property are tried: all of them in the exhaustive tier, else the profile's share."""
    return most * settings().max_examples // EVERY


@dataclass
class Proven:
    """The ids of the promises that a file's tests name, by tier."""

    usual: set[str] = field(default_factory=set)
    exhaustive: set[str] = field(default_factory=set)


def proven(source: str) -> Proven:
    """What the tests of a file prove in each tier, read from its marks: of the file, a test, and a test's cases."""
    module = ast.parse(source)
    assigned = {ast.unparse(node.targets[0]): node.value for node in module.body if isinstance(node, ast.Assign)}
    files = _listed(assigned["pytestmark"]) if "pytestmark" in assigned else []
    found = Proven()
    for test in _tests(module):
        _add(found, [assigned.get(ast.unparse(mark), mark) for mark in (*files, *test.decorator_list)])
    return found


def _tests(module: ast.Module) -> Iterator[Test]:
    return (node for node in module.body if isinstance(node, Test) and node.name.startswith("test_"))


def _add(found: Proven, marks: Sequence[ast.expr]) -> None:
    """Sort the promises of one test by the tiers of its cases."""
    cases = [_cases(mark) for mark in marks]
    only = _is_exhaustive(marks) or any(each and all(map(_is_exhaustive, each)) for each in cases)
    (found.exhaustive if only else found.usual).update(_promises(marks))
    for case in (case for each in cases for case in each):
        (found.exhaustive if only or _is_exhaustive(case) else found.usual).update(_promises(case))


def _cases(mark: ast.expr) -> Sequence[Sequence[ast.expr]]:
    """The marks of each case of a ``parametrize`` whose cases are written out."""
    if not (isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.parametrize"):
        return []
    return [_marks_of_case(case) for case in (_listed(mark.args[1]) if len(mark.args) > 1 else [])]


def _marks_of_case(case: ast.expr) -> Sequence[ast.expr]:
    if not (isinstance(case, ast.Call) and ast.unparse(case.func) == "pytest.param"):
        return []
    return [mark for keyword in case.keywords if keyword.arg == "marks" for mark in _listed(keyword.value)]


def _listed(value: ast.expr) -> Sequence[ast.expr]:
    return value.elts if isinstance(value, ast.List | ast.Tuple) else [value]


def _is_exhaustive(marks: Sequence[ast.expr]) -> bool:
    return any(ast.unparse(mark) == EXHAUSTIVE for mark in marks)


def _promises(marks: Sequence[ast.expr]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.promise":
            yield from map(ast.literal_eval, mark.args)
