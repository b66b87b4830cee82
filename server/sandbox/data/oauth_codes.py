"""OAuth authorization codes, and the token families that they are exchanged for (rememberizer-api.md §2)."""

import base64
import hashlib
import hmac
import sqlite3

from ..config import OFFLINE_ACCESS, SandboxConfig
from .database import Database, Value
from .families import Families
from .tokens import Tokens, digest, random_token

CODE_SECONDS = 60


class OAuthCodes:
    """Gives an app a code, once the person has agreed, and tokens for the code."""

    def __init__(self, database: Database, families: Families, config: SandboxConfig) -> None:
        self._database = database
        self._families = families
        self._config = config

    def issue(self, **columns: Value) -> str:
        """Make a code, and forget those that can neither be used nor reused to any effect.

        The columns say whose documents the app may read (`account_id`, `memento`), and what the app asked for.
        """
        code = random_token()
        now = self._config.now()
        self._database.run(
            "DELETE FROM oauth_codes WHERE expires_at <= ?"
            " AND (family_id IS NULL OR family_id NOT IN (SELECT id FROM families))",
            now,
        )
        self._database.insert("oauth_codes", digest=digest(code), expires_at=now + CODE_SECONDS, **columns)
        return code

    def exchange(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> tuple[Tokens, str] | None:
        """Give tokens and their scope for a code, which is then used up. None: the code is not good.

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
                self._families.end(row["family_id"])
                return None
            return self._begin(row) if self._is_good(row, redirect_uri, verifier) else None

    def _is_good(self, row: sqlite3.Row, redirect_uri: str, verifier: str) -> bool:
        return (
            row["expires_at"] > self._config.now()
            and row["redirect_uri"] == redirect_uri
            and (self._config.variants.oauth_pkce == "ignored" or _is_verified(row["challenge"], verifier))
        )

    def _begin(self, row: sqlite3.Row) -> tuple[Tokens, str]:
        scope: str = row["scope"]
        tokens = self._families.start(row["account_id"], with_refresh=OFFLINE_ACCESS in scope.split())
        grant = {"client_id": row["client_id"], "memento": row["memento"]}
        self._database.insert("oauth_grants", family_id=tokens.family, **grant)
        self._database.run("UPDATE oauth_codes SET family_id = ? WHERE digest = ?", tokens.family, row["digest"])
        return tokens, scope


def _is_verified(challenge: str | None, verifier: str) -> bool:
    """A verifier without a challenge is a downgrade: somebody took the challenge away (RFC 9700 §4.8.2)."""
    if challenge is None:
        return not verifier
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())
