"""``probe``: one request without any credential, to see where the way to Rememberizer ends.

It goes through the client that real calls use, so proxies, trust store and limits are the same.
"""

import os
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from .client import http_client
from .dates import unix_time
from .proxies import NamedProxy, UnusableProxy, on_the_way

PATH = "me/"
"""It needs a sign-in, so whoever shows none is refused (§5.2)."""


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
    """Ask who is signed in, with no credential, and read no more than the head of the answer.

    Args:
        base_url: With its final slash.
        limit_seconds: For all of it.
    """
    seen = Probe()
    with anyio.move_on_after(limit_seconds) as scope:
        try:
            seen.way = on_the_way(base_url, os.environ)
            async with http_client(base_url) as client:
                request = client.build_request("GET", base_url + PATH, extensions={"trace": _Watch(seen, base_url)})
                response = await client.send(request, stream=True)
                await response.aclose()
            _keep_answer(seen, response)
        except UnusableProxy as error:
            seen.unusable = error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            _keep_failure(seen, error)
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    seen.timed_out |= scope.cancelled_caught
    return seen


class _Watch:
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
            case _:
                pass

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


def _keep_answer(seen: Probe, response: httpx.Response) -> None:
    seen.status = response.status_code
    seen.is_json = "json" in response.headers.get("Content-Type", "")
    seen.date = unix_time(response.headers.get("Date"))


def _keep_failure(seen: Probe, error: BaseException) -> None:
    for link in _chain(error):
        if isinstance(link, httpx.ProxyError) and str(link)[:3].isdecimal():
            seen.status = int(str(link)[:3])
        if isinstance(link, ssl.SSLCertVerificationError):
            seen.refusal = link
        seen.timed_out |= isinstance(link, httpx.TimeoutException)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
