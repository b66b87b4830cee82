"""A person at the sign-in page, without a browser; and a host that sends them there."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import httpx
from mcp.client.session import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult, ErrorData

from tests.support.agent import ADA, Agent


async def visit(url: str, **fields: str) -> httpx.Response:
    """Look at the page, or send its form; redirects are followed as a browser does."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as browser:
        page = await browser.get(url)
        if not fields:
            return page
        return await browser.post(url, data=fields, headers={"Origin": url.rpartition("/")[0]})


async def sign_in_at(url: str) -> None:
    """Sign in as Ada."""
    page = await visit(url, form="sign_in", **ADA)
    assert "You are signed in" in page.text


async def sign_in_as_another(url: str, **account: str) -> None:
    """Sign in as somebody else than the page is for, whatever steps that takes there."""
    await visit(url, form="another_account")
    await visit(url, form="sign_in", **account)


async def link(agent: Agent, tool: str = "login", **arguments: Any) -> dict[str, Any]:
    """A call that leaves the person with a page; the link and the code are in both forms of the result."""
    result = await agent.result(tool, **arguments)
    content = dict(result.structured_content or {})
    assert content["state"] == "pending"
    (block,) = result.content
    assert block.type == "text"
    assert json.loads(block.text) == content
    assert content["sign_in_url"].startswith("http://127.0.0.1:")
    assert len(content["confirm_code"].split()) == 2
    return content


@dataclass
class Asking:
    """A host that can open links: how its user takes the question, and what it was asked and told."""

    action: Literal["accept", "decline", "cancel", "fail", "wait"]
    signs_in: bool = False
    asked: list[ElicitRequestParams] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    heard: anyio.Event = field(default_factory=anyio.Event)
    was_asked: anyio.Event = field(default_factory=anyio.Event)
    before: anyio.Event | None = None
    """What the user waits for before they answer."""

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:  # noqa: ARG002 -- the signature is the SDK's
        self.asked.append(params)
        self.was_asked.set()
        if self.before is not None:
            await self.before.wait()
        assert isinstance(params, ElicitRequestURLParams)
        if self.signs_in:
            await sign_in_at(params.url)
        if self.action == "wait":
            await anyio.sleep_forever()
        if self.action == "fail":
            return ErrorData(code=-32603, message="no window")
        return ElicitResult(action=self.action)

    async def hear(self, message: Any) -> None:
        """Take what the server sends of itself."""
        self.told.append(message)
        self.heard.set()
