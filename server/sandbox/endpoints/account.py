"""`me/` and `account/` (rememberizer-api.md §5.1 and §5.2)."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..data.documents import account_shelf
from .services import Services


def routes(services: Services) -> list[Route]:
    """Give the routes of this family."""
    endpoints = AccountEndpoints(services)
    return [
        Route("/me/", endpoints.me, methods=["GET"]),
        Route("/account/", endpoints.account, methods=["GET"]),
    ]


class AccountEndpoints:
    """Tells who is signed in."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def account(self, request: Request) -> JSONResponse:
        """Answer `GET account/`; `id` is the number of the account."""
        account = self._services.authenticate_reader(request).account
        return JSONResponse(
            {"id": account.id, "email": account.email, "name": account.name, "datasource_description": None}
        )

    async def me(self, request: Request) -> JSONResponse:
        """Answer `GET me/`; `id` is the username here, and quota and usage are bytes of the account's own documents."""
        account = self._services.authenticate_reader(request).account
        return JSONResponse(
            {
                "id": account.username,
                "email": account.email,
                "name": account.name,
                "user_onboarding_status": 0,
                "dev_onboarding_status": 0,
                "company_name": "",
                "website": "",
                "bio": "",
                "team": [],
                "embed_quota": self._services.config.embed_quota,
                "current_usage": self._services.library.usage(account_shelf(account.id)),
                "email_verified": account.verified,
            }
        )
