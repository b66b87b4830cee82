"""Everything that an endpoint works with."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request

from .access_tokens import AccessTokens, JWTAccessTokens, OpaqueAccessTokens
from .accounts import Account, Accounts
from .codes import VerificationCodes
from .config import SandboxConfig
from .credentials import access_token, required
from .database import Database
from .families import Families
from .outbox import Outbox
from .passwords import Passwords
from .throttle import Throttle


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts of one sandbox. They share its database and its clock."""

    config: SandboxConfig
    accounts: Accounts
    codes: VerificationCodes
    families: Families
    outbox: Outbox
    passwords: Passwords
    throttle: Throttle

    @classmethod
    def build(cls, config: SandboxConfig, database: Database) -> Self:
        """Make the parts over one database."""
        outbox = Outbox(database)
        return cls(
            config=config,
            accounts=Accounts(database),
            codes=VerificationCodes(database, outbox, config),
            families=Families(database, _access_tokens(config, database), config),
            outbox=outbox,
            passwords=Passwords(),
            throttle=Throttle(database, config.now),
        )

    def authenticate(self, request: Request) -> Account:
        """Give the account whose access cookie or bearer token the request carries.

        Raises:
            Refusal: 401, there is none, or it is not valid (any more).
        """
        token = required(access_token(request, self.config))
        return self.accounts.by_id(self.families.account_id(token))


def _access_tokens(config: SandboxConfig, database: Database) -> AccessTokens:
    if config.variants.opaque_access:
        return OpaqueAccessTokens(database, config.now)
    return JWTAccessTokens(database.secret("access_tokens"), config.now)
