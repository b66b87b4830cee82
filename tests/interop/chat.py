"""A chat host in Chromium: the official host side (``AppBridge``), without a bundler and without a port.

Playwright answers for three origins: the host's page with its modules, the frame between host and card with the policy
that hosts give it, and somebody else's frame. The calls of the card go through the client that the test's agent has.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp_types import CallToolResult, TextResourceContents
from playwright.async_api import Browser, Frame, Page, Route
from rememberizer_mcp.tools.auth.card import CARD

from tests.interop.client import PREPARED
from tests.support.agent import Agent
from tests.support.browser import Watched, watched

APPS = PREPARED / "apps"
COMMANDS = ("chromium", str(APPS / "node"))
PAGES = Path(__file__).with_name("apps")
HOST, SANDBOX, FOREIGN = (f"http://127.0.0.1:{port}" for port in (8001, 8002, 8003))
FULL: Mapping[str, Any] = {"serverTools": {}, "openLinks": {}}
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' data:; connect-src 'none'"
)
"""What the specification has hosts send where the card asks for nothing."""
SOON_MS = 2_000
"""How often the card asks in its first minute."""
_PACKAGES = "@modelcontextprotocol"
IMPORTS = {
    f"{_PACKAGES}/ext-apps/app-bridge": f"{_PACKAGES}/ext-apps/dist/src/app-bridge.js",
    f"{_PACKAGES}/client": f"{_PACKAGES}/client/dist/index.mjs",
    f"{_PACKAGES}/client/_shims": f"{_PACKAGES}/client/dist/shimsBrowser.mjs",
    f"{_PACKAGES}/core": f"{_PACKAGES}/core/dist/index.mjs",
    f"{_PACKAGES}/core/internal": f"{_PACKAGES}/core/dist/internal.mjs",
    "zod/v4": "zod/v4/index.js",
    "pkce-challenge": "pkce-challenge/dist/index.browser.js",
    "eventsource": "eventsource/dist/index.js",
    "eventsource-parser": "eventsource-parser/dist/index.js",
    "eventsource-parser/stream": "eventsource-parser/dist/stream.js",
}
"""What the browser finds under the names that the modules import."""


@dataclass
class Chat:
    """One conversation that shows a card; ``called`` and ``opened`` are what the card asked its host for."""

    page: Page
    agent: Agent
    called: list[dict[str, Any]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    has_opened: anyio.Event = field(default_factory=anyio.Event)
    """Set with the first of ``opened``."""
    served: list[str] = field(default_factory=list)
    """What the browser loaded."""
    opens: bool = True
    """Whether the host opens links."""
    is_broken: bool = False
    """Whether calls of the card fail at the host."""

    @property
    def card(self) -> Frame:
        """The card's frame, two frames below the host's page."""
        (found,) = [frame for frame in self.page.frames if frame.parent_frame and frame.parent_frame.parent_frame]
        return found

    @property
    def foreign(self) -> Frame:
        """Somebody else's frame beside it."""
        (found,) = [frame for frame in self.page.frames if frame.url.startswith(FOREIGN)]
        return found

    async def do(self, what: str, given: Any = None) -> Any:
        """Have the host tell the card something."""
        return await self.page.evaluate(f"given => window.host.{what}(given)", given)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool as the model does, and give the card what the host gives it; the status."""
        result = await self.agent.result(tool, **arguments)
        await self.do("input", arguments)
        await self.do("result", as_json(result))
        return dict(result.structured_content or {})

    async def shows(self, title: str) -> None:
        """Let the time go by until the card has asked once more, and wait until this is its heading."""
        await self.page.clock.run_for(SOON_MS)
        await self.card.get_by_role("heading", name=title, exact=True).wait_for()

    async def text(self) -> Sequence[str]:
        """The lines that the card shows."""
        return (await self.card.locator("main").inner_text()).split("\n")

    async def answer(self, route: Route) -> None:
        """What the three origins serve; a module of a package comes from the environment that npm made."""
        origin, path = route.request.url[: len(HOST)], route.request.url[len(HOST) + 1 :]
        self.served.append(path)
        if origin == FOREIGN:
            await route.fulfill(body="<!doctype html><title>Foreign</title>", content_type="text/html")
        elif path.startswith("modules/"):
            file = APPS / "node_modules" / path.removeprefix("modules/")
            await route.fulfill(body=file.read_text(encoding="utf-8"), content_type="text/javascript")
        else:
            kind = "text/javascript" if path.endswith(".mjs") else "text/html"
            headers = {"Content-Security-Policy": POLICY} if origin == SANDBOX else {}
            imports = {"imports": {name: f"{HOST}/modules/{file}" for name, file in IMPORTS.items()}}
            text = (PAGES / path).read_text(encoding="utf-8").replace("IMPORTS", json.dumps(imports))
            await route.fulfill(body=text, headers={"Content-Type": kind, **headers})

    async def _call_tool(self, params: dict[str, Any]) -> Any:
        self.called.append(params)
        assert not self.is_broken
        return as_json(await self.agent.client.call_tool(params["name"], params["arguments"]))

    async def _open_link(self, params: dict[str, Any]) -> dict[str, Any]:
        self.opened.append(params["url"])
        self.has_opened.set()
        return {} if self.opens else {"isError": True}


def as_json(result: CallToolResult) -> dict[str, Any]:
    """A result as a host passes it on."""
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


@asynccontextmanager
async def chat(
    browser: Browser,
    agent: Agent,
    *,
    capabilities: Mapping[str, Any] = FULL,
    context: Mapping[str, Any] | None = None,
    **look: Any,
) -> AsyncIterator[Chat]:
    """Show the card in a fresh profile: what it asks for and complains of is held against it at the end."""
    async with watched(browser, **look) as profile:
        conversation = await shown(profile, agent, capabilities=capabilities, context=context)
        yield conversation
        await conversation.page.clock.resume()


async def shown(
    profile: Watched, agent: Agent, *, capabilities: Mapping[str, Any] = FULL, context: Mapping[str, Any] | None = None
) -> Chat:
    """Show the card in a new tab of a profile."""
    read = (await agent.client.read_resource(CARD)).contents[0]
    assert isinstance(read, TextResourceContents)
    page = await profile.context.new_page()
    await page.clock.install()
    conversation = Chat(page, agent)
    await page.route("**/*", conversation.answer)
    await page.expose_function("callTool", conversation._call_tool)  # noqa: SLF001 -- the class is this file's
    await page.expose_function("openLink", conversation._open_link)  # noqa: SLF001 -- as above
    await page.goto(f"{HOST}/host.html")
    await page.wait_for_function("() => window.host")
    await page.evaluate("src => { document.querySelector('#foreign').src = src; }", f"{FOREIGN}/")
    given = {
        "html": read.text,
        "csp": (read.meta or {})["ui"]["csp"],
        "capabilities": dict(capabilities),
        "context": dict(context or {}),
        "sandbox": f"{SANDBOX}/sandbox.html",
    }
    await conversation.do("show", given)
    return conversation
