"""Token families: all the tokens that descend from one sign-in, and that are revoked together."""

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Row

from ..config import SandboxConfig
from .database import Database
from .refusals import Refusal
from .tokens import SignedTokens, Tokens, TokenTable


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family: whose it is, and the OAuth app that has its tokens, if one has."""

    id: str
    account_id: int
    client_id: str | None
    memento: str | None
    """What the person lets the app read: `all`, `none`, or the id of a memento."""


class Families:
    """Starts, continues and revokes families. A revoked family is a deleted one, so its tokens are merely unknown."""

    def __init__(self, database: Database, config: SandboxConfig) -> None:
        if config.variants.opaque_access:
            self._access_tokens: TokenTable | SignedTokens = TokenTable(database, "access_tokens", config.now)
        else:
            self._access_tokens = SignedTokens(database, config.now)
        self._refresh_tokens = TokenTable(database, "refresh_tokens", config.now)
        self._database = database
        self._config = config

    def start(self, account_id: int, *, with_refresh: bool = True) -> Tokens:
        """Give the first tokens of a new family, and forget the families whose last token has expired."""
        family = secrets.token_urlsafe(16)
        with self._database.transaction():
            self._database.run("DELETE FROM families WHERE expires_at <= ?", self._config.now())
            self._database.insert("families", id=family, account_id=account_id, expires_at=0)
            return self._issue(family, with_refresh=with_refresh)

    def sign_in(self, access: str) -> Family:
        """Tell what an access token stands for, or refuse with a 401 one that is unknown, expired or revoked."""
        family = self._family(self._access_tokens.find(access))
        if family is None:
            raise Refusal(401, "token_not_valid", "Given token not valid for any token type")
        return family

    def revoke(self, *, refresh: str, access: str) -> None:
        """End the families of both tokens. A token that is empty, unknown or expired ends nothing."""
        for token in (self._refresh_tokens.find(refresh), self._access_tokens.find(access)):
            if token:
                self.end(token["family_id"])

    def end(self, family: str) -> None:
        """Revoke one family, if there is one of this id."""
        self._database.run("DELETE FROM families WHERE id = ?", family)

    def renew(self, refresh: str, *, client_id: str | None = None) -> Tokens | None:
        """Give new tokens for a refresh token of this OAuth app, or of none, and use the token up where a variant says.

        None: the token is unknown or expired, or was used before, which revokes the family (an exception would undo
        that).
        """
        variants = self._config.variants
        rotates = variants.oauth_refresh_rotation if client_id else variants.rotate_refresh
        with self._database.transaction():
            row = self._refresh_tokens.find(refresh)
            family = self._family(row)
            if not row or not family or family.client_id != client_id:
                return None
            if row["used"]:
                self.end(family.id)
                return None
            self._database.run("UPDATE refresh_tokens SET used = ? WHERE digest = ?", rotates, row["digest"])
            return self._issue(family.id, with_refresh=rotates)

    def _family(self, token: Row | Mapping[str, str] | None) -> Family | None:
        statement = (
            "SELECT id, account_id, client_id, memento FROM families"
            " LEFT JOIN oauth_grants ON id = family_id WHERE id = ?"
        )
        row = token and self._database.one(statement, token["family_id"])
        return Family(**dict(row)) if row else None

    def _issue(self, family: str, *, with_refresh: bool) -> Tokens:
        access_end = math.ceil(self._config.now() + self._config.access_seconds)
        refresh_end = self._config.now() + self._config.refresh_seconds
        end = max(access_end, refresh_end) if with_refresh else access_end
        self._database.run("UPDATE families SET expires_at = MAX(expires_at, ?) WHERE id = ?", end, family)
        access = self._access_tokens.issue(family_id=family, expires_at=access_end)
        refresh = self._refresh_tokens.issue(family_id=family, expires_at=refresh_end) if with_refresh else None
        return Tokens(family=family, access=access, refresh=refresh)
