"""Our entries in the hosts' files, and what is wrong with those files."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from ..hosts.block import SANDBOX_NAME, Block, runs_what_lies_about, typed
from ..hosts.configured import Configured, configured
from ..hosts.system import NoHome, System, this_system
from ..hosts.table import Host
from .entry import Entry
from .report import Finding, printable

_FILLED = "write among its variables what the placeholder stands for; of a secret, a file that holds it."


def rows(find: Callable[[], System] = this_system) -> list[dict[str, Any]]:
    """All of them as JSON takes them: ``{"entry": ...}`` and ``{"finding": ...}``.

    Args:
        find: Gives the machine, or raises NoHome where its user's home is not known.
    """
    try:
        system = find()
    except NoHome:
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
        yield from _beside_ours(found)
        for name in found.blocks:
            yield _entry(found, name)
            yield from _remarks(found, name)


def _beside_ours(found: Configured) -> Iterator[Finding]:
    host = found.host
    if found.problem:
        step = f"Correct {found.path}; the host may not be able to read it either."
        yield Finding.warning("hosts", f"{host.title}: {found.problem}", step)
    if found.refused:
        text = f"{host.title}: {found.path} holds {found.refused}, which {host.title} itself can't read."
        yield Finding.warning("hosts", text, f"There, {found.refused.step}. {host.next_step}")
    _, remove = host.projects or ("", "")
    for name, folders in found.folders.items():
        text = (
            f"{host.title}: in {found.path} an entry `{name}` stands for {printable(', '.join(folders))} "
            "alone; it goes before the one for all folders, and was not started."
        )
        yield Finding.warning("hosts", text, f"If it is not wanted, `{remove} {name}` there removes it.")


def _remarks(found: Configured, name: str) -> Iterator[Finding]:
    title, host = _title(found, name), found.host
    if name in found.off:
        text = f"{title}: our entry in {found.path} is switched off (`{found.off[name]}`)."
        yield Finding.warning("hosts", text, f"Switch it on there: {host.switch_on}. {host.next_step}")
    if name in found.odd:
        members = " and ".join(f"`{each}`" for each in found.odd[name])
        text = f"{title}: in our entry in {found.path}, {members} holds what is no text."
        step = f"Write it in quotes there: a host may refuse the entry for it. {host.next_step}"
        yield Finding.warning("hosts", text, step)

    for reason in found.left_out[name]:
        yield Finding.warning("hosts", f"{title}: {printable(reason.text)}", f"{reason.step} {host.next_step}")
    if (block := found.blocks[name]) and runs_what_lies_about(block):
        text = f"{title}: our entry in {found.path} may run a file of the host's working folder instead of the server."
        yield Finding.warning("hosts", text, f"Run `{_install(found, name)}`, which renews it. {host.next_step}")


def _install(found: Configured, name: str) -> str:
    return typed("install", found.host.name, *(["--sandbox"] if name == SANDBOX_NAME else []))


def _title(found: Configured, name: str) -> str:
    return f"{found.host.title} (sandbox)" if name == SANDBOX_NAME else found.host.title


def _entry(found: Configured, name: str) -> Entry | Finding:
    block, title = found.blocks[name], _title(found, name)
    where, restart = f"{title}: our entry in {found.path}", found.host.next_step
    install = _install(found, name)
    if block is None or not block.command:
        return Finding.failure("hosts", f"{where} holds no command.", f"Run `{install}`. {restart}")
    if placed := _placeholder(found.host, block):
        text = f"{where} holds a placeholder that only the host can fill; it was not started."
        step = f"run `{install}`, which writes the absolute path." if placed == "command" else _FILLED
        return Finding.warning("hosts", text, f"If {found.host.title} does not start it, {step} {restart}")
    if block.folder and not (Path(block.folder).is_absolute() and Path(block.folder).is_dir()):
        text = f"{where} names a folder (`{found.host.folder}`) that is relative or not there."
        return Finding.failure("hosts", text, f"Write an absolute path there. {restart}")
    return Entry(
        title=title, file=str(found.path), install=install, restart=restart,
        command=(block.command, *block.args), environ=block.env, folder=block.folder,
    )  # fmt: skip


def _placeholder(host: Host, block: Block) -> Literal["command", "variables"] | None:
    """Where something stands that the host fills."""
    if any(map(host.filled.search, (block.command, *block.args, block.folder or ""))):
        return "command"
    return "variables" if any(map(host.filled.search, block.env.values())) else None
