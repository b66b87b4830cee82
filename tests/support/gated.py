"""A transport that holds requests before and after the service, and knows whose tokens each of them carries."""

import json
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import anyio
import anyio.lowlevel
import httpx

from tests.support.upstream import PREFIX

FREE = ("auth/signup/", "auth/signin/", "auth/verify-email/", "me/")
"""What a sign-in asks: never held, so that it ends in one step."""
NOBODY = "nobody"


@dataclass
class Held:
    """One request on its way there or back."""

    released: anyio.Event = field(default_factory=anyio.Event)
    verdict: int = 200
    """200 lets it pass; any other status is answered in the service's place."""


class Gated(httpx.AsyncBaseTransport):
    """Carries requests to the service, and holds all but the free ones until they are released.

    Args:
        inner: Carries them on.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.held: list[Held] = []
        self.sent: list[tuple[str, str]] = []
        """Of each data request: its mark, which is what it asks or stores, and whose tokens it carried."""
        self.moved = anyio.Event()
        """Set, and replaced, when a free request is over."""
        self.busy = 0
        self.is_open = True
        """Whether nothing is held."""
        self._inner = inner
        self._owners: dict[str, str] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(PREFIX)
        if path in FREE or self.is_open:
            return await self._free(request)
        if path.startswith("documents/"):
            self.sent.append((_mark(request), self._owner(request)))
        verdict = await self._hold()
        response = await self._carry(request) if verdict == httpx.codes.OK else httpx.Response(verdict, json={})
        await self._hold()
        return response

    async def _free(self, request: httpx.Request) -> httpx.Response:
        self.busy += 1
        try:
            return await self._carry(request)
        finally:
            self.busy -= 1
            self.moved.set()
            self.moved = anyio.Event()

    async def _hold(self) -> int:
        held = Held()
        self.held.append(held)
        try:
            await held.released.wait()
        finally:
            self.held.remove(held)
        return held.verdict

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        whose = self._owner(request)
        if request.url.path.endswith(("auth/signin/", "auth/signup/")):
            fields = json.loads(request.content)
            whose = fields.get("login") or fields["email"]
        response = await self._inner.handle_async_request(request)
        for line in response.headers.get_list("set-cookie"):
            self._owners |= {morsel.value: whose for morsel in SimpleCookie(line).values() if morsel.value}
        return response

    def _owner(self, request: httpx.Request) -> str:
        """Whose the tokens of the request are, all of them."""
        cookies = SimpleCookie(request.headers.get("cookie", "")).values()
        whose = {self._owners[cookie.value] for cookie in cookies if cookie.value in self._owners}
        return " and ".join(sorted(whose)) or NOBODY

    async def settled(self) -> None:
        """Wait until nobody has anything left to do but to wait, for us or for time.

        ``anyio.wait_all_tasks_blocked`` does that by sleeping for a tenth of a second, many times.
        """
        ready = vars(anyio.lowlevel.current_token().native_token)["_ready"]
        await anyio.lowlevel.checkpoint()
        while ready or self.busy:
            if ready:
                await anyio.lowlevel.checkpoint()
            else:
                await self.moved.wait()


def _mark(request: httpx.Request) -> str:
    return request.url.params.get("q") or str(json.loads(request.content)["name"])
