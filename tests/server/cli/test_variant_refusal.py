"""A variant that isn't there is answered with those that are, in lines of 80 columns."""

import pytest
from click.testing import CliRunner
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.sandbox.config import Variants


@pytest.mark.parametrize("command", [("--sandbox",), ("demo",), ("sandbox",)])
def test_an_unknown_variant_is_answered_in_lines_of_80_columns(command: tuple[str, ...]) -> None:
    """It was one line of about 1000."""
    result = CliRunner().invoke(main, [*command, "--variant", "captcha=perhaps"])
    assert result.exit_code == 2
    _, _, said = result.stderr.partition("Error: ")
    first, *lines = said.splitlines()
    assert first == "There is no variant 'captcha=perhaps'. The variants are:"
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("  ") for line in lines)
    names = [each.partition("=")[0] for each in " ".join(lines).split(", ")]
    assert [name.strip() for name in names] == list(vars(Variants()))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--variant", "access_cookie=a b"], "Error: access_cookie can't be 'a b': it is"),
        (["--data", __file__], "Error: "),
    ],
)
def test_what_lists_nothing_stays_one_line(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(main, ["demo", *arguments])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(sentence)
