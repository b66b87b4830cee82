"""What ``install`` and ``uninstall`` say on the terminal."""

import sys

import click

from ..hosts.block import NoCommand
from ..hosts.files import UnusableFile
from ..hosts.install import Change, installing, pasteable, uninstalling
from ..hosts.interruption import ending_as_interrupted
from ..hosts.system import NoHome, System, this_system
from ..hosts.table import HOSTS
from ..logs.redaction import printable
from ..logs.secret_forms import shown_name

SECRETS = """\
You sign in on a page in your browser, so no password belongs in this file.
To use an API key instead, set REMEMBERIZER_API_TOKEN_FILE in this entry to the path of a file that contains it."""
GIVEN_BACK = "The rest of the file would again be as it was before `install`."
AS_BEFORE = "The file is as it was before `install`, and the copies that lay beside it are gone."
NO_SECRETS = "The sandbox needs no account and no network."


@ending_as_interrupted()
def install_into(host: str, *, sandbox: bool, dry_run: bool, yes: bool) -> int:
    """Add our entry, or print it; return the exit code."""
    try:
        system = this_system()
        if host == "json":
            click.echo(pasteable(system, sandbox=sandbox))
            return 0
        change = installing(system, HOSTS[host], sandbox=sandbox)
        if dry_run or not change.is_needed:
            return _show(change)
        change.file.check_writable()
        if change.overwrites and not (yes and not change.takes_anothers) and not _may_overwrite(change):
            return 1
        is_new = not change.file.path.parent.exists()
        change.make()
    except (UnusableFile, NoCommand, NoHome) as error:
        return _fail(error)
    _tell_of_install(system, change, is_new=is_new)
    click.echo(NO_SECRETS if sandbox else SECRETS)
    click.echo(f"Next: {change.host.next_step}")
    return 0


@ending_as_interrupted()
def uninstall_from(host: str, *, sandbox: bool, dry_run: bool) -> int:
    """Remove our entry; return the exit code."""
    try:
        change = uninstalling(this_system(), HOSTS[host], sandbox=sandbox)
        if dry_run or not change.is_needed:
            return _show(change)
        is_as_before = change.make()
    except (UnusableFile, NoHome) as error:
        return _fail(error)
    click.echo(f"Removed `{change.name}` from {change.file.path}.")
    click.echo(AS_BEFORE if is_as_before else f"Before: {change.backup}")
    _tell_what_stands(change)
    click.echo(f"It is gone when {change.host.title} starts again.")
    return 0


def _show(change: Change) -> int:
    """Say what would change, or that nothing would."""
    if not change.is_needed:
        has = f"has `{change.name}` already, in" if change.stands else f"has no `{change.name}` in"
        click.echo(f"{change.host.title} {has} {change.file.path}.")
        _tell_what_stands(change)
        return 0
    rest = GIVEN_BACK if change.gives_back else "Nothing else in the file would change."
    click.echo(f"{change.diff}\n\nNothing was written. {rest}")
    change.file.check_writable()
    return 0


def _may_overwrite(change: Change) -> bool:
    click.echo(f"{change.host.title} has another `{change.name}` in {change.file.path}:\n{change.diff}\n", err=True)
    if not sys.stdin.isatty():
        which = "entries of our making only" if change.takes_anothers else "it"
        click.echo(f"It was left alone; --yes overwrites {which}.", err=True)
        return False
    return click.confirm("Overwrite it?", err=True)


def _tell_of_install(system: System, change: Change, *, is_new: bool) -> None:
    done = "Replaced `{}` in {}." if change.stands else "Added `{}` to {}."
    click.echo(done.format(change.name, change.file.path))
    if change.file.content is not None:
        click.echo(f"Before: {change.backup}")
    if change.additions:
        click.echo(f"Kept of what stood there: {printable(', '.join(change.additions), instead='?')}.")
    _tell_what_stands(change)
    if is_new:
        click.echo(f"{change.host.title} has not been used here yet; it reads the file when it starts.")
    if names := sorted(shown_name(name) for name in system.environ if name.upper().startswith("REMEMBERIZER_")):
        click.echo(f"Set here and not copied: {', '.join(names)}.")


def _tell_what_stands(change: Change) -> None:
    if member := change.host.switched_off(change.after):
        click.echo(f"It is switched off there (`{member}`): {change.host.switch_on} to switch it on.")
    if folders := change.document.folders_with(change.name):
        where = printable(", ".join(folders), instead="?")
        click.echo(f"Left alone: one of its own there, which {change.host.title} takes in {where}.")
    for reason in change.left_out:
        click.echo(f"But: {printable(reason.text, instead='?')} {reason.step}")


def _fail(error: Exception) -> int:
    click.echo(f"Error: {error}", err=True)
    return 1
