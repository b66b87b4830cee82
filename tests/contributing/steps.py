"""The steps of a page as what they are: changes of files, and commands; each is done to the letter."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"^(?:(?P<how>Append to|Change) `(?P<path>[^`]+)`:\n\n)?^```(?P<language>python|diff|sh)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """A block of code, and the file that the sentence above it names; one without a sentence goes on with that file."""

    language: str
    path: str
    text: str

    def take(self, checkout: Path, environment: Mapping[str, str]) -> None:
        """Do what it says.

        Raises:
            ValueError: The lines to be changed are not there, or more than once.
            subprocess.CalledProcessError: A command failed.
        """
        file = checkout / self.path
        match self.language:
            case "python":
                file.write_text(f"{file.read_text(encoding='utf-8')}\n\n{self.text}", encoding="utf-8")
            case "diff":
                file.write_text(changed(file.read_text(encoding="utf-8"), self.text), encoding="utf-8")
            case _:
                subprocess.run(["bash", "-euc", self.text], cwd=checkout, env=environment, check=True, timeout=280)


def steps(page: str) -> Iterator[Step]:
    """The blocks of a page, in order."""
    path = ""
    for found in _BLOCK.finditer(page):
        path = found["path"] or path
        yield Step(found["language"], path, found["text"])


def changed(text: str, diff: str) -> str:
    """The text with the lines of a diff in place of those that it shows as they were.

    Raises:
        ValueError: These are not there, or more than once.
    """
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if not line.startswith("+"))
    if text.count(old) != 1:
        raise ValueError(f"{old!r} is not there exactly once.")
    return text.replace(old, "".join(line[1:] for line in lines if not line.startswith("-")))
