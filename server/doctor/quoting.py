"""``Quoting``: the last lines that a program wrote, without secrets."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..logs.redaction import KnownSecrets, printable
from ..logs.secret_forms import redacted

PREFIX = "REMEMBERIZER_"
MOST_LINES, MOST_CHARACTERS = 4, 300
_WORDS = (
    "on|off|true|false|yes|no|auto|always|never|keyring|debug|info|warning|error|all|auth|knowledge|mementos|"
    "vector_stores"
)
_PLAIN = re.compile(rf"(({_WORDS})(,\s*|$))*", re.IGNORECASE)
"""A value of such words alone is no secret."""
_PLAIN_ARGUMENT = re.compile(
    r"--[a-z]+(-[a-z]+)*|rememberizer([-_]mcp)?(\.server)?([=@~<>]{1,2}\d+(\.\d+)*)?|\d+(\.\d+)+|"
    r"run|tool|install|exec|python|node|module|stdio|server|doctor"
)
"""Names of options, and the words of the commands that start us. Every other word of an argument may be a secret."""
_BETWEEN_WORDS = (re.compile(r"[\s'\"=]+"), re.compile(r"[\s'\"=`;,:|&<>(){}$]+"))
"""What separates words, for programs and for a shell. Both splits count: a secret may hold a shell's separators."""
_MOST_FILE_BYTES = 10_000


class Quoting:
    """Redacts the values of variables and arguments that it learnt, and whatever looks like a secret."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.secrets = KnownSecrets()
        ours = {name: value for name, value in environ.items() if is_ours(name) or name.upper().endswith("_PROXY")}
        self.learn(environ=ours)

    def learn(self, *, environ: Mapping[str, str], arguments: Sequence[str] = ()) -> None:
        """Redact what these variables and arguments hold, but for the plain words that settings take."""
        values = [value for value in environ.values() if not _PLAIN.fullmatch(value)]
        values += [_content(value) for name, value in environ.items() if name.upper().endswith("_FILE")]
        values += [word for argument in arguments for word in _words(argument)]
        self.secrets.learn(form for value in values for form in (*value.splitlines(), *_parts(value)))

    def plain(self, text: str) -> str:
        """A name or a path, redacted and on one line."""
        return _cut(redacted(self.secrets.redact(printable(text))))

    def last_words(self, output: bytes) -> str:
        """The last lines that a program wrote, on one, redacted and cut.

        A secret may go on in the next line, so the whole is redacted before each line is.
        """
        text = redacted(output.decode("utf-8", "replace"))
        lines = [line for line in map(str.strip, map(self.plain, text.splitlines())) if line]
        return _cut(" ".join(lines[-MOST_LINES:]))


def is_ours(name: str) -> bool:
    """Whether a variable is named as our settings are, in any letter case."""
    return name.upper().startswith(PREFIX)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 2] + " …"


def _parts(value: str) -> Iterable[str]:
    """What an address or a ``name=value`` holds that may be shown without the rest: user name, password, query."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return []
    found = [parts.username, parts.password, parts.query, value.partition("=")[2]]
    return [form for part in found if part for form in (part, unquote(part))]


def _words(argument: str) -> Iterable[str]:
    """An argument and each word in it, since it may be a whole script; but for plain ones."""
    found = {argument, *(word for between in _BETWEEN_WORDS for word in between.split(argument))}
    found |= {word[2:] for word in found if re.match("-[a-zA-Z]", word)}  # -pPASSWORD
    return [word for word in found if not _PLAIN.fullmatch(word) and not _PLAIN_ARGUMENT.fullmatch(word)]


def _content(path: str) -> str:
    """What stands in a file that a setting names."""
    try:
        file = Path(path)
        is_small = file.is_file() and file.stat().st_size <= _MOST_FILE_BYTES
        return file.read_text(encoding="utf-8-sig").strip() if is_small else ""
    except (OSError, ValueError):
        return ""
