"""What the endpoints share: the parts of the sandbox, who a request comes from, and which calls a method answers."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..config import SANDBOX_GUEST_EMAIL, SANDBOX_GUEST_NAME, SANDBOX_GUEST_PASSWORD, SandboxConfig
from ..data.accounts import Account, Accounts
from ..data.api_keys import ApiKeys
from ..data.database import Database
from ..data.documents import SEED_SHELF, Discussions, Scope, account_shelf
from ..data.families import Families
from ..data.library import Library
from ..data.mementos import Mementos
from ..data.oauth_codes import OAuthCodes
from ..data.outbox import Outbox
from ..data.passwords import Passwords
from ..data.refusals import Refusal, invalid_api_key, not_found, permission_denied
from ..data.seeding import seed
from ..data.throttle import Throttle
from ..data.vector_stores import VectorStore, VectorStores
from ..wire.credentials import access_token, bearer_token, required

Found = TypeVar("Found")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])


class _IdConvertor(IntegerConvertor):
    """An id in a path. SQLite knows no number of more than 19 digits, and Python reads none of more than 4300."""

    regex = "[0-9]{1,18}"


register_url_convertor("id", _IdConvertor())


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads documents: an account, and which documents the request may read."""

    account: Account
    scope: Scope


class Services:
    """The parts of one sandbox. They share its database and its clock."""

    def __init__(self, config: SandboxConfig, database: Database) -> None:
        self.config = config
        self.accounts = Accounts(database)
        self.api_keys = ApiKeys(database, config)
        self.discussions = Discussions(database)
        self.families = Families(database, config)
        self.library = Library(database, config, seed=lambda: seed(database, config.now()))
        self.mementos = Mementos(database, config)
        self.oauth_codes = OAuthCodes(database, self.families, config)
        self.outbox = Outbox(database, config)
        self.passwords = Passwords()
        self.throttle = Throttle(database, config.now)
        self.vector_stores = VectorStores(database, config)

    def reader(self, request: Request) -> Reader:
        """Give who reads documents, or refuse with a 401.

        A bearer token counts before an API key, and that before the access cookie.
        """
        key = request.headers.get("x-api-key")
        if key is None or bearer_token(request):
            return self.token_holder(request)
        holder = self.api_keys.holder(key)
        if holder is None:
            raise invalid_api_key()
        return self._reader(holder["account_id"], holder["memento_id"])

    def token_holder(self, request: Request) -> Reader:
        """Give the signed-in person, or an app and what the person let it read, or refuse with a 401.

        API keys don't count.
        """
        family = self.families.sign_in(required(access_token(request, self.config)))
        memento = family.memento or "all"
        if memento == "none":
            return Reader(account=self.accounts.by_id(family.account_id), scope=Scope(()))
        return self._reader(family.account_id, None if memento == "all" else int(memento))

    def owner(self, request: Request) -> Reader:
        """Do as `token_holder` does, and refuse with a 403 an app that may not read everything."""
        reader = self.token_holder(request)
        if not reader.scope.shelves or reader.scope.memento_id is not None:
            raise permission_denied()
        return reader

    def store(self, request: Request) -> VectorStore:
        """Give the vector store whose API key the request carries, or refuse with a 401."""
        store = self.vector_stores.by_key(required(request.headers.get("x-api-key", "")))
        if store is None:
            raise invalid_api_key()
        return store

    def admit_address(self, request: Request, scope: str, *, per_minute: int) -> None:
        """Count a request by where it comes from, as `Throttle.admit` does; in process there may be no address."""
        if request.client is not None:
            self.throttle.admit(scope, request.client.host, per_minute=per_minute)

    async def sign_in(self, login: str, password: str) -> Account:
        """Give the account of a login and a password. One that is not verified gets a fresh verification code.

        Raises:
            Refusal: 429, there were too many tries; or login and password don't belong together (which of them is wrong
                is not said); or the address must be verified.
        """
        self.throttle.admit("signin-login", login.casefold(), per_minute=self.config.sign_in_attempts_per_minute)
        account = self.accounts.by_login(login)
        if account is None and login.casefold() == SANDBOX_GUEST_EMAIL:
            account = await self._guest()
        is_right = await self.passwords.matches(account.password_hash if account else None, password)
        status = self.config.variants.refusal_status
        if account is None or not is_right:
            detail = "Incorrect authentication credentials."
            raise Refusal(status, "authentication_failed", detail, field="password")
        if not account.verified:
            self.outbox.send_code(account)
            if self.config.variants.unverified_sign_in == "refused":
                raise Refusal(status, "email_not_verified", "E-mail address is not verified.", field="login")
        return account

    async def _guest(self) -> Account:
        """Make the guest's account, when it is first asked for: to hash a password takes time."""
        password_hash = await self.passwords.hash(SANDBOX_GUEST_PASSWORD)
        return self.accounts.by_login(SANDBOX_GUEST_EMAIL) or self.accounts.create(
            email=SANDBOX_GUEST_EMAIL, name=SANDBOX_GUEST_NAME, password_hash=password_hash, verified=True
        )

    def _reader(self, account_id: int, memento_id: int | None) -> Reader:
        scope = Scope((account_shelf(account_id), SEED_SHELF), memento_id)
        return Reader(account=self.accounts.by_id(account_id), scope=scope)


class Endpoints:
    """One family of endpoints: its methods that are marked by `answers`, in their order."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.config = services.config
        self.variants = services.config.variants
        self.library = services.library

    def routes(self) -> Iterator[Route]:
        """Give the routes, with paths below `/api/v1`."""
        for name, handler in vars(type(self)).items():
            for method, path in getattr(handler, "answers", ()):
                yield Route(path, _in_json(getattr(self, name)), methods=[method])


def answers(method: str, *paths: str) -> Callable[[Handler], Handler]:
    """Mark the method of a family that answers these calls; of two paths the documented one comes first.

    It gets the request, and returns a response, or what the body of a 200 holds in JSON.
    """

    def mark(handler: Handler) -> Handler:
        handler.answers = [(method, path) for path in paths]  # type: ignore[attr-defined]  # functions hold what is set on them
        return handler

    return mark


def found(thing: Found | None) -> Found:
    """Give what was looked for, or refuse with a 404 if it is None."""
    if thing is None:
        raise not_found()
    return thing


def id_in(request: Request) -> int:
    """Give the id in the path."""
    number: int = request.path_params["id"]
    return number


def _in_json(handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        content = await handler(request)
        return content if isinstance(content, Response) else JSONResponse(content)

    return answer
