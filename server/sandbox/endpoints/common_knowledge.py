"""`common-knowledge/subscribed-list/` (rememberizer-api.md §5.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..data.accounts import Account
from ..data.documents import SEED_SHELF, Document
from ..wire.times import iso
from .services import Services

_TYPE = "common_knowledge"
_SINCE = 1_704_067_200.0  # 2024-01-01
_DAY = 86_400
_ALL = 2**31


@dataclass(frozen=True, kw_only=True)
class _Knowledge:
    name: str
    description: str
    subscribers: int
    publisher: str | None
    """None is the account itself."""


_KNOWLEDGES = (
    _Knowledge(
        name="Everyday reading", description="Short texts on many things.", subscribers=1204, publisher="Sandbox Press"
    ),
    _Knowledge(name="Field notes", description="", subscribers=311, publisher="Sandbox Society"),
    _Knowledge(name="My shared notes", description="What I let others read.", subscribers=2, publisher=None),
)


def routes(services: Services) -> list[Route]:
    """Give the route of this family."""
    return [Route("/common-knowledge/subscribed-list/", CommonKnowledge(services).listing, methods=["GET"])]


class CommonKnowledge:
    """Tells of the public knowledge that an account has added: the same three for everybody."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def listing(self, request: Request) -> JSONResponse:
        """Answer `GET common-knowledge/subscribed-list/`: a bare array.

        The seed's documents of this type are dealt out to the three. The account's own has an API key, which is its own
        in each account and each database, and opens nothing.
        """
        account = self._services.authenticate_owner(request).account
        found = self._services.library.page((SEED_SHELF,), offset=0, limit=_ALL, integration_type=_TYPE)
        dealt = [found[number :: len(_KNOWLEDGES)] for number in range(len(_KNOWLEDGES))]
        return JSONResponse(
            [
                self._shown(number, knowledge, documents, account)
                for number, (knowledge, documents) in enumerate(zip(_KNOWLEDGES, dealt, strict=True), 1)
            ]
        )

    def _shown(
        self, number: int, knowledge: _Knowledge, documents: Sequence[Document], account: Account
    ) -> dict[str, object]:
        is_own = knowledge.publisher is None
        return {
            "id": number,
            "num_of_subscribers": knowledge.subscribers,
            "publisher_name": knowledge.publisher or account.name,
            "published_by_me": is_own,
            "subscribed_by_me": not is_own,
            "size": sum(document.size for document in documents),
            "created": iso(_SINCE),
            "modified": iso(_SINCE + number * _DAY),
            "priority_score": round(1 / number, 2),
            "name": knowledge.name,
            "image_url": "",
            "description": knowledge.description,
            "api_key": self._services.shown_keys.sample(account.id) if is_own else None,
            "is_sharing": True,
            "memento": number,
            "document_ids": [document.id for document in documents],
        }
