"""Everything that an endpoint works with."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request

from ..config import SandboxConfig
from ..data.access_tokens import AccessTokens, JWTAccessTokens, OpaqueAccessTokens
from ..data.accounts import Account, Accounts
from ..data.api_keys import ApiKeys
from ..data.browser_sessions import BrowserSessions
from ..data.codes import VerificationCodes
from ..data.database import Database
from ..data.discussions import Discussions
from ..data.families import Families
from ..data.grants import Grants
from ..data.library import Library
from ..data.mementos import Mementos
from ..data.outbox import Outbox
from ..data.passwords import Passwords
from ..data.readers import Reader, reader
from ..data.refusals import email_not_verified, invalid_api_key, invalid_credentials, permission_denied
from ..data.seeding import seed
from ..data.shown_keys import ShownKeys
from ..data.throttle import Throttle
from ..data.vector_stores import VectorStore, VectorStores
from ..wire.credentials import access_token, bearer_token, required


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts of one sandbox. They share its database and its clock."""

    config: SandboxConfig
    accounts: Accounts
    api_keys: ApiKeys
    browser_sessions: BrowserSessions
    codes: VerificationCodes
    discussions: Discussions
    families: Families
    grants: Grants
    library: Library
    mementos: Mementos
    outbox: Outbox
    passwords: Passwords
    shown_keys: ShownKeys
    throttle: Throttle
    vector_stores: VectorStores

    @classmethod
    def build(cls, config: SandboxConfig, database: Database) -> Self:
        """Make the parts over one database."""
        api_keys = ApiKeys(database)
        outbox = Outbox(database)
        families = Families(database, _access_tokens(config, database), config)
        return cls(
            config=config,
            accounts=Accounts(database),
            api_keys=api_keys,
            browser_sessions=BrowserSessions(database, config.now),
            codes=VerificationCodes(database, outbox, config),
            discussions=Discussions(database),
            families=families,
            grants=Grants(database, families, config),
            library=Library(database, config, seed=lambda: seed(database, config.now())),
            mementos=Mementos(database, config),
            outbox=outbox,
            passwords=Passwords(),
            shown_keys=ShownKeys(database, api_keys),
            throttle=Throttle(database, config.now),
            vector_stores=VectorStores(database, config),
        )

    def authenticate(self, request: Request) -> Account:
        """Give the account whose access cookie or bearer token the request carries.

        Raises:
            Refusal: 401, there is none, or it is not valid (any more).
        """
        token = required(access_token(request, self.config))
        return self.accounts.by_id(self.families.sign_in(token).account_id)

    def authenticate_reader(self, request: Request) -> Reader:
        """Give who reads documents: a bearer token counts before an API key, and that before the access cookie.

        Raises:
            Refusal: 401, there is none of them, or it is not valid (any more).
        """
        key = request.headers.get("x-api-key")
        if key is not None and not bearer_token(request):
            return self._key_holder(key)
        sign_in = self.families.sign_in(required(access_token(request, self.config)))
        return reader(self.accounts.by_id(sign_in.account_id), sign_in.memento or "all")

    def authenticate_owner(self, request: Request) -> Reader:
        """Give the signed-in person, or an app that the person let see everything. API keys don't count.

        Raises:
            Refusal: 401, as for `authenticate`; 403, the app may see a part of the documents, or none.
        """
        sign_in = self.families.sign_in(required(access_token(request, self.config)))
        if sign_in.memento not in (None, "all"):
            raise permission_denied()
        return reader(self.accounts.by_id(sign_in.account_id), "all")

    def authenticate_store(self, request: Request) -> VectorStore:
        """Give the vector store whose API key the request carries.

        Raises:
            Refusal: 401, there is no key, or it is no vector store's.
        """
        store = self.vector_stores.by_key(required(request.headers.get("x-api-key", "")))
        if store is None:
            raise invalid_api_key()
        return store

    def _key_holder(self, key: str) -> Reader:
        holder = self.api_keys.holder(key)
        if holder is None:
            raise invalid_api_key()
        memento = "all" if holder.memento_id is None else str(holder.memento_id)
        return reader(self.accounts.by_id(holder.account_id), memento)

    def admit_address(self, request: Request, scope: str, *, per_minute: int) -> None:
        """Count a request by where it comes from; in process there may be no address.

        Raises:
            Refusal: 429, there were too many.
        """
        if request.client is not None:
            self.throttle.admit(scope, request.client.host, per_minute=per_minute)

    async def sign_in(self, login: str, password: str) -> Account:
        """Give the account of a login and a password.

        One whose e-mail address is not verified gets a fresh verification code each time.

        Raises:
            Refusal: 429, there were too many tries; or they don't belong together; or the address must be verified.
        """
        self.throttle.admit("signin-login", login.casefold(), per_minute=self.config.sign_in_attempts_per_minute)
        account = self.accounts.by_login(login)
        right = await self.passwords.matches(account.password_hash if account else None, password)
        if account is None or not right:
            raise invalid_credentials(self.config.variants.refusal_status)
        if not account.verified:
            self.codes.send(account)
            if self.config.variants.unverified_sign_in == "refused":
                raise email_not_verified(self.config.variants.refusal_status)
        return account


def _access_tokens(config: SandboxConfig, database: Database) -> AccessTokens:
    if config.variants.opaque_access:
        return OpaqueAccessTokens(database, config.now)
    return JWTAccessTokens(database.secret("access_tokens"), config.now)
