"""The guards that every test stands on do guard."""

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from rememberizer_mcp.server.api.client import CONNECT_SECONDS, http_request

from tests.conftest import (
    PATIENCE_SECONDS,
    SlowCallbacks,
    Watched,
    note_left_out,
    pytest_terminal_summary,
    seconds_without_a_core,
)
from tests.interop.client import COMMANDS
from tests.support.commands import OTHERS, PACKAGES, lines, missing

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("message", "arguments", "kept", "logged"),
    [
        ("Executing %s took %.3f seconds", ("<Handle>", 1.0), ["Executing <Handle> took 1.000 seconds"], False),
        ("Executing %s took %.3f seconds", ("<Handle>", 0.999), [], False),
        ("something else", (), [], True),
        ("something else: %s", ("text",), [], True),
    ],
)
def test_only_a_callback_of_a_second_counts_as_slow(
    message: str, arguments: tuple[object, ...], kept: list[str], logged: bool
) -> None:
    slow = SlowCallbacks(lambda: 0.0)
    assert slow.filter(logging.LogRecord("asyncio", logging.WARNING, "", 0, message, arguments, None)) is logged
    assert slow.seen == kept


def test_a_callback_that_waited_for_a_core_is_not_slow_for_that() -> None:
    waits = iter([3.0, 4.5, 4.5])
    slow = SlowCallbacks(lambda: next(waits))
    for seconds in (2.4, 2.6):
        slow.filter(logging.LogRecord("asyncio", logging.WARNING, "", 0, "%s took %f", ("<Handle>", seconds), None))
    assert slow.seen == ["<Handle> took 2.600000"]


def test_the_loop_of_the_tests_reports_what_blocks_it_and_notes_no_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[str] = []
    monkeypatch.setattr(logging.getLogger("asyncio"), "filters", [lambda each: reports.append(each.getMessage())])
    loop = Watched()
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert any(each.startswith("Executing <Handle BaseEventLoop.stop()> took ") for each in reports), reports


def test_a_system_that_does_not_say_how_long_threads_wait_counts_as_idle(tmp_path: Path) -> None:
    file = tmp_path / "schedstat"
    assert seconds_without_a_core(file) == 0
    for text, seconds in (("", 0.0), ("5 2500000000 7\n", 2.5)):
        file.write_text(text)
        assert seconds_without_a_core(file) == seconds


NOWHERE = [f"{COMMANDS[0]}-of-nobody", f"{COMMANDS[-1]}-of-nobody"]


@pytest.mark.parametrize(
    ("commands", "environment", "lacked"),
    [
        (["sh"], {}, set()),
        (["sh", "no-such", "nor-this"], {}, {"no-such", "nor-this"}),
        (["sh", "no-such"], {"REQUIRE_EVERY_COMMAND": "0"}, {"no-such"}),
        (["sh", "no-such"], {"REQUIRE_EVERY_COMMAND": "1"}, set()),
        (["sh", *NOWHERE], {}, {OTHERS}),
        ([], {}, set()),
    ],
)
def test_a_test_is_left_out_for_a_missing_command_unless_each_is_required(
    commands: list[str], environment: dict[str, str], lacked: set[str]
) -> None:
    assert missing(commands, environment) == lacked


class Process:
    """What our hooks use of pytest in one process, the one that prints or a worker, and what it wrote."""

    def __init__(self, *, worker: bool) -> None:
        self.stash = pytest.Stash()
        self.written = ""
        if worker:
            self.workeroutput: dict[str, Any] = {}

    def write(self, text: str) -> None:
        self.written += text


def test_the_end_of_a_run_counts_each_test_once_whichever_workers_left_it_out() -> None:
    seen = [("fish", "test_a"), ("chromium", "test_b"), ("chromium", "test_a"), (OTHERS, "test_c")]
    printing = Process(worker=False)
    config, reporter = cast("pytest.Config", printing), cast("pytest.TerminalReporter", printing)
    for noted in (seen, seen):
        worker = Process(worker=True)
        for each in noted:
            note_left_out(cast("pytest.Config", worker), [each])
        note_left_out(config, worker.workeroutput["left_out"])
    pytest_terminal_summary(reporter, config)
    assert printing.written.splitlines() == [
        "left out: chromium: 2 tests; `apt-get install chromium` brings it",
        "left out: fish: 1 test; `apt-get install fish` brings it",
        "left out: other people's clients: 1 test; `make interop-setup` brings it",
    ]


def test_where_nothing_is_left_out_nothing_is_said() -> None:
    assert lines({}) == []


def test_an_http_client_of_a_test_waits_for_a_busy_machine_and_the_products_as_long_as_it_says() -> None:
    assert httpx.Client(trust_env=False).timeout == httpx.Timeout(PATIENCE_SECONDS)
    ours = http_request("GET", "http://127.0.0.1/").extensions["timeout"]
    assert ours == httpx.Timeout(None, connect=CONNECT_SECONDS).as_dict()


def calls(name: str) -> Iterator[ast.Call]:
    """Each call of a mark in the tests."""
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"pytest.mark.{name}":
                yield node


def test_what_brings_each_command_that_a_test_needs_is_known() -> None:
    needed = {ast.literal_eval(each) for call in calls("needs") for each in call.args if isinstance(each, ast.Constant)}
    assert needed == set(PACKAGES)
    assert {
        ast.unparse(each) for call in calls("needs") for each in call.args if not isinstance(each, ast.Constant)
    } == {"*COMMANDS"}


def test_no_case_of_a_test_depends_on_the_machine() -> None:
    """Else the name of a case is another on each machine, and two may have the same, which pytest refuses."""
    machine = re.compile(
        r"\b(which|getenv|gethostname|exists|is_file)\(|\bos\.environ\b|\bsys\.platform\b|\bplatform\.\w+\("
    )
    assert not [ast.unparse(call) for call in calls("parametrize") if machine.search(ast.unparse(call))]
