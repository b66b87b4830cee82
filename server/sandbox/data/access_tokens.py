"""Access tokens: signed JWTs, or opaque ones under the variant `opaque_access`."""

import hashlib
import math
import secrets
from collections.abc import Callable
from typing import Protocol

import jwt

from .database import Database

_ALGORITHM = "HS256"


class AccessTokenError(Exception):
    """The token is not one of ours, or has expired."""


class AccessTokens(Protocol):
    """Makes and reads the tokens that say to which sign-in (family) a request belongs."""

    def mint(self, *, account_id: int, family: str, seconds: float) -> str:
        """Make a token that lives for so many seconds, rounded up."""
        ...

    def family(self, token: str) -> str:
        """Give the token's family, which may have been revoked.

        Raises:
            AccessTokenError: the token is not one of ours, or has expired.
        """
        ...


class JWTAccessTokens:
    """HS256 with the database's own secret. Claims: sub, exp, iat, jti, fam; never the e-mail address."""

    def __init__(self, secret: bytes, now: Callable[[], float]) -> None:
        self._secret = secret
        self._now = now

    def mint(self, *, account_id: int, family: str, seconds: float) -> str:
        """Make a token; `exp` is in whole seconds."""
        now = self._now()
        claims = {
            "sub": str(account_id),
            "exp": math.ceil(now + seconds),
            "iat": int(now),
            "jti": secrets.token_urlsafe(16),
            "fam": family,
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def family(self, token: str) -> str:
        """Check signature and expiry."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                # The sandbox's own clock decides about `exp`, below.
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "fam"]},
            )
        except jwt.InvalidTokenError as error:
            raise AccessTokenError from error
        if claims["exp"] <= self._now():
            raise AccessTokenError
        return str(claims["fam"])


class OpaqueAccessTokens:
    """256 random bits, of which only the SHA-256 is stored."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def mint(self, *, account_id: int, family: str, seconds: float) -> str:  # noqa: ARG002 - the family knows its account
        """Make a token, and forget those that have expired."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        self._database.run("DELETE FROM access_tokens WHERE expires_at <= ?", now)
        self._database.run(
            "INSERT INTO access_tokens VALUES (?, ?, ?)", digest(token), family, math.ceil(now + seconds)
        )
        return token

    def family(self, token: str) -> str:
        """Look the token up."""
        row = self._database.one(
            "SELECT family_id FROM access_tokens WHERE digest = ? AND expires_at > ?", digest(token), self._now()
        )
        if row is None:
            raise AccessTokenError
        return str(row["family_id"])


def digest(token: str) -> bytes:
    """Give what is stored of a random token."""
    return hashlib.sha256(token.encode()).digest()
