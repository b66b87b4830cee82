"""Single lines of the report."""

import click
from rememberizer_mcp.server.doctor.entries import rows
from rememberizer_mcp.server.doctor.lines import as_json, as_text
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.hosts.system import NoHome, System


def test_an_unknown_home_is_a_warning() -> None:
    def find() -> System:
        raise NoHome

    (row,) = rows(find)
    assert (row["finding"]["level"], row["finding"]["text"]) == ("warning", "Not looked at: no home folder is known.")


def test_what_a_terminal_obeys_does_not_reach_it() -> None:
    odd = Finding.failure("\033]0;name\a", "red\033[31m \u202e\r\n", "step\x00")
    told = click.unstyle(as_text([odd]))
    assert all(line.isprintable() for line in told.split("\n"))
    assert "red [31m" in told
    assert as_json([odd]).isascii()
