"""What can be taken out of a page: its code, its links, its anchors and its commands."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    """The code of each fence of such a language."""
    return [found["code"] for found in _FENCE.finditer(text) if found["language"] == language]


def prose(text: str) -> str:
    """The page without its fences."""
    return _FENCE.sub("", text)


def links(text: str) -> Iterator[str]:
    """Where each link and picture leads."""
    for inside, attribute in _LINK.findall(_INLINE.sub("code", prose(text))):
        yield inside or attribute


def anchors(text: str) -> set[str]:
    """What can stand behind ``#``: GitHub makes it of each heading, and numbers those that come again."""
    slugs = [_slug(heading) for heading in _HEADING.findall(prose(text))]
    seen: Counter[str] = Counter()
    found = set()
    for slug in slugs:
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def commands(text: str) -> Iterator[str]:
    """Every ``rememberizer-mcp ...`` that is quoted, in a fence or in a line."""
    lines = [line for fence in _FENCE.finditer(text) for line in fence["code"].splitlines()]
    for quoted in [*lines, *_INLINE.findall(prose(text))]:
        found = re.match(r"(?:uvx )?(rememberizer-mcp(?: .*)?)$", quoted)
        if found:
            yield found[1]


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def is_outside(link: str) -> bool:
    """Whether a link leaves the repository."""
    return re.match(r"[a-z][a-z0-9+.-]*:", link) is not None


def target(page: Path, link: str) -> tuple[Path, str]:
    """The file that a link of a page leads to, and the anchor in it."""
    path, _, anchor = link.partition("#")
    return ((page.parent / path).resolve() if path else page), anchor
