"""What reaches the log: one line per event, and no secret in any of its forms."""

import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.logs import redaction as logs
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets, RedactingHandler

from tests.support.clock import FakeClock
from tests.support.log import close

OURS = "rememberizer_mcp.server.sessions.session"
HEAD = "2025-06-15T15:06:40Z WARNING rememberizer_mcp.server.sessions.session: "
FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "JSON": json.dumps,
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False),
    "repr": repr,
    "repr of a sentence": lambda value: repr(f"he said \"no\" to '{value}'"),
    "ascii": ascii,
    "repr of bytes": lambda value: repr(value.encode("utf-8", "replace")),
    "percent": lambda value: quote(value.encode("utf-8", "replace"), safe=""),
    "path": lambda value: quote(value.encode("utf-8", "replace")),
    "form": lambda value: quote_plus(value.encode("utf-8", "replace")),
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def logged(*secrets: str, text: str = "", error: BaseException | None = None, **options: object) -> str:
    """What the handler writes for one event, while these secrets are known."""
    known, stream = KnownSecrets(), io.StringIO()
    known.learn(secrets)
    fields = {"name": OURS, "levelno": logging.WARNING, "levelname": "WARNING", "msg": text}
    info = error and (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({**fields, "exc_info": info, **options})
    handler = RedactingHandler(secrets=known, stream=stream, now=FakeClock())
    handler.handle(record)
    close(handler)
    return stream.getvalue()


def raised(error: Exception, *, by: Exception | None = None) -> Exception:
    """The same exception with a traceback, as if it had been raised while ``by`` was handled."""
    try:
        try:
            if by:
                raise by
        finally:
            raise error
    except Exception as caught:  # noqa: BLE001 -- whatever a test wants to see logged
        return caught


@pytest.mark.promise("settings:logs:one-redacted-line")
def test_an_event_is_one_line_with_time_level_and_logger() -> None:
    assert logged(text="session %s was\nrefreshed\x1b[0m", args=("rs_1",)) == f"{HEAD}session rs_1 was refreshed [0m\n"


@pytest.mark.promise("settings:logs:one-redacted-line", "settings:secrets:never-shown")
def test_an_exception_is_one_redacted_line_with_its_causes() -> None:
    error = raised(RuntimeError("second\nline"), by=KeyError("geheim-1"))
    line = logged("geheim-1", text="it failed", error=error)
    where = r"at test_redaction\.py:\d+"
    told = rf"it failed \| RuntimeError: second line {where} <- KeyError: '\[redacted\]' {where}"
    assert re.fullmatch(re.escape(HEAD) + told + "\n", line)


def test_a_suppressed_context_is_not_told() -> None:
    error = raised(RuntimeError("told"), by=KeyError("not told"))
    error.__suppress_context__ = True
    assert "not told" not in logged(text="it failed", error=error)


def test_an_exception_never_raised_has_no_place() -> None:
    assert logged(text="it failed", error=ValueError("odd")) == f"{HEAD}it failed | ValueError: odd\n"


def test_an_exception_that_can_not_be_told_ends_nothing() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert "| " in logged(text="it failed", error=Odd("x"))
    assert "Odd" in logged(text="it failed", error=Odd("x"))


@pytest.mark.parametrize("arguments", [("too", "many"), ({},), (object(),)])
def test_a_broken_format_string_does_not_end_the_call(arguments: tuple[object, ...]) -> None:
    assert logged(text="%d", args=arguments) == f"{HEAD}an event that could not be formatted\n"


@pytest.mark.promise("settings:secrets:never-shown")
@each_form
@pytest.mark.parametrize(
    "secret",
    [
        "correct horse",
        'pä"ss',
        "it's",
        'it\'s "x"',
        "it's\x01\xe9",
        "a b/c",
        "tab\tinside",
        "line\r\nbreak",
        "hard\u00a0space",
        "zero\u200bwidth",
        "back\\slash",
        "a/b?c=d&e+f%20",
        "\udcffbyte",
        "(.*)[a-z]+$",
        "\u5bc6\u7801\u5bc6\u7801",
        "\U0001f511\U0001f512\U0001f513\U0001f510",
    ],
)
def test_a_secret_is_redacted_in_every_form_that_prints_it(secret: str, form: Callable[[str], str]) -> None:
    line = logged(secret, text=f"before {form(secret)} after")
    assert REDACTED in line
    assert "".join(c if c.isprintable() else " " for c in form(secret)).strip("'\"b") not in line


@pytest.mark.promise("settings:secrets:never-shown")
@settings(deadline=None)
@given(secret=st.text(min_size=6, max_size=40), form=st.sampled_from(list(FORMS.values())))
@example(secret='ä"\u00a0xyz', form=FORMS["JSON in UTF-8"])
def test_no_secret_whatsoever_survives_in_a_line(secret: str, form: Callable[[str], str]) -> None:
    assume(secret.strip() and secret not in logged(text="before  after") + REDACTED)
    assert logged(secret, text=f"before\n{form(secret)}\nafter").count(REDACTED) >= 1


@pytest.mark.parametrize("longer", ["token-1234-and-more", "1234-and-more", "token-1234"])
def test_a_secret_within_another_leaves_nothing_of_the_longer(longer: str) -> None:
    shorter = "1234"
    for secrets in ((longer, shorter), (shorter, longer)):
        assert logged(*secrets, text=f"{longer} {shorter}") == f"{HEAD}{REDACTED} {REDACTED}\n"


def test_an_exception_group_keeps_its_secrets() -> None:
    group = ExceptionGroup("group", [ValueError("odd"), ExceptionGroup("inner", [KeyError("geheim-1")])])
    line = logged("geheim-1", error=group)
    assert line.endswith(f"group (2 sub-exceptions) [ValueError: odd, KeyError: '{REDACTED}']\n")


def test_an_event_of_no_exception_tells_of_none() -> None:
    assert logged(text="it failed", exc_info=(None, None, None)) == f"{HEAD}it failed\n"


def test_values_too_short_to_hide_take_no_words_apart() -> None:
    assert logged("abc", "", text="the abc of it") == f"{HEAD}the abc of it\n"
    assert logged("abcd", text="the abcd of it") == f"{HEAD}the {REDACTED} of it\n"


def test_a_value_known_twice_stays_known_until_both_forget() -> None:
    known = KnownSecrets()
    known.learn(["geheim-1"])
    with known.during(iter(["geheim-1"])):
        assert known.redact("geheim-1") == REDACTED
    assert known.redact("geheim-1") == REDACTED
    known.forget(["geheim-1", "never-known"])
    assert known.redact("geheim-1 never-known") == "geheim-1 never-known"


def test_values_of_a_block_that_fails_are_forgotten_too() -> None:
    known = KnownSecrets()
    with pytest.raises(ZeroDivisionError), known.during(["geheim-1"]):
        raise ZeroDivisionError
    assert repr(known) == "<KnownSecrets: 0 values>"


@pytest.mark.promise("settings:secrets:never-shown")
def test_the_registry_shows_how_many_values_and_none() -> None:
    known = KnownSecrets()
    known.learn(["geheim-1", "geheim-2", "no"])
    assert repr(known) == str(known) == "<KnownSecrets: 2 values>"


@pytest.mark.promise("settings:logs:one-redacted-line")
@pytest.mark.parametrize(
    "name",
    ["mcp.shared.jsonrpc_dispatcher", "mcp.server.runner", "httpx", "httpcore", "httpx._client", "httpcore.http11"],
)
def test_loggers_that_print_raw_traffic_print_no_content(name: str) -> None:
    line = logged(name=name, text="raw %s", args=("unparsed secret",), error=raised(ValueError("unparsed secret")))
    assert line == f"{HEAD.replace(OURS, name)}an event whose content is withheld (ValueError)\n"
    plain = logged(name=name, text="unparsed secret")
    assert plain == f"{HEAD.replace(OURS, name)}an event whose content is withheld\n"


@pytest.mark.parametrize(
    ("name", "level", "passes"),
    [
        (OURS, logging.DEBUG, True),
        ("rememberizer_mcp", logging.DEBUG, True),
        ("rememberizer_mcpx", logging.INFO, False),
        ("httpxyz", logging.INFO, False),
        ("mcp.server", logging.INFO, False),
        ("mcp.server", logging.WARNING, True),
        ("py.warnings", logging.WARNING, True),
    ],
)
def test_below_warning_only_our_own_loggers_pass(name: str, level: int, passes: bool) -> None:
    assert bool(logged(name=name, levelno=level, text="an event")) is passes


def test_a_stream_that_is_gone_fails_no_call() -> None:
    closed = io.StringIO()
    closed.close()
    handler = RedactingHandler(secrets=KnownSecrets(), stream=closed)
    handler.handle(logging.makeLogRecord({"name": OURS, "levelno": logging.ERROR, "msg": "an event"}))
    close(handler)


@contextmanager
def root_restored() -> Iterator[logging.Logger]:
    root, ours = logging.getLogger(), logging.getLogger(logs.OURS)
    handlers, levels = root.handlers[:], (root.level, ours.level)
    try:
        yield root
    finally:
        logging.captureWarnings(capture=False)
        for handler in root.handlers:
            close(handler)
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])


@pytest.mark.promise("settings:logs:one-redacted-line", "settings:secrets:never-shown")
@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("INFO", 2), ("warning", 1), ("error", 0)])
def test_installing_makes_ours_the_only_handler_at_the_asked_level(level: str, lines: int) -> None:
    stream, known = io.StringIO(), KnownSecrets()
    with root_restored() as root, known.during(["geheim-1"]):
        logs.install(level=level, secrets=known, stream=stream)
        assert [type(handler) for handler in root.handlers] == [RedactingHandler]
        ours = logging.getLogger(OURS)
        for say in (ours.debug, ours.info, ours.warning, logging.getLogger("mcp.server").info):
            say("geheim-1")
    assert stream.getvalue().count("\n") == stream.getvalue().count(f": {REDACTED}\n") == lines


def test_warnings_of_python_become_redacted_lines() -> None:
    stream, known = io.StringIO(), KnownSecrets()
    with warnings.catch_warnings(), root_restored(), known.during(["geheim-1"]):
        warnings.simplefilter("always")
        logs.install(level="warning", secrets=known, stream=stream)
        warnings.warn("about geheim-1", stacklevel=1)
    assert f"UserWarning: about {REDACTED}" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


@pytest.mark.promise("settings:secrets:never-shown")
def test_a_traceback_of_nested_causes_holds_no_secret() -> None:
    error: Exception = ValueError("geheim-0")
    for depth in range(1, 30):
        outer = RuntimeError({"password": "geheim-0", "depth": depth})
        outer.__cause__ = error
        outer.add_note("noted geheim-0")
        error = outer
    line = logged("geheim-0", text="it failed", error=error)
    assert "geheim-0" not in line
    assert line.count(" <- ") == 29
    assert line.count("\n") == 1
