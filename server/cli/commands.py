"""The command line. Each subcommand imports what it needs when it is called; no secret is ever an argument (S43)."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import __version__
from .wording import HostName, MainGroup

if TYPE_CHECKING:
    from ..stdio.front import Front

Command = TypeVar("Command", bound=Callable[..., Any])


def _variants(_: click.Context, __: click.Parameter, typed: str) -> list[str]:
    """What a shell offers for ``--variant``."""
    from ..sandbox.config import Variants  # noqa: PLC0415 -- see the module's docstring

    return [setting for setting in Variants.settings() if setting.startswith(typed)]


def _sandbox_options(command: Command) -> Command:
    seconds = partial(click.option, type=click.FloatRange(min=1), metavar="SECONDS")
    for option in (
        click.option(
            "--variant",
            "variants",
            multiple=True,
            metavar="NAME=VALUE",
            shell_complete=_variants,
            help="Let the sandbox answer in another way that the API's contract allows. Can be repeated.",
        ),
        seconds("--refresh-seconds", help="Life of the sandbox's refresh tokens."),
        seconds("--access-seconds", help="Life of the sandbox's access tokens."),
        click.option(
            "--data", type=click.Path(path_type=Path, dir_okay=False), help="Keep the sandbox's accounts in this file."
        ),
    ):
        command = option(command)
    return command


@click.group(cls=MainGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sandbox", is_flag=True, help="Use the embedded sandbox: no account and no network.")
@_sandbox_options
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def main(context: click.Context, /, *, sandbox: bool, **options: Any) -> None:
    """Let an AI agent sign in to Rememberizer, search it and add to it, by MCP.

    Without a command it serves MCP over stdio; hosts start it so.

    \b
    See it work, without an account:
      rememberizer-mcp demo
    Connect a host, such as Claude Desktop:
      rememberizer-mcp install claude-desktop
    Find out why it doesn't work:
      rememberizer-mcp doctor

    Settings are REMEMBERIZER_* environment variables: docs/settings.md in the source names them. README.md leads to
    everything else.
    """  # noqa: D301 -- click leaves the lines below a backspace as they are
    if context.invoked_subcommand is None:
        from .serving import serve_stdio  # noqa: PLC0415 -- see the module's docstring

        serve_stdio(sandbox=sandbox, options=options, front=context.obj)
    elif sandbox or any(options.values()):
        raise click.UsageError("These options go behind the command, not before it.")


@main.command()
@click.option("--sandbox", is_flag=True, help="Use the embedded sandbox: no account and no network.")
@click.option("--http", is_flag=True, help="Serve many clients over HTTP, at /mcp.")
@click.option("--host", metavar="ADDRESS", help="With --http: where to listen; 127.0.0.1 if it is left out.")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="PORT", help="With --http: the port; 8000 if it is left out."
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="With --http: answer Prometheus at this port of 127.0.0.1; 0 is any free one.",
)
@_sandbox_options
@click.pass_obj
def serve(
    front: "Front | None",
    /,
    *,
    sandbox: bool,
    http: bool,
    host: str | None,
    port: int | None,
    metrics_port: int | None,
    **options: Any,
) -> None:
    """Serve MCP over stdio (same as no command), or over HTTP."""
    from .serving import serve_http, serve_stdio  # noqa: PLC0415 -- see the module's docstring

    if http:
        serve_http(
            sandbox=sandbox,
            options=options,
            host=host or "127.0.0.1",
            port=8000 if port is None else port,
            metrics_port=metrics_port,
        )
    if any(each is not None for each in (host, port, metrics_port)):
        raise click.UsageError("--host, --port and --metrics-port need --http.")
    serve_stdio(sandbox=sandbox, options=options, front=front)


@main.command()
@_sandbox_options
def demo(**options: Any) -> None:
    """Show an agent's whole life on the sandbox."""
    from .demo import run  # noqa: PLC0415 -- see the module's docstring
    from .serving import sandbox_config  # noqa: PLC0415 -- as above

    if sandbox_config(options).variants.signup_tokens == "none":
        raise click.UsageError(
            "The demo verifies the address in the session that the sign-up gave: of signup_tokens it can't follow "
            "`none`."
        )
    arguments = [f"--variant={variant}" for variant in options.pop("variants")]
    arguments += [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if value is not None]
    sys.exit(run(arguments))


@main.group(invoke_without_command=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=8765,
    show_default=True,
    help="Where to listen; 0 picks a free port.",
)
@_sandbox_options
@click.pass_context
def sandbox(context: click.Context, /, *, port: int, **options: Any) -> None:
    """Serve the sandbox over HTTP to this machine.

    For curl, and for programs in any language.
    """
    if context.invoked_subcommand is not None:
        return
    from ..sandbox.listener import serve_sandbox  # noqa: PLC0415 -- see the module's docstring
    from .serving import sandbox_config  # noqa: PLC0415 -- as above

    config = sandbox_config(options)
    try:
        serve_sandbox(config, port=port, announce=click.echo)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


@sandbox.command()
@click.option("--json", "as_json", is_flag=True, help="Print letters and keys as JSON.")
def outbox(*, as_json: bool) -> None:
    """Print the sandboxes' mail and API keys."""
    from ..sandbox.mailbox import NoSandboxError, fetch_outbox, runtime_directory  # noqa: PLC0415 -- as above

    try:
        letters, keys = fetch_outbox(runtime_directory())
    except (NoSandboxError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        outbox = {"letters": [asdict(letter) for letter in letters], "api_keys": [asdict(key) for key in keys]}
        click.echo(json.dumps(outbox, indent=2))
        return
    if not letters:
        click.echo("No mail yet.")
    for letter in letters:
        sent = datetime.fromtimestamp(letter.sent_at, tz=UTC)
        click.echo(f"{sent:%Y-%m-%d %H:%M:%S} UTC  to {letter.to}  {letter.subject}: {letter.code}")
    for key in keys:
        opened = " ".join(filter(None, (key.opens.replace("_", " "), key.id, key.name)))
        click.echo(f"API key of {key.owner} for {opened}: {key.key}")


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(*, shell: str) -> None:
    """Print a shell's completion script.

    \b
    For bash, add this line to ~/.bashrc:
      eval "$(rememberizer-mcp completion bash)"
    For zsh, add this line to ~/.zshrc, below compinit:
      eval "$(rememberizer-mcp completion zsh)"
    For fish, add this line to ~/.config/fish/config.fish:
      rememberizer-mcp completion fish | source
    """  # noqa: D301 -- as above
    from click.shell_completion import get_completion_class  # noqa: PLC0415 -- see the module's docstring

    from .bash_completion import Bash  # noqa: PLC0415 -- as above

    made = Bash if shell == "bash" else get_completion_class(shell)
    assert made is not None  # noqa: S101 -- it knows the other two names
    click.echo(made(main, {}, "rememberizer-mcp", "_REMEMBERIZER_MCP_COMPLETE").source())


HOST_NAMES = ("claude-desktop", "claude-code", "cursor", "vscode", "codex", "gemini-cli", "goose")


@main.command()
@click.argument("host", metavar="HOST", type=HostName([*HOST_NAMES, "json"]))
@click.option("--sandbox", is_flag=True, help="Install the embedded sandbox: no account and no network.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Overwrite an entry of our making that differs, unasked.")
def install(*, host: str, sandbox: bool, dry_run: bool, yes: bool) -> None:
    """Add this server to HOST's configuration.

    HOST is claude-desktop, claude-code, cursor, vscode, codex, gemini-cli or goose; `json` prints the block for any
    other.
    """
    from .installing import install_into  # noqa: PLC0415 -- see the module's docstring

    sys.exit(install_into(host, sandbox=sandbox, dry_run=dry_run, yes=yes))


@main.command()
@click.argument("host", metavar="HOST", type=HostName(HOST_NAMES))
@click.option("--sandbox", is_flag=True, help="Remove the entry of the sandbox.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def uninstall(*, host: str, sandbox: bool, dry_run: bool) -> None:
    """Remove this server from HOST's configuration.

    Whatever else stands there is left as it is. HOST is one of those that `install --help` names, except `json`.
    """
    from .installing import uninstall_from  # noqa: PLC0415 -- see the module's docstring

    sys.exit(uninstall_from(host, sandbox=sandbox, dry_run=dry_run))


@main.command()
@click.option("--sandbox", is_flag=True, help="Check with the embedded sandbox: no network is needed.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(*, sandbox: bool, as_json: bool) -> None:
    """Say why the server does not work.

    Each finding comes with what to do about it; nothing is changed.
    """
    from ..doctor.run import run  # noqa: PLC0415 -- see the module's docstring

    sys.exit(run(sandbox=sandbox, json=as_json))
