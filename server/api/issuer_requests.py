"""Requests to the authorization server of hosted mode: bounded in size and time, without cookies or redirects."""

import logging
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any
from urllib.parse import quote_plus, urlsplit

import anyio
import httpx
from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic_core import from_json

from ..errors import RememberizerError
from ..settings.values import is_loopback
from .body import read_up_to
from .client import Transport, http_request, http_transport
from .kept_connections import FAILURES
from .proxies import UnusableProxy

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 5.0
"""Of everything that one caller waits for."""
MOST_BYTES = 200_000
RETRY_SECONDS = 5
"""How long an issuer that could not be asked is left alone."""
SECONDS_BETWEEN_WARNINGS = 30.0
KEPT_SECONDS = 2.0
"""How long a connection is kept without use. Node's servers end theirs after 5 s, and a request may meet that."""


class IssuerUnavailable(Exception):
    """The issuer could not be asked, so whether a token is good is not known. The text is for the log."""

    retry_after_seconds = RETRY_SECONDS


def safe_url(url: str) -> str:
    """The same URL, if what is sent there can't be read on the way.

    Raises:
        ValueError: It is neither https nor http to this machine.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_loopback(host)):
        raise ValueError("must begin with https://; plain http is allowed to this machine only")
    return url


SafeUrl = Annotated[str, AfterValidator(safe_url)]


@dataclass(frozen=True, kw_only=True)
class IssuerClient:
    """This server as a client of its issuer, where it was registered by hand.

    >>> ours = IssuerClient(client_id="ours", client_secret=SecretStr("canary"))
    >>> ours
    IssuerClient(client_id='ours', client_secret=SecretStr('**********'))
    >>> ours.shown(["client_secret_post"])
    ({'client_id': 'ours', 'client_secret': 'canary'}, {})
    """

    client_id: str
    client_secret: SecretStr

    def shown(self, methods: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The form fields and the headers by which it shows itself, if an endpoint takes these methods.

        Each issuer has to take the header (RFC 6749 §2.3.1), so the fields count only where it says that it doesn't.
        """
        secret = self.client_secret.get_secret_value()
        if "client_secret_post" in methods and "client_secret_basic" not in methods:
            return {"client_id": self.client_id, "client_secret": secret}, {}
        pair = f"{quote_plus(self.client_id)}:{quote_plus(secret)}"
        return {}, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


class IssuerRequests:
    """Sends the requests. Whoever makes one closes it.

    Args:
        transport: Replaces the network.
        clock: Never jumps; in seconds.
    """

    def __init__(self, *, transport: Transport | None, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._clock = clock
        self._transports: dict[str, Transport] = {}
        """By origin, since each can be behind another proxy."""
        self._warned_at = -inf

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around the requests of one caller: limits their time, and makes one failure of all.

        Raises:
            IssuerUnavailable: No usable answer. The first in half a minute is logged.
        """
        try:
            with anyio.fail_after(LONGEST_SECONDS):
                yield
        except (*FAILURES, RememberizerError, TimeoutError, ValidationError, IssuerUnavailable) as error:
            reason = _reason(error)
            if self._clock() - self._warned_at >= SECONDS_BETWEEN_WARNINGS:
                self._warned_at = self._clock()
                logger.warning("the authorization server could not be asked: %s", reason)
            raise IssuerUnavailable(reason) from None  # a traceback shows no part of an answer

    async def send(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """The status and the JSON value of an answer; None for what is no JSON. Call it within ``asking``."""
        request = http_request(method, url, headers=headers, data=form)
        response = await self._carrier(url).handle_async_request(request)
        try:
            raw = await read_up_to(MOST_BYTES + 1, response)
        finally:
            await response.aclose()
        if len(raw) > MOST_BYTES:
            raise IssuerUnavailable(f"an answer of more than {MOST_BYTES:,} bytes")
        return response.status_code, _json(raw)

    async def aclose(self) -> None:
        """Close the connections."""
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()

    def _carrier(self, url: str) -> Transport:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._transports:
            self._transports[origin] = self._transport or http_transport(origin, kept_seconds=KEPT_SECONDS)
        return self._transports[origin]


def _json(raw: bytes) -> Any:
    """The value as it stands. What is repaired could be the name of somebody else, so nothing is."""
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    """What may be logged: no text that can hold a part of an answer."""
    told = (IssuerUnavailable, UnusableProxy, httpx.ConnectError)
    return str(error) if isinstance(error, told) else type(error).__name__
