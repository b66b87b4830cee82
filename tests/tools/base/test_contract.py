"""What all tools have in common: lists, schemas, crashes, and what never comes back."""

import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from mcp import Client
from mcp_types import TextContent
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.logs.redaction import KnownSecrets, RedactingHandler
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.auth.toolset import Account

from tests.support.agent import ADA, ERAS, Era, agent_on, server_on
from tests.support.log import close
from tests.support.upstream import BASE_URL, usual

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"
CANARY = "canary-Zx9$7-secret"
AUTH = ["login", "session_status", "logout", "signup", "verify", "refresh"]
KNOWLEDGE = [
    *("search", "smart_search", "list_documents", "read_document", "read_discussion"),
    *("remember", "account", "list_sources"),
]
TOOLS = [*AUTH, *KNOWLEDGE]


async def listed(*, era: Era = "2026-07-28", **settings: Any) -> list[dict[str, Any]]:
    async with Client(server_on(usual().transport, **settings), mode=era) as client:
        found = await client.list_tools()
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found.tools]


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.traced
@pytest.mark.promise("tools:list:constant", "arguments:secrets:taken-away")
def test_the_tool_lists_are_the_snapshots(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "tests.snapshots", str(tmp_path)], check=True, timeout=60)
    kept = sorted(SNAPSHOTS.glob("*.json"))
    assert [path.name for path in kept] == sorted(path.name for path in tmp_path.glob("*.json"))
    for path in kept:
        made = (tmp_path / path.name).read_text(encoding="utf-8")
        assert made == path.read_text(encoding="utf-8"), "run `make snapshots` and read the diff"


@pytest.mark.promise("process:eras:same", "tools:list:well-formed")
async def test_both_eras_list_the_same_tools_in_the_same_order() -> None:
    modern, legacy = await listed(), await listed(era="legacy")
    assert modern == legacy
    assert [tool["name"] for tool in modern] == TOOLS


@pytest.mark.promise("tools:list:constant")
@pytest.mark.parametrize("era", ERAS)
async def test_the_tool_list_is_the_same_bytes_whatever_happens(era: Era) -> None:
    server = server_on(usual().transport)
    async with agent_on(server, era) as one, agent_on(server, era) as other:
        seen = []
        for step in ({}, {"tool": "login", **ADA}, {"tool": "refresh"}, {"tool": "logout"}):
            if step:
                await one.call(**step)
            lists = [await agent.client.list_tools(cache_mode="bypass") for agent in (one, other)]
            seen += [each.model_dump_json() for each in lists]
    assert len(set(seen)) == 1


@pytest.mark.promise("tools:list:bytes")
async def test_the_tool_list_stays_within_its_budget() -> None:
    """For the default toolsets; few hosts show a model the output schemas."""
    tools = await listed()
    bare = [{name: value for name, value in tool.items() if name != "outputSchema"} for tool in tools]
    assert len(compact(bare)) <= 9_500
    assert len(compact(tools)) <= 30_000
    assert all(len(tool["description"].encode()) < 1024 for tool in tools)


@pytest.mark.promise("tools:list:well-formed", "tools:list:no-header-arguments", "tools:icons:https-or-data")
@pytest.mark.parametrize("secret_arguments", [True, False])
async def test_names_and_schemas_are_well_formed(secret_arguments: bool) -> None:
    for tool in await listed(secret_arguments=secret_arguments):
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", tool["name"])
        assert tool["title"]
        assert set(tool["annotations"]) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
            text = json.dumps(schema)
            assert "$ref" not in text
            assert "x-mcp-header" not in text
        assert "icons" not in tool


@pytest.mark.promise("tools:list:bytes")
@pytest.mark.parametrize("era", ERAS)
async def test_the_handle_of_the_one_session_is_not_listed_and_is_taken(era: Era) -> None:
    for tool in await listed(era=era, toolsets="all"):
        assert "session" not in tool["inputSchema"]["properties"]
    async with agent_on(server_on(usual().transport), era) as agent:
        handle = (await agent.call("login", **ADA))["session"]
        assert (await agent.call("session_status", session=handle))["email"] == ADA["email"]


async def test_hints_are_those_of_the_design() -> None:
    hints = {tool["name"]: tool["annotations"] for tool in await listed()}
    reading = [name for name in KNOWLEDGE if name != "remember"]
    assert [name for name in TOOLS if hints[name]["readOnlyHint"]] == ["session_status", *reading]
    assert [name for name in TOOLS if hints[name]["destructiveHint"]] == []
    assert [name for name in TOOLS if hints[name]["idempotentHint"]] == ["session_status", "logout", *reading]


@pytest.mark.promise("arguments:secrets:taken-away")
async def test_without_secret_arguments_no_schema_has_them() -> None:
    for tool in await listed(secret_arguments=False):
        assert not {"password", "captcha"} & set(tool["inputSchema"]["properties"])
    with_them = {tool["name"]: set(tool["inputSchema"]["properties"]) for tool in await listed()}
    assert with_them["login"] == {"email", "password", "captcha"}
    assert with_them["signup"] == with_them["login"] | {"name"}


@pytest.mark.promise("tools:list:cacheable")
async def test_constant_answers_may_be_cached_by_everybody() -> None:
    async with Client(server_on(usual().transport)) as client:
        tools = await client.list_tools()
        assert (tools.ttl_ms, tools.cache_scope) == (3_600_000, "public")
        discovered = client.session.discover_result
        assert discovered is not None
        assert (discovered.ttl_ms, discovered.cache_scope) == (3_600_000, "public")


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("login", {"password": CANARY}),
    ("login", {"email": CANARY, "password": CANARY}),
    ("login", {"email": "a@b.c", "password": [CANARY]}),
    ("login", {"email": "a@b.c", "password": {"value": CANARY}}),
    ("login", {"email": "a@b.c", "password": 1, "captcha": CANARY, "session": None}),
    ("login", {"email": "a@b.c", "password": CANARY * 100}),
    ("login", {"email": "a@b.c", "password": CANARY + "\ud800"}),
    ("login", {"email": "a@b.c", "passwrd": CANARY}),
    ("login", {"email": "a@b.c", "password": " ", "captcha": [CANARY]}),
    ("login", {CANARY: CANARY}),
    ("login", {"session": CANARY, "email": "a@b.c", "password": CANARY}),
    ("login", {"session": [CANARY]}),
    ("signup", {"password": CANARY}),
    ("signup", {"email": "a@b.c", "password": CANARY, "name": {"x": CANARY}}),
    ("signup", {"email": "a@b.c", "password": CANARY, "name": "\udfff"}),
    ("verify", {}),
    ("verify", {"code": CANARY}),
    ("verify", {"verification_code": CANARY * 9}),
    ("verify", {"verification_code": [CANARY]}),
    ("refresh", {"token": CANARY}),
    ("logout", {"session": {"x": CANARY}}),
    ("session_status", {"password": CANARY}),
    ("login", {"email": "a@b.c", "password": CANARY * 1_000}),
    ("login", {"email": "a@b.c", "password": [CANARY] * 1_000}),
]


@pytest.mark.promise("arguments:rejected:no-echo", "settings:secrets:never-shown", "tools:results:match-schema")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("tool", "arguments"), HOSTILE)
async def test_a_rejected_call_gives_no_argument_back(era: Era, tool: str, arguments: dict[str, Any]) -> None:
    upstream = usual()
    async with agent_on(server_on(upstream.transport), era) as agent:
        result = await agent.result(tool, **arguments)
    assert result.is_error
    assert CANARY not in result.model_dump_json()
    assert (result.structured_content or {})["error"]["code"] in ("invalid_arguments", "unknown_session")
    assert not upstream.requests


@pytest.mark.promise("tools:errors:crash", "settings:secrets:never-shown")
@pytest.mark.parametrize("era", ERAS)
async def test_a_crash_is_internal_error_without_its_text(era: Era, caplog: pytest.LogCaptureFixture) -> None:
    def crash(_: httpx.Request) -> httpx.Response:
        raise LookupError(f"a fault with {CANARY}")

    async with agent_on(server_on(usual(signin=crash).transport), era) as agent:
        result = await agent.result("login", **ADA)
    assert result.is_error
    assert CANARY not in result.model_dump_json()
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert block.text.startswith("internal_error: rememberizer-mcp failed at this call")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["login crashed"]


@pytest.mark.promise("settings:secrets:never-shown", "settings:logs:one-redacted-line")
async def test_a_crash_is_logged_without_the_secrets_of_its_call() -> None:
    def crash(request: httpx.Request) -> httpx.Response:
        raise LookupError(f"a fault with {request.content!r}")

    secrets, stream = KnownSecrets(), io.StringIO()
    logger = logging.getLogger("rememberizer_mcp")
    handler = RedactingHandler(secrets=secrets, stream=stream)
    logger.addHandler(handler)
    try:
        settings = Settings(base_url=BASE_URL)
        server = build_server(settings, transport=usual(signin=crash).transport, secrets=secrets)
        async with agent_on(server) as agent:
            await agent.fails("login", email="ada@example.org", password=CANARY)
    finally:
        logger.removeHandler(handler)
        close(handler)
    assert CANARY not in stream.getvalue()
    assert "login crashed | LookupError: a fault with" in stream.getvalue()


@pytest.mark.promise("settings:secrets:never-shown")
def test_an_account_shows_no_credential() -> None:
    account = Account(email="a@b.c", password=CANARY, captcha=CANARY)
    assert repr(account) == str(account) == "<an account's credentials>"
