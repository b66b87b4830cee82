"""The frames as one SVG, which moves by its style sheet alone: GitHub shows such a picture as it is.

Each row that differs is drawn once and used wherever it is seen. Who asked their system for less motion sees one frame.
"""

from base64 import b64encode
from collections.abc import Sequence
from itertools import accumulate
from xml.sax.saxutils import escape, quoteattr

from tests.docs.film.cutting import Frame
from tests.docs.film.recording import PAGE_SIZE, Recording
from tests.docs.film.screen import COLUMNS, ROWS, Row

WIDTH, BAR, MARGIN = 830, 34, 14
ROW, LETTER = 18, 7.5
LEFT = (WIDTH - COLUMNS * LETTER) / 2
HEIGHT = BAR + ROWS * ROW + 2 * MARGIN
SIZE = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
PAGE_LEFT, PAGE_TOP = WIDTH - PAGE_SIZE["width"] - 24, 62
COLOURS = {"default": "d", "green": "g", "cyan": "c", "brown": "y", "red": "r"}
STYLE = """
text{font:12.5px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;white-space:pre}
.d{fill:#d7dde4}.g{fill:#7ee787}.c{fill:#79d7f0}.y{fill:#e8b84a}.r{fill:#ff8a80}.b{font-weight:700}
.name{font:600 13px system-ui,sans-serif;fill:#9aa4af}.address{font:13px system-ui,sans-serif;fill:#444a52}
.f{visibility:hidden}.still{visibility:visible}
@media (prefers-reduced-motion:reduce){.f{animation:none!important}}
"""


def draw(recording: Recording, frames: Sequence[Frame], *, words: str) -> str:
    """The picture.

    Args:
        recording: Where the photographs are.
        frames: What is seen in turn.
        words: What the picture shows, for those who don't see it.
    """
    rows = {row: f"r{number}" for number, row in enumerate(dict.fromkeys(row for each in frames for row in each.rows))}
    photographs = [_photograph(number, png, recording.address) for number, png in enumerate(recording.photographs)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {SIZE} role="img" aria-label={quoteattr(words)}>',
            f"<style>{STYLE}{_motion(frames)}</style>",
            "<defs>",
            *(_row(name, row) for row, name in rows.items() if row),
            *photographs,
            "</defs>",
            *_window(),
            *(_frame(number, frame, rows) for number, frame in enumerate(frames)),
            "</svg>\n",
        ]
    )


def _motion(frames: Sequence[Frame]) -> str:
    """Each frame is visible from its moment until the next one's."""
    total = sum(frame.seconds for frame in frames)
    ends = [100 * end / total for end in accumulate(frame.seconds for frame in frames)]
    begins = [0.0, *ends[:-1]]
    return "\n".join(
        f"#f{number}{{animation:k{number} {total:.2f}s step-end infinite}}@keyframes k{number}"
        f"{{0%{{visibility:{'hidden' if begin else 'visible'}}}{begin:.3f}%{{visibility:visible}}"
        f"{end:.3f}%{{visibility:{'visible' if end == ends[-1] else 'hidden'}}}}}"
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True))
    )


def _frame(number: int, frame: Frame, rows: dict[Row, str]) -> str:
    top = BAR + MARGIN + 13
    used = [f'<use href="#{rows[row]}" y="{top + place * ROW}"/>' for place, row in enumerate(frame.rows) if row]
    page = [] if frame.photograph is None else [f'<use href="#p{frame.photograph}"/>']
    is_still = frame.photograph == 0
    return f'<g id="f{number}" class="f{" still" if is_still else ""}">{"".join([*used, *page])}</g>'


def _row(name: str, row: Row) -> str:
    texts = [
        f'<text class="{COLOURS[run.colour]}{" b" if run.bold else ""}" x="{LEFT + run.column * LETTER:g}" '
        f'textLength="{len(run.text) * LETTER:g}" lengthAdjust="spacingAndGlyphs">{escape(run.text)}</text>'
        for run in row
    ]
    return f'<g id="{name}">{"".join(texts)}</g>'


def _window() -> list[str]:
    dots = [f'<circle cx="{20 + 18 * each}" cy="{BAR / 2:g}" r="5.5" fill="#56606b"/>' for each in range(3)]
    return [
        f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="10" fill="#161b22" stroke="#56606b"/>',
        *dots,
        f'<text class="name" x="{WIDTH / 2:g}" y="{BAR / 2 + 5:g}" text-anchor="middle">rememberizer-mcp</text>',
    ]


def _photograph(number: int, png: bytes, address: str) -> str:
    """A browser's window with the page in it."""
    width, height = PAGE_SIZE["width"], PAGE_SIZE["height"]
    return (
        f'<g id="p{number}" transform="translate({PAGE_LEFT} {PAGE_TOP})">'
        f'<rect x="-1" y="-1" width="{width + 2}" height="{height + BAR + 9}" rx="9" fill="#e3e6ea" stroke="#9aa4af"/>'
        f'<rect x="12" y="6" width="{width - 24}" height="{BAR - 12}" rx="11" fill="#fff"/>'
        f'<text class="address" x="24" y="{BAR / 2 + 4.5:g}">{escape(address.rpartition("/")[0])}/…</text>'
        f'<image y="{BAR}" width="{width}" height="{height}" href="data:image/png;base64,{b64encode(png).decode()}"/>'
        "</g>"
    )
