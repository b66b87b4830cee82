"""Checks of the values of settings.

Each raises a ``ValueError`` that says what the value must be, and never repeats it: it can be a secret.
"""

import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

MOST_SECRET_BYTES = 65_536
KEY_BYTES = 32
TOOLSETS = ("auth", "knowledge", "mementos", "vector_stores")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_AND_PORT = re.compile(rf"(\[[0-9a-f:.]+\]|{_LABEL}(\.{_LABEL})*)(:[0-9]+)?", re.IGNORECASE | re.ASCII)
_STORE = re.compile(r"(redis|rediss|unix)://", re.ASCII)
EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+$"
_UNFILLED = re.compile(r"(\$\{user_config\.[^{}]+\},?)+")
_NAME = r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+"
_PLACEHOLDERS = re.compile(
    rf"((\$\{{([^{{}}]|\{{[^{{}}]*\}})+\}}|\{{\{{[^{{}}]+\}}\}}|\{{(env|file):[^{{}}]+\}}|\$env:\w+"
    rf"|\$\{{?{_NAME}|%{_NAME}%|\{{{_NAME}\}}|<{_NAME}>)[\s,]*)+"
)
"""What hosts fill: ``${NAME}``, ``${NAME:-default}``, ``${env:NAME}`` and ``${input:id}`` of most, Continue's
``${{ secrets.NAME }}``, LibreChat's ``{{NAME}}``, opencode's ``{env:NAME}`` and ``{file:path}``, Gemini CLI's
``$NAME``; ``$env:NAME`` and ``%NAME%`` of Windows; and ``${NAME``, ``{NAME}`` and ``<NAME>`` of people. Passwords can
look like the last ones and ``$NAME``: in those a name has capitals and an underscore."""
_NO_KEY = r"\$[A-Z][A-Z0-9_]*|\$[({].*|%\w+%|[#@]?([{<\[(]).*[}>\])]"
"""What no key looks like, and placeholders in any letters do."""
_QUOTED = re.compile(r"""(["'])(?P<inside>((?!\1).)*)\1""", re.DOTALL)


def api_address(value: str) -> str:
    """The same address with a slash at its end, if it can be that of the API."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # its text repeats the value, which can hold a password
        raise ValueError("must be an address that begins with https://, then a host and at most a port") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("must be an address that begins with https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must hold no user name, password, query or fragment")
    if not _HOST_AND_PORT.fullmatch(parts.netloc):
        raise ValueError("must name a host that can exist, in ASCII")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https://; plain http is allowed to this machine only")
    return parts.geturl() if parts.path.endswith("/") else parts.geturl() + "/"


def issuer_address(value: str) -> str:
    """The same address to the letter, since the issuer repeats it, if what is sent there can't be read on the way."""
    api_address(value)
    return value


def public_address(value: str) -> str:
    """The same address as browsers name its origin, if it names a host and at most a port."""
    address = urlsplit(api_address(value))
    if address.path != "/":
        raise ValueError("must hold no path: clients come to /mcp there")
    usual_port = ":443" if address.scheme == "https" else ":80"
    return f"{address.scheme}://{address.netloc.lower().removesuffix(usual_port)}"


def store_address(value: SecretStr) -> SecretStr | None:
    """The same address, if it can be that of a Redis; nothing for ``memory``."""
    text = value.get_secret_value()
    if text.lower() == "memory":
        return None
    try:
        parts = urlsplit(text)
        place = parts.path if parts.scheme == "unix" else f"{parts.hostname or ''}{parts.port or ''}"
    except ValueError:  # its text repeats the value, which can hold a password
        place = ""
    if not place or not _STORE.match(text):
        raise ValueError("must be `memory`, or an address such as redis://HOST:PORT/0, rediss://… or unix:///PATH")
    return value


def password_in(address: SecretStr | None) -> SecretStr | None:
    """The password that an address holds."""
    password = address and urlsplit(address.get_secret_value()).password
    return SecretStr(unquote(password)) if password else None


def is_loopback(host: str) -> bool:
    """Whether a host name or address literal can only mean this machine; names below localhost are not sure to."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _secret(form: str, told: str) -> Callable[[SecretStr], SecretStr]:
    """A check that gives a secret back if all of it has this form, and else raises with these words."""
    pattern = re.compile(form)

    def check(value: SecretStr) -> SecretStr:
        if not pattern.fullmatch(value.get_secret_value()):
            raise ValueError(told)
        return value

    return check


_UNFILLED_TOLD = "is nothing but a placeholder, which the host did not fill in"
encodable = _secret(r"[^\ud800-\udfff]*", "is no UTF-8 text")
cookie_value = _secret(
    r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+",
    "must be the value of a cookie, alone: no name, spaces, quotes, commas or semicolons",
)
"""Checks that a secret can be the value of a cookie (RFC 6265 §4.1.1)."""
header_value = _secret(r"[\x21-\x7e]+", "must be an API key, alone: visible ASCII without spaces")
filled_in_key = _secret(rf"(?!({_NO_KEY})\Z)(?s:.*)", _UNFILLED_TOLD)


def filled_in(value: str, *, is_secret: bool) -> str:
    """The same value, if it is no placeholder and no secret in quotes, which could be a part of the secret."""
    if is_placeholder(value):
        raise ValueError(_UNFILLED_TOLD)
    if is_secret and unquoted(value) != value:
        raise ValueError("stands in quotes, which would be a part of it; write it without them")
    return value


def unquoted(value: str) -> str:
    """A value without the quotes around it, which some programs that read ``.env`` files leave."""
    found = _QUOTED.fullmatch(value)
    return found["inside"].strip() if found else value


def stripped(text: str) -> str:
    """A value from a host's block or a file, without the white space around it; empty if it is no value.

    Quotes around nothing are no value. A bundle's ``${user_config.NAME}`` isn't one either: nobody filled that field
    in, and Claude Desktop leaves the placeholders of such fields (modelcontextprotocol/mcpb#250).
    """
    value = text.strip()
    bare = unquoted(value)
    return "" if not bare or _UNFILLED.fullmatch(bare) else value


def is_placeholder(value: str) -> bool:
    """Whether a value is nothing but placeholders, which a host should have replaced."""
    return bool(_PLACEHOLDERS.fullmatch(unquoted(value)))


def words(**others: str) -> BeforeValidator:
    """Accepts words in any letter case, and replaces these other words."""

    def read(value: Any) -> Any:
        return others.get(value.lower(), value.lower()) if isinstance(value, str) else value

    return BeforeValidator(read)


def switch(on: str, off: str) -> BeforeValidator:
    """Accepts the words of a switch for these two, which stand for on and off."""
    meanings = dict.fromkeys(("on", "true", "yes", "1", "y", "t"), on)
    return words(**meanings, **dict.fromkeys(("off", "false", "no", "0", "n", "f"), off))


def comma_separated(value: Any) -> Any:
    """The parts of a list as an environment variable holds it; anything else as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def known_toolsets(names: tuple[str, ...]) -> tuple[str, ...]:
    """The toolsets of these names, in their fixed order."""
    if not names or set(names) - {*TOOLSETS, "all"}:
        raise ValueError(f"must be a comma-separated list of {', '.join(f'`{name}`' for name in TOOLSETS)}, or `all`")
    return tuple(name for name in TOOLSETS if name in names or "all" in names)


def secrets_apart(value: Any) -> Any:
    """The parts of a list of secrets as an environment variable or a file holds it; anything else as it is."""
    return comma_separated(value.get_secret_value() if isinstance(value, SecretStr) else value)


def strong_keys(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """The same keys, if each is long enough to be no password, and none is there twice."""
    values = [key.get_secret_value().encode() for key in keys]
    if any(len(value) < KEY_BYTES for value in values):
        raise ValueError(f"each key must have at least {KEY_BYTES} bytes; commas separate several")
    if len(set(values)) < len(values):
        raise ValueError("holds a key twice")
    return keys


def absolute_folders(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The same folders, with the user's home written out. They need not exist yet."""
    try:
        folders = tuple(path.expanduser() for path in paths)
    except RuntimeError:
        raise ValueError("names a home folder that is not known; write the paths out") from None
    if not all(folder.is_absolute() for folder in folders):
        raise ValueError("must be a comma-separated list of absolute paths")
    return folders


Secret = Annotated[SecretStr, AfterValidator(encodable)]
ApiKey = Annotated[SecretStr, AfterValidator(header_value), AfterValidator(filled_in_key)]
CookieValue = Annotated[SecretStr, AfterValidator(cookie_value), AfterValidator(filled_in_key)]
StoreKeys = Annotated[tuple[Secret, ...], BeforeValidator(secrets_apart), AfterValidator(strong_keys)]
Toolsets = Annotated[tuple[str, ...], BeforeValidator(comma_separated), words(), AfterValidator(known_toolsets)]
Folders = Annotated[tuple[Path, ...], BeforeValidator(comma_separated), AfterValidator(absolute_folders)]


class SecretInFile(SecretStr):
    """A secret and the file that it came from, where another program may renew it."""

    def __init__(self, value: str, *, path: str) -> None:
        super().__init__(value)
        self._path = path

    def newest_cookie_value(self) -> SecretStr:
        """The cookie's value that the file holds now, or the one that it held before if that can't be read or used."""
        with suppress(ValueError, OSError):
            if Path(self._path).is_file():  # a pipe, such as a shell makes, gives nothing a second time
                return cookie_value(secret_in(self._path))
        return self


def secret_in(path: str) -> SecretInFile:
    """The content of a file, without white space around it. If the file is a pipe, this waits for its content.

    Where it can't be a secret, the error says what the path names instead, and not the path.
    """
    if is_placeholder(path):
        raise ValueError("a placeholder that the host did not fill in")
    unfilled = " (`~` is not filled in: write the whole path)" if path.startswith("~") else ""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_SECRET_BYTES + 1)
        secret = stripped(content.decode("utf-8-sig"))
    except FileNotFoundError:
        raise ValueError(f"a file that does not exist{unfilled}") from None
    except IsADirectoryError:
        raise ValueError("a folder") from None
    except (OSError, UnicodeDecodeError):
        raise ValueError("a file that can't be read as text") from None
    if len(content) > MOST_SECRET_BYTES:  # also of one that never ends
        raise ValueError(f"a file of more than {MOST_SECRET_BYTES // 1024} KiB")
    if not secret:
        raise ValueError("a file that is empty")
    if is_placeholder(secret):
        raise ValueError("a file that holds nothing but a placeholder")
    if unquoted(secret) != secret:
        raise ValueError("a file that holds quotes around the secret; write it without them")
    return SecretInFile(secret, path=path)
