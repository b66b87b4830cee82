"""Our entry in the text of a host's file, with the proof that nothing else changed."""

from collections.abc import Callable, Mapping
from typing import Any

from . import json_text, toml_text, yaml_text
from .files import MOST_BYTES
from .refusal import CantChange
from .table import Host

_FORMS = {"json": json_text, "toml": toml_text, "yaml": yaml_text}
_MOST = {"json": (MOST_BYTES, "20 MiB"), "toml": (6 * 2**20, "6 MiB"), "yaml": (2**18, "256 KiB")}
"""Bytes, far more than any seen; so many take some seconds of computing."""


def read_entries(host: Host, text: str) -> dict[str, Any]:
    """The servers that stand in the text, by name.

    Raises:
        CantChange: It can't be read, or they stand there in no such form.
    """
    return _entries_of(_read(host, text), host)


def with_entry(host: Host, text: str, name: str, entry: Mapping[str, Any]) -> str:
    """The text with our entry in it.

    Raises:
        CantChange: It can't be read, or not be changed without touching more than our entry.
    """
    form = _FORMS[host.form]

    def change(entries: dict[str, Any]) -> None:
        entries[name] = dict(entry)

    return _proven(host, text, lambda: form.put(text, (host.key, name), entry), change)


def without_entry(host: Host, text: str, name: str) -> str:
    """The text without our entry.

    Raises:
        CantChange: As ``with_entry``.
    """
    form = _FORMS[host.form]

    def change(entries: dict[str, Any]) -> None:
        del entries[name]

    return _proven(host, text, lambda: form.drop(text, (host.key, name)), change)


def shown_entry(host: Host, name: str, entry: Any) -> str:
    """An entry alone, as it would stand in a file of this host."""
    text: str = _FORMS[host.form].written({host.key: {name: entry}})
    return text


def _proven(host: Host, text: str, edit: Callable[[], str], change: Callable[[dict[str, Any]], None]) -> str:
    wanted = _said(host, text)
    change(wanted[host.key])
    try:
        changed = edit()
        is_proven = _reread(host, changed) == wanted
    except CantChange:
        raise
    except Exception:  # noqa: BLE001 -- as in _read
        is_proven = False
    if not is_proven:
        step = f" (write it as tables, one line for each member below `[{host.key}.NAME]`)" * (host.form == "toml")
        raise CantChange(f"has `{host.key}` in a form that can't be changed safely{step}")
    return changed


def _reread(host: Host, changed: str) -> dict[str, Any]:
    try:
        return _said(host, changed)
    except CantChange:
        return {}


def _said(host: Host, text: str) -> dict[str, Any]:
    """What a text says, with the servers in a mapping of their own, which is empty where there are none."""
    document = _read(host, text)
    return {**document, host.key: dict(_entries_of(document, host))}


def _read(host: Host, text: str) -> dict[str, Any]:
    most, words = _MOST[host.form]
    if len(text.encode(errors="surrogatepass")) > most:
        raise CantChange(f"is larger than {words}, the most that is read of {host.form.upper()}")
    try:
        document: dict[str, Any] = _FORMS[host.form].read(text)
    except CantChange:
        raise
    except Exception:  # noqa: BLE001 -- parsers fail in many ways, and their words quote what may be a secret
        raise CantChange(f"is {host.form.upper()} of a kind that can't be read") from None
    return document


def _entries_of(document: Mapping[str, Any], host: Host) -> dict[str, Any]:
    entries = document.get(host.key)
    if entries is None and (host.form == "yaml" or host.key not in document):
        return {}
    if not isinstance(entries, dict):
        raise CantChange(f"holds something else where the servers should stand (`{host.key}`)")
    return entries
