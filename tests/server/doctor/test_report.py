"""How findings are shown: the summary on top, and lines as wide as the terminal."""

import json

import click
import pytest
from rememberizer_mcp.server.doctor.entries import entries
from rememberizer_mcp.server.doctor.report import LEAST_WIDTH, Finding, as_json, as_text
from rememberizer_mcp.server.hosts.system import NoHome, System


def test_an_unknown_home_is_a_warning() -> None:
    def find() -> System:
        raise NoHome

    (row,) = entries(find)
    assert isinstance(row, Finding)
    assert (row.level, row.text) == ("warning", "Not looked at: no home folder is known.")


def test_what_a_terminal_obeys_does_not_reach_it() -> None:
    odd = Finding.failure("\033]0;name\a", "red\033[31m \u202e\r\n", "step\x00")
    told = click.unstyle(as_text([odd]))
    assert all(line.isprintable() for line in told.split("\n"))
    assert "red [31m" in told
    assert as_json([odd]).isascii()


@pytest.mark.promise("doctor:safe:ends")
def test_the_summary_stands_on_top_and_names_what_failed() -> None:
    findings = [
        Finding.failure("settings", "bad", "Correct it."), Finding.failure("settings", "bad too", "Correct it."),
        Finding.ok("network", "good"), Finding.failure("stdio", "bad", "Correct it."),
        Finding.warning("hosts", "odd", "Look at it."),
    ]  # fmt: skip
    first, blank, *_ = click.unstyle(as_text(findings)).splitlines()
    assert (first.partition(": ")[2], blank) == ("3 failures (settings, stdio) and 1 warning (hosts).", "")
    assert as_text(findings[2:3]).splitlines()[0].endswith(": All is well.")
    of_a_process = [Finding(**json.loads(json.dumps(finding.as_dict()))) for finding in findings]
    assert as_text(of_a_process) == as_text(findings)


@pytest.mark.parametrize(("width", "most"), [(200, 200), (80, 80), (60, 60), (10, LEAST_WIDTH)])
def test_lines_are_as_wide_as_the_terminal(width: int, most: int) -> None:
    finding = Finding.failure("settings", "word " * 100, "step " * 100)
    longest = max(map(len, click.unstyle(as_text([finding], width=width)).splitlines()))
    assert most - 5 < longest <= most
