"""What a picture of ours shows, read back from its file."""

import re
from base64 import b64decode
from collections.abc import Iterator
from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
PNG = "data:image/png;base64,"
STEP = re.compile(r"^\d+\. ")


class Picture:
    """A parsed picture.

    Raises:
        ParseError: It is no XML.
    """

    def __init__(self, text: str) -> None:
        self._root = ET.fromstring(text)  # noqa: S314 -- a file of this repository

    @property
    def words(self) -> str:
        """What is said of it to those who don't see it."""
        return self._root.attrib["aria-label"]

    @property
    def frames(self) -> list[ET.Element]:
        """The frames in order."""
        return [each for each in self._root.iter(f"{SVG}g") if "f" in each.get("class", "").split()]

    def seen(self, frame: ET.Element) -> list[str]:
        """The names of what a frame shows."""
        return [each.attrib["href"].removeprefix("#") for each in frame.iter(f"{SVG}use")]

    def row(self, name: str) -> str:
        """The text of a row."""
        (found,) = [each for each in self._root.iter(f"{SVG}g") if each.get("id") == name]
        return " ".join(each.text or "" for each in found.iter(f"{SVG}text"))

    @property
    def rows(self) -> list[str]:
        """The text of each row that is drawn, in the order in which they come into view."""
        return [self.row(name) for name in dict.fromkeys(each for frame in self.frames for each in self.seen(frame))]

    @property
    def steps(self) -> list[str]:
        """The titles of the demo's steps."""
        return [row for row in self.rows if STEP.match(row)]

    @property
    def photographs(self) -> list[bytes]:
        """The PNGs in it."""
        links = (each.attrib["href"] for each in self._root.iter(f"{SVG}image"))
        return [b64decode(link.removeprefix(PNG), validate=True) for link in links]

    @property
    def links(self) -> Iterator[str]:
        """Everything that the file refers to, by attribute or style."""
        for element in self._root.iter():
            yield from (value for name, value in element.attrib.items() if name.endswith(("href", "src")))
            yield from re.findall(r"url\((.*?)\)", element.text or "")

    @property
    def kinds(self) -> set[str]:
        """The names of its elements."""
        return {each.tag.removeprefix(SVG) for each in self._root.iter()}
