"""``HostDocument``: a host's file, parsed once, and its text with our entry or without it, each proven.

The proof is to read what would be written: it must hold what the file holds now, and our entry or none.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from .block import NAMES
from .files import BOM, MOST_BYTES, CantChange, HostFile
from .json_text import JsonText, Leniency, leniencies
from .table import Host
from .toml_text import TomlText
from .yaml_text import YamlText

Text = JsonText | TomlText | YamlText
"""A text of one form. ``value`` is what it holds, ``put`` and ``drop`` give it with an entry at a path and without it.

Each of the three raises ``CantChange`` where it can't. Nothing is proven of what ``put`` and ``drop`` give.
"""
_FORMS: Mapping[str, type[Text]] = {"json": JsonText, "toml": TomlText, "yaml": YamlText}
_MOST = {"json": (MOST_BYTES, "20 MiB"), "toml": (3 * 2**20, "3 MiB"), "yaml": (2**17, "128 KiB")}
"""Bytes, far more than any seen; so many take up to about twelve seconds of computing, by what stands there."""
_DEEPEST = 100
"""Levels, more than any seen: what walks through them, here or in a library, goes down several calls for each."""
_STEPS = {
    "json": "",
    "toml": " (write it as tables, one line for each member below `[{}.NAME]`)",
    "yaml": " (write it as a block, one line for each member, without anchors)",
}


def read_text(form: str, text: str) -> Text:
    """A text that was read, so that its ``value`` is there; or ``CantChange``."""
    most, words = _MOST[form]
    if len(text.encode(errors="surrogatepass")) > most:
        raise CantChange(f"is larger than {words}, the most that is read of {form.upper()}")
    made = _FORMS[form](text)
    try:
        level: list[Any] = [made.value]
    except CantChange:
        raise
    except Exception:  # noqa: BLE001 -- parsers fail in many ways, and their words quote what may be a secret
        raise CantChange(f"is {form.upper()} of a kind that can't be read") from None
    for _ in range(_DEEPEST):
        inside = (each for holder in level for each in (holder.values() if isinstance(holder, dict) else holder))
        level = [each for each in inside if isinstance(each, dict | list | tuple)]
    if level:
        raise CantChange(f"holds values in more than {_DEEPEST} levels")
    return made


def shown_entry(host: Host, name: str, entry: Any) -> str:
    """An entry alone, as it would stand in a file of this host."""
    return _FORMS[host.form].written({host.key: {name: entry}})


class HostDocument:
    """A host's file, parsed; and its text as it would be after a change.

    Raises:
        CantChange: The text can't be read, or holds something else where the servers should stand; of a method that
            gives a text: it can't be changed there without changing something else.
    """

    def __init__(self, host: Host, file: HostFile) -> None:
        self.host, self.file = host, file
        self._text = read_text(host.form, file.text)
        self.value = _with_servers(host, self._text.value)
        """All that the file holds, with the member of the servers in any case."""
        self.entries: Mapping[str, Any] = self.value[host.key]
        """The servers by their names."""

    @cached_property
    def ours(self) -> dict[str, Any]:
        """The entries of our names, in the order in which we added them: TOML takes new ones at the end."""
        names = [name for name in self.entries if name in NAMES]
        return {name: self.entries[name] for name in (names if self.host.form == "toml" else names[::-1])}

    def folders_with(self, name: str) -> list[str]:
        """The folders for which alone an entry of this name stands there too; there the host takes that one."""
        projects = self.value.get(self.host.projects[0]) if self.host.projects else None
        held = projects.items() if isinstance(projects, dict) else ()
        servers = {folder: each.get(self.host.key) for folder, each in held if isinstance(each, dict)}
        return [folder for folder, entries in servers.items() if isinstance(entries, dict) and name in entries]

    @property
    def refused(self) -> Leniency | None:
        """What we can read in the file and the host can't: it then starts without its servers, or not at all."""
        found = leniencies(self.file.text) if self.host.refuses else set()
        if (self.file.content or b"").startswith(BOM.encode()):
            found.add(Leniency.MARK)
        return next((each for each in Leniency if each in found & self.host.refuses), None)

    def with_entry(self, name: str, entry: Mapping[str, Any]) -> str:
        """The text with our entry in it, in the place of one of that name."""
        return self._proven(lambda: self._text.put((self.host.key, name), entry), {**self.entries, name: entry})

    def without_entry(self, name: str) -> str:
        """The text without an entry."""
        return self._proven(lambda: self._text.drop((self.host.key, name)), _but(name, self.entries))

    def before_us(self, name: str, copy: HostFile) -> str | None:
        """The original text without this entry, if re-installing our present entries into the copy reproduces the file.

        It must do so byte for byte. Then nothing else was changed meanwhile, and the copy is right also in what
        can't be seen any more: whether the member that holds the servers was there, or an end of the last line.
        """
        if copy.content is None or not all(isinstance(entry, dict) for entry in self.ours.values()):
            return None
        if len(copy.content) >= len(self.file.content or b""):  # our entries make it longer, and to read takes long
            return None
        try:
            if copy.with_text(self._edited(lambda: self._installed(copy.text, self.ours))) != self.file.content:
                return None
            return self._proven(lambda: self._installed(copy.text, _but(name, self.ours)), _but(name, self.entries))
        except (CantChange, UnicodeEncodeError):  # half of a surrogate pair in an entry that we can't have written
            return None

    def _installed(self, text: str, entries: Mapping[str, Any]) -> str:
        for name, entry in entries.items():
            text = _FORMS[self.host.form](text).put((self.host.key, name), entry)
        return text

    def _proven(self, edit: Callable[[], str], entries: Mapping[str, Any]) -> str:
        """What an edit makes of the text, if that holds these entries, and beside them what the file holds now."""
        changed, is_proven = self._edited(edit), False
        with suppress(CantChange):
            read = _with_servers(self.host, read_text(self.host.form, changed).value)
            is_proven = read == {**self.value, self.host.key: entries}
        if not is_proven:
            raise self._unsafe
        return changed

    def _edited(self, edit: Callable[[], str]) -> str:
        try:
            return edit()
        except CantChange:
            raise
        except Exception:  # noqa: BLE001 -- as in read_text
            raise self._unsafe from None

    @property
    def _unsafe(self) -> CantChange:
        key, step = self.host.key, _STEPS[self.host.form]
        return CantChange(f"has `{key}` in a form that can't be changed safely{step.format(key)}")


def _with_servers(host: Host, value: Mapping[str, Any]) -> dict[str, Any]:
    """What a file holds, with its servers in a mapping of their own, which is empty where there are none."""
    entries = value.get(host.key)
    if entries is None and (host.form == "yaml" or host.key not in value):
        entries = {}
    if not isinstance(entries, dict):
        raise CantChange(f"holds something else where the servers should stand (`{host.key}`)")
    return {**value, host.key: entries}


def _but(name: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    return {each: entry for each, entry in entries.items() if each != name}
