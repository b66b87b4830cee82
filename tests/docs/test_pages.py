"""The pages hang together: every link leads somewhere, every page is found, every command exists."""

import re
import shlex
from pathlib import Path

import click
import pytest
from rememberizer_mcp.server.cli.commands import main

from tests.docs.page import anchors, commands, is_outside, links, target
from tests.docs.regions import ROOT, name_of, pages

EVERY = sorted({*pages(), *ROOT.glob("*.md")})
STAND_INS = {"HOST": "claude-desktop", "FILE": "accounts.db", "NAME=VALUE": "captcha=off", "PORT": "8765"}
"""What is put in place of a word in capitals."""


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.promise("repository:pages:links")
@pytest.mark.parametrize("page", EVERY, ids=name_of)
def test_every_link_leads_to_a_file_and_an_anchor_that_are_there(page: Path) -> None:
    for link in links(text_of(page)):
        if not is_outside(link):
            file, anchor = target(page, link)
            assert file.is_relative_to(ROOT), link
            assert file.exists(), link
            assert not anchor or anchor in anchors(text_of(file)), link


@pytest.mark.promise("repository:pages:links")
def test_every_link_that_leaves_is_encrypted() -> None:
    outside = {link for page in EVERY for link in links(text_of(page)) if is_outside(link)}
    assert outside
    assert not [link for link in outside if not link.startswith("https://")]


@pytest.mark.promise("repository:pages:links")
def test_every_page_is_one_click_from_the_readme() -> None:
    readme = ROOT / "README.md"
    clicked = {target(readme, link)[0] for link in links(text_of(readme)) if not is_outside(link)}
    assert {page for page in EVERY if page != readme} <= clicked


def resolved(command: str) -> list[str]:
    """The names of the commands that a line calls.

    Raises:
        click.UsageError: There is no such command, option or argument.
    """
    words = [STAND_INS.get(word, word) for word in shlex.split(command)]
    name, found, arguments, names = words[0], main, words[1:], []
    while True:
        names.append(name)
        try:
            context = found.make_context(name, arguments)
        except click.exceptions.Exit:  # --help and --version end it
            return names
        rest = [*context._protected_args, *context.args]  # noqa: SLF001 -- click gives no other way to them
        if not rest or not isinstance(found, click.Group):
            return names
        name, found, arguments = found.resolve_command(context, rest)  # type: ignore[assignment]  # it raises, or finds


@pytest.mark.promise("repository:pages:links")
@pytest.mark.parametrize("page", EVERY, ids=name_of)
def test_every_command_of_ours_that_is_quoted_exists(page: Path) -> None:
    for command in commands(text_of(page)):
        assert resolved(command)[0] == "rememberizer-mcp", command


@pytest.mark.parametrize(
    "command", ["rememberizer-mcp fly", "rememberizer-mcp sandbox --no-such 1", "rememberizer-mcp -x"]
)
def test_a_command_that_does_not_exist_is_found_out(command: str) -> None:
    with pytest.raises(click.UsageError):
        resolved(command)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("rememberizer-mcp", ["rememberizer-mcp"]),
        ("rememberizer-mcp --help", ["rememberizer-mcp"]),
        ("rememberizer-mcp sandbox outbox --json", ["rememberizer-mcp", "sandbox", "outbox"]),
        ("rememberizer-mcp demo --variant NAME=VALUE", ["rememberizer-mcp", "demo"]),
    ],
)
def test_a_command_is_followed_to_its_end(command: str, names: list[str]) -> None:
    assert resolved(command) == names


@pytest.mark.promise("repository:pages:links")
def test_every_make_target_that_is_quoted_exists() -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = {
        name for page in EVERY for name in re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)$", text_of(page), re.MULTILINE)
    }
    quoted = {first or second for first, second in targets}
    assert {"demo", "test", "interop-setup"} <= quoted
    assert {name for name in quoted if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def test_anchors_are_made_as_github_makes_them() -> None:
    text = "# The `read_document` tool\n## A & b\n## Twice\n## Twice\n```\n# none\n```\n"
    assert anchors(text) == {"the-read_document-tool", "a--b", "twice", "twice-1"}


def test_links_commands_and_code_are_found_where_they_stand() -> None:
    text = (
        'See [a](b.md#c), `[no](x.md)`, <img src="d.svg">.\n`uvx rememberizer-mcp demo`\n```sh\nrememberizer-mcp\n```\n'
    )
    assert list(links(text)) == ["b.md#c", "d.svg"]
    assert list(commands(text)) == ["rememberizer-mcp", "rememberizer-mcp demo"]
