"""Token families: all the tokens that descend from one sign-in, and that are revoked together."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from ..config import SandboxConfig
from .access_tokens import AccessTokenError, AccessTokens, digest
from .database import Database
from .refusals import Refusal, invalid_refresh_token, invalid_token


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a sign-in or a refresh hands out. `refresh` is None when the old refresh token stays good."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """What an access token stands for: an account, and what the person chose for the app that has it.

    `memento` is `all`, `none` or a memento's id; None: no app has it.
    """

    account_id: int
    memento: str | None


class Families:
    """Starts, continues and revokes families. A revoked family is a deleted one, so its tokens are merely unknown."""

    def __init__(self, database: Database, access_tokens: AccessTokens, config: SandboxConfig) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._config = config
        self._now: Callable[[], float] = config.now

    def start(self, account_id: int) -> Tokens:
        """Begin a family, and forget those whose last token has expired."""
        with self._database.transaction():
            return self.begin(account_id, with_refresh=True)[1]

    def begin(self, account_id: int, *, with_refresh: bool) -> tuple[str, Tokens]:
        """Give the id of a new family and its first tokens; to be called in a transaction."""
        family = secrets.token_urlsafe(16)
        self._database.run("DELETE FROM families WHERE expires_at <= ?", self._now())
        self._database.run("INSERT INTO families VALUES (?, ?, 0)", family, account_id)
        return family, self._issue(account_id, family, with_refresh=with_refresh)

    def rotate(self, refresh: str) -> Tokens:
        """Give new tokens for a refresh token, which is then used up (unless `rotate_refresh` is off).

        Raises:
            Refusal: the token is unknown or expired, or was used before; then the whole family is revoked.
        """
        tokens = self.renew(refresh, client_id=None, rotates=self._config.variants.rotate_refresh)
        if tokens is None:
            raise self._refusal()
        return tokens

    def sign_in(self, access: str) -> SignIn:
        """Tell what an access token stands for.

        Raises:
            Refusal: 401, the token is not one of ours, has expired, or its family was revoked.
        """
        try:
            family = self._access_tokens.family(access)
        except AccessTokenError as error:
            raise invalid_token() from error
        row = self._database.one(
            "SELECT account_id, memento FROM families LEFT JOIN oauth_grants ON family_id = families.id WHERE id = ?",
            family,
        )
        if row is None:
            raise invalid_token()
        return SignIn(account_id=row["account_id"], memento=row["memento"])

    def revoke(self, *, refresh: str, access: str) -> None:
        """End the families of both tokens. A token that is empty, unknown or expired ends nothing."""
        self._database.run(
            "DELETE FROM families WHERE id IN (SELECT family_id FROM refresh_tokens WHERE digest = ?)", digest(refresh)
        )
        try:
            self._database.run("DELETE FROM families WHERE id = ?", self._access_tokens.family(access))
        except AccessTokenError:
            return

    def renew(self, refresh: str, *, client_id: str | None, rotates: bool) -> Tokens | None:
        """Do what `rotate` does, for the families of one OAuth app, or for those of none.

        It must not raise for a reused token: that would undo the revocation.
        """
        with self._database.transaction():
            row = self._database.one(
                "SELECT family_id, account_id, used FROM refresh_tokens JOIN families ON families.id = family_id"
                " LEFT JOIN oauth_grants USING (family_id)"
                " WHERE digest = ? AND refresh_tokens.expires_at > ? AND client_id IS ?",
                digest(refresh),
                self._now(),
                client_id,
            )
            if row is None:
                return None
            if row["used"]:
                self._database.run("DELETE FROM families WHERE id = ?", row["family_id"])
                return None
            self._database.run("UPDATE refresh_tokens SET used = ? WHERE digest = ?", rotates, digest(refresh))
            return self._issue(row["account_id"], row["family_id"], with_refresh=rotates)

    def _issue(self, account_id: int, family: str, *, with_refresh: bool) -> Tokens:
        seconds = self._config.access_seconds
        self._prolong(family, self._now() + seconds + 1)  # an access token's life is rounded up
        access = self._access_tokens.mint(account_id=account_id, family=family, seconds=seconds)
        return Tokens(access=access, refresh=self._add_refresh(family) if with_refresh else None)

    def _add_refresh(self, family: str) -> str:
        refresh = secrets.token_urlsafe(32)
        expires_at = self._now() + self._config.refresh_seconds
        self._database.run("DELETE FROM refresh_tokens WHERE expires_at <= ?", self._now())
        self._database.run("INSERT INTO refresh_tokens VALUES (?, ?, ?, 0)", digest(refresh), family, expires_at)
        self._prolong(family, expires_at)
        return refresh

    def _prolong(self, family: str, expires_at: float) -> None:
        self._database.run("UPDATE families SET expires_at = MAX(expires_at, ?) WHERE id = ?", expires_at, family)

    def _refusal(self) -> Refusal:
        return invalid_refresh_token(self._config.variants.refresh_refusal_status)
