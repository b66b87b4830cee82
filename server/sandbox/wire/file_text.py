"""The text of an uploaded file, as far as the sandbox can read its kind."""

import codecs
import re
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import BinaryIO

READ_BYTES = 2_000_000
"""Of a longer file the sandbox indexes this beginning only."""
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
    ".html": "text/html",
    ".htm": "text/html",
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
}
_READABLE = frozenset({"text/plain", "text/markdown", "application/json", "text/html"})
_HIDDEN = frozenset({"script", "style", "template"})
_BLOCKS = re.compile(
    r"address|article|aside|blockquote|br|d[dlt]|div|footer|h[1-6]|header|hr|li|main|nav|[ou]l|p|pre|section"
    r"|table|t[dhr]|title"
)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNREADABLE = "The sandbox can't read the text of this kind of file, so it keeps the file's name and size only."
_NO_TEXT = "The file is not UTF-8 text, so nothing of it was indexed."
_CUT = f"Only the first {READ_BYTES // 1_000_000} MB of this file were indexed."


def type_of(name: str) -> str | None:
    """Give the MIME type of a file by its name; None: no file of this kind can be uploaded (rememberizer-api.md §6)."""
    return _TYPES.get(PurePosixPath(name).suffix.lower())


def read_text(file: BinaryIO, media_type: str) -> tuple[str | None, str | None]:
    """Read a file of one of the types that `type_of` gives, from where it stands. It blocks.

    Returns the text, or None, and why nothing, or not everything, could be read.
    """
    if media_type not in _READABLE:
        return None, _UNREADABLE
    data = file.read(READ_BYTES)
    is_cut = bool(file.read(1))
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=not is_cut)  # half a character is left out
    except UnicodeDecodeError:
        return None, _NO_TEXT
    return _shown(text) if media_type == "text/html" else text, _CUT if is_cut else None


class _Page(HTMLParser):
    """Gathers what a browser would show, with a line break (and no other) around each block."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's signature
        self._hidden += tag in _HIDDEN
        self._break_at(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= self._hidden > 0 and tag in _HIDDEN
        self._break_at(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._pieces.append(data.replace("\n", " "))

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._pieces).split("\n"))
        return "\n".join(line for line in lines if line)

    def _break_at(self, tag: str) -> None:
        if not self._hidden and _BLOCKS.fullmatch(tag):
            self._pieces.append("\n")


def _shown(source: str) -> str:
    """Read a page up to markup that is never closed, or that the parser refuses.

    The parser is not told of the end: it would look for one of each open piece of markup, which takes time that grows
    with the square of what hostile input holds. A white space lets it go on to the last character.
    """
    page = _Page()
    # AssertionError: markup such as `<![x`; ValueError: the number of a character with too many digits.
    with suppress(AssertionError, ValueError):
        page.feed(source + " ")
    return page.text()
