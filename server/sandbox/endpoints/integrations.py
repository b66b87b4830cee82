"""`integrations/`: where an account's documents come from (rememberizer-api.md §5.3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..data.documents import SourceStats
from ..data.integrations import INTEGRATIONS
from ..wire.times import iso
from .services import Services


def routes(services: Services) -> list[Route]:
    """Give the route of this family."""
    return [Route("/integrations/", IntegrationEndpoints(services).listing, methods=["GET"])]


class IntegrationEndpoints:
    """Tells where documents come from."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def listing(self, request: Request) -> JSONResponse:
        """Answer `GET integrations/`: each source that has a document which the request may read."""
        reader = self._services.authenticate_reader(request)
        found = self._services.library.sources(reader.shelves, only=reader.only)
        data = [_source(stats, reader.account.email) for stats in found]
        return JSONResponse({"data": data, "message": "", "code": "success"})


def _source(stats: SourceStats, email: str) -> dict[str, object]:
    integration = INTEGRATIONS[stats.integration_type]
    return {
        "id": integration.id,
        "integration_type": integration.type,
        "integration_step": "authorized",
        "source": email,
        "document_type": integration.document_type,
        "document_stats": {
            "status": {"indexed": stats.indexed, "indexing": stats.indexing, "error": stats.failed},
            "total_size": stats.size,
            "document_count": stats.indexed + stats.indexing + stats.failed,
        },
        "consent_time": None if stats.since is None else iso(stats.since),
        "memory_config": None,
        "token_validity": True,
    }
