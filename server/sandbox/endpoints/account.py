"""`me/`, `account/` and `integrations/` (rememberizer-api.md §5.1 to §5.3)."""

from sqlite3 import Row

from starlette.requests import Request

from ..data.documents import INTEGRATIONS, account_shelf
from ..wire.shapes import Shape, iso
from .base import Endpoints, answers


class AccountEndpoints(Endpoints):
    """Tells who is signed in, and where the documents come from."""

    @answers("GET", "/me/")
    async def me(self, request: Request) -> Shape:
        """Answer; `id` is the username here, and quota and usage are bytes of the account's own documents."""
        account = self.services.reader(request).account
        return {
            "id": f"user{account.id}",
            "email": account.email,
            "name": account.name,
            "user_onboarding_status": 0,
            "dev_onboarding_status": 0,
            "company_name": "",
            "website": "",
            "bio": "",
            "team": [],
            "embed_quota": self.config.embed_quota,
            "current_usage": self.library.usage(account_shelf(account.id)),
            "email_verified": account.verified,
        }

    @answers("GET", "/account/")
    async def account(self, request: Request) -> Shape:
        """Answer; `id` is the number of the account."""
        account = self.services.reader(request).account
        return {"id": account.id, "email": account.email, "name": account.name, "datasource_description": None}

    @answers("GET", "/integrations/")
    async def integrations(self, request: Request) -> Shape:
        """Answer with each source that has a document which the request may read."""
        reader = self.services.reader(request)
        data = [_source(row, reader.account.email) for row in self.library.sources(reader.scope)]
        return {"data": data, "message": "", "code": "success"}


def _source(row: Row, email: str) -> Shape:
    integration = INTEGRATIONS[row["integration_type"]]
    indexed = row["documents"] - row["indexing"] - row["failed"]
    return {
        "id": integration.id,
        "integration_type": row["integration_type"],
        "integration_step": "authorized",
        "source": email,
        "document_type": integration.document_type,
        "document_stats": {
            "status": {"indexed": indexed, "indexing": row["indexing"], "error": row["failed"]},
            "total_size": row["size"],
            "document_count": row["documents"],
        },
        "consent_time": None if row["since"] is None else iso(row["since"]),
        "memory_config": None,
        "token_validity": True,
    }
