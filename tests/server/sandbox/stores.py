"""A vector store of a sandbox, reached by its key, and the keys that the outbox page shows."""

from typing import Any

import httpx
from rememberizer_mcp.server.sandbox.app import Sandbox

from tests.server.sandbox.support import API


def shown_key(sandbox: Sandbox, opens: str, id: str | int) -> str:  # noqa: A002 - the member's name
    """The key that a person finds on the outbox page."""
    (key,) = [shown.key for shown in sandbox.shown_keys.shown() if (shown.opens, shown.id) == (opens, str(id))]
    return key


class Store(httpx.AsyncClient):
    """A client that has nothing but the key of one vector store."""

    def __init__(self, sandbox: Sandbox, store_id: str, key: str) -> None:
        super().__init__(
            transport=httpx.ASGITransport(app=sandbox.app),
            base_url="http://sandbox.test/api/v1/vector-stores/",
            headers={"X-API-Key": key},
        )
        self.store_id = store_id
        self.documents = f"{store_id}/documents"

    async def create(self, name: str, text: str) -> int:
        response = await self.post(f"{self.documents}/create", json={"name": name, "text": text})
        assert response.status_code == 201
        document_id: int = response.json()["id"]
        return document_id

    async def upload(self, *files: tuple[str, bytes | str]) -> httpx.Response:
        parts = [("files", (name, content)) for name, content in files]
        return await self.post(f"{self.documents}/upload", files=parts)

    async def search(self, q: str, **query: Any) -> list[str]:
        """The contents of the matches."""
        response = await self.get(f"{self.documents}/search", params={"q": q, **query})
        assert response.status_code == 200
        return [match["matched_content"] for match in response.json()["matched_chunks"]]


async def new_store(sandbox: Sandbox, api: API, **fields: Any) -> Store:
    """Make a store as the person who is signed in, and take its key from the outbox page."""
    created = await api.post("vector-stores/", json={"name": "Facts"} | fields)
    assert created.status_code in (200, 201)
    store_id = created.json()["id"]
    return Store(sandbox, store_id, shown_key(sandbox, "vector_store", store_id))
