"""The sign-in card as hosts get it, and how the tools answer a client that declares cards; no browser is needed."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client import advertise
from mcp_types import TextResourceContents
from rememberizer_mcp.tools.auth.card import CARD, FILE

from tests.support.agent import ERAS, Around, Era, agent_on, server_on
from tests.support.cards import DECLARED, EXTENSION, MIME_TYPE
from tests.support.knowledge import found, knowledge, match
from tests.support.person import Asking, sign_in_at
from tests.support.process import ENVELOPE, modern
from tests.support.raw_host import on_server
from tests.support.sessions import resync
from tests.support.upstream import usual

each_era = pytest.mark.parametrize("era", ERAS)
PATIENT = Around(patience_seconds=60)
TYPED_INTO = {"input", "textarea", "select", "form"}
MOST_BYTES = 20_000
TEXT = FILE.read_text(encoding="utf-8")


@pytest.mark.promise("card:host:declared")
@each_era
async def test_login_and_signup_name_the_card_and_nothing_else_does(era: Era) -> None:
    async with agent_on(server_on(usual().transport), era) as agent:
        tools = (await agent.client.list_tools()).tools
        listed = [each for each in (await agent.client.list_resources()).resources if each.uri == CARD]
        read = (await agent.client.read_resource(CARD)).contents
    assert {tool.name: tool.meta for tool in tools if tool.meta} == {
        name: {"ui": {"resourceUri": "ui://rememberizer/sign-in"}} for name in ("login", "signup")
    }
    assert [(each.mime_type, each.meta) for each in (*listed, *read)] == [
        (MIME_TYPE, {"ui": {"csp": {}, "prefersBorder": True}})
    ] * 2
    (contents,) = read
    assert isinstance(contents, TextResourceContents)
    assert contents.text == TEXT


@pytest.mark.promise("card:host:declared")
@pytest.mark.parametrize(("toolsets", "is_there"), [("auth", True), ("knowledge", False)])
async def test_the_card_is_there_with_the_tools_that_name_it(toolsets: str, is_there: bool) -> None:
    async with Client(server_on(usual().transport, toolsets=toolsets)) as client:
        resources = (await client.list_resources()).resources
        assert (CARD in [each.uri for each in resources]) is is_there
        assert (EXTENSION in (client.server_capabilities.extensions or {})) is is_there


@pytest.mark.promise("card:host:declared", "tools:list:constant")
@each_era
async def test_a_client_that_declares_cards_gets_the_lists_that_all_get(era: Era) -> None:
    server, seen = server_on(usual().transport), set()
    for extensions in (None, DECLARED):
        async with agent_on(server, era, extensions=extensions) as agent:
            tools, resources = await agent.client.list_tools(), await agent.client.list_resources()
            seen.add(tools.model_dump_json() + resources.model_dump_json())
    assert len(seen) == 1


class Tags(HTMLParser):
    """The names of all elements, and the texts of scripts and style sheets."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: dict[str, str] = {}
        self.feed(TEXT)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.names and self.names[-1] in ("script", "style") and data.strip():
            self.texts[self.names[-1]] = data


@pytest.mark.promise("card:content:no-secret")
def test_nothing_can_be_typed_into_the_card() -> None:
    assert not TYPED_INTO & set(Tags().names)
    assert "contenteditable" not in TEXT


@pytest.mark.promise("card:content:self-contained")
def test_the_card_is_one_small_file_that_names_no_other() -> None:
    tags = Tags()
    assert len(TEXT.encode()) <= MOST_BYTES
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(tags.names)
    assert not {"src", "href", "srcset", "action", "style"} & {name for name, _ in tags.attributes}
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert not re.search(r"https?://(?!127)", TEXT)
    assert "url(" not in TEXT
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|localStorage", TEXT)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.mark.promise("card:content:self-contained")
def test_the_cards_own_policy_lets_its_script_and_style_run_by_their_hashes_and_nothing_else() -> None:
    tags = Tags()
    assert (tags.names.count("script"), tags.names.count("style")) == (1, 1)
    (policy,) = [value for _, value in tags.attributes if value and value.startswith("default-src")]
    assert policy == (
        f"default-src 'none'; script-src {_hash(tags.texts['script'])}; style-src {_hash(tags.texts['style'])}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert TEXT.index("Content-Security-Policy") < min(TEXT.index("<style>"), TEXT.index("<script>"))


LINKS: Mapping[str, bool] = {
    "http://127.0.0.1:40123/a-Ticket_1": True,
    "http://127.0.0.1:40123/sign-in/a-Ticket_1": True,
    "https://mcp.example.org/sign-in/a-Ticket_1": True,
    "https://mcp.example.org:8443/team/sign-in/a-Ticket_1": True,
    "http://mcp.example.org/sign-in/ticket": False,
    "http://127.0.0.1/ticket": False,
    "https://mcp.example.org/ticket": False,
    "https://mcp.example.org/sign-in/": False,
    "https://mcp.example.org/sign-in/ticket?x=1": False,
    "https://mcp.example.org/sign-in/ticket#x": False,
    "https://user@mcp.example.org/sign-in/ticket": False,
    "https://mcp.example.org/sign-in/../ticket": False,
    "javascript:alert(1)//127.0.0.1:1/sign-in/ticket": False,
}


@pytest.mark.promise("card:content:own-links")
@pytest.mark.parametrize(("link", "is_opened"), LINKS.items())
def test_the_card_has_only_links_to_a_sign_in_page_opened(link: str, is_opened: bool) -> None:
    (pattern,) = re.findall(r"LINK = /(.*)/;", TEXT)
    assert bool(re.search(pattern, link, re.ASCII)) == is_opened


@pytest.mark.promise("card:host:at-once", "sign-in:pending:link-and-code")
@each_era
@pytest.mark.parametrize("tool", ["login", "signup"])
async def test_where_cards_are_declared_a_sign_in_is_pending_at_once_each_time(era: Era, tool: str) -> None:
    """The card gets the result only when the call ends. A host that declares cards may show none."""
    server = server_on(usual().transport, None, PATIENT)
    async with agent_on(server, era, extensions=DECLARED) as agent:
        with anyio.fail_after(20):
            first, second = await agent.result(tool), await agent.result(tool)
        assert first.structured_content == second.structured_content
        status = dict(first.structured_content or {})
        assert [json.loads(getattr(block, "text", "")) for block in first.content] == [status]
        assert (status["state"], status["next"].startswith("Give the user the link and the confirm code: ")) == (
            "pending",
            True,
        )
        assert "card" not in json.dumps(status)
        await sign_in_at(status["sign_in_url"])
        assert (await agent.call("session_status"))["state"] == "signed_in"
        await resync()


@pytest.mark.promise("card:host:at-once")
@each_era
async def test_where_cards_are_declared_no_question_is_asked_first(era: Era) -> None:
    host = Asking("wait")
    server = server_on(usual().transport, None, PATIENT)
    async with agent_on(server, era, extensions=DECLARED, elicitation_callback=host) as agent:
        with anyio.fail_after(20):
            assert (await agent.call("login"))["state"] == "pending"
    assert not host.asked


@pytest.mark.promise("card:host:at-once")
@each_era
@pytest.mark.parametrize("settings", [{}, {"mimeTypes": ["text/html"]}])
async def test_a_client_that_shows_other_cards_than_ours_is_asked_as_ever(era: Era, settings: dict[str, Any]) -> None:
    host = Asking("accept", signs_in=True)
    server = server_on(usual().transport, None, PATIENT)
    other = [advertise(EXTENSION, settings)]
    async with agent_on(server, era, extensions=other, elicitation_callback=host) as agent:
        assert (await agent.call("login"))["state"] == "signed_in"
    assert len(host.asked) == 1


@pytest.mark.promise("card:host:at-once")
@each_era
async def test_a_tool_that_has_no_card_waits_for_the_person_as_ever(era: Era) -> None:
    host = Asking("accept", signs_in=True)
    server = server_on(knowledge({"documents/search/": found(match(1))}).transport, None, PATIENT)
    async with agent_on(server, era, extensions=DECLARED, elicitation_callback=host) as agent:
        assert (await agent.call("search", query="tea"))["matches"]
    assert len(host.asked) == 1


@pytest.mark.promise("card:host:at-once", "sign-in:elicitation:outcomes-told-apart")
async def test_a_refusal_counts_also_where_the_client_declares_cards_only_with_it() -> None:
    """In 2026 each request has capabilities of its own."""
    capabilities = "io.modelcontextprotocol/clientCapabilities"
    call = modern(1, "tools/call", name="login", arguments={})
    async with on_server(server_on(usual().transport, None, PATIENT)) as host:
        call["params"]["_meta"] = ENVELOPE | {capabilities: {"elicitation": {"url": {}}}}
        asked = (await host.ask(call))["result"]
        call["id"] = 2
        call["params"]["_meta"] = ENVELOPE | {capabilities: {"extensions": {EXTENSION: {"mimeTypes": [MIME_TYPE]}}}}
        call["params"] |= {"requestState": asked["requestState"], "inputResponses": {"sign_in": {"action": "decline"}}}
        result = (await host.ask(call))["result"]
    assert result["structuredContent"]["error"]["message"] == "The user declined to sign in."
