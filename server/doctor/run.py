"""All checks, in an order in which none makes another's times worse, and within half a minute together."""

import os
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

import anyio

from ..hosts.block import typed
from .aside import COMMAND, CouldNotRun, aside
from .crash import crash
from .entry import Entry, hosts_environ, is_ours
from .entry_checks import Again, as_entrys, checks_again, shells_alone
from .exchange import LEGACY, MODERN, Era, exchange
from .quoting import Quoting
from .report import Finding, failed
from .starts import hosts_start, own_start
from .versions import declared, versions

SERVER = (sys.executable, "-P", "-m", "rememberizer_mcp.server")
ASIDE = ("settings", "network", "keyring", "browser")
ROOT = os.sep if os.name == "posix" else None
"""Where hosts start servers, if anywhere in particular."""
_REPORT_IT = "Report this line; it holds nothing of yours."
_NO_HOST = Finding.ok("hosts", f"None has an entry of ours; `{typed('install', 'HOST')}` writes one.")
Work = Callable[[], Awaitable[list[Finding]]]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What is looked at, and with what patience."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    platform: str = sys.platform
    server: Sequence[str] = SERVER
    """Our own command."""
    checks: Sequence[str] = COMMAND
    """What runs a check aside."""
    aside_until: float = 9.1
    """Seconds from the beginning at which each group of checks is ended; the next one has what is left."""
    own_until: float = 14.0
    hosts_until: float = 19.0
    again_until: float = 27.0
    least: float = 2.0
    """What a group has that comes late."""


async def diagnose(machine: Machine, *, sandbox: bool = False) -> list[Finding]:
    """Check everything. No check's crash is more than that check's failure.

    Args:
        machine: What is looked at.
        sandbox: Whether the embedded sandbox stands in Rememberizer's place, so that no network is needed.
    """
    doctor = _Doctor(machine, sandbox=sandbox)
    return [*await doctor.surroundings(), *await doctor.own(), *await _guarded("hosts", doctor.hosts)]


class _Doctor:
    """One run. The groups come one after the other, so that none makes another's times worse."""

    def __init__(self, machine: Machine, *, sandbox: bool) -> None:
        self._machine = machine
        self._sandbox = sandbox
        self._begun = anyio.current_time()
        self._quoting = Quoting(machine.environ)
        self._settings_fail = False

    async def surroundings(self) -> list[Finding]:
        """Versions, settings, network, keyring, browser."""
        settings, *others = await _gathered(
            [(name, partial(self._own_aside, name)) for name in ASIDE if name != "network" or not self._sandbox]
        )
        self._settings_fail = failed(settings)
        if self._sandbox:
            others.insert(0, [Finding.ok("network", "Not needed: the sandbox is part of the server.")])
        return [*await _guarded("packages", self._versions), *settings, *chain.from_iterable(others)]

    async def own(self) -> list[Finding]:
        """Our own command, in both eras."""
        works = [("stdio", partial(self._own, era)) for era in (MODERN, LEGACY)]
        return [*chain.from_iterable(await _gathered(works))]

    async def hosts(self) -> list[Finding]:
        """What stands in the hosts' files: each command as it starts, then what the entry's own variables change."""
        shell = self._machine.environ
        rows = await self._dicts("hosts", shell, self._machine.hosts_until)
        found = await _gathered([("hosts", partial(self._row, row)) for row in rows])
        entries = {place: Entry.from_dict(row["entry"]) for place, row in enumerate(rows) if "entry" in row}
        again = {place: checks_again(entry, shell, sandbox=self._sandbox) for place, entry in entries.items()}
        made = await self._made({check for checks in again.values() for check in checks})
        for place, entry in entries.items():
            found[place] += [as_entrys(each, entry) for check in again[place] for each in made[check]]
            found[place] += shells_alone(entry, shell)
        return [*chain.from_iterable(found)] or [_NO_HOST]

    async def _made(self, checks: Collection[Again]) -> dict[Again, list[Finding]]:
        """What each check finds; equal ones of several entries run once."""
        works = [(check.name, partial(self._check_again, check)) for check in checks]
        return dict(zip(checks, await _gathered(works), strict=True))

    async def _check_again(self, check: Again) -> list[Finding]:
        return await self._aside(check.name, check.environ(self._machine.environ), self._machine.again_until)

    async def _row(self, row: Mapping[str, Any]) -> list[Finding]:
        if "finding" in row:
            return [Finding.from_dict(row["finding"])]
        return [await self._host(Entry.from_dict(row["entry"]))]

    async def _versions(self) -> list[Finding]:
        return versions(declared())

    async def _own_aside(self, name: str) -> list[Finding]:
        return await self._aside(name, self._machine.environ, self._machine.aside_until)

    async def _aside(self, name: str, environ: Mapping[str, str], until: float) -> list[Finding]:
        return [Finding.from_dict(each) for each in await self._dicts(name, environ, until)]

    async def _dicts(self, name: str, environ: Mapping[str, str], until: float) -> list[dict[str, Any]]:
        return await aside(name, environ=environ, limit_seconds=self._left(until), command=self._machine.checks)

    async def _own(self, era: Era) -> list[Finding]:
        """Without the settings where they can't be used: that they can't be has been said."""
        environ = dict(self._machine.environ)
        if self._settings_fail:
            environ = {name: value for name, value in environ.items() if not is_ours(name)}
        seconds = self._left(self._machine.own_until)
        command = [*self._machine.server, *(["--sandbox"] if self._sandbox else [])]
        seen = await exchange(command, era, environ=environ, folder=None, limit_seconds=seconds)
        return [own_start(seen, era, quoting=self._quoting, seconds=seconds)]

    async def _host(self, entry: Entry) -> Finding:
        self._quoting.learn(environ=entry.environ, arguments=entry.command[1:])
        seconds = self._left(self._machine.hosts_until)
        environ = hosts_environ(entry, self._machine.environ, platform=self._machine.platform)
        seen = await exchange(
            entry.command, LEGACY, environ=environ, folder=entry.folder or ROOT, limit_seconds=seconds
        )
        return hosts_start(seen, entry, quoting=self._quoting, seconds=seconds)

    def _left(self, until: float) -> float:
        return max(self._machine.least, self._begun + until - anyio.current_time())


async def _gathered(works: Sequence[tuple[str, Work]]) -> list[list[Finding]]:
    """What each found, in order; they run at the same time."""
    found: list[list[Finding]] = [[] for _ in works]

    async def run(place: int, name: str, work: Work) -> None:
        found[place] = await _guarded(name, work)

    async with anyio.create_task_group() as tasks:
        for place, (name, work) in enumerate(works):
            tasks.start_soon(run, place, name, work)
    return found


async def _guarded(name: str, work: Work) -> list[Finding]:
    try:
        return await work()
    except CouldNotRun as failure:
        return [failure.finding]
    except Exception as error:  # noqa: BLE001 -- a fault of ours
        return [Finding.failure(name, f"The check itself broke off: {crash(error)}.", _REPORT_IT)]
