"""`common-knowledge/subscribed-list/` (rememberizer-api.md §5.5)."""

from collections.abc import Sequence

from starlette.requests import Request

from ..data.accounts import Account
from ..data.documents import SEED_SHELF, Document, Scope
from ..wire.shapes import Shape, iso
from .base import Endpoints, answers

_SINCE = 1_704_067_200.0  # 2024-01-01
_DAY = 86_400
_KNOWLEDGES = (
    ("Everyday reading", "Short texts on many things.", 1204, "Sandbox Press"),
    ("Field notes", "", 311, "Sandbox Society"),
    ("My shared notes", "What I let others read.", 2, None),
)
"""Name, description, number of subscribers, and publisher; None is the account itself."""


class CommonKnowledgeEndpoints(Endpoints):
    """Tells of the public knowledge that an account has added: the same three for everybody."""

    @answers("GET", "/common-knowledge/subscribed-list/")
    async def listing(self, request: Request) -> list[Shape]:
        """Answer with a bare array. The seed's documents of this type are dealt out to the three."""
        account = self.services.owner(request).account
        documents = self.library.page(Scope((SEED_SHELF,)), integration_type="common_knowledge")
        dealt = [documents[index :: len(_KNOWLEDGES)] for index in range(len(_KNOWLEDGES))]
        return [self._shown(index + 1, documents, account) for index, documents in enumerate(dealt)]

    def _shown(self, number: int, documents: Sequence[Document], account: Account) -> Shape:
        """The account's own has an API key, which is its own in each account and each database, and opens nothing."""
        name, description, subscribers, publisher = _KNOWLEDGES[number - 1]
        is_own = publisher is None
        return {
            "id": number,
            "num_of_subscribers": subscribers,
            "publisher_name": publisher or account.name,
            "published_by_me": is_own,
            "subscribed_by_me": not is_own,
            "size": sum(document.size for document in documents),
            "created": iso(_SINCE),
            "modified": iso(_SINCE + number * _DAY),
            "priority_score": round(1 / number, 2),
            "name": name,
            "image_url": "",
            "description": description,
            "api_key": self.services.api_keys.sample(account.id) if is_own else None,
            "is_sharing": True,
            "memento": number,
            "document_ids": [document.id for document in documents],
        }
