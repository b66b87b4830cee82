from typing import Any

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig, Variants

from tests.server.sandbox.stores import Store, new_store
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:stores:answers")
CREATED = "2025-06-15T15:06:40Z"
INDEXED = "2025-06-15T15:06:42Z"


async def test_a_text_is_processed_and_then_indexed(store: Store, clock: FakeClock) -> None:
    response = await store.post(f"{store.documents}/create", json={"name": "Tea", "text": " Assam \n"})
    assert response.status_code == 201
    document = response.json()
    assert document == {
        "id": document["id"],
        "name": "Tea",
        "type": "text/plain",
        "vector_store": store.store_id,
        "size": 8,
        "status": "processing",
        "processing_status": "queued",
        "indexed_on": None,
        "status_error_message": None,
        "created": CREATED,
        "modified": CREATED,
    }
    clock.advance(2)
    assert (await store.get(f"{store.documents}/{document['id']}")).json() == document | {
        "status": "indexed",
        "processing_status": "completed",
        "indexed_on": INDEXED,
    }
    assert await store.search("assam") == [" Assam \n"]


async def test_the_end_of_processing_may_have_another_name(clock: FakeClock) -> None:
    with Sandbox(SandboxConfig(now=clock, variants=Variants.parse(["store_status=done"]))) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            async with await new_store(sandbox, api) as store:
                document_id = await store.create("Tea", "Assam")
                clock.advance(2)
                document = (await store.get(f"{store.documents}/{document_id}")).json()
    assert (document["status"], document["processing_status"]) == ("done", "done")


async def test_all_documents_come_in_a_bare_array_and_paging_is_not_known(store: Store) -> None:
    assert (await store.get(store.documents)).json() == []
    names = [str(number) for number in range(12)]
    for name in names:
        await store.create(name, "text")
    for path in (store.documents, f"{store.documents}/", f"{store.documents}?page=2&page_size=5"):
        assert [document["name"] for document in (await store.get(path)).json()] == names


@pytest.mark.parametrize("end", ["", "/"])
async def test_one_document_is_read_with_and_without_a_slash(store: Store, end: str) -> None:
    document_id = await store.create("Tea", "Assam")
    assert (await store.get(f"{store.documents}/{document_id}{end}")).json()["name"] == "Tea"


async def test_only_the_name_of_a_document_can_change(store: Store, clock: FakeClock) -> None:
    document_id = await store.create("Tea", "Assam")
    clock.advance(60)
    response = await store.patch(f"{store.documents}/{document_id}/", json={"name": "Teas", "text": "Oolong"})
    assert response.status_code == 200
    changed = response.json()
    assert (changed["name"], changed["created"], changed["modified"]) == ("Teas", CREATED, "2025-06-15T15:07:40Z")
    assert await store.search("oolong") == []
    assert await store.search("assam") == ["Assam"]


async def test_a_removed_document_is_gone_for_good(store: Store, clock: FakeClock) -> None:
    document_id = await store.create("Tea", "Assam")
    clock.advance(2)
    response = await store.delete(f"{store.documents}/{document_id}/")
    assert (response.status_code, response.content) == (204, b"")
    assert (await store.delete(f"{store.documents}/{document_id}/")).status_code == 404
    assert (await store.get(store.documents)).json() == []
    assert await store.search("assam") == []


@pytest.mark.parametrize("document_id", [0, 4711, 10**30])
async def test_a_document_that_is_not_there_is_not_found(store: Store, document_id: int) -> None:
    path = f"{store.documents}/{document_id}/"
    answers = [await store.get(path), await store.patch(path, json={"name": "Tea"}), await store.delete(path)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_documents_of_others_are_not_found(sandbox: Sandbox, api: API, store: Store, clock: FakeClock) -> None:
    await api.post("documents/memorize/", json={"name": "Mine", "content": "Assam"})
    async with await new_store(sandbox, api) as other:
        theirs = await other.create("Tea", "Assam")
        clock.advance(2)
        for document_id in (theirs - 1, theirs):
            path = f"{store.documents}/{document_id}/"
            answers = [await store.get(path), await store.patch(path, json={"name": "x"}), await store.delete(path)]
            assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert await store.search("assam") == []
        assert await other.search("assam") == ["Assam"]


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        ({}, {"name": ["This field is required."], "text": ["This field is required."]}),
        ({"document_name": "Tea", "text": "Assam"}, {"name": ["This field is required."]}),
        ({"name": "Tea", "text": " "}, {"text": ["This field may not be blank."]}),
        ({"name": "Tea", "text": "\0"}, {"text": ["Null characters are not allowed."]}),
    ],
)
async def test_a_text_needs_a_name_and_content(store: Store, body: dict[str, Any], complaints: dict[str, Any]) -> None:
    response = await store.post(f"{store.documents}/create", json=body)
    assert (response.status_code, response.json()) == (400, complaints)


async def test_a_name_can_not_be_taken_away(store: Store) -> None:
    document_id = await store.create("Tea", "Assam")
    response = await store.patch(f"{store.documents}/{document_id}/", json={"name": ""})
    assert (response.status_code, response.json()) == (400, {"name": ["This field may not be blank."]})
