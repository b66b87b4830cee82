"""Our server over HTTP for several people, with a call of each tool, and an upstream on which Ada has everything."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mcp import Client, MCPError
from mcp_types import ResourceTemplateReference
from rememberizer_mcp.server.clients import Clients
from rememberizer_mcp.server.http.principal import owner_of
from rememberizer_mcp.server.http.verifier import Verifier

from tests.support import stores
from tests.support.agent import ADA, Around, Era, server_on
from tests.support.authorized import LEGACY, MODERN, bearer, client_of, post, serving_to_owners
from tests.support.knowledge import document, found, listed, match, page
from tests.support.process import legacy, modern
from tests.support.two_accounts import me, signin
from tests.support.upstream import FakeUpstream, reply

HELD = "canary-of-ada"
"""What Ada has stored, which nobody else may see."""
NEW = {"email": "new@example.org", "password": "canary-password-new", "captcha": "c"}
CALLS: Mapping[str, Mapping[str, Any]] = {
    "session_status": {},
    "refresh": {},
    "verify": {"verification_code": "123456"},
    "search": {"query": HELD},
    "smart_search": {"query": HELD},
    "list_documents": {},
    "read_document": {"id": 12},
    "read_discussion": {"id": 7, "source": "slack"},
    "remember": {"name": "Note", "content": "words"},
    "account": {},
    "list_sources": {},
    "list_mementos": {},
    "get_memento": {"id": "12"},
    "create_memento": {"name": "New"},
    "edit_memento": {"id": "12", "add": [1]},
    "delete_memento": {"id": "12", "confirm": True},
    "list_public_knowledge": {},
    "vector_store_info": {},
    "vector_store_options": {},
    "create_vector_store": {"name": "New"},
    "search_vector_store": {"query": HELD},
    "smart_search_vector_store": {"query": HELD},
    "list_vector_documents": {},
    "get_vector_document": {"id": 7},
    "add_vector_text": {"name": "New", "text": "words"},
    "rename_vector_document": {"id": 7, "name": "New"},
    "delete_vector_document": {"id": 7, "confirm": True},
    "upload_vector_files": {"paths": ["/nowhere"]},
    "signup": NEW,
    "login": NEW,
    "logout": {},
}
"""Each tool, the one that ends a session last."""
WITHOUT_A_KEY = {"vector_store_options", "create_vector_store"}
UNASKED = {"session_status", *(name for name in CALLS if "vector" in name)} - WITHOUT_A_KEY
"""Those that ask upstream nothing for a person who is signed in: the documents of a vector store need its key."""
READS = ("rememberizer://session", "rememberizer://documents/12", "rememberizer://discussions/slack/7")
TEMPLATE = ResourceTemplateReference(uri="rememberizer://documents/{id}")


def upstream_of_ada() -> FakeUpstream:
    """Everything in it is Ada's; what is not there is not found."""
    upstream = stores.stocked()
    hers = document(12, name=HELD)
    upstream.answers = defaultdict(lambda: reply(404), upstream.answers) | {
        "me/": me,
        "auth/signin/": signin,
        "documents/": page(listed(12, name=HELD)),
        "documents/search/": found(match(12, HELD, document=hers)),
        "documents/12/contents/": reply(200, json={"content": HELD, "end_chunk": 1}),
        "discussions/7/contents/": reply(200, json={"discussion_content": HELD, "thread_contents": {}}),
    }
    return upstream


@asynccontextmanager
async def hosted(verifier: Verifier, upstream: FakeUpstream) -> AsyncIterator[str]:
    """The URL of our server with every tool, for whoever has a token."""
    around = Around(clients=Clients(owner_of=owner_of, most_sessions=9))
    server = server_on(upstream.transport, None, around, toolsets="all", lazy_sign_in=False)
    async with serving_to_owners(server, verifier) as url:
        yield url


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a call says, as a whole."""
    result = await client.call_tool(tool, dict(CALLS[tool]) | arguments)
    return result.model_dump(mode="json", include={"is_error", "content", "structured_content"})


def code_of(said: Mapping[str, Any]) -> str | None:
    """The code of a failure; None of a success."""
    code: str | None = said["structured_content"].get("error", {}).get("code")
    return code


async def read(client: Client, uri: str) -> str:
    """What reading a resource gives, or says that it can't."""
    try:
        return str(await client.read_resource(uri))
    except MCPError as refused:
        return str(refused.error)


async def completed(client: Client) -> list[str]:
    """What is proposed for the documents that somebody has."""
    return list((await client.complete(TEMPLATE, {"name": "id", "value": "canary"})).completion.values)


async def sign_in(client: Client) -> str:
    """Sign Ada in; the handle of her session."""
    result = await client.call_tool("login", dict(ADA))
    assert not result.is_error, result.content
    return str((result.structured_content or {})["session"])


async def owner_reaches_everything(url: str, upstream: FakeUpstream, token: str, era: Era) -> None:
    """Each tool asks upstream for Ada, and each resource and completion gives what is hers."""
    async with client_of(url, token, era) as (ada, _):
        handle = await sign_in(ada)
        assert [uri for uri in READS if HELD not in await read(ada, uri)] == ["rememberizer://session"]
        assert handle in await read(ada, "rememberizer://session")
        assert await completed(ada) == ["12"]
        asked = set()
        for tool in CALLS:
            before = len(upstream.requests)
            assert code_of(await called(ada, tool, session=handle)) != "unknown_session", tool
            asked |= {tool} if len(upstream.requests) > before else set()
        assert set(CALLS) - asked == UNASKED


async def reach_nothing(other: Client, *, handle: str, ended: str) -> None:
    """Whoever isn't the owner of these sessions learns nothing by their handles, and nothing without one."""
    for tool in CALLS:
        foreign = await called(other, tool, session=handle)
        assert foreign == await called(other, tool, session="rs_made_up"), tool
        assert foreign == await called(other, tool, session=ended), tool
        assert foreign["is_error"] or tool == "logout", tool
    said = [str(await called(other, tool)) for tool in CALLS if tool not in ("login", "signup")]
    said += [await read(other, uri) for uri in READS]
    assert not [each for each in said if HELD in each or handle in each]
    assert await completed(other) == []


async def others_reach_nothing(url: str, upstream: FakeUpstream, ada: str, other: str, era: Era) -> None:
    """Ada's session stays hers, whatever the holder of the other token does; nobody asks upstream about it."""
    async with client_of(url, ada, era) as (hers, _), client_of(url, other, era) as (theirs, _):
        ended = await sign_in(hers)
        await hers.call_tool("logout", {})
        handle = await sign_in(hers)
        before = len(upstream.requests)
        await reach_nothing(theirs, handle=handle, ended=ended)
        assert len(upstream.requests) == before
        assert code_of(await called(hers, "search", session=handle)) is None


async def statuses(url: str, token: str | None, era: Era) -> set[int]:
    """How requests of each kind with this token are answered."""
    request, version = (legacy, LEGACY) if era == "legacy" else (modern, MODERN)
    messages = [request(1, "tools/list"), request(2, "initialize" if era == "legacy" else "server/discover")]
    messages += [request(3, "tools/call", name=tool, arguments=dict(given)) for tool, given in CALLS.items()]
    messages += [request(4, "resources/read", uri=uri) for uri in READS]
    messages += [request(5, "completion/complete", ref=TEMPLATE.model_dump(), argument={"name": "id", "value": "c"})]
    headers = {"MCP-Protocol-Version": version} | bearer(token)
    return {(await post(url, each, headers | {"MCP-Method": each["method"]})).status_code for each in messages}
