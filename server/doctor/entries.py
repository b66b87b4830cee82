"""Our entries in the hosts' files, and what is wrong with those files."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..hosts.block import SANDBOX_NAME, runs_what_lies_about, typed
from ..hosts.configured import Configured, configured
from ..hosts.system import NoHome, System, this_system
from .entry import Entry
from .report import Finding, printable

ROOT = os.sep if os.name == "posix" else None
"""Where hosts start servers, if nowhere in particular."""


def rows(find: Callable[[], System] = this_system) -> list[Entry | Finding]:
    """What ``entries`` finds on the machine; a warning instead, if its user's home folder is not known."""
    try:
        return list(entries(find()))
    except NoHome:
        step = "Set HOME to your home folder, and run this again."
        return [Finding.warning("hosts", "Not looked at: no home folder is known.", step)]


def entries(system: System) -> Iterator[Entry | Finding]:
    """Each entry that holds a command, and a finding for each that does not.

    Warnings stand for what may keep a host from reading or starting one.
    """
    for found in configured(system):
        yield from (Finding.warning("hosts", *warning) for warning in _about_file(found))
        for name in found.blocks:
            title = f"{found.host.title} (sandbox)" if name == SANDBOX_NAME else found.host.title
            install = typed("install", found.host.name, *(["--sandbox"] if name == SANDBOX_NAME else []))
            yield _entry(found, name, title, install)
            for text, step in _about_entry(found, name, install):
                yield Finding.warning("hosts", f"{title}: {text}", f"{step} {found.host.next_step}")


def _about_file(found: Configured) -> Iterator[tuple[str, str]]:
    title, path = found.host.title, found.path
    if found.problem:
        yield f"{title}: {found.problem}", f"Correct {path}; the host may not be able to read it either."
    if found.refused:
        text = f"{title}: {path} holds {found.refused}, which {title} itself can't read."
        yield text, f"There, {found.refused.step}. {found.host.next_step}"
    _, remove = found.host.projects or ("", "")
    for name, folders in found.folders.items():
        text = (
            f"{title}: in {path} an entry `{name}` stands for {printable(', '.join(folders))} "
            "alone; it goes before the one for all folders, and was not started."
        )
        yield text, f"If it is not wanted, `{remove} {name}` there removes it."


def _about_entry(found: Configured, name: str, install: str) -> Iterator[tuple[str, str]]:
    place = f"our entry in {found.path}"
    if name in found.off:
        yield f"{place} is switched off (`{found.off[name]}`).", f"Switch it on there: {found.host.switch_on}."
    if name in found.odd:
        members = " and ".join(f"`{each}`" for each in found.odd[name])
        text = f"in {place}, {members} holds what is no text."
        yield text, "Write it in quotes there: a host may refuse the entry for it."
    for reason in found.left_out[name]:
        yield printable(reason.text), reason.step
    if (block := found.blocks[name]) and runs_what_lies_about(block):
        text = f"{place} may run a file of the host's working folder instead of the server."
        yield text, f"Run `{install}`, which renews it."


def _entry(found: Configured, name: str, title: str, install: str) -> Entry | Finding:
    block, host = found.blocks[name], found.host
    place, restart = f"{title}: our entry in {found.path}", host.next_step
    if block is None or not block.command:
        return Finding.failure("hosts", f"{place} holds no command.", f"Run `{install}`. {restart}")
    in_command = any(map(host.filled.search, (block.command, *block.args, block.folder or "")))
    if in_command or any(map(host.filled.search, block.env.values())):
        text = f"{place} holds a placeholder that only the host can fill; it was not started."
        step = (
            f"run `{install}`, which writes the absolute path."
            if in_command
            else "write among its variables what the placeholder stands for; of a secret, a file that holds it."
        )
        return Finding.warning("hosts", text, f"If {host.title} does not start it, {step} {restart}")
    if block.folder and not (Path(block.folder).is_absolute() and Path(block.folder).is_dir()):
        text = f"{place} names a folder (`{host.folder}`) that is relative or not there."
        return Finding.failure("hosts", text, f"Write an absolute path there. {restart}")
    return Entry(
        title=title, install=f"Run `{install}`. {restart}", settings=f"Correct them in {found.path}. {restart}",
        place=f"The entry of {title} is in {found.path}. {restart}",
        command=(block.command, *block.args), environ=block.env, folder=block.folder or ROOT,
    )  # fmt: skip
