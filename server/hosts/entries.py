"""Our entry in the text of a host's file, with the proof that nothing else changed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import json_text, toml_text, yaml_text
from .files import MOST_BYTES
from .refusal import CantChange
from .table import Host

_FORMS = {"json": json_text, "toml": toml_text, "yaml": yaml_text}
_MOST = {"json": (MOST_BYTES, "20 MiB"), "toml": (3 * 2**20, "3 MiB"), "yaml": (2**17, "128 KiB")}
"""Bytes, far more than any seen; so many take up to about twelve seconds of computing, by what stands there."""

_DEEPEST = 100
"""Levels, more than any seen: what walks through them, here or in a library, goes down several calls for each."""

_STEPS = {
    "json": "",
    "toml": " (write it as tables, one line for each member below `[{}.NAME]`)",
    "yaml": " (write it as a block, one line for each member, without anchors)",
}


def says(host: Host, text: str) -> dict[str, Any]:
    """What a text says, with the servers in a mapping of their own, which is empty where there are none.

    Raises:
        CantChange: It can't be read, or they stand there in no such form.
    """
    document = read_document(host, text)
    return {**document, host.key: dict(_entries_of(document, host))}


def folders_with(host: Host, said: Mapping[str, Any], name: str) -> list[str]:
    """The folders for which alone an entry of this name stands in a text too; there the host takes that one.

    Args:
        host: Whose text it is.
        said: What ``says`` says of it.
        name: Of the entry.
    """
    projects = said.get(host.projects[0]) if host.projects else None
    held = projects if isinstance(projects, dict) else {}
    servers = {folder: each.get(host.key) for folder, each in held.items() if isinstance(each, dict)}
    return [folder for folder, entries in servers.items() if isinstance(entries, dict) and name in entries]


def oldest_first(host: Host, entries: Iterable[str]) -> list[str]:
    """The names of entries that we added, in the order in which that was done: TOML takes them at the end."""
    names = list(entries)
    return names if host.form == "toml" else names[::-1]


def put_entry(host: Host, text: str, name: str, entry: Mapping[str, Any]) -> str:
    """The text with our entry in it; nothing is proven of it.

    Raises:
        CantChange: It has no place for one.
    """
    return _edited(host, lambda: _FORMS[host.form].put(text, (host.key, name), entry))


def with_entry(
    host: Host, text: str, name: str, entry: Mapping[str, Any], said: Mapping[str, Any] | None = None
) -> str:
    """The text with our entry in it.

    Args:
        host: Whose text it is.
        text: All of it.
        name: Of the entry.
        entry: What stands there afterwards.
        said: What ``says`` says of the text, where that is known: to read takes long.

    Raises:
        CantChange: It can't be read, or not be changed without touching more than our entry.
    """
    wanted = _copied(host, says(host, text) if said is None else said)
    wanted[host.key][name] = dict(entry)
    return _proven(host, put_entry(host, text, name, entry), wanted)


def without_entry(host: Host, text: str, name: str, said: Mapping[str, Any] | None = None) -> str:
    """The text without our entry.

    Raises:
        CantChange: As ``with_entry``.
    """
    wanted = said_without(host, says(host, text) if said is None else said, name)
    return _proven(host, _edited(host, lambda: _FORMS[host.form].drop(text, (host.key, name))), wanted)


def said_without(host: Host, said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a text says, but for this entry."""
    wanted = _copied(host, said)
    del wanted[host.key][name]
    return wanted


def shown_entry(host: Host, name: str, entry: Any) -> str:
    """An entry alone, as it would stand in a file of this host."""
    text: str = _FORMS[host.form].written({host.key: {name: entry}})
    return text


def _copied(host: Host, said: Mapping[str, Any]) -> dict[str, Any]:
    return {**said, host.key: dict(said[host.key])}


def _edited(host: Host, edit: Callable[[], str]) -> str:
    try:
        return edit()
    except CantChange:
        raise
    except Exception:  # noqa: BLE001 -- as in read_document
        raise _no_safe_form(host) from None


def _proven(host: Host, changed: str, wanted: dict[str, Any]) -> str:
    try:
        is_proven = says(host, changed) == wanted
    except CantChange:
        is_proven = False
    if not is_proven:
        raise _no_safe_form(host)
    return changed


def _no_safe_form(host: Host) -> CantChange:
    return CantChange(f"has `{host.key}` in a form that can't be changed safely{_STEPS[host.form].format(host.key)}")


def read_document(host: Host, text: str) -> dict[str, Any]:
    """What a text says that is written as this host's file is.

    Raises:
        CantChange: It can't be read.
    """
    most, words = _MOST[host.form]
    if len(text.encode(errors="surrogatepass")) > most:
        raise CantChange(f"is larger than {words}, the most that is read of {host.form.upper()}")
    try:
        document: dict[str, Any] = _FORMS[host.form].read(text)
    except CantChange:
        raise
    except Exception:  # noqa: BLE001 -- parsers fail in many ways, and their words quote what may be a secret
        raise CantChange(f"is {host.form.upper()} of a kind that can't be read") from None
    _check_depth(document)
    return document


def _check_depth(document: dict[str, Any]) -> None:
    """Nothing, if no value lies too deep."""
    level: list[Any] = [document]
    for _ in range(_DEEPEST):
        inside = (each for holder in level for each in (holder.values() if isinstance(holder, dict) else holder))
        level = [each for each in inside if isinstance(each, dict | list | tuple)]
    if level:
        raise CantChange(f"holds values in more than {_DEEPEST} levels")


def _entries_of(document: Mapping[str, Any], host: Host) -> dict[str, Any]:
    entries = document.get(host.key)
    if entries is None and (host.form == "yaml" or host.key not in document):
        return {}
    if not isinstance(entries, dict):
        raise CantChange(f"holds something else where the servers should stand (`{host.key}`)")
    return entries
