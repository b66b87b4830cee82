"""A browser's tab that goes from the sign-in page to the consent page and comes back."""

from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.upstream import BASE_URL


class Tab:
    """A browser's tab on the page."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.client = client
        self.url = url
        self.origin = url.rpartition("/")[0]

    async def leave(self) -> dict[str, str]:
        """Press the button; the query with which the consent page is asked."""
        gone = await self.client.post(self.url, data={"form": "oauth"}, headers={"Origin": self.origin})
        assert gone.status_code == 303
        address = gone.headers["location"]
        assert address.startswith(BASE_URL + "auth/oauth2/authorize/?")
        return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}

    async def come_back(self, **query: str) -> httpx.Response:
        return await self.client.get(self.origin + "/oauth/callback", params=query, follow_redirects=True)
