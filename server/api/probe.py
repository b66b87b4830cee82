"""``probe``: one request without any credential, to see where the way to Rememberizer ends.

It is carried as real calls are, so proxies, trust store and limits are the same.
"""

import os
import ssl
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from .client import http_request, http_transport
from .dates import unix_time
from .endpoints import ME
from .proxies import NamedProxy, UnusableProxy, on_the_way


class Stage(StrEnum):
    """How far the request came."""

    SETUP = "setup"
    """The request can't be made, say because of a proxy of a kind that the client doesn't know."""
    RESOLVE = "resolve"
    CONNECT = "connect"
    PROXY = "proxy"
    """The proxy is asked for a way through."""
    TLS = "tls"
    ANSWER = "answer"
    """Until the first byte of the answer."""
    DONE = "done"


@dataclass(kw_only=True)
class Probe:
    """What was seen."""

    stage: Stage = Stage.SETUP
    """Where it ended."""
    way: NamedProxy | None = None
    """The proxy on the way."""
    peer: tuple[str, int] | None = None
    """Host and port that were connected to: a proxy's, where there is one."""
    ms: dict[str, float] = field(default_factory=dict)
    """How long each stage took that came to its end."""
    status: int | None = None
    """Of the answer, or of a proxy's refusal."""
    is_json: bool = False
    date: float | None = None
    """The answer's date, in Unix seconds."""
    timed_out: bool = False
    unusable: UnusableProxy | None = None
    """Why the client can't be made."""
    refusal: ssl.SSLCertVerificationError | None = None
    """Why the certificate was not accepted."""


async def probe(base_url: str, *, limit_seconds: float) -> Probe:
    """Ask who is signed in with no credential, which is refused (§5.2), and read only the head of the answer.

    ``base_url`` has its final slash. ``limit_seconds`` is for all of it.
    """
    seen = Probe()
    with anyio.move_on_after(limit_seconds) as scope:
        try:
            seen.way = on_the_way(base_url, os.environ)
            async with http_transport(base_url) as transport:
                request = http_request("GET", base_url + ME.path, trace=Watch(seen, base_url))
                response = await transport.handle_async_request(request)
                await response.aclose()
            seen.status = response.status_code
            seen.is_json = "json" in response.headers.get("Content-Type", "")
            seen.date = unix_time(response.headers.get("Date"))
        except UnusableProxy as error:
            seen.unusable = error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            _keep_failure(seen, error)
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    seen.timed_out |= scope.cancelled_caught
    return seen


class Watch:
    """Takes httpcore's events. The name is resolved here once more, before the client does, to time it apart."""

    def __init__(self, seen: Probe, base_url: str) -> None:
        self._seen = seen
        parts = urlsplit(base_url)
        self._is_tls = parts.scheme == "https"
        self._target = (parts.hostname, parts.port or (443 if self._is_tls else 80))
        self._begun = time.perf_counter()

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        room, what, moment = event.split(".")
        match what, moment, self._seen.stage:
            case "connect_tcp", "started", _:
                await self._resolve(info["host"], info["port"])
            case "connect_tcp", "complete", _:
                self._enter(self._after_connect)
            case "start_tls", "started", Stage.PROXY if room == "proxy":  # else it is the proxy's own
                self._enter(Stage.TLS)
            case "start_tls", "complete", Stage.TLS:
                self._enter(Stage.ANSWER)
            case "receive_response_headers", "complete", Stage.ANSWER:
                self._enter(Stage.DONE)

    @property
    def _after_connect(self) -> Stage:
        """A proxy is used for https only: plain http goes to this machine, where none is."""
        if self._seen.peer != self._target:
            return Stage.PROXY
        return Stage.TLS if self._is_tls else Stage.ANSWER

    async def _resolve(self, host: str, port: int) -> None:
        self._seen.peer = (host, port)
        self._seen.stage = Stage.RESOLVE
        self._begun = time.perf_counter()
        await anyio.getaddrinfo(host, port)
        self._enter(Stage.CONNECT)

    def _enter(self, stage: Stage) -> None:
        """End the stage that was."""
        now = time.perf_counter()
        self._seen.ms[self._seen.stage.value] = (now - self._begun) * 1000
        self._seen.stage, self._begun = stage, now


def _keep_failure(seen: Probe, error: BaseException | None) -> None:
    """What the error, or one of those that led to it, says."""
    while error is not None:
        if isinstance(error, httpx.ProxyError):  # an HTTP proxy's, whose text begins with its status
            seen.status = int(str(error)[:3])
        if isinstance(error, ssl.SSLCertVerificationError):
            seen.refusal = error
        seen.timed_out |= isinstance(error, httpx.TimeoutException)
        error = error.__cause__ or error.__context__
