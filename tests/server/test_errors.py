"""The error tree: what each failure says, and that the picture of it in the module's docstring is true."""

import re
from copy import copy

import pytest
from rememberizer_mcp.server import errors
from rememberizer_mcp.server.api.client import MOST_BODY_BYTES
from rememberizer_mcp.server.errors import (
    AccountChanged,
    InternalError,
    InvalidArguments,
    RateLimited,
    RememberizerError,
    StoreUnavailable,
    TooManySessions,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
    repaired,
)

from tests.support.hints import hint

CODES = {
    *(
        "confirmation_required",
        "invalid_arguments",
        "invalid_credentials",
        "captcha_required",
        "captcha_rejected",
        "email_taken",
    ),
    *("email_not_verified", "invalid_verification_code", "not_signed_in", "session_expired", "unknown_session"),
    *("account_changed", "too_many_sessions", "sign_in_pending", "sign_in_failed", "rate_limited", "forbidden"),
    *("not_found", "quota_exceeded", "read_only", "upstream_timeout", "upstream_unreachable", "upstream_unavailable"),
    *("upstream_protocol", "response_too_large", "store_unavailable", "internal_error"),
}


def below(base: type[RememberizerError]) -> list[type[RememberizerError]]:
    """All descendants, in the order in which they are written."""
    return [found for child in base.__subclasses__() for found in (child, *below(child))]


LEAVES = [kind for kind in below(RememberizerError) if "code" in vars(kind)]
each_failure = pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)


def test_the_docstring_draws_the_tree_that_exists() -> None:
    drawn = re.findall(r"^ {4}( *)[├└]── ([\w, ]+)$", errors.__doc__ or "", re.MULTILINE)
    grown = [
        (len(kind.__mro__) - len(RememberizerError.__mro__) - 1, kind.__name__)
        for kind in below(RememberizerError)
        if kind.__module__ == errors.__name__
    ]
    assert sorted((len(indent) // 4, name) for indent, names in drawn for name in names.split(", ")) == sorted(grown)


def test_the_codes_are_those_of_the_design_each_once() -> None:
    assert sorted(kind.code for kind in LEAVES) == sorted(CODES)


@each_failure
def test_a_failure_says_its_code_cause_and_repair(kind: type[RememberizerError]) -> None:
    assert str(kind()) == f"{kind.code}: {kind.sentence}"
    assert (kind.__doc__ or "").startswith(kind.sentence)
    assert all(text.endswith(".") and text.isprintable() for text in (kind.sentence, hint(kind)))


def test_only_passing_failures_are_retryable() -> None:
    passing = {AccountChanged, RateLimited, StoreUnavailable, TooManySessions}
    passing_upstream = {UpstreamTimeout, UpstreamUnavailable, UpstreamUnreachable}
    assert {kind for kind in LEAVES if kind.retryable} == passing | passing_upstream


def test_a_wait_is_the_kinds_own_if_nobody_says_another() -> None:
    assert [StoreUnavailable(retry_after_seconds=wait).retry_after_seconds for wait in (None, 0.0, 7)] == [5, 0, 7]
    assert RateLimited().retry_after_seconds is None


def test_words_given_at_the_raise_replace_the_usual_ones() -> None:
    error = InvalidArguments("`email` is missing.", repair="Pass it.", status=400)
    assert (str(error), error.repair) == ("invalid_arguments: `email` is missing.", "Pass it.")
    assert (error.status, error.retry_after_seconds, error.args) == (400, None, ("`email` is missing.",))


def test_a_call_that_knows_better_repairs_gives_each_kind_its_own() -> None:
    for kind, repair in ((UpstreamTimeout, "Look."), (UpstreamUnavailable, "Wait."), (InternalError, None)):
        with pytest.raises(kind) as raised, repaired({UpstreamTimeout: "Look.", UpstreamError: "Wait."}):
            raise kind
        assert raised.value.repair == (repair or kind.repair)


@each_failure
def test_a_failure_shared_by_many_is_new_for_each(kind: type[RememberizerError]) -> None:
    original = kind("Said.", repair="Do.", retry_after_seconds=0.0, status=503)
    original.__cause__ = ValueError("where it came from")
    another = copy(original)
    assert another is not original
    assert type(another) is kind
    assert vars(another) == vars(original)
    assert (another.__cause__, another.__traceback__) == (None, None)


def test_the_size_in_the_sentence_is_the_cap() -> None:
    assert f"{MOST_BODY_BYTES // 1_000_000} MB" in errors.ResponseTooLarge.sentence


def test_importing_this_module_is_enough_to_catch_everything() -> None:
    with pytest.raises(RememberizerError):
        raise InternalError
