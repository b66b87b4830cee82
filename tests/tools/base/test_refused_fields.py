"""A field that Rememberizer refuses is named as the tool's own argument, whatever the field is called upstream."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agent import ADA, agent_on, server_on
from tests.support.stores import keeper, stocked
from tests.support.upstream import PREFIX, FakeUpstream, reply, usual

SAID = "canary: only safe characters"
WHEN = {"after": "2025-01-01", "before": "2025-02-01"}
CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "search": ({"query": "x", **WHEN}, "query limit after before context_chunks"),
    "smart_search": ({"query": "x", "user_context": "y", **WHEN}, "query limit user_context after before"),
    "list_documents": ({"source": "slack"}, "page page_size source"),
    "read_document": ({"id": 1, "start_chunk": 2}, "start_chunk"),
    "read_discussion": (
        {"id": 1, "source": "slack", "start": "2025-01-01", "end": "2025-02-01"},
        "source start end",
    ),
    "remember": ({"name": "x", "content": "y"}, "name content"),
    "create_memento": ({"name": "x"}, "name"),
    "edit_memento": ({"id": "12", "add": [1], "add_folders": ["f"], "remove": [2]}, "id add add_folders remove"),
    "create_vector_store": ({"name": "x", "description": "y"}, "name description"),
    "add_vector_text": ({"name": "x", "text": "y"}, "name text"),
    "rename_vector_document": ({"id": 7, "name": "x"}, "name"),
    "search_vector_store": ({"query": "x", "context_chunks": 1}, "query limit threshold context_chunks"),
    "smart_search_vector_store": ({"query": "x", "user_context": "y"}, "query limit user_context"),
}


class Refusing(FakeUpstream):
    """Refuses each field of each call but those by which somebody signs in."""

    async def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(PREFIX)
        if path in ("auth/signin/", "me/", "vector-stores/me"):
            return await super().handle(request)
        return reply(400, json={field: [SAID] for field in sent(request)})


def sent(request: httpx.Request) -> list[str]:
    """The names of what was sent: of a form only its one field."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        return ["files"]
    return [*request.url.params, *(json.loads(request.content) if request.content else {})]


def named(error: dict[str, Any]) -> set[str]:
    """Between its ticks."""
    return set(error["message"].split("`")[1::2])


@pytest.mark.promise("upstream:refused-field:argument")
@pytest.mark.parametrize("tool", CALLS)
async def test_each_refused_field_is_named_as_an_argument_of_the_tool(tool: str) -> None:
    arguments, names = CALLS[tool]
    async with keeper(Refusing(stocked().answers)) as agent:
        error = await agent.fails(tool, **arguments)
        schema = {each.name: each.input_schema for each in (await agent.client.list_tools()).tools}[tool]
    assert (error["code"], error["status"]) == ("invalid_arguments", 400)
    assert named(error) == set(names.split()) <= set(schema["properties"])
    assert "plain punctuation" in error["hint"]
    assert "canary" not in str(error)


@pytest.mark.promise("upstream:refused-field:argument")
async def test_the_end_of_what_is_read_is_named_as_its_start() -> None:
    def contents(request: httpx.Request) -> httpx.Response:
        refused = reply(400, json={"end_chunk": [SAID]})
        return refused if "end_chunk" in request.url.params else reply(200, json={"content": "word " * 50_000})

    async with keeper(FakeUpstream(stocked().answers | {"documents/1/contents/": contents})) as agent:
        assert named(await agent.fails("read_document", id=1)) == {"start_chunk"}


@pytest.mark.promise("upstream:refused-field:argument")
async def test_refused_files_are_named_as_the_paths(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("x")
    async with keeper(Refusing(stocked().answers), settings={"upload_dirs": [tmp_path]}) as agent:
        error = await agent.fails("upload_vector_files", paths=[str(tmp_path / "one.txt")])
    assert named(error) == {"paths"}


@pytest.mark.promise("upstream:refused-field:argument")
@pytest.mark.parametrize("field", ["name", "password", "email"])
async def test_a_refused_detail_of_a_sign_up_is_named(field: str) -> None:
    upstream = usual(signup=reply(400, json={field: [SAID]}))
    async with agent_on(server_on(upstream.transport)) as agent:
        error = await agent.fails("signup", name="Ada", **ADA)
    assert (error["message"], error["code"]) == (f"Rememberizer refused `{field}`.", "invalid_arguments")


BODIES: list[tuple[Any, set[str]]] = [
    ({"name": [SAID]}, {"name"}),
    ({"name": {"0": [SAID]}}, {"name"}),
    ({"content": [SAID], "name": [SAID]}, {"name", "content"}),
    ({"data": {"name": [SAID]}, "message": SAID, "code": "invalid"}, {"name"}),
    ({"errors": {"name": [SAID]}}, {"name"}),
    ({"errors": [{"attr": "name", "detail": SAID}, {"attr": None}, 7]}, {"name"}),
    ({"detail": [{"field": "name"}]}, {"name"}),
    ({"name": SAID}, {"name"}),
    ({"name": SAID, "content": [SAID]}, {"name", "content"}),
    ({"errors": {"name": SAID}, "message": SAID}, {"name"}),
    ({"detail": [{"loc": ["body", "name"], "msg": SAID}]}, {"name"}),
    ({"detail": [{"loc": ["body", "name", 0], "msg": SAID}, {"loc": []}, {"loc": [1]}]}, {"name"}),
    ({"errors": [{"path": "name", "message": SAID}]}, {"name"}),
    ({"errors": [{"path": ["name"], "message": SAID}]}, {"name"}),
    ({"data": {"errors": {"name": [SAID]}}, "code": "invalid"}, {"name"}),
    ({"data": {"errors": [{"attr": "name"}]}}, {"name"}),
    ({"name": ""}, set()),
    ({"name": "x", "canary": SAID}, set()),
    ({"detail": [{"loc": ["body", "canary"]}, {"loc": {"name": SAID}}]}, set()),
    ({"canary": [SAID], "name": [SAID]}, {"name"}),
    ({"canary": [SAID]}, set()),
    ({"errors": [{"attr": "canary"}]}, set()),
    ({"name": []}, set()),
    ({"name": "ValidationError", "message": SAID}, set()),
    ({"a": {"b": {"name": [SAID]}}}, set()),
    ([SAID], set()),
    ({"detail": SAID}, set()),
]


@pytest.mark.promise("upstream:refused-field:argument")
@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize(("body", "names"), BODIES)
async def test_only_what_the_call_sent_is_named_however_the_body_says_it(
    status: int, body: Any, names: set[str]
) -> None:
    upstream = stocked({"documents/memorize/": reply(status, json=body)})
    async with keeper(upstream) as agent:
        error = await agent.fails("remember", name="x", content="y")
    assert (error["code"], named(error)) == ("invalid_arguments", names)
    assert "canary" not in str(error)


@pytest.mark.promise("upstream:refused-field:argument")
@pytest.mark.parametrize(
    ("body", "hint"),
    [({"name": ["no"]}, "If it is an id,"), ({"name": ["no"], "content": ["no"]}, "If one of them is an id,")],
)
async def test_the_hint_speaks_of_one_argument_or_of_several(body: Any, hint: str) -> None:
    async with keeper(stocked({"documents/memorize/": reply(400, json=body)})) as agent:
        assert (await agent.fails("remember", name="x", content="y"))["hint"].startswith(hint)


async def test_a_forbidden_memory_names_the_setting_and_the_other_ways_in() -> None:
    async with keeper(stocked({"documents/memorize/": reply(403)})) as agent:
        error = await agent.fails("remember", name="x", content="y")
    assert error["code"] == "forbidden"
    assert '"Disable Memory"' in error["hint"]
    assert "API key" in error["hint"]
    assert error["hint"].endswith("then call again.")


@pytest.mark.promise("upstream:refused-field:argument")
async def test_a_status_that_the_api_does_not_document_names_no_field() -> None:
    async with keeper(stocked({"documents/memorize/": reply(418, json={"name": [SAID]})})) as agent:
        assert (await agent.fails("remember", name="x", content="y"))["code"] == "upstream_protocol"
