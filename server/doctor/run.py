"""``rememberizer-mcp doctor``: all checks, within half a minute together, and their report."""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

import anyio
import anyio.to_thread
import click

from ..hosts.block import typed
from ..hosts.interruption import ending_as_interrupted
from ..hosts.system import System, this_system
from .entry import Check, Entry, judged
from .examination import CHECKS, COMMAND, examine
from .exchange import LEGACY, MODERN, Era, exchange
from .quoting import Quoting, is_ours
from .report import INSTALL_AGAIN, WIDTH, Finding, as_json, as_text, failed, grouped, guarded
from .versions import declared, versions

SERVER = (sys.executable, "-P", "-m", "rememberizer_mcp.server")
_NO_NETWORK = Finding.ok("network", "Not needed: the sandbox is part of the server.")
_NO_HOST = Finding.ok("hosts", f"None has an entry of ours; `{typed('install', 'HOST')}` writes one.")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the doctor looks at, and how long it waits."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    server: Sequence[str] = SERVER
    """Our own command."""
    system: Callable[[], System] = this_system
    checks: Sequence[str] = COMMAND
    """What runs the checks of an examination."""
    read_until: float = 8.0
    """Seconds from the beginning at which each stage is ended; the next one has what remains."""
    examined_until: float = 13.0
    own_until: float = 19.0
    hosts_until: float = 25.0
    least: float = 2.0
    """The seconds of a stage that begins late."""


def run(*, sandbox: bool, json: bool) -> int:
    """Check this machine and print the report; return the exit code, which is 1 if something failed.

    On a terminal, stderr says meanwhile what is being done.
    """
    progress = partial(click.echo, err=True) if sys.stderr.isatty() else None
    with ending_as_interrupted():
        findings = anyio.run(partial(diagnose, Machine(), sandbox=sandbox, progress=progress))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    told = as_json(findings) if json else as_text(findings, width=width)
    click.echo(told, color=False if os.environ.get("NO_COLOR") else None)
    return int(failed(findings))


async def diagnose(
    machine: Machine, *, sandbox: bool = False, progress: Callable[[str], object] | None = None
) -> list[Finding]:
    """Check everything; ``progress`` is told what comes next. No check's crash is more than that check's failure."""
    return await _Doctor(machine, sandbox=sandbox, progress=progress or (lambda _: None)).report()


class _Doctor:
    """One run. Servers start after the examinations, and ours before those of the hosts, so that times stay true."""

    def __init__(self, machine: Machine, *, sandbox: bool, progress: Callable[[str], object]) -> None:
        self._machine, self._shell = machine, machine.environ
        self._sandbox = sandbox
        self._progress = progress
        self._begun = anyio.current_time()
        self._quoting = Quoting(machine.environ)

    async def report(self) -> list[Finding]:
        """All findings, in the order of docs/doctor.md."""
        checks = [Check(name) for name in CHECKS if not (self._sandbox and name == "network")]
        self._progress(f"Checking {', '.join(check.name for check in checks)} ...")
        packages: list[Finding] = []
        with guarded("packages", packages.append):
            packages += versions(declared())
        in_files, found = await self._read_and_examine(checks)
        shell = [found[check] for check in checks]
        if self._sandbox:
            shell.insert(1, [_NO_NETWORK])
        self._progress("Starting the server ...")
        ours = [self._own(era, settings_fail=failed(shell[0])) for era in (MODERN, LEGACY)]
        own = await self._started(ours, self._machine.own_until)
        self._progress("Starting the commands in the hosts' files ...")
        started = iter(await self._started(_entries(in_files), self._machine.hosts_until))
        hosts: list[Finding] = []
        for row in in_files:
            hosts += [next(started), *self._again(row, found)] if isinstance(row, Entry) else [row]
        return [*packages, *chain(*shell), *grouped(own), *(grouped(hosts) or [_NO_HOST])]

    async def _read_files(self) -> list[Entry | Finding]:
        """Our entries in the hosts' files. The words of no command show what these hold.

        A thread reads the files. If it is not done in time, it goes on, and the process ends without it.
        """
        seconds, reading = self._remaining(self._machine.read_until), Future[list[Entry | Finding]]()
        threading.Thread(target=lambda: reading.set_result(self._rows()), name="files", daemon=True).start()
        try:
            found = await anyio.to_thread.run_sync(reading.result, seconds, abandon_on_cancel=True)
        except TimeoutError:
            text = f"The hosts' files could not be read within {seconds:.0f} s."
            step = "Run it again; if one lies on a drive or in a cloud, see that it can be opened."
            return [Finding.failure("hosts", text, step)]
        for entry in _entries(found):
            self._quoting.learn(environ=entry.environ, arguments=entry.command[1:])
        return found

    def _rows(self) -> list[Entry | Finding]:
        found: list[Entry | Finding] = []
        with guarded("hosts", found.append):
            from .entries import entries  # noqa: PLC0415 -- a library that reads the files may be broken

            found += list(entries(self._machine.system))
        return found

    async def _read_and_examine(self, shells: list[Check]) -> tuple[list[Entry | Finding], dict[Check, list[Finding]]]:
        """What stands in the hosts' files, and what each check found: with the shell's variables, and with entries'.

        Equal checks run once. Those of the shell begin at once, so that files which are slow to read take no time away.
        """
        found: dict[Check, list[Finding]] = {}

        async def run(checks: list[Check], environ: Mapping[str, str]) -> None:
            names, seconds = [check.name for check in checks], self._remaining(self._machine.examined_until)
            by_name = await examine(names, environ=environ, limit_seconds=seconds, command=self._machine.checks)
            found.update({check: by_name[check.name] for check in checks})

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run, shells, self._shell)
            in_files, planned = await self._read_files(), set[Check]()
            for entry in _entries(in_files):
                again = entry.checks_again(self._shell, sandbox=self._sandbox)
                checks = [each for each in again if each not in planned]
                if checks:
                    planned.update(checks)
                    tasks.start_soon(run, checks, entry.environ_again(self._shell))
        return in_files, found

    def _again(self, entry: Entry, found: Mapping[Check, list[Finding]]) -> Iterator[Finding]:
        """What an entry's own variables change."""
        for check in entry.checks_again(self._shell, sandbox=self._sandbox):
            yield from (entry.told(finding) for finding in found[check])
        yield from entry.lacking(self._shell)

    def _own(self, era: Era, *, settings_fail: bool) -> Entry:
        """Our own command; without settings that can't be used, since their own lines say so."""
        return Entry(
            check="stdio", era=era, title=f"MCP {era}", install=INSTALL_AGAIN,
            settings="Correct the settings that are named above.",
            command=(*self._machine.server, *(["--sandbox"] if self._sandbox else [])),
            environ={name: value for name, value in self._shell.items() if not (settings_fail and is_ours(name))},
        )  # fmt: skip

    async def _started(self, entries: Sequence[Entry], until: float) -> list[Finding]:
        """What the start of each command showed, in order; they run at the same time."""
        seconds, found = self._remaining(until), dict[int, Finding]()

        async def start(place: int, entry: Entry) -> None:
            with guarded(entry.check, partial(found.__setitem__, place)):
                environ, folder = entry.started_with(self._shell, sys.platform), entry.folder
                seen = await exchange(entry.command, entry.era, environ=environ, folder=folder, limit_seconds=seconds)
                found[place] = judged(seen, entry, quoting=self._quoting, seconds=seconds)

        async with anyio.create_task_group() as tasks:
            for place, entry in enumerate(entries):
                tasks.start_soon(start, place, entry)
        return [found[place] for place in range(len(entries))]

    def _remaining(self, until: float) -> float:
        return max(self._machine.least, self._begun + until - anyio.current_time())


def _entries(rows: Iterable[Entry | Finding]) -> list[Entry]:
    return [row for row in rows if isinstance(row, Entry)]
