"""The tokens of the sandbox: random ones, each kind in a table of its own, and signed ones (JWTs)."""

import hashlib
import math
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import jwt

from .database import Database, Value

_ALGORITHM = "HS256"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a sign-in or a refresh hands out. `refresh` is None when the old refresh token stays good."""

    family: str
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)


class TokenTable:
    """The random tokens of one table, which knows each by its SHA-256 only (column `digest`).

    A token whose column `expires_at`, if the table has one, is not in the future counts as unknown.
    """

    def __init__(self, database: Database, table: str, now: Callable[[], float], *, prefix: str = "") -> None:
        self._database = database
        self._table = table
        self._now = now
        self._prefix = prefix

    def issue(self, **columns: Value) -> str:
        """Make a token of 256 random bits, and keep these columns with it; tokens that have expired are forgotten."""
        token = self._prefix + random_token()
        if "expires_at" in columns:
            self._database.run(f"DELETE FROM {self._table} WHERE expires_at <= ?", self._now())  # noqa: S608 - a name of ours
        self._database.insert(self._table, digest=digest(token), **columns)
        return token

    def find(self, token: str) -> sqlite3.Row | None:
        """Give what is kept with a token; None for one that is unknown or has expired."""
        row = self._database.one(f"SELECT * FROM {self._table} WHERE digest = ?", digest(token))  # noqa: S608 - as in issue
        return None if row is None or dict(row).get("expires_at", math.inf) <= self._now() else row

    def end(self, token: str) -> None:
        """Remove a token."""
        self._database.run(f"DELETE FROM {self._table} WHERE digest = ?", digest(token))  # noqa: S608 - as in issue


class SignedTokens:
    """Access tokens that are kept nowhere, with the methods of `TokenTable`: HS256 with the database's own secret.

    Claims: sub, exp, iat, jti, fam; never the e-mail address. The sandbox's own clock decides about `exp`.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._secret = database.secret("access_tokens")
        self._now = now

    def issue(self, *, family_id: str, expires_at: int) -> str:
        """Make a token of a family."""
        (family,) = self._database.all("SELECT account_id FROM families WHERE id = ?", family_id)
        times = {"exp": expires_at, "iat": int(self._now())}
        claims = {"sub": str(family["account_id"]), "jti": secrets.token_urlsafe(16), "fam": family_id, **times}
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def find(self, token: str) -> Mapping[str, str] | None:
        """Give a token's `family_id`, which may have been revoked; None for one that is not ours or has expired."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "fam"]},
            )
        except jwt.InvalidTokenError:
            return None
        return {"family_id": claims["fam"]} if claims["exp"] > self._now() else None


def random_token() -> str:
    """Make 256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Give what is stored of a random token."""
    return hashlib.sha256(token.encode()).digest()
