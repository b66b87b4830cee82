"""OAuth grants: authorization codes, and the token families that they are exchanged for."""

import base64
import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass

from ..config import SandboxConfig
from .access_tokens import digest
from .authorizations import OFFLINE_ACCESS, Authorization
from .database import Database
from .families import Families, Tokens

CODE_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What an app gets."""

    tokens: Tokens
    scope: str


class Grants:
    """Gives codes, once the person has agreed, and tokens for codes and refresh tokens."""

    def __init__(self, database: Database, families: Families, config: SandboxConfig) -> None:
        self._database = database
        self._families = families
        self._variants = config.variants
        self._now = config.now

    def mementos(self, account_id: int) -> dict[str, str]:
        """Give the names of an account's mementos by their ids, each of which may be chosen for an app."""
        rows = self._database.all("SELECT id, name FROM mementos WHERE account_id = ? ORDER BY id", account_id)
        return {str(row["id"]): row["name"] for row in rows}

    def code(self, asked: Authorization, *, account_id: int, memento: str) -> str:
        """Make a code, and forget those that can neither be used nor reused to any effect."""
        code = secrets.token_urlsafe(32)
        self._database.run(
            "DELETE FROM oauth_codes WHERE expires_at <= ?"
            " AND (family_id IS NULL OR family_id NOT IN (SELECT id FROM families))",
            self._now(),
        )
        self._database.run(
            "INSERT INTO oauth_codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            digest(code),
            account_id,
            asked.app.client_id,
            asked.redirect_uri,
            asked.scope,
            asked.challenge,
            memento,
            self._now() + CODE_SECONDS,
        )
        return code

    def exchange(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Grant | None:
        """Give tokens for a code, which is then used up. None: it is not good.

        A used code that comes back revokes what it gave, whoever has it (RFC 6749 §4.1.2); that must not be undone by
        an exception.
        """
        with self._database.transaction():
            row = self._database.one(
                "SELECT * FROM oauth_codes WHERE digest = ? AND client_id = ?", digest(code), client_id
            )
            if row is None:
                return None
            if row["family_id"] is not None:
                self._database.run("DELETE FROM families WHERE id = ?", row["family_id"])
                return None
            if not self._is_good(row, redirect_uri, verifier):
                return None
            return self._begin(row)

    def renew(self, refresh: str, *, client_id: str) -> Grant | None:
        """Give tokens for a refresh token of this app. None: it is not good. Only offline access ever has one."""
        tokens = self._families.renew(refresh, client_id=client_id, rotates=self._variants.oauth_refresh_rotation)
        return Grant(tokens=tokens, scope=OFFLINE_ACCESS) if tokens else None

    def _is_good(self, row: sqlite3.Row, redirect_uri: str, verifier: str) -> bool:
        return (
            row["expires_at"] > self._now()
            and row["redirect_uri"] == redirect_uri
            and (self._variants.oauth_pkce == "ignored" or _is_verified(row["challenge"], verifier))
        )

    def _begin(self, row: sqlite3.Row) -> Grant:
        scope: str = row["scope"]
        family, tokens = self._families.begin(row["account_id"], with_refresh=OFFLINE_ACCESS in scope.split())
        self._database.run("INSERT INTO oauth_grants VALUES (?, ?, ?)", family, row["client_id"], row["memento"])
        self._database.run("UPDATE oauth_codes SET family_id = ? WHERE digest = ?", family, row["digest"])
        return Grant(tokens=tokens, scope=scope)


def _is_verified(challenge: str | None, verifier: str) -> bool:
    """A verifier without a challenge is a downgrade: somebody took the challenge away (RFC 9700 §4.8.2)."""
    if challenge is None:
        return not verifier
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())
