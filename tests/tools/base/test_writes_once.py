"""A call that writes is sent once; where its answer is lost, the error says how to find out whether it was done."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agent import ADA, ERAS, Era, agent_on, server_on
from tests.support.knowledge import knowledge
from tests.support.upstream import Answer, reply

STORE = "vector-stores/vs_1/documents"
WRITES: dict[str, tuple[dict[str, Any], str, str]] = {
    "remember": ({"name": "a", "content": "b"}, "documents/memorize/", "look for it with `search`"),
    "create_memento": ({"name": "a"}, "mementos/", "call `list_mementos`"),
    "create_vector_store": ({"name": "a"}, "vector-stores/", "at Rememberizer"),
    "add_vector_text": ({"name": "a", "text": "b"}, f"{STORE}/create", "call `list_vector_documents`"),
    "upload_vector_files": ({"paths": ["note.txt"]}, f"{STORE}/upload", "call `list_vector_documents`"),
}


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut", request=request)


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


LOST: dict[str, Answer] = {
    "cut": cut,
    "timeout": reply(504),
    "page": reply(200, text="<html>a proxy</html>"),
}


@pytest.mark.promise("tools:weaknesses:absent")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", WRITES)
@pytest.mark.parametrize("answer", [*LOST, "refused"])
async def test_a_lost_answer_is_not_repeated_and_says_how_to_find_out(
    era: Era, tool: str, answer: str, tmp_path: Path
) -> None:
    arguments, path, advice = WRITES[tool]
    (tmp_path / "note.txt").write_text("b")
    if "paths" in arguments:
        arguments = {"paths": [str(tmp_path / "note.txt")]}
    store = reply(200, json={"id": "vs_1", "name": "Facts"})
    upstream = knowledge({path: LOST.get(answer, refused), "vector-stores/me": store})
    settings = {"toolsets": "all", "vector_store_token": "canary-store-key", "upload_dirs": str(tmp_path)}
    async with agent_on(server_on(upstream.transport, **settings), era) as agent:
        await agent.call("login", **ADA)
        error = await agent.fails(tool, **arguments)
    assert error["code"].startswith("upstream_")
    assert (advice in error["hint"]) is (answer != "refused")
    assert len(upstream.asked(path)) == 1
