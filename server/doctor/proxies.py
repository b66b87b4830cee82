"""The proxy on the way, named without its password."""

from collections.abc import Mapping

from ..api.probe import Probe, Stage
from ..api.proxies import Problem, UnusableProxy, shown, source_of
from .report import Finding

PROXY_AUTHENTICATION = 407
_STEPS = {
    Problem.FORM: "Write http://USER:PASSWORD@HOST:PORT into {source}, with `/`, `?`, `#` and `%` of USER and "
    "PASSWORD percent-encoded.",
    Problem.KIND: "Use the form http://HOST:PORT, remove it, or add {host} to NO_PROXY where that is enough.",
    Problem.HOSTS: "Separate hosts by commas in {source}, and write IPv6 addresses without brackets and `/prefix`.",
}


def proxies(seen: Probe, *, host: str, is_proxied: bool, environ: Mapping[str, str]) -> list[Finding]:
    """What a proxy does to the request; nothing, where there is none.

    Args:
        seen: How far the request came.
        host: Where it was meant to go.
        is_proxied: Whether it went to a proxy.
        environ: Where proxies are set.
    """
    if seen.unusable:
        return [_unusable(seen.unusable, host, environ)]
    source = source_of(environ)
    if is_proxied:
        return [_used(seen, source, environ)]
    if source in environ and seen.peer:
        return [Finding.ok("proxy", f"{shown(environ[source])} of {source} is not used: NO_PROXY leaves {host} out.")]
    return []


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


def _unusable(error: UnusableProxy, host: str, environ: Mapping[str, str]) -> Finding:
    is_told = error.problem is Problem.KIND and error.source in environ
    told = f"{error} It says {shown(environ[error.source])}." if is_told else str(error)
    return Finding.failure("proxy", told, _STEPS[error.problem].format(source=error.source, host=host))
