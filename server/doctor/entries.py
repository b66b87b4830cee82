"""Our entries in the hosts' files, and what is wrong with those files."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from ..hosts.block import SANDBOX_NAME, typed
from ..hosts.configured import Configured, configured
from ..hosts.system import System, this_system
from .entry import Entry
from .report import Finding


def rows(find: Callable[[], System] = this_system) -> list[dict[str, Any]]:
    """All of them as JSON takes them: ``{"entry": ...}`` and ``{"finding": ...}``.

    Args:
        find: Gives the machine, or raises RuntimeError where its user's home is not known.
    """
    try:
        system = find()
    except RuntimeError:
        step = "Set HOME to your home folder, and run this again."
        return [{"finding": Finding.warning("hosts", "Not looked at: no home folder is known.", step).as_dict()}]
    return [
        {"finding": each.as_dict()} if isinstance(each, Finding) else {"entry": asdict(each)}
        for each in entries(system)
    ]


def entries(system: System) -> Iterator[Entry | Finding]:
    """Each entry that holds a command; a finding for each that does not, and for each file that can't be read.

    Args:
        system: Whose hosts are meant.
    """
    for found in configured(system):
        if found.problem:
            text = f"{found.host.title}: {found.problem}"
            yield Finding.warning("hosts", text, f"Correct {found.path}; the host may not be able to read it either.")
        for name in found.blocks:
            yield _entry(found, name)


def _entry(found: Configured, name: str) -> Entry | Finding:
    block, is_sandbox = found.blocks[name], name == SANDBOX_NAME
    title = f"{found.host.title} (sandbox)" if is_sandbox else found.host.title
    install = typed("install", found.host.name, *(["--sandbox"] if is_sandbox else []))
    if block is None or not block.command:
        step = f"Run `{install}`. {found.host.next_step}"
        return Finding.failure("hosts", f"{title}: our entry in {found.path} holds no command.", step)
    return Entry(
        title=title, file=str(found.path), install=install, restart=found.host.next_step,
        command=(block.command, *block.args), environ=block.env,
    )  # fmt: skip
