"""``Issuer``: the authorization server of hosted mode: its keys, and what it says of the tokens that it keeps itself.

Metadata and keys are fetched together, once for all who need them. They are fetched again when they are 5 minutes old,
and for a key that is not among them, for which all callers together have one fetch in 30 s. While the issuer can't be
asked, what was fetched serves for an hour.
"""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx
from jwt import PyJWK, PyJWS, PyJWTError
from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json

from .client import Transport
from .issuer_requests import IssuerClient, IssuerRequests, IssuerUnavailable, SafeUrl, safe_url
from .shared import LAST_SECONDS, Shared

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Of signatures. None of them can be made with a public key, as HS256 can."""
_jws = PyJWS(options={"enforce_minimum_key_length": True})
MOST_AT_ONCE = 16
"""Of requests of our client to each endpoint. Anybody can have a token introspected, which must hold up no sign-in."""


class _Metadata(BaseModel):
    """RFC 8414 §2 and OpenID Connect Discovery §3, as far as they are used."""

    jwks_uri: SafeUrl | None = None
    authorization_endpoint: SafeUrl | None = None
    introspection_endpoint: SafeUrl | None = None
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = ()
    token_endpoint: SafeUrl | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()


class _KeySet(BaseModel):
    """RFC 7517 §5."""

    keys: tuple[dict[str, Any], ...]


class _Introspection(BaseModel):
    """RFC 7662 §2.2. Its other members are claims."""

    model_config = ConfigDict(strict=True, extra="allow")

    active: bool


Answer = TypeVar("Answer", bound=BaseModel)
Keys = Mapping[tuple[str | None, str], PyJWK]
"""By their id and their algorithm."""


@dataclass(frozen=True, kw_only=True)
class _Known:
    metadata: _Metadata
    keys: Keys = field(default_factory=dict)


class TokenRefused(Exception):
    """A token is not valid. The text names what is wrong with it for the operator, in words that are ours."""


class Issuer:
    """The authorization server at this URL. Whoever makes one closes it.

    Args:
        url: https, or http to this machine. The issuer's metadata must repeat it to the letter.
        client: Asks about tokens that are no JWT; without it they are refused.
        transport: Replaces the network.
        clock: Never jumps; in seconds.

    Raises:
        ValueError: The URL is plain http to another machine.
    """

    def __init__(
        self,
        url: str,
        *,
        client: IssuerClient | None = None,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = safe_url(url)
        self._client = client
        self._requests = IssuerRequests(transport=transport, clock=clock)
        self._known = Shared(self._learn, clock=clock)
        self._turns = {name: anyio.CapacityLimiter(MOST_AT_ONCE) for name in ("introspection", "token")}

    @property
    def client_id(self) -> str | None:
        """Our client's."""
        return self._client.client_id if self._client else None

    async def is_known(self) -> bool:
        """Whether tokens can be checked by what was fetched, of which any that serves will do."""
        with suppress(IssuerUnavailable):
            await self._known.get(fresh_seconds=LAST_SECONDS)
            return True
        return False

    async def key(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The public key with this id for this algorithm; None if the issuer has none.

        Raises:
            IssuerUnavailable: Whether there is such a key could not be found out.
        """
        known = await self._known.get()
        if (kid, algorithm) not in known.keys:
            known = await self._known.newer()
        return known.keys.get((kid, algorithm))

    async def signed(self, token: str, *, types: Collection[str]) -> Any:
        """What a JWT of one of these types holds, whose signature is this issuer's; its claims are not checked.

        Args:
            token: A JWT.
            types: In lower case; a token that names none is a ``jwt``.

        Raises:
            TokenRefused: It has another form, type or signature.
            IssuerUnavailable: Whether the signature is right could not be found out.
        """
        try:
            header = _jws.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS or str(header.get("typ", "JWT")).lower() not in types:
                raise TokenRefused("algorithm or type")
            key = await self.key(header.get("kid"), header["alg"])
            if key is None:
                raise TokenRefused("kid")
            return from_json(_jws.decode(token, key))
        except (PyJWTError, ValueError):
            raise TokenRefused("form or signature") from None

    async def introspect(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is no JWT, by RFC 7662. They are not checked; ``iss`` is added if it is left out.

        Raises:
            TokenRefused: The token is not active, or can't be asked about.
            IssuerUnavailable: No usable answer, or the issuer doesn't know our client.
        """
        form = {"token": token, "token_type_hint": "access_token"}
        found = await self.ask_as_client("introspection", form, _Introspection)
        if not found.active:
            raise TokenRefused("introspection")
        return {"iss": self.url, **(found.model_extra or {})}

    async def ask_as_client(
        self, name: Literal["introspection", "token"], form: Mapping[str, str], answer: type[Answer]
    ) -> Answer:
        """What the issuer answers our client at one of its endpoints.

        Raises:
            TokenRefused: It refuses what is shown there, or there is no such endpoint, or no client of ours.
            IssuerUnavailable: No usable answer, or it doesn't know our client.
        """
        known = (await self._known.get()).metadata.model_dump() if self._client else {}
        url = known.get(f"{name}_endpoint")
        if not self._client or not url:
            raise TokenRefused(name)
        fields, headers = self._client.shown(known[f"{name}_endpoint_auth_methods_supported"])
        with self._requests.asking():
            async with self._turns[name]:
                status, body = await self._requests.send("POST", url, form={**form, **fields}, headers=headers)
            if status == HTTPStatus.BAD_REQUEST and isinstance(body, dict) and body.get("error") != "invalid_client":
                raise TokenRefused(name)
            if status != HTTPStatus.OK:
                raise IssuerUnavailable(f"it answered our client with {status}")
            return answer.model_validate(body)

    async def authorization_url(self, query: Mapping[str, str]) -> str:
        """Where a browser goes with this query of our client; what the query holds is no secret.

        Raises:
            IssuerUnavailable: Also if the issuer has no such place, or no client of ours.
        """
        place = (await self._known.get()).metadata.authorization_endpoint
        if not self._client or not place:
            raise IssuerUnavailable
        return str(httpx.URL(place).copy_merge_params({"client_id": self._client.client_id, **query}))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._requests.aclose()

    async def _learn(self) -> _Known:
        with self._requests.asking():
            metadata = await self._metadata()
            if metadata.jwks_uri is None:
                return _Known(metadata=metadata)
            status, body = await self._requests.send("GET", metadata.jwks_uri)
            if status != HTTPStatus.OK:
                raise IssuerUnavailable(f"it answered with {status} when asked for its keys")
            return _Known(metadata=metadata, keys=_usable(_KeySet.model_validate(body)))

    async def _metadata(self) -> _Metadata:
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/")
        for place in (
            f"/.well-known/oauth-authorization-server{path}",  # RFC 8414 §3.1
            f"{path}/.well-known/openid-configuration",  # OpenID Connect Discovery §4.1
        ):
            status, body = await self._requests.send("GET", parts._replace(path=place).geturl())
            if status == HTTPStatus.OK and isinstance(body, dict) and body.get("issuer") == self.url:
                return _Metadata.model_validate(body)
        raise IssuerUnavailable("it has no metadata that name it as REMEMBERIZER_ISSUER does")


def _usable(found: _KeySet) -> Keys:
    """The keys that can sign tokens; others are left out (RFC 7517 §5). One that names no algorithm is for each.

    Raises:
        IssuerUnavailable: There is none.
    """
    keys: dict[tuple[str | None, str], PyJWK] = {}
    for raw in found.keys:
        kid = raw.get("kid")
        if raw.get("use", "sig") != "sig" or not isinstance(kid, str | None):
            continue
        for algorithm in ALGORITHMS:
            if raw.get("alg", algorithm) == algorithm:
                with suppress(PyJWTError):
                    keys[kid, algorithm] = PyJWK(raw, algorithm)
    if not keys:
        raise IssuerUnavailable("it has no key that can be used")
    return keys
