"""The proxy on the way, named without its password."""

from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from ..api.probe import Probe, Stage
from .report import Finding

PROXY_AUTHENTICATION = 407
_IN_ORDER = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""The first that is set counts; the others of ``_ALL`` are read too, and have to be usable."""
_ALL = (*_IN_ORDER, "http_proxy", "HTTP_PROXY")
_SYSTEM = "the system's proxy settings"


def source_of(environ: Mapping[str, str]) -> str:
    """What names the proxy in use: a variable, or else the settings of the system."""
    return next((name for name in _IN_ORDER if environ.get(name)), _SYSTEM)


def proxies(seen: Probe, *, host: str, is_proxied: bool, environ: Mapping[str, str]) -> list[Finding]:
    """What a proxy does to the request; nothing, where there is none.

    Args:
        seen: How far the request came.
        host: Where it was meant to go.
        is_proxied: Whether it went to a proxy.
        environ: Where proxies are set.
    """
    source = source_of(environ)
    if seen.stage is Stage.SETUP or (is_proxied and is_garbled(environ.get(source, ""))):
        return [_unusable(host, environ)]
    if is_proxied:
        return [_used(seen, source, environ)]
    if source in environ and seen.peer:
        return [Finding.ok("proxy", f"{shown(environ[source])} of {source} is not used: NO_PROXY leaves {host} out.")]
    return []


def is_garbled(value: str) -> bool:
    """Whether it is no address, or one whose host and port are parts of a password that is not percent-encoded."""
    try:
        parts = _split(value)
        return "@" in parts.path + parts.query + parts.fragment or parts.port == 0
    except ValueError:
        return True


def shown(value: str) -> str:
    """A proxy's address without user name and password."""
    if is_garbled(value):
        return "the address"
    parts = _split(value)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def _split(value: str) -> SplitResult:
    return urlsplit(value if "://" in value else f"http://{value}")


def _used(seen: Probe, source: str, environ: Mapping[str, str]) -> Finding:
    name = f"{shown(environ[source]) if source in environ else _peer(seen)} ({source})"
    if seen.stage is not Stage.PROXY:
        took = seen.ms.get(Stage.PROXY)
        return Finding.ok("proxy", f"Requests go through {name}.", ms={"proxy": took} if took is not None else None)
    if seen.status == PROXY_AUTHENTICATION:
        step = f"Put them into {source} (http://USER:PASSWORD@HOST:PORT), in the host's block or where it is started."
        return Finding.failure("proxy", f"{name} asks for a user name and a password, or does not take those.", step)
    step = f"Check {source}, or have whoever runs the proxy let the request through; NO_PROXY goes past it."
    if seen.timed_out:
        return Finding.failure("proxy", f"{name} takes the connection and then does not answer.", step)
    said = f"with {seen.status}" if seen.status else "without an answer in HTTP"
    return Finding.failure("proxy", f"{name} refuses the way through, {said}.", step)


def _peer(seen: Probe) -> str:
    return "{}:{}".format(*seen.peer or ("", 0))


def _unusable(host: str, environ: Mapping[str, str]) -> Finding:
    bad = next(_bad(environ), None)
    name = f"{shown(environ[bad])} of {bad}" if bad else "What NO_PROXY or the system's proxy settings say"
    if bad and is_garbled(environ[bad]):
        step = f"Write http://USER:PASSWORD@HOST:PORT into {bad}, and percent-encode `/`, `#` and `?` in its password."
        return Finding.failure("proxy", f"{name} can't be used: it is not of the form of an address.", step)
    step = f"Use the form http://HOST:PORT, remove it, or add {host} to NO_PROXY where that is enough."
    return Finding.failure("proxy", f"{name} can't be used: only http and https proxies can.", step)


def _bad(environ: Mapping[str, str]) -> Iterator[str]:
    for name in _ALL:
        if environ.get(name) and not shown(environ[name]).startswith(("http://", "https://")):
            yield name
