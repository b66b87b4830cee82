"""``IssuerSignIn``: a person's sign-in at the issuer, for our own client, so that a page knows who is there.

It is OpenID Connect's authorization-code flow with PKCE. No token of it is kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from secrets import token_urlsafe
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from .issuer import Issuer, TokenRefused
from .oauth import pkce_challenge

_new_secret = partial(token_urlsafe, 32)


class _Answer(BaseModel):
    """OpenID Connect Core §3.1.3.3, as far as it is used."""

    id_token: SecretStr


class _IdToken(BaseModel):
    """OpenID Connect Core §2, as far as it is used."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    iss: str
    aud: str | list[str]
    exp: float
    nonce: str
    sub: Annotated[str, Field(min_length=1)]
    azp: str | None = None


@dataclass(frozen=True, kw_only=True)
class IssuerSignIn:
    """One trip of a browser to the issuer and back. ``state`` comes back with the code; who sent it must compare it.

    Args:
        redirect_uri: Where the issuer sends the browser; registered there.
        now: The wall clock, in Unix seconds.
    """

    issuer: Issuer
    redirect_uri: str
    now: Callable[[], float] = time.time
    state: str = field(default_factory=_new_secret, repr=False)
    nonce: str = field(default_factory=_new_secret, repr=False)
    verifier: str = field(default_factory=_new_secret, repr=False)

    async def address(self) -> str:
        """Where the browser goes.

        Raises:
            IssuerUnavailable: Nobody knows.
        """
        query = {
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": pkce_challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        return await self.issuer.authorization_url(query)

    async def person(self, code: str) -> tuple[str, str]:
        """Issuer and subject of the person who signed in, by the code that the browser brings back. It works once.

        Raises:
            TokenRefused: The issuer refuses the code, or what it says is not said to us, of this trip and now.
            IssuerUnavailable: No usable answer.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        answer = await self.issuer.ask_as_client("token", form, _Answer)
        given = await self.issuer.signed(answer.id_token.get_secret_value(), types=("jwt",))
        try:
            claims = _IdToken.model_validate(given)
        except ValidationError:
            raise TokenRefused("ID token") from None
        if not (self._is_to_us(claims) and claims.iss == self.issuer.url and claims.nonce == self.nonce):
            raise TokenRefused("ID token")
        return claims.iss, claims.sub

    def _is_to_us(self, claims: _IdToken) -> bool:
        """Whether the issuer says it to our client, and now (OpenID Connect Core §3.1.3.7)."""
        audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
        us = self.issuer.client_id
        is_ours = us in audiences and (claims.azp == us or (claims.azp is None and len(audiences) == 1))
        return is_ours and self.now() < claims.exp
