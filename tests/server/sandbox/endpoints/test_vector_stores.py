from typing import Any

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig, Variants

from tests.server.sandbox.oauth import Browser, exchange
from tests.server.sandbox.stores import Store, new_store, shown_key
from tests.server.sandbox.support import API

pytestmark = pytest.mark.promise("sandbox:stores:answers")
DESIGN = {
    "embedding_model": "sentence-transformers/all-mpnet-base-v2",
    "indexing_algorithm": "hnsw",
    "vector_dimension": 128,
    "search_metric": "inner_product",
}


async def test_a_store_is_made_by_a_session_and_its_key_is_not_in_the_reply(sandbox: Sandbox, api: API) -> None:
    await api.sign_up()
    response = await api.post("vector-stores/", json={"name": "Facts", "description": "Dates", **DESIGN})
    assert response.status_code == 201
    created = response.json()
    assert created == {
        "id": created["id"],
        "name": "Facts",
        "description": "Dates",
        "created": "2025-06-15T15:06:40Z",
        "modified": "2025-06-15T15:06:40Z",
    }
    assert created["id"].startswith("vs_")
    async with Store(sandbox, created["id"], shown_key(sandbox, "vector_store", created["id"])) as store:
        for path in ("me", "me/"):
            assert (await store.get(path)).json() == created | DESIGN


async def test_a_store_needs_only_a_name(store: Store) -> None:
    assert {name: value for name, value in (await store.get("me")).json().items() if name in DESIGN} == {
        "embedding_model": "openai/text-embedding-3-small",
        "indexing_algorithm": "ivfflat",
        "vector_dimension": 1536,
        "search_metric": "cosine_distance",
    }


@pytest.mark.parametrize(
    ("fields", "field", "complaint"),
    [
        ({"name": ""}, "name", "This field may not be blank."),
        ({"name": "x" * 256}, "name", "Ensure this field has no more than 255 characters."),
        ({"embedding_model": "gpt"}, "embedding_model", '"gpt" is not a valid choice.'),
        ({"vector_dimension": 0}, "vector_dimension", "Ensure this value is greater than or equal to 1."),
        ({"description": True}, "description", "Not a valid string."),
        ({"vector_dimension": True}, "vector_dimension", "A valid integer is required."),
        ({"vector_dimension": "many"}, "vector_dimension", "A valid integer is required."),
        ({"search_metric": ["cosine"]}, "search_metric", "\"['cosine']\" is not a valid choice."),
    ],
)
async def test_an_unusable_field_is_named(api: API, fields: dict[str, Any], field: str, complaint: str) -> None:
    await api.sign_up()
    response = await api.post("vector-stores/", json={"name": "Facts"} | fields)
    assert (response.status_code, response.json()) == (400, {field: [complaint]})


async def test_what_can_be_chosen_is_told_to_a_session_and_to_a_key(api: API, store: Store) -> None:
    told = (await api.get("vector-stores/configs")).json()
    assert told == (await store.get("configs")).json()
    assert DESIGN["embedding_model"] in [model["name"] for model in told["embedding_models"]]
    assert DESIGN["indexing_algorithm"] in told["indexing_algorithms"]
    assert DESIGN["search_metric"] in told["search_metrics"]
    api.cookies.clear()
    assert (await api.get("vector-stores/configs")).status_code == 401
    assert (await api.get("vector-stores/configs", headers={"X-API-Key": "rem_vs_guess"})).status_code == 401


async def test_a_key_makes_no_store(store: Store) -> None:
    assert (await store.post("", json={"name": "Facts"})).status_code == 401


@pytest.mark.parametrize("path", ["me", "{id}/documents", "{id}/documents/1", "{id}/documents/search?q=a"])
async def test_a_store_opens_to_its_own_key_only(sandbox: Sandbox, api: API, store: Store, path: str) -> None:
    path = path.format(id=store.store_id)
    assert (await api.get(f"vector-stores/{path}")).status_code == 401
    store.headers["X-API-Key"] = "rem_vs_guess"
    response = await store.get(path)
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid API key."})
    store.headers["X-API-Key"] = shown_key(sandbox, "account", 1)
    assert (await store.get(path)).status_code == 401


@pytest.mark.parametrize("status", [404, 403, 401])
async def test_another_store_is_as_unknown_as_one_that_is_not_there(status: int) -> None:
    variants = Variants.parse([f"foreign_store_status={status}"])
    with Sandbox(SandboxConfig(variants=variants)) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            async with await new_store(sandbox, api) as store, await new_store(sandbox, api) as other:
                answers = [await store.get(f"{store_id}/documents") for store_id in (other.store_id, "vs_none")]
                assert (await store.get(store.documents)).json() == []
    assert [answer.status_code for answer in answers] == [status, status]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("status", [200, 201])
async def test_making_a_store_may_answer_either_status(status: int) -> None:
    with Sandbox(SandboxConfig(variants=Variants.parse([f"store_created={status}"]))) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            assert (await api.post("vector-stores/", json={"name": "Facts"})).status_code == status


@pytest.mark.parametrize(("memento", "status"), [("all", 201), ("none", 403)])
async def test_an_app_makes_a_store_only_if_it_may_see_everything(
    sandbox: Sandbox, api: API, memento: str, status: int
) -> None:
    await api.sign_up()
    async with Browser(sandbox) as browser:
        code = await browser.code(memento=memento)
    token = (await exchange(api, code)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await api.post("vector-stores/", json={"name": "Facts"}, headers=bearer)).status_code == status
