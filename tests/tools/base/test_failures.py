"""What repairs a failure names only tools that are there, and the tool that was called."""

import ast
import doctest
import re
from collections.abc import Iterator

import pytest
from rememberizer_mcp.server.errors import (
    CaptchaRequired,
    EmailNotVerified,
    NotSignedIn,
    RateLimited,
    RememberizerError,
    Repair,
    SessionExpired,
    SignInFailed,
    UnknownSession,
)
from rememberizer_mcp.tools.base import failures
from rememberizer_mcp.tools.base.failures import LATER, failure, hint_of, protocol_error, written

from tests.support.hints import EVERY, hint
from tests.support.house import ROOT, SOURCES

WITHOUT_AUTH = ("search", "remember")
INSTEAD: dict[type[RememberizerError], str] = {
    NotSignedIn: "set REMEMBERIZER_LAZY_SIGN_IN to `on`",
    UnknownSession: "Leave `session` out.",
    SessionExpired: "Call again, which signs in anew",
    EmailNotVerified: "The user has to verify the address",
}


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@pytest.mark.parametrize("tool", EVERY)
def test_a_tool_is_named_where_it_is_there_and_nowhere_else(tool: str) -> None:
    error = RateLimited(repair=Repair(f"Call {{{tool}}}."))
    assert hint_of(error, offered=EVERY) == f"Call `{tool}`."
    assert hint_of(error, offered=set(EVERY) - {tool}) == RateLimited.repair
    assert written(Repair(f"Call {{{tool}}}."), offered=()) == LATER


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@pytest.mark.parametrize("kind", INSTEAD)
def test_an_error_that_has_another_repair_there_names_it(kind: type[RememberizerError]) -> None:
    error = kind(repair=Repair("Call {logout}, then {login}."))
    assert INSTEAD[kind] in hint_of(error, offered=WITHOUT_AUTH)
    assert hint(error) == "Call `logout`, then `login`."
    assert INSTEAD[kind] not in hint(kind) or kind is UnknownSession


def test_the_tool_that_failed_is_the_one_to_call_again() -> None:
    assert hint(CaptchaRequired, tool="signup").startswith("A person has to solve it: call `signup` again with")
    assert hint(CaptchaRequired).startswith("A person has to solve it: call again with")


def test_what_is_not_ours_is_filled_in_and_never_read_as_a_text() -> None:
    theirs = "{login.__class__} {"
    assert written(Repair("Ask {who}, then call {login}.", values={"who": theirs}), offered=EVERY) == (
        f"Ask {theirs}, then call `login`."
    )
    assert hint(SignInFailed(repair=theirs)) == theirs


def test_result_and_protocol_error_say_the_same() -> None:
    error = SessionExpired(status=401)
    made = failure(error, offered=EVERY).structured_content
    assert made is not None
    assert made["error"]["hint"] == hint(SessionExpired)
    thrown = protocol_error(error, offered=EVERY)
    assert (thrown.error.data, thrown.error.message) == (made, f"{error} {hint(SessionExpired)}")


def test_the_example_of_the_docstring_holds() -> None:
    assert doctest.testmod(failures).failed == 0
    assert doctest.testmod(failures).attempted > 0


@pytest.mark.promise("tools:list:read-only-and-toolsets")
def test_no_repair_names_a_tool_but_in_braces() -> None:
    texts = [text for path in SOURCES for text in repairs_in(ast.parse(path.read_text(encoding="utf-8")))]
    assert any("{login}" in text for text in texts)
    assert not [text for text in texts if set(re.findall(r"`(\w+)`", text)) & set(EVERY)], ROOT


def repairs_in(tree: ast.AST) -> Iterator[str]:
    """Every text that is written in a ``Repair`` or as a ``repair``."""
    for node in ast.walk(tree):
        is_repair = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Repair"
        is_given = isinstance(node, ast.keyword) and node.arg == "repair"
        is_usual = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "repair"
        if is_repair or is_given or is_usual:
            inside = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
            yield from (text for text in inside if isinstance(text, str))


@pytest.mark.promise("tools:errors:members")
def test_a_failure_says_how_long_to_wait() -> None:
    made = failure(RateLimited(retry_after_seconds=7.5, status=429), offered=()).structured_content
    assert made is not None
    assert made["error"]["retry_after_seconds"] == 7.5
    assert made["error"]["status"] == 429
    assert made["error"]["retryable"] is True
