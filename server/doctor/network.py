"""The way to Rememberizer, as far as a request without a credential comes: proxy, network, certificate, API, clock."""

import os
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread

from ..api.probe import Probe, Stage, probe
from ..api.proxies import NamedProxy, Problem, named, unusable_exceptions
from ..hosts.block import typed
from ..settings.values import is_loopback
from .report import Finding
from .variables import is_unusable, usable

LIMIT_SECONDS = 5.0
"""Well below what the doctor gives the process of this check, which has to start first."""
WARNING_SECONDS, FAILURE_SECONDS = 30.0, 300.0
RESOLUTION_SECONDS = 1.0
"""A Date header says no more than the second."""
BASE_URL = "REMEMBERIZER_BASE_URL"
_PROXY_STEPS = {
    Problem.FORM: "Write http://USER:PASSWORD@HOST:PORT into {source}, with `/`, `?`, `#` and `%` of USER and "
    "PASSWORD percent-encoded.",
    Problem.KIND: "Use the form http://HOST:PORT, remove it, or add {host} to NO_PROXY where that is enough.",
}
_ENDED = {
    Stage.RESOLVE: "No address is found for the name {host}.",
    Stage.CONNECT: "{peer} takes no connection.",
    Stage.TLS: "{peer} speaks no TLS that this machine can.",
    Stage.ANSWER: "{peer} answers with something that is no HTTP, or with nothing.",
}
_TIMED_OUT = {
    Stage.RESOLVE: "No address is found for the name {host} within {seconds:g} s.",
    Stage.CONNECT: "{peer} does not take a connection within {seconds:g} s.",
    Stage.TLS: "{peer} does not begin to speak TLS within {seconds:g} s.",
    Stage.ANSWER: "{peer} does not answer within {seconds:g} s.",
}
_STEP = "Check the network, VPN and firewall, and {source}; `--sandbox` works without a network."
_CHECK_CLOCK = "Check this machine's date and time; if they are right, whoever runs {host} has to renew it."
_CHECK_NAME = f"Check {BASE_URL}: is it the host that you mean? If it is, something between answers in its place."
_TRUST_IT = (
    "If your organisation inspects TLS, add its root certificate to the operating system's trust store, which the "
    "server uses{or_by_file}. If it does not, somebody else may be listening: sign in nowhere."
)
_BY_FILE = ", or name a PEM file that holds all trusted roots in SSL_CERT_FILE (in the host's block too)"
_REFUSALS = (
    ((10, -67818, 0x800B0101), "{host}'s has expired.", _CHECK_CLOCK),
    ((9, -67819), "{host}'s is not valid yet.", _CHECK_CLOCK),
    ((62, 64, -67602, 0x800B010F), "The one that was shown is not for {host}.", _CHECK_NAME),
)
"""By the codes of OpenSSL, macOS and Windows. The last two's for an expired one also stand for one of tomorrow."""


async def network(*, limit_seconds: float = LIMIT_SECONDS) -> list[Finding]:
    """Ask Rememberizer who is signed in, showing nobody's credentials, and say how far that came."""
    if await anyio.to_thread.run_sync(is_unusable, "base_url"):
        step = f"Correct {BASE_URL}, and run `{typed('doctor')}` again."
        return [Finding.warning("network", f"Not looked at, since {BASE_URL} can't be used.", step)]
    base_url = usable("base_url")
    seen = await probe(base_url, limit_seconds=limit_seconds)
    return findings(seen, base_url, environ=os.environ, platform=sys.platform, now=time.time(), seconds=limit_seconds)


def findings(
    seen: Probe, base_url: str, *, environ: Mapping[str, str], platform: str, now: float, seconds: float
) -> list[Finding]:
    """What a probe's outcome means. The probe had ``seconds``, and its answer came at ``now``, in Unix seconds."""
    host = urlsplit(base_url).hostname or ""
    return [
        *_proxies(seen, host, environ),
        *_connection(seen, base_url, seconds),
        *_certificates(seen, host, environ, is_native=platform in ("darwin", "win32")),
        *([_answer(seen, base_url)] if seen.stage is Stage.DONE else []),
        *([] if seen.date is None else [_clock(now - seen.date)]),
    ]


def _proxies(seen: Probe, host: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    known = seen.way or named(environ)
    if not known:
        return
    if unusable := unusable_exceptions(environ):
        source, places = unusable
        are = "Entries {} of {} are" if len(places) > 1 else "Entry {} of {} is"
        text = f"{are} left out: not in the form of a host, a domain, an IP address or a network."
        step = f"Correct or remove it in {source}; the entries are separated by commas."
        yield Finding.warning("proxy", text.format(", ".join(map(str, places)), source), step)
    if error := seen.unusable:
        told = f"{error} It says {known.shown()}." if error.problem is Problem.KIND else str(error)
        yield Finding.failure("proxy", told, _PROXY_STEPS[error.problem].format(source=error.source, host=host))
    elif seen.peer and seen.way:
        yield _used_proxy(seen, seen.way)
    elif seen.peer:
        because = f"{host} is this machine" if is_loopback(host) else f"NO_PROXY leaves {host} out"
        yield Finding.ok("proxy", f"{known.shown()} of {known.source} is not used: {because}.")


def _used_proxy(seen: Probe, way: NamedProxy) -> Finding:
    source = way.source
    name = f"{way.shown()} ({source})"
    if seen.stage is not Stage.PROXY:
        took = {"proxy": seen.ms[Stage.PROXY]} if Stage.PROXY in seen.ms else None
        return Finding.ok("proxy", f"Requests go through {name}.", ms=took)
    if seen.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        step = f"Put them into {source} (http://USER:PASSWORD@HOST:PORT), in the host's block or where it is started."
        return Finding.failure("proxy", f"{name} asks for a user name and a password, or does not take those.", step)
    step = f"Check {source}, or have whoever runs the proxy let the request through; NO_PROXY goes past it."
    if seen.timed_out:
        return Finding.failure("proxy", f"{name} takes the connection and then does not answer.", step)
    how = f"with {seen.status}" if seen.status else "without an answer in HTTP"
    return Finding.failure("proxy", f"{name} refuses the way through, {how}.", step)


def _connection(seen: Probe, base_url: str, seconds: float) -> Iterator[Finding]:
    if seen.unusable:
        return
    if not seen.peer:
        if seen.timed_out:
            text, step = f"No request could be begun within {seconds:g} s.", "Run the doctor again."
        else:
            text, step = f"{base_url} is no address that can be asked.", f"Correct {BASE_URL}."
        yield Finding.failure("network", text, step)
        return
    peer = f"{seen.peer[0]}:{seen.peer[1]}"
    sentence = (_TIMED_OUT if seen.timed_out else _ENDED).get(seen.stage)
    if sentence and not seen.refusal:
        text = sentence.format(peer=peer, host=seen.peer[0], seconds=seconds)
        source = seen.way.source if seen.way else BASE_URL
        yield Finding.failure("network", text, _STEP.format(source=source), ms=seen.ms)
        return
    resolve, connect = seen.ms[Stage.RESOLVE], seen.ms[Stage.CONNECT]
    text = f"{peer} is reached: name {resolve:.0f} ms, connection {connect:.0f} ms."
    yield Finding.ok("network", text, ms={"resolve": resolve, "connect": connect})


def _certificates(seen: Probe, host: str, environ: Mapping[str, str], *, is_native: bool) -> Iterator[Finding]:
    """What was seen of the certificate. OpenSSL is told of other trust stores, except on macOS and Windows."""
    for name in () if is_native else ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if environ.get(name) and not Path(environ[name]).exists():
            yield Finding.warning("certificate", f"{name} names nothing that exists.", f"Correct or remove {name}.")
    if seen.refusal:
        yield _refused_certificate(seen.refusal, host, or_by_file="" if is_native else _BY_FILE)
    elif Stage.TLS in seen.ms:
        text = f"{host}'s is trusted by the operating system's store; TLS took {seen.ms[Stage.TLS]:.0f} ms."
        yield Finding.ok("certificate", text, ms={"tls": seen.ms[Stage.TLS]})


def _refused_certificate(refusal: ssl.SSLCertVerificationError, host: str, *, or_by_file: str) -> Finding:
    code = getattr(refusal, "verify_code", None)
    known = ((text, step) for codes, text, step in _REFUSALS if code in codes)
    text, step = next(known, ("{host}'s comes from an issuer that this machine does not trust.", _TRUST_IT))
    return Finding.failure("certificate", text.format(host=host), step.format(host=host, or_by_file=or_by_file))


def _answer(seen: Probe, base_url: str) -> Finding:
    took, status = seen.ms[Stage.ANSWER], seen.status or 0
    answers, ms = f"{base_url} answers {status}", {"first_byte": took}
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and seen.is_json:
        return Finding.ok("api", f"{answers} after {took:.0f} ms, as it should to a request without a sign-in.", ms=ms)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Finding.warning("api", f"{answers}: too many requests came from here.", "Wait a few minutes.", ms=ms)
    text = f"{answers}, which Rememberizer's API does not."
    step = (
        f"Open {base_url} in a browser: a network that wants you to sign in first, or a proxy, may answer in "
        f"Rememberizer's place. Else check {BASE_URL}."
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        text, step = f"{answers}: Rememberizer has trouble.", "Try again in a few minutes."
    elif status == HTTPStatus.NOT_FOUND:
        text = f"{answers}: there is no Rememberizer API."
        step = f"Check the path of {BASE_URL}; Rememberizer's is https://api.rememberizer.ai/api/v1/."
    return Finding.failure("api", text, step, ms=ms)


def _clock(ahead: float) -> Finding:
    """How far this machine's clock is ahead of that of the server that answered, in seconds."""
    apart = max(0.0, abs(ahead) - RESOLUTION_SECONDS)
    ms = {"apart": apart * 1000}
    if apart <= WARNING_SECONDS:
        return Finding.ok("clock", "It agrees with the server's.", ms=ms)
    duration = f"{apart:.0f} seconds" if apart < 2 * 60 else f"{apart / 60:.0f} minutes"
    text = f"It is {duration} {'ahead of' if ahead > 0 else 'behind'} the server's."
    step = "Let the system set its clock from the network (NTP); tokens and certificates are judged by it."
    kind = Finding.failure if apart > FAILURE_SECONDS else Finding.warning
    return kind("clock", text, step, ms=ms)
