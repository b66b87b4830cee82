"""``Verifier``: says for whom a bearer token was issued, if it was issued for this server.

A JWT is checked by the issuer's keys; of every other token the issuer says by introspection what it holds. The claims
are then checked by the same rules (RFC 9068 §4): ``iss`` is the issuer, ``aud`` names this server, ``exp`` is in the
future, and ``sub`` and the client are there.
"""

import hashlib
import logging
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from ..api.issuer import Issuer, TokenRefused

logger = logging.getLogger(__name__)

LONGEST_TOKEN = 16_384
KEPT_SECONDS = 60.0
"""How long a token counts as verified, and so the longest time that a revoked one is accepted."""
MOST_KEPT = 10_000
SKEW_SECONDS = 30.0
"""By how much the issuer's clock may be ahead when it says from when on a token is valid."""
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 §2.1
_TYPES = ("jwt", "at+jwt", "application/at+jwt")
"""Of a JWT. Others say that it is no access token, such as ``logout+jwt`` (RFC 8725 §3.11)."""

_Name = Annotated[str, Field(min_length=1, max_length=1_000)]


class _Claims(BaseModel):
    """RFC 7519 §4.1 and RFC 9068 §2.2. Keycloak and Auth0 name the client ``azp``."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    iss: str
    aud: str | list[str]
    exp: float
    sub: _Name
    client: Annotated[_Name, Field(validation_alias=AliasChoices("client_id", "azp"))]
    nbf: float = 0
    scope: Any = ""


class Verifier:
    """The SDK's ``TokenVerifier``.

    Args:
        resource: This server's URL, as clients ask the issuer for it (RFC 8707).
        now: The wall clock, in Unix seconds.
        most_kept: How many verified tokens are remembered.
    """

    def __init__(
        self, issuer: Issuer, *, resource: str, now: Callable[[], float] = time.time, most_kept: int = MOST_KEPT
    ) -> None:
        self._issuer = issuer
        self._resource = resource
        self._now = now
        self._most_kept = most_kept
        self._kept: dict[bytes, tuple[str, str, str, int, float]] = {}
        """What was verified, by the token's SHA-256: client, subject, scope, end, and until when that counts.

        The oldest comes first. They are tuples of texts and numbers: no search for garbage has to look at them.
        """

    @property
    def settings(self) -> AuthSettings:
        """What the SDK is told of the issuer and of this server.

        It is made of texts: a URL object ends with a slash where there is no path, and clients compare to the letter.
        """
        return AuthSettings.model_validate(
            {
                "issuer_url": self._issuer.url,
                "resource_server_url": self._resource,
                "validate_token_resource": True,
            }
        )

    async def verify_token(self, token: str) -> AccessToken | None:
        """For whom the token was issued; None if it is not valid here. The token itself is not in the answer.

        Raises:
            IssuerUnavailable: Whether it is valid could not be found out.
        """
        if len(token) > LONGEST_TOKEN or not _TOKEN.fullmatch(token):
            return None
        digest = hashlib.sha256(token.encode()).digest()
        kept = self._kept.get(digest)
        if kept is None or self._now() >= kept[-1]:
            try:
                asked = self._issuer.signed(token, types=_TYPES) if _is_jwt(token) else self._issuer.introspect(token)
                claims = self._checked(await asked)
            except TokenRefused as why:
                logger.info("a bearer token was refused: %s", why)
                return None
            kept = self._keep(digest, claims)
        client, subject, scope, expires_at, _ = kept
        return AccessToken(
            token="",
            client_id=client,
            subject=subject,
            scopes=scope.split(),
            expires_at=expires_at,
            resource=self._resource,
            claims={"iss": self._issuer.url},
        )

    def _checked(self, given: Any) -> _Claims:
        try:
            claims = _Claims.model_validate(given)
        except ValidationError as error:
            wrong = {str(each["loc"][0]) if each["loc"] else "claims" for each in error.errors()}
            raise TokenRefused(" and ".join(sorted(wrong))) from None
        now = self._now()
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        is_right = {
            "iss": claims.iss == self._issuer.url,
            "aud": self._resource in audiences,
            "exp": now < claims.exp,
            "nbf": claims.nbf <= now + SKEW_SECONDS,
        }
        if not all(is_right.values()):
            raise TokenRefused(" and ".join(name for name, is_so in is_right.items() if not is_so))
        return claims

    def _keep(self, digest: bytes, claims: _Claims) -> tuple[str, str, str, int, float]:
        now = self._now()
        for oldest, kept in list(islice(self._kept.items(), 2)):
            if kept[-1] <= now or len(self._kept) >= self._most_kept:
                del self._kept[oldest]
        scope, expires_at = claims.scope if isinstance(claims.scope, str) else "", int(claims.exp)
        self._kept[digest] = new = claims.client, claims.sub, scope, expires_at, min(now + KEPT_SECONDS, expires_at)
        return new


def _is_jwt(token: str) -> bool:
    """Whether a token has the form of a JWT: three parts, of which the first is a JSON object."""
    head, *others = token.split(".")
    try:
        return len(others) == 2 and isinstance(from_json(urlsafe_b64decode(f"{head}==")), dict)  # noqa: PLR2004
    except ValueError:
        return False
