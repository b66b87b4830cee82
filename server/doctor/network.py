"""The way to Rememberizer, as far as a request without any credential comes."""

import os
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from ..api.probe import Probe, Stage, probe
from ..hosts.block import typed
from .certificates import certificates
from .clock import clock
from .proxies import proxies
from .report import Finding
from .variables import is_unusable, usable

LIMIT_SECONDS = 5.0
"""Well below what the doctor gives the process of this check, which has to start first."""
BASE_URL = "REMEMBERIZER_BASE_URL"
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


async def network(*, limit_seconds: float = LIMIT_SECONDS) -> list[Finding]:
    """Ask Rememberizer who is signed in, showing nobody's credentials, and say how far that came."""
    if is_unusable("base_url"):
        step = f"Correct {BASE_URL}, and run `{typed('doctor')}` again."
        return [Finding.warning("network", f"Not looked at, since {BASE_URL} can't be used.", step)]
    base_url = usable("base_url")
    seen = await probe(base_url, limit_seconds=limit_seconds)
    return findings(seen, base_url, environ=os.environ, platform=sys.platform, now=time.time(), seconds=limit_seconds)


def findings(
    seen: Probe, base_url: str, *, environ: Mapping[str, str], platform: str, now: float, seconds: float
) -> list[Finding]:
    """What a probe's outcome means.

    Args:
        seen: The outcome.
        base_url: Where it was meant to go.
        environ: Where proxies and trust stores are set.
        platform: As ``sys.platform``.
        now: When the answer came, in Unix seconds.
        seconds: What the probe was given.
    """
    host = urlsplit(base_url).hostname or ""
    return [
        *proxies(seen, host=host, environ=environ),
        *_connection(seen, seen.way.source if seen.way else BASE_URL, base_url, seconds),
        *certificates(seen, host=host, source=BASE_URL, environ=environ, platform=platform),
        *([_answer(seen, base_url)] if seen.stage is Stage.DONE else []),
        *clock(seen.date, now=now),
    ]


def _connection(seen: Probe, source: str, base_url: str, seconds: float) -> list[Finding]:
    if seen.unusable:
        return []
    if not seen.peer and seen.timed_out:
        return [Finding.failure("network", f"No request could be begun within {seconds:g} s.", "Run the doctor again.")]
    if not seen.peer:
        return [Finding.failure("network", f"{base_url} is no address that can be asked.", f"Correct {BASE_URL}.")]
    peer = f"{seen.peer[0]}:{seen.peer[1]}"
    sentence = (_TIMED_OUT if seen.timed_out else _ENDED).get(seen.stage)
    if sentence and not seen.refusal:
        text = sentence.format(peer=peer, host=seen.peer[0], seconds=seconds)
        return [Finding.failure("network", text, _STEP.format(source=source), ms=seen.ms)]
    resolve, connect = seen.ms[Stage.RESOLVE], seen.ms[Stage.CONNECT]
    text = f"{peer} is reached: name {resolve:.0f} ms, connection {connect:.0f} ms."
    return [Finding.ok("network", text, ms={"resolve": resolve, "connect": connect})]


def _answer(seen: Probe, base_url: str) -> Finding:
    took, status = seen.ms[Stage.ANSWER], seen.status or 0
    say, ms = f"{base_url} answers {status}", {"first_byte": took}
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and seen.is_json:
        return Finding.ok("api", f"{say} after {took:.0f} ms, as it should to a request without a sign-in.", ms=ms)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Finding.warning("api", f"{say}: too many requests came from here.", "Wait a few minutes.", ms=ms)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Finding.failure("api", f"{say}: Rememberizer has trouble.", "Try again in a few minutes.", ms=ms)
    if status == HTTPStatus.NOT_FOUND:
        step = f"Check the path of {BASE_URL}; Rememberizer's is https://api.rememberizer.ai/api/v1/."
        return Finding.failure("api", f"{say}: there is no Rememberizer API.", step, ms=ms)
    step = (
        f"Open {base_url} in a browser: a network that wants you to sign in first, or a proxy, may answer in "
        f"Rememberizer's place. Else check {BASE_URL}."
    )
    return Finding.failure("api", f"{say}, which Rememberizer's API does not.", step, ms=ms)
