"""The command ``rememberizer-mcp``, also as ``python -m rememberizer_mcp.server``."""

from .stdio.front import start


def main() -> None:
    """Start the front, if there can be one, and behind it the command line."""
    front = start()
    from .cli.commands import main as command  # noqa: PLC0415 -- to import it takes longer than the front's first answer

    command(obj=front)


if __name__ == "__main__":
    main()
