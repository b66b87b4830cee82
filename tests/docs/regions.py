"""Pages with generated regions: what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
_REGION = re.compile(r"(<!-- (?P<name>[a-z][a-z_-]*) -->\n)(?P<text>.*?)(<!-- /(?P=name) -->)", re.DOTALL)
_MARKER = re.compile(r"<!-- (/?[a-z][a-z_-]*) -->")


def pages(root: Path = ROOT) -> list[Path]:
    """The README and everything in docs/."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def name_of(page: Path) -> str:
    """Where a page stands in the repository."""
    return page.relative_to(ROOT).as_posix()


def regions(text: str) -> Iterator[tuple[str, str]]:
    """The name and the content of each region of a page."""
    for found in _REGION.finditer(text):
        yield found["name"], found["text"]


def markers(text: str) -> list[str]:
    """What stands in each marker of a page, in order."""
    return _MARKER.findall(text)


def rewritten(text: str, functions: Mapping[str, Callable[[], str]]) -> str:
    """The page with each region made anew.

    Raises:
        KeyError: No function makes such a region.
    """

    def replaced(found: re.Match[str]) -> str:
        return f"{found[1]}{functions[found['name']]().rstrip()}\n{found[4]}"

    return _REGION.sub(replaced, text)
