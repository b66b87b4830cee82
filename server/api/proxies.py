"""Which proxy is on the way to Rememberizer, and whether it can be used. Its password is never repeated.

``on_the_way`` decides for the client and for the doctor. The names of the variables, and which of them counts, are
those of ``urllib.request.getproxies``. Proxies that are not on the way are not checked.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from urllib.request import getproxies

import httpx

from ..errors import UpstreamUnreachable
from ..settings.values import is_loopback

SYSTEM = "the system's proxy settings"
SCHEMES = ("http", "https")
_KINDS = (*SCHEMES, "ftp", "socks", "socks4", "socks4a", "socks5", "socks5h")
"""What stands before ``://`` in an address of a proxy; anything else may be a part of a password."""
_PORTS = range(1, 65536)
_SEPARATORS = re.compile(r"[\s,]+")
_FORM_OF_ENTRY = re.compile(r"((?P<scheme>all|https?)://)?(?P<host>\[.+\]|\*|(\*?\.)?[^:/\[\]*@]+)(:(?P<port>\d+))?/?")

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Problem(StrEnum):
    """What is wrong with a proxy."""

    FORM = "The proxy in {source} can't be used: it does not have the form of an address."
    KIND = "The proxy in {source} can't be used: only http and https proxies can."


FORM = "http://HOST:PORT or http://USER:PASSWORD@HOST:PORT (percent-encode `/`, `?`, `#` and `%`)"
"""What a usable address of a proxy looks like, for whoever has to correct it."""


class UnusableProxy(Exception):
    """No request can be sent until somebody corrects ``source``. The text doesn't repeat the value."""

    def __init__(self, source: str, problem: Problem) -> None:
        self.source = source
        self.problem = problem
        super().__init__(problem.format(source=source))

    def as_failure(self) -> UpstreamUnreachable:
        """The failure of a call. A model can't repair the cause, so it is not retryable."""
        failure = UpstreamUnreachable(
            str(self),
            repair=f"Don't call again: only the user can correct this. Have them set {self.source} to {FORM}, or "
            "remove it, where this server is started, then restart the server; its `doctor` command checks it.",
        )
        failure.retryable = False
        return failure


@dataclass(frozen=True, kw_only=True)
class NamedProxy:
    """A proxy of https requests, and what names it: a variable, or the settings of the system."""

    source: str
    address: str = field(repr=False)

    def usable(self) -> httpx.Proxy:
        """The proxy for httpx.

        Raises:
            UnusableProxy: The proxy can't be used.
        """
        url = parsed(self.address)
        if not url or url.scheme not in SCHEMES:
            raise UnusableProxy(self.source, Problem.KIND if url else Problem.FORM)
        return httpx.Proxy(url)

    def shown(self) -> str:
        """Its address without user name and password."""
        url = parsed(self.address)
        return f"{url.scheme}://{url.netloc.decode()}" if url else "the address"


def on_the_way(base_url: str, environ: Mapping[str, str]) -> NamedProxy | None:
    """The proxy through which requests to this URL go; None if they go straight there.

    Plain http goes to this machine only, so only the proxies of https requests matter.
    """
    url = httpx.URL(base_url)
    return None if is_loopback(url.host) or _is_excepted(url, environ) else named(environ)


def named(environ: Mapping[str, str]) -> NamedProxy | None:
    """The proxy of https requests, whether it is on the way or not."""
    found = getproxies()
    for kind in ("https", "all"):
        if address := found.get(kind):
            return NamedProxy(source=_variable(kind, environ) or SYSTEM, address=address)
    return None


def unusable_exceptions(environ: Mapping[str, str]) -> tuple[str, list[int]] | None:
    """The variable ``NO_PROXY`` as it is spelt, and the places, from 1, of its entries that can't be understood."""
    places = [place for place, entry in enumerate(_entries(environ), start=1) if _read(entry) is None]
    source = _variable("no", environ)
    return (source, places) if source and places else None


class _Entry(NamedTuple):
    """An entry of ``NO_PROXY``: a host, a domain with all hosts below it, addresses, or an origin."""

    host: str | _Network
    port: str | None = None
    scheme: str | None = None
    is_domain: bool = True

    def covers(self, url: httpx.URL) -> bool:
        """Whether the URL is left out; a port stands for itself alone, an origin without ``*.`` for its host alone."""
        if self.scheme not in (None, "all", url.scheme) or self.port not in (None, str(url.port or 443)):
            return False
        if isinstance(self.host, str):
            return self.host in ("*", url.host) or (self.is_domain and url.host.endswith(f".{self.host}"))
        address = _network(url.host)
        return address is not None and address.network_address in self.host


def _is_excepted(url: httpx.URL, environ: Mapping[str, str]) -> bool:
    return any(found.covers(url) for entry in _entries(environ) if (found := _read(entry)))


def _entries(environ: Mapping[str, str]) -> Iterator[str]:
    name = _variable("no", environ)
    yield from filter(None, _SEPARATORS.split(environ[name].lower() if name else ""))


def _read(entry: str) -> _Entry | None:
    """An entry, parsed; None if it can't be understood."""
    if network := _network(entry):
        return _Entry(network)
    form = _FORM_OF_ENTRY.fullmatch(entry)
    if not form:
        return None
    host = form["host"]
    is_in_brackets = host.startswith("[")
    address = _network(host[1:-1] if is_in_brackets else host)
    if is_in_brackets and not address:
        return None
    bare = host.removeprefix("*.").lstrip(".")
    return _Entry(address or bare, form["port"], form["scheme"], is_domain=not form["scheme"] or bare != host)


def _network(text: str) -> _Network | None:
    """What an address or ``address/prefix`` stands for; brackets are a URL's, and no part of it."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def parsed(value: str) -> httpx.URL | None:
    """The address of a proxy. ``None`` if httpx can't use it, or would take a part of a password for the host.

    The latter is so where an ``@`` stands behind the host: ``/``, ``?`` or ``#`` of a password was not percent-encoded.
    """
    try:
        url = httpx.URL(value if "://" in value else f"http://{value}")
        if url.scheme in SCHEMES:
            _ = httpx.Proxy(url).raw_auth
    except (ValueError, httpx.InvalidURL):
        return None
    is_host = url.raw_host and (b"%" not in url.raw_host or b":" in url.raw_host)  # httpx quotes what no name has
    is_whole = is_host and url.scheme in _KINDS and (url.port is None or url.port in _PORTS)
    return url if is_whole and b"@" not in url.raw_path and "@" not in url.fragment else None


def _variable(kind: str, environ: Mapping[str, str]) -> str | None:
    """The variable that counts for a kind of requests. A lower-case one counts first; if it is empty, none counts."""
    names = [name for name in environ if name.lower() == f"{kind}_proxy"]
    counting = [name for name in names if name.endswith("_proxy")] or [name for name in names if environ[name]]
    return counting[-1] if counting and environ[counting[-1]] else None
