"""What the code says of each error; what to do about it is written on the page itself."""

from collections.abc import Callable, Mapping
from functools import partial

from rememberizer_mcp.server.errors import RememberizerError

from tests.docs.markdown import table
from tests.support.hints import hint


def codes(base: type[RememberizerError] = RememberizerError) -> list[type[RememberizerError]]:
    """The classes with a code of their own, in the order of the tree."""
    found = [base] if "code" in vars(base) else []
    return found + [each for child in base.__subclasses__() for each in codes(child)]


def errors_table() -> str:
    """Each code, with its place on this page."""
    rows = [f"[`{each.code}`](#{each.code}) | {each.sentence} | {_again(each)}" for each in codes()]
    return table("code | cause | try again?", rows)


def error_regions() -> Mapping[str, Callable[[], str]]:
    """One region for each code, and the table."""
    return {"errors": errors_table, **{f"error-{each.code}": partial(said, each) for each in codes()}}


def said(error: type[RememberizerError]) -> str:
    """Its sentence and its hint, as an agent gets them unless the call knows better."""
    return f"> `{error.code}`: {error.sentence} {hint(error)}"


def _again(error: type[RememberizerError]) -> str:
    return "yes" if error.retryable else "no"
