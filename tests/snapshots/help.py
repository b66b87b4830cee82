"""What ``--help`` says of each command, in a terminal of 80 columns."""

from collections.abc import Iterator

import click
from rememberizer_mcp.server.cli.commands import main

COLUMNS = 80
NAME = "rememberizer-mcp"


def contexts(command: click.Command = main, above: click.Context | None = None) -> Iterator[click.Context]:
    """Each command in its context, the groups before what is in them."""
    name = (command.name if above else None) or NAME
    here = command.make_context(name, [], parent=above, resilient_parsing=True, terminal_width=COLUMNS)
    yield here
    if isinstance(command, click.Group):
        for name in command.list_commands(here):
            yield from contexts(command.commands[name], here)


def help_of(context: click.Context) -> str:
    """What the command says of itself, with the option that asked for it."""
    return f"$ {context.command_path} --help\n{context.get_help()}\n"


def help_of_all() -> str:
    """The help of all commands, one after the other."""
    return "\n".join(help_of(context) for context in contexts())
