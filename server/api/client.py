"""``RememberizerAPI``: one HTTP client for all sessions, with its time limits, retries and size limit.

Cookies are attached per call from the session's own ``Credentials``; nothing else keeps any, so that no session's
cookie can reach another's request. No redirect is followed.
"""

import os
import ssl
import time
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from math import inf
from typing import Any, Protocol

import anyio
import httpx
import truststore

from .. import __version__, errors
from ..meter import Meter
from .blocked import UpstreamBlocked
from .body import Body, read_up_to
from .budget import requesting
from .endpoints import Call, Takes
from .failures import class_of, mapped, result_of
from .kept_connections import FAILURES, KEPT_SECONDS, Trace, first_answer
from .proxies import on_the_way
from .retries import explained, repeated, retry_after_seconds
from .turns import Turns

MOST_BODY_BYTES = 5_000_000
MOST_VALUES = 200_000
"""JSON values of an answer; making results of them takes a second for each half a million or so."""
CONNECT_SECONDS = 10.0
MOST_KEPT = 20
"""Connections, where no lane has more calls at once; one owner has at most 24."""
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"rememberizer-mcp/{__version__}",
}
_TIMEOUT = httpx.Timeout(None, connect=CONNECT_SECONDS).as_dict()
REFUSES_WHO_ASKS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
"""The statuses by which upstream can refuse a password, a token, a code or a key."""

Transport = httpx.AsyncBaseTransport
"""What carries the requests; tests and the sandbox pass their own."""


def asgi_transport(app: Any) -> Transport:
    """A transport that calls an ASGI app in this process instead of the network."""
    return httpx.ASGITransport(app=app, raise_app_exceptions=False)


class Identity(Protocol):
    """What shows upstream who asks: the credentials of a sign-in, or an API key."""

    @property
    def version(self) -> int:
        """How often it changed."""
        ...

    @property
    def owner(self) -> str | None:
        """Who takes turns with themselves; ``None`` if only everybody does."""
        ...

    def headers(self, takes: Takes, *, url: str) -> dict[str, str]:
        """The request headers that show it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Upstream's answer, other than what is an error of every call: 429, 5xx, and a page in place of a refusal.

    >>> from rememberizer_mcp.server.api.endpoints import ME
    >>> page = httpx.Response(200, content=b"<html>")
    >>> Reply(call=ME.call(), status=200, body=Body(page.content), response=page, sent_at_version=0).is_success
    False
    """

    call: Call
    status: int
    body: Body
    response: httpx.Response = field(repr=False)
    sent_at_version: int
    """The identity's ``version`` when the call was sent."""

    @property
    def is_of_api(self) -> bool:
        """Whether it can come from the API at all: that sends JSON or nothing, and a firewall or proxy a web page.

        The API refuses by an object or a list (§7), never by a text or number alone, and knows nothing of a proxy.
        """
        if self.response.is_success:
            return self.body.is_empty or self.body.is_json
        is_refusal = self.body.is_empty or (self.body.is_json and not isinstance(self.body.json, str | int | float))
        return is_refusal and "Proxy-Authenticate" not in self.response.headers

    @property
    def is_success(self) -> bool:
        """2xx of the API."""
        return self.response.is_success and self.is_of_api

    def unusable(self) -> errors.UpstreamProtocolError:
        """The failure that it is, where it isn't what the contract says."""
        return errors.UpstreamProtocolError(status=self.status, repair=self.call.endpoint.if_lost)


class Asker(Protocol):
    """Who can make a call of the contract: a sign-in, an API key, or a tool's call, which chooses between them."""

    async def request(self, call: Call) -> Reply:
        """Make the call, and give its success.

        Raises:
            RememberizerError: Upstream's refusals, or no usable answer.
        """
        ...


class RememberizerAPI:
    """The REST client. Whoever makes one closes it; a forgotten close is a ``ResourceWarning``.

    Args:
        base_url: With its final slash.
        transport: Replaces the network.
        sleep: How to wait between attempts.
        now: The wall clock, in Unix seconds.
        kept_seconds: How long a connection is kept without use.
        turns: How many calls are made at once.
        meter: Is told of each request.
    """

    def __init__(
        self,
        *,
        base_url: str,
        transport: Transport | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        now: Callable[[], float] = time.time,
        kept_seconds: float = KEPT_SECONDS,
        turns: Turns | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.base_url = base_url
        self._transport = transport
        self._sleep = sleep
        self._now = now
        self._kept_seconds = kept_seconds
        self._transports: dict[bool, Transport] = {}
        """By whether they keep connections."""
        self._kept_from = -inf
        """From when on kept connections are used, on anyio's clock."""
        self._turns = turns or Turns()
        self._meter = meter or Meter()

    async def send(self, call: Call, identity: Identity) -> Reply:
        """Send the call, again if it may be, and read the answer whole.

        Raises:
            UpstreamTimeout: The call's time (``budget``) is over; nothing goes on after that.
            UpstreamUnreachable: No connection, or it was cut, or a proxy that can't be used.
            RateLimited: 429.
            UpstreamBlocked: 400, 401 or 403 that can't come from the API. Sign-in and key are not blamed for it.
            UpstreamUnavailable: 5xx.
            ResponseTooLarge: A body over 5 MB, or of more than 200,000 values.
            UpstreamProtocolError: No HTTP, or a body whose encoding is broken.
        """
        with explained(call.endpoint.if_lost), requesting():
            if not call.endpoint.is_repeatable:
                return await self._attempt(call, identity)
            return await repeated(partial(self._attempt, call, identity), sleep=self._sleep)

    def __del__(self) -> None:
        if self._transports and self._transport is None:  # a transport that was passed is the business of who did
            warnings.warn("a RememberizerAPI was not closed", ResourceWarning, source=self, stacklevel=2)

    async def aclose(self) -> None:
        """Close the connections. A later call opens new ones."""
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()

    async def _attempt(self, call: Call, identity: Identity) -> Reply:
        async with self._turns.turn(call.endpoint.lane, identity.owner):
            try:
                send = partial(self._counted, call, identity)
                reply = await (first_answer(send, partial(self._anew, send)) if call.endpoint.is_repeatable else send())
            except FAILURES as error:
                raise mapped(error) from error
        _raise_for_any_call(reply, now=self._now())
        return reply

    async def _anew(self, send: Callable[[], Awaitable[Reply]]) -> Reply:
        self._kept_from = anyio.current_time() + self._kept_seconds  # by then the others are gone that slept with it
        return await send()

    async def _counted(self, call: Call, identity: Identity, trace: Trace | None = None) -> Reply:
        try:
            reply = await self._exchange(call, identity, trace)
        except BaseException as error:
            if result := result_of(error):
                self._meter.requested(call.endpoint.family, result)
            raise
        self._meter.requested(call.endpoint.family, class_of(reply.status))
        return reply

    async def _exchange(self, call: Call, identity: Identity, trace: Trace | None = None) -> Reply:
        url, version = self.base_url + call.path, identity.version
        request = http_request(
            call.endpoint.method,
            url,
            headers=identity.headers(call.endpoint.takes, url=url) | (call.content.headers if call.content else {}),
            trace=trace,
            params=call.query,
            json=call.json,
            data=call.form,
            content=call.content.chunks() if call.content else None,
        )
        response = await self._carrier().handle_async_request(request)
        response.request = request
        try:
            raw = await read_up_to(MOST_BODY_BYTES + 1, response)
            if len(raw) > MOST_BODY_BYTES and response.is_success:  # of a refusal the status says enough
                raise errors.ResponseTooLarge(status=response.status_code)
        finally:
            await response.aclose()
        return Reply(call=call, status=response.status_code, body=Body(raw), response=response, sent_at_version=version)

    def _carrier(self) -> Transport:
        keeps = anyio.current_time() >= self._kept_from
        if keeps not in self._transports:
            self._transports[keeps] = self._transport or http_transport(
                self.base_url,
                kept_seconds=self._kept_seconds if keeps else 0,
                most_kept=max(MOST_KEPT, self._turns.in_all),
            )
        return self._transports[keeps]


def http_transport(base_url: str, *, kept_seconds: float = KEPT_SECONDS, most_kept: int = MOST_KEPT) -> Transport:
    """What carries the requests to this base URL: its trust store, proxy and limits.

    An ``httpx.AsyncClient`` would add redirects, cookies and credentials of its own, of which none is wanted here.

    Raises:
        UnusableProxy: The proxy on the way can't be used.
    """
    way = on_the_way(base_url, os.environ)
    return httpx.AsyncHTTPTransport(
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        proxy=way.usable() if way else None,
        limits=httpx.Limits(max_keepalive_connections=most_kept if kept_seconds else 0, keepalive_expiry=kept_seconds),
        trust_env=False,  # else any bad proxy of the environment would be refused, whether it is on the way or not
    )


def http_request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, trace: Trace | None = None, **content: Any
) -> httpx.Request:
    """A request as all of ours are; ``content`` is what ``httpx.Request`` takes for the query and the body.

    Raises:
        InvalidURL: Of httpx; or ``UnicodeError``: a header can't be sent.
    """
    extensions = {"timeout": _TIMEOUT} | ({"trace": trace} if trace else {})
    return httpx.Request(method, url, headers={**_HEADERS, **(headers or {})}, extensions=extensions, **content)


def _raise_for_any_call(reply: Reply, *, now: float) -> None:
    is_too_many = reply.status == httpx.codes.TOO_MANY_REQUESTS
    if is_too_many or reply.response.is_server_error:
        failure = errors.RateLimited if is_too_many else errors.UpstreamUnavailable
        wait = retry_after_seconds(reply.response.headers.get("Retry-After"), now=now)
        raise failure(retry_after_seconds=wait, status=reply.status)
    if reply.status in REFUSES_WHO_ASKS and not reply.is_of_api:
        raise UpstreamBlocked(status=reply.status)
    if reply.response.is_success and reply.body.holds_more_than(MOST_VALUES):
        raise errors.ResponseTooLarge(
            f"Rememberizer's answer holds more than {MOST_VALUES:,} values and was not read.",
            repair="Ask for less at a time, if the tool can; else tell the user to look at Rememberizer itself.",
            status=reply.status,
        )
