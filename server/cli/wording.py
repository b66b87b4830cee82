"""The texts of the command line that differ from click's own."""

import sys
from io import TextIOWrapper
from typing import Any

import click

_MOST_SHOWN = 28
"""Characters of a wrong name that are shown, so that the line has at most 80."""


class MainGroup(click.Group):
    """The main command. Its help shows examples in the form in which the user called it, such as through ``uvx``."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run as click does. A character that the encoding of the output lacks is written by its number."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **extra)

    def get_help(self, ctx: click.Context) -> str:
        """As click writes it."""
        from ..hosts.block import typed  # noqa: PLC0415 -- the server's start needs nothing of it

        return super().get_help(ctx).replace("\n    rememberizer-mcp ", f"\n    {typed()} ")


class HostName(click.Choice[str]):
    """A host's name."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ARG002 -- click's
        """The names that there are, in lines that fit a terminal."""
        shown = repr(value)
        if len(shown) > _MOST_SHOWN:
            shown = f"{shown[: _MOST_SHOWN - 3]}..."
        json = "\n  `json` prints the block for any other host." * ("json" in self.choices)
        return listed(f"{shown} is none of these:", ", ".join(self.choices)) + json


def greeting() -> str:
    """The text for a person who started the server in a terminal, where no host talks to it."""
    from ..hosts.block import typed  # noqa: PLC0415 -- a host's start needs nothing of it

    command = typed()
    return (
        "This is an MCP server. It waits for the messages of a host on this terminal; Ctrl-C ends it.\n"
        f"  See it work, without an account:  {command} demo\n"
        f"  Connect a host:                   {command} install claude-desktop\n"
        f"  Find out why it doesn't work:     {command} doctor"
    )


def listed(said: str, names: str) -> str:
    """A sentence and what it lists, in lines that fit a terminal."""
    from textwrap import wrap  # noqa: PLC0415 -- as above

    return "\n  ".join([said, *wrap(names, 76, break_on_hyphens=False, break_long_words=False)])
