import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox

from tests.server.sandbox.stores import shown_key
from tests.server.sandbox.support import API, NAME

pytestmark = pytest.mark.promise("sandbox:outbox:every-key")
PATH = "common-knowledge/subscribed-list/"
MEMBERS = {
    "id": int,
    "num_of_subscribers": int,
    "publisher_name": str,
    "published_by_me": bool,
    "subscribed_by_me": bool,
    "size": int,
    "created": str,
    "modified": str,
    "priority_score": float,
    "name": str,
    "image_url": str,
    "description": str,
    "is_sharing": bool,
    "memento": int,
    "document_ids": list,
}


async def test_the_added_knowledge_comes_in_a_bare_array_of_the_documented_members(api: API) -> None:
    await api.sign_up()
    found = (await api.get(PATH)).json()
    assert [knowledge["id"] for knowledge in found] == [1, 2, 3]
    for knowledge in found:
        key = knowledge.pop("api_key")
        assert {name: type(value) for name, value in knowledge.items()} == MEMBERS
        assert (key is not None) is knowledge["published_by_me"]
    assert found[-1]["publisher_name"] == NAME


async def test_the_knowledge_holds_the_seed_s_documents_of_its_type(api: API) -> None:
    await api.sign_up()
    listed = (await api.get("documents/?integration_type=common_knowledge&page_size=1000")).json()["results"]
    found = (await api.get(PATH)).json()
    held = [document_id for knowledge in found for document_id in knowledge["document_ids"]]
    assert sorted(held) == sorted(document["pk"] for document in listed)
    assert len(set(held)) == len(held) > 0
    assert sum(knowledge["size"] for knowledge in found) == sum(document["size"] for document in listed)


async def test_the_key_in_it_looks_like_one_is_each_account_s_own_and_opens_nothing(sandbox: Sandbox, api: API) -> None:
    await api.sign_up()
    key = (await api.get(PATH)).json()[-1]["api_key"]
    assert (await api.get(PATH)).json()[-1]["api_key"] == key
    real = shown_key(sandbox, "account", 1)
    assert (key[:7], len(key)) == (real[:7], len(real)) == ("rem_ck_", 50)
    async with API(sandbox) as other:
        await other.sign_up(email="eve@example.com")
        assert (await other.get(PATH)).json()[-1]["api_key"] != key
    api.cookies.clear()
    assert (await api.get("documents/", headers={"X-API-Key": key})).status_code == 401


async def test_the_list_needs_a_session(sandbox: Sandbox, api: API) -> None:
    assert (await api.get(PATH)).status_code == 401
    await api.sign_up()
    api.cookies.clear()
    assert (await api.get(PATH, headers={"X-API-Key": shown_key(sandbox, "account", 1)})).status_code == 401
