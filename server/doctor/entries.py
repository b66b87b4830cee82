"""Our entries in the hosts' files, and what is wrong with those files."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..hosts.block import NAMES, SANDBOX_NAME, Block, runs_what_lies_about, typed
from ..hosts.document import HostDocument
from ..hosts.files import CantChange, UnusableFile, read_file
from ..hosts.left_out import left_out
from ..hosts.system import NoHome, System
from ..hosts.table import HOSTS, Host
from ..logs.redaction import printable
from .entry import Entry
from .report import Finding

ROOT = os.sep if os.name == "posix" else None
"""Where hosts start servers, if nowhere in particular."""


def entries(find: Callable[[], System]) -> Iterator[Entry | Finding]:
    """Each entry on a machine that holds a command, and a finding for each that does not.

    Warnings stand for what may keep a host from reading or starting one, and for a home folder that is not known.
    """
    try:
        system = find()
    except NoHome:
        step = "Set HOME to your home folder, and run this again."
        yield Finding.warning("hosts", "Not looked at: no home folder is known.", step)
        return
    for host in HOSTS.values():
        path = host.path(system)
        try:
            document = HostDocument(host, read_file(path))
        except (UnusableFile, CantChange) as error:
            problem = f"{path} {error}." if isinstance(error, CantChange) else str(error)
            step = f"Correct {path}; the host may not be able to read it either."
            yield Finding.warning("hosts", f"{host.title}: {problem}", step)
            continue
        yield from (Finding.warning("hosts", f"{host.title}: {text}", step) for text, step in _of_file(document, path))
        for name in (name for name in NAMES if name in document.entries):
            title = f"{host.title} (sandbox)" if name == SANDBOX_NAME else host.title
            install = typed("install", host.name, *(["--sandbox"] if name == SANDBOX_NAME else []))
            yield _entry(host, host.block(document.entries[name]), path, title, install)
            for text, step in _of_entry(system, document, path, name, install):
                yield Finding.warning("hosts", f"{title}: {text}", f"{step} {host.next_step}")


def _of_file(document: HostDocument, path: Path) -> Iterator[tuple[str, str]]:
    """What may keep the host from reading the file, or from taking an entry that holds for all folders."""
    host = document.host
    _, remove = host.projects or ("", "")
    if refused := document.refused:
        yield (
            f"{path} holds {refused}, which {host.title} itself can't read.",
            f"There, {refused.step}. {host.next_step}",
        )
    for name in NAMES:
        if folders := document.folders_with(name):
            text = (
                f"in {path} an entry `{name}` stands for {printable(', '.join(folders))} "
                "alone; it goes before the one for all folders, and was not started."
            )
            yield text, f"If it is not wanted, `{remove} {name}` there removes it."


def _of_entry(system: System, document: HostDocument, path: Path, name: str, install: str) -> Iterator[tuple[str, str]]:
    """What may keep the host from starting the entry, and the first part of what to do about it."""
    host, entry, place = document.host, document.entries[name], f"our entry in {path}"
    block = host.block(entry)
    if member := host.switched_off(entry):
        yield f"{place} is switched off (`{member}`).", f"Switch it on there: {host.switch_on}."
    if block and (odd := host.not_texts(entry)):
        members = " and ".join(f"`{each}`" for each in odd)
        text = f"in {place}, {members} holds what is no text."
        yield text, "Write it in quotes there: a host may refuse the entry for it."
    for text, step in left_out(host, system, document.value, name, block):
        yield printable(text), step
    if block and runs_what_lies_about(block):
        text = f"{place} may run a file of the host's working folder instead of the server."
        yield text, f"Run `{install}`, which renews it."


def _entry(host: Host, block: Block | None, path: Path, title: str, install: str) -> Entry | Finding:
    place, restart = f"{title}: our entry in {path}", host.next_step
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
        title=title, install=f"Run `{install}`. {restart}", settings=f"Correct them in {path}. {restart}",
        place=f"The entry of {title} is in {path}. {restart}", path=str(path),
        command=(block.command, *block.args), environ=block.env, folder=block.folder or ROOT,
    )  # fmt: skip
