"""The proxy on the way, named without its password."""

from collections.abc import Mapping

from ..api.probe import Probe, Stage
from ..api.proxies import NamedProxy, Problem, UnusableProxy, named, unusable_exceptions
from ..settings.values import is_loopback
from .report import Finding

PROXY_AUTHENTICATION = 407
_STEPS = {
    Problem.FORM: "Write http://USER:PASSWORD@HOST:PORT into {source}, with `/`, `?`, `#` and `%` of USER and "
    "PASSWORD percent-encoded.",
    Problem.KIND: "Use the form http://HOST:PORT, remove it, or add {host} to NO_PROXY where that is enough.",
}


def proxies(seen: Probe, *, host: str, environ: Mapping[str, str]) -> list[Finding]:
    """What a proxy does to the request; nothing, where there is none.

    Args:
        seen: How far the request came.
        host: Where it was meant to go.
        environ: Where proxies are set.
    """
    known = seen.way or named(environ)
    if not known:
        return []
    return [*_exceptions(environ), *_met(seen, known, host)]


def _exceptions(environ: Mapping[str, str]) -> list[Finding]:
    unusable = unusable_exceptions(environ)
    if not unusable:
        return []
    source, places = unusable
    are = "Entries {} of {} are" if len(places) > 1 else "Entry {} of {} is"
    text = are.format(", ".join(map(str, places)), source)
    return [
        Finding.warning(
            "proxy",
            f"{text} left out: not in the form of a host, a domain, an IP address or a network.",
            f"Correct or remove it in {source}; the entries are separated by commas.",
        )
    ]


def _met(seen: Probe, known: NamedProxy, host: str) -> list[Finding]:
    if seen.unusable:
        return [_unusable(seen.unusable, known, host)]
    if seen.way and seen.peer:
        return [_used(seen, seen.way)]
    if seen.peer:
        because = f"{host} is this machine" if is_loopback(host) else f"NO_PROXY leaves {host} out"
        return [Finding.ok("proxy", f"{known.shown()} of {known.source} is not used: {because}.")]
    return []


def _used(seen: Probe, way: NamedProxy) -> Finding:
    source = way.source
    name = f"{way.shown()} ({source})"
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


def _unusable(error: UnusableProxy, known: NamedProxy, host: str) -> Finding:
    told = f"{error} It says {known.shown()}." if error.problem is Problem.KIND else str(error)
    return Finding.failure("proxy", told, _STEPS[error.problem].format(source=error.source, host=host))
