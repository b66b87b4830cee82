"""The promises of ``promises.toml``, by their ids."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Promise:
    """One sentence that a test must prove, and where it comes from."""

    text: str
    source: str


_AREAS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PROMISES = {
    f"{area}:{theme}:{name}": Promise(**entry)
    for area, themes in _AREAS.items()
    for theme, entries in themes.items()
    for name, entry in entries.items()
}
