"""Mementos and a vector store from an agent's side on the sandbox: the same client, tools and API as in earnest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rememberizer_mcp.server.api.client import asgi_transport
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SandboxConfig, Variants

from tests.server.sandbox.stores import shown_key
from tests.support.agent import ADA, ERAS, Agent, Era, agent_on, server_on
from tests.support.clock import FakeClock

each_era = pytest.mark.parametrize("era", ERAS)
each_shape = pytest.mark.parametrize(
    "variants",
    [(), ("mementos_shape=page", "memento_created=200", "store_created=200", "store_status=done")],
    ids=["documented", "others"],
)


@asynccontextmanager
async def signed_up(clock: FakeClock, era: Era, variants: tuple[str, ...] = ()) -> AsyncIterator[tuple[Sandbox, Agent]]:
    """An agent with every tool, signed up as Ada."""
    with Sandbox(SandboxConfig(now=clock, variants=Variants.parse(variants))) as sandbox:
        server = server_on(asgi_transport(sandbox.app), clock, toolsets="all")
        async with agent_on(server, era) as agent:
            await agent.call("signup", **ADA, name="Ada", captcha=SANDBOX_CAPTCHA)
            yield sandbox, agent


@asynccontextmanager
async def with_store(clock: FakeClock, era: Era, *variants: str, **settings: Any) -> AsyncIterator[Agent]:
    """An agent that has nothing but the key of a store that Ada has made."""
    async with signed_up(clock, era, variants) as (sandbox, ada):
        made = await ada.call("create_vector_store", name="Facts", search_metric="cosine_distance")
        key = shown_key(sandbox, "vector_store", made["store"]["id"])
        server = server_on(asgi_transport(sandbox.app), clock, toolsets="all", vector_store_token=key, **settings)
        async with agent_on(server, era) as agent:
            yield agent


@each_era
@each_shape
@pytest.mark.promise("tools:shapes:every-documented", "tools:deletion:asks")
async def test_a_memento_holds_what_was_put_into_it(era: Era, variants: tuple[str, ...], clock: FakeClock) -> None:
    async with signed_up(clock, era, variants) as (_, agent):
        for name in ("Tea", "Coffee"):
            await agent.call("remember", name=name, content=f"How to percolate {name}")
        clock.advance(5)
        found = await agent.call("search", query="percolate", limit=20)
        ids = [each["id"] for each in found["matches"] if each["name"] in ("Tea", "Coffee")]
        assert len(ids) == 2
        made = (await agent.call("create_memento", name="Drinks"))["memento"]
        await agent.call("edit_memento", id=made["id"], add=ids)
        assert sorted((await agent.call("get_memento", id=made["id"]))["memento"]["document_ids"]) == sorted(ids)
        await agent.call("edit_memento", id=made["id"], remove=ids[:1])
        assert (await agent.call("get_memento", id=made["id"]))["memento"]["document_ids"] == ids[1:]
        assert "Drinks" in [each["name"] for each in (await agent.call("list_mementos"))["mementos"]]
        assert (await agent.fails("delete_memento", id=made["id"]))["code"] == "confirmation_required"
        await agent.call("delete_memento", id=made["id"], confirm=True)
        assert (await agent.fails("get_memento", id=made["id"]))["code"] == "not_found"


@each_era
@pytest.mark.promise("tools:shapes:no-public-key")
async def test_public_knowledge_comes_without_its_key(era: Era, clock: FakeClock) -> None:
    async with signed_up(clock, era) as (_, agent):
        result = await agent.result("list_public_knowledge")
    found = result.structured_content or {}
    assert len(found["public_knowledge"]) == found["total"] == 3
    assert "rem_ck_" not in result.model_dump_json()


@each_era
@each_shape
@pytest.mark.promise("tools:shapes:every-documented", "tools:deletion:asks")
async def test_a_text_is_added_found_renamed_and_deleted(era: Era, variants: tuple[str, ...], clock: FakeClock) -> None:
    async with with_store(clock, era, *variants) as agent:
        assert (await agent.call("vector_store_info"))["name"] == "Facts"
        added = (await agent.call("add_vector_text", name="Tea", text="Assam is malty"))["document"]
        assert added["indexed_on"] is None
        clock.advance(5)
        assert (await agent.call("get_vector_document", id=added["id"]))["document"]["indexed_on"]
        found = await agent.call("search_vector_store", query="malty assam", threshold=0)
        assert [each["id"] for each in found["matches"]] == [added["id"]]
        assert "Assam is malty" in found["matches"][0]["text"]
        smart = await agent.call("smart_search_vector_store", query="malty assam")
        assert [each["id"] for each in smart["matches"]] == [added["id"]]
        await agent.call("rename_vector_document", id=added["id"], name="Black tea")
        listed = await agent.call("list_vector_documents")
        assert [each["name"] for each in listed["documents"]] == ["Black tea"]
        await agent.call("delete_vector_document", id=added["id"], confirm=True)
        assert (await agent.call("list_vector_documents"))["total"] == 0
        assert (await agent.fails("delete_vector_document", id=added["id"], confirm=True))["code"] == "not_found"
        assert (await agent.fails("list_vector_documents", store="vs_other"))["code"] == "not_found"


@each_era
@pytest.mark.promise("tools:uploads:allowed-folders", "tools:uploads:limits-first")
async def test_files_are_uploaded_and_their_texts_found(era: Era, clock: FakeClock, tmp_path: Path) -> None:
    texts = {
        "a.txt": "Assam is malty",
        "żółć 文.md": "# Sencha\n\nSencha is grassy",
        "c.html": "<p>Oolong is floral</p>",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    paths = [str(tmp_path / name) for name in texts]
    async with with_store(clock, era, upload_dirs=str(tmp_path)) as agent:
        done = await agent.call("upload_vector_files", paths=paths)
        assert [each["name"] for each in done["documents"]] == list(texts)
        assert done["errors"] == []
        clock.advance(5)
        for word, name in (("malty", "a.txt"), ("grassy", "żółć 文.md"), ("floral", "c.html")):
            found = await agent.call("search_vector_store", query=word, threshold=0)
            assert [each["name"] for each in found["matches"]] == [name]
