"""Which proxy of the environment is in use, and whether it can be; a password in one is never repeated.

httpx takes proxies from ``urllib.request.getproxies``, so the names, and which of them counts, are the same here.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from urllib.request import getproxies

import httpx

from ..errors import UpstreamUnreachable

SYSTEM = "the system's proxy settings"
SCHEMES = ("http", "https")
_KINDS = (*SCHEMES, "ftp", "socks", "socks4", "socks4a", "socks5", "socks5h")
"""What stands before ``://`` in an address of a proxy; anything else may be a part of a password."""
_PORTS = range(1, 65536)


class Problem(StrEnum):
    """What is wrong with a variable."""

    FORM = "The proxy in {source} can't be used: it does not have the form of an address."
    KIND = "The proxy in {source} can't be used: only http and https proxies can."
    HOSTS = "{source} can't be used: an entry is neither a host name nor an IP address without brackets."
    """Of ``NO_PROXY``."""


_FORMS = {
    Problem.FORM: "http://HOST:PORT or http://USER:PASSWORD@HOST:PORT (percent-encode `/`, `?`, `#` and `%`)",
    Problem.KIND: "http://HOST:PORT",
    Problem.HOSTS: "HOST,HOST (IPv6 addresses without brackets and without a `/prefix`)",
}


class UnusableProxy(Exception):
    """No request can be sent; ``source`` is what somebody has to correct, and the text holds no value of it."""

    def __init__(self, source: str, problem: Problem) -> None:
        self.source = source
        self.problem = problem
        super().__init__(problem.format(source=source))

    def as_failure(self) -> UpstreamUnreachable:
        """The failure of a call; a model can't repair the cause, so trying again is of no use."""
        failure = UpstreamUnreachable(
            str(self),
            hint=f"Don't call again: only the user can correct this. Have them set {self.source} to "
            f"{_FORMS[self.problem]}, or remove it, where this server is started, then restart the server; "
            "its `doctor` command checks it.",
        )
        failure.retryable = False
        return failure


def source_of(environ: Mapping[str, str]) -> str:
    """What names the proxy of https requests: a variable, or else the settings of the system."""
    return _variable("https", environ) or _variable("all", environ) or SYSTEM


def is_any_named(environ: Mapping[str, str]) -> bool:
    """Whether there is a proxy of https requests at all."""
    return any(_named(environ, "https", "all"))


def is_left_out(url: httpx.URL, environ: Mapping[str, str]) -> bool:
    """Whether ``NO_PROXY`` names this URL's host, with or without its port, a domain above it, its origin, or ``*``."""
    name = _variable("no", environ)
    entries = environ[name].split(",") if name else []
    return any(_leaves_out(entry.strip().lower(), url) for entry in entries)


def _leaves_out(entry: str, url: httpx.URL) -> bool:
    if "://" in entry:
        scheme, _, host = entry.rstrip("/").partition("://")
        return scheme in (url.scheme, "all") and host in (url.host, url.netloc.decode())
    names = {entry.lstrip("."), entry.lstrip(".").removesuffix(f":{url.port}")} - {""}
    return "*" in names or any(url.host == name or url.host.endswith(f".{name}") for name in names)


def refuse_garbled(environ: Mapping[str, str]) -> None:
    """Refuse the proxy of https requests if httpx would only fail later by it, with words about something else.

    Raises:
        UnusableProxy: What it is said to be is no address.
    """
    source, value = next(_named(environ, "https", "all"), (SYSTEM, ""))
    if value and is_garbled(value):
        raise UnusableProxy(source, Problem.FORM)


def culprit(environ: Mapping[str, str]) -> UnusableProxy:
    """By which variable httpx could not make its client; it reads the one of plain http as well."""
    for source, value in _named(environ, "https", "all", "http"):
        if is_garbled(value):
            return UnusableProxy(source, Problem.FORM)
        if _address(value).scheme not in SCHEMES:
            return UnusableProxy(source, Problem.KIND)
    exceptions = _variable("no", environ)
    return UnusableProxy(exceptions, Problem.HOSTS) if exceptions else UnusableProxy(SYSTEM, Problem.FORM)


def _named(environ: Mapping[str, str], *kinds: str) -> Iterator[tuple[str, str]]:
    """The proxies that httpx takes for these kinds of requests, each behind what names it."""
    named = getproxies()
    for kind in kinds:
        if value := named.get(kind):
            yield _variable(kind, environ) or SYSTEM, value


def is_garbled(value: str) -> bool:
    """Whether httpx can't use it as an address, or would take a part of a password for the host.

    That is so where an ``@`` stands behind the host: then ``/``, ``?`` or ``#`` of a password was not percent-encoded.
    """
    try:
        url = _address(value)
        if url.scheme in SCHEMES:
            _ = httpx.Proxy(url).raw_auth
    except (ValueError, httpx.InvalidURL):
        return True
    is_host = url.raw_host and (b"%" not in url.raw_host or b":" in url.raw_host)  # httpx quotes what no name has
    is_whole = is_host and url.scheme in _KINDS and (url.port is None or url.port in _PORTS)
    return not is_whole or b"@" in url.raw_path or "@" in url.fragment


def shown(value: str) -> str:
    """A proxy's address without user name and password."""
    if is_garbled(value):
        return "the address"
    url = _address(value)
    return f"{url.scheme}://{url.netloc.decode()}"


def _address(value: str) -> httpx.URL:
    """What httpx connects to."""
    return httpx.URL(value if "://" in value else f"http://{value}")


def _variable(kind: str, environ: Mapping[str, str]) -> str | None:
    """The variable that counts for a kind of requests: a lower-case one goes first, and if empty there is none."""
    names = [name for name in environ if name.lower() == f"{kind}_proxy"]
    last = ([name for name in names if name.endswith("_proxy")] or [name for name in names if environ[name]])[-1:]
    return last[0] if last and environ[last[0]] else None
