"""Every promise has a test, and every test that names one names a known one."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.requirements import PROMISES

HERE = Path(__file__).parent


def promises_named() -> Iterator[tuple[str, str]]:
    """Each ``pytest.mark.promise("ID", ...)`` in the tests: the id and where it stands."""
    for path in HERE.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.promise":
                for argument in node.args:
                    yield ast.literal_eval(argument), f"{path.relative_to(HERE)}:{node.lineno}"


def test_every_promise_has_a_test_or_says_why_it_is_owed() -> None:
    named = {promise for promise, _ in promises_named()}
    owed = {promise for promise, entry in PROMISES.items() if entry.deferred is None}
    assert owed - named == set()


def test_every_named_promise_is_known_and_not_deferred() -> None:
    unknown = [(promise, where) for promise, where in promises_named() if promise not in PROMISES]
    early = [
        (promise, where) for promise, where in promises_named() if promise in PROMISES and PROMISES[promise].deferred
    ]
    assert not unknown
    assert not early


def test_every_promise_says_what_and_whence() -> None:
    assert all(entry.text.endswith(".") and entry.source for entry in PROMISES.values())
    assert {f"S{number}" for number in range(1, 45)} <= set(PROMISES)
