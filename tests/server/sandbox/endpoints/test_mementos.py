from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig, Variants

from tests.server.sandbox.oauth import Browser, exchange
from tests.server.sandbox.stores import shown_key
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock
from tests.support.tiers import examples

pytestmark = pytest.mark.promise("sandbox:mementos:limit")
TEXTS = ("Assam", "Sencha", "Oolong")


class Mementos:
    """The calls of somebody with one memento and three documents."""

    def __init__(self, sandbox: Sandbox, api: API, memento_id: int, documents: Sequence[int]) -> None:
        self.sandbox = sandbox
        self.api = api
        self.id = memento_id
        self.documents = documents

    async def edit(self, **body: Any) -> Any:
        body = {"memento": str(self.id)} | body
        return await self.api.post(f"mementos/memento_document/{self.id}/", json=body)

    async def ids(self) -> list[int]:
        found: list[int] = (await self.api.get(f"mementos/{self.id}/")).json()["document_ids"]
        return found


async def memorize(api: API, text: str) -> int:
    await api.post("documents/memorize/", json={"name": text, "content": text})
    listed = (await api.get("documents/", params={"page_size": 1000, "integration_type": "memory"})).json()["results"]
    (document_id,) = [document["pk"] for document in listed if document["name"] == text]
    return int(document_id)


async def with_three_documents(sandbox: Sandbox, api: API, clock: FakeClock) -> Mementos:
    await api.sign_up()
    memento_id = (await api.post("mementos/", json={"name": "Teas"})).json()["id"]
    documents = [await memorize(api, text) for text in TEXTS]
    clock.advance(2)
    return Mementos(sandbox, api, memento_id, documents)


@pytest.fixture
async def mementos(sandbox: Sandbox, api: API, clock: FakeClock) -> Mementos:
    return await with_three_documents(sandbox, api, clock)


async def test_a_memento_is_made_listed_read_and_deleted(api: API) -> None:
    await api.sign_up()
    assert (await api.get("mementos/")).json() == []
    response = await api.post("mementos/", json={"name": " Teas "})
    made = response.json()
    summary = {"id": made["id"], "name": "Teas", "created": "2025-06-15T15:06:40Z", "document_count": 0}
    assert (response.status_code, made) == (201, summary | {"document_ids": []})
    assert (await api.get("mementos/")).json() == [summary]
    assert (await api.get(f"mementos/{made['id']}/")).json() == made
    deleted = await api.delete(f"mementos/{made['id']}/")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.get(f"mementos/{made['id']}/")).status_code == 404
    assert (await api.get("mementos/")).json() == []


async def test_documents_go_in_and_out_by_text_or_number(mementos: Mementos) -> None:
    first, second, third = mementos.documents
    response = await mementos.edit(add=[str(first), second, first], remove=[])
    assert (response.status_code, response.json()["document_ids"]) == (200, [first, second])
    response = await mementos.edit(add=[str(third)], remove=[str(first), third, 4711])
    assert response.json()["document_ids"] == [second]
    assert response.json()["document_count"] == 1
    assert (await mementos.edit()).json()["document_ids"] == [second]


async def test_a_memento_filters_what_its_key_reads_and_finds(mementos: Mementos) -> None:
    first, _, third = mementos.documents
    await mementos.edit(add=[first, third])
    key = {"X-API-Key": shown_key(mementos.sandbox, "memento", mementos.id)}
    mementos.api.cookies.clear()
    listed = (await mementos.api.get("documents/", headers=key)).json()
    assert (listed["count"], [document["pk"] for document in listed["results"]]) == (2, [first, third])
    query = {"q": "assam sencha oolong"}
    found = (await mementos.api.get("documents/search/", params=query, headers=key)).json()["matched_chunks"]
    assert {match["document"]["id"] for match in found} == {first, third}
    statuses = [
        (await mementos.api.get(f"documents/{document_id}/contents/", headers=key)).status_code
        for document_id in mementos.documents
    ]
    assert statuses == [200, 404, 200]


async def test_a_memento_s_key_dies_with_it_and_the_documents_stay(mementos: Mementos) -> None:
    await mementos.edit(add=mementos.documents)
    key = {"X-API-Key": shown_key(mementos.sandbox, "memento", mementos.id)}
    await mementos.api.delete(f"mementos/{mementos.id}/")
    assert (await mementos.api.get("documents/", headers=key)).status_code == 401
    path = f"documents/{mementos.documents[0]}/contents/"
    assert (await mementos.api.get(path)).json()["content"] == TEXTS[0]
    assert [shown.opens for shown in mementos.sandbox.shown_keys.shown()] == ["account"]


async def test_a_key_keeps_no_mementos(mementos: Mementos) -> None:
    key = {"X-API-Key": shown_key(mementos.sandbox, "account", 1)}
    mementos.api.cookies.clear()
    api, path = mementos.api, f"mementos/{mementos.id}/"
    answers = [
        await api.get("mementos/", headers=key),
        await api.post("mementos/", json={"name": "x"}, headers=key),
        await api.get(path, headers=key),
        await api.delete(path, headers=key),
        await api.post(f"mementos/memento_document/{mementos.id}/", json={}, headers=key),
    ]
    assert [answer.status_code for answer in answers] == [401] * 5


@pytest.mark.parametrize("memento", ["none", "1"])
async def test_an_app_that_may_see_a_part_changes_no_mementos(mementos: Mementos, memento: str) -> None:
    async with Browser(mementos.sandbox) as browser:
        token = (await exchange(mementos.api, await browser.code(memento=memento))).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    body = {"memento": "1", "add": [mementos.documents[0]]}
    response = await mementos.api.post("mementos/memento_document/1/", json=body, headers=bearer)
    assert (response.status_code, await mementos.ids()) == (403, [])


async def test_mementos_of_others_are_not_found(mementos: Mementos) -> None:
    async with API(mementos.sandbox) as other:
        await other.sign_up(email="eve@example.com")
        for memento_id in (mementos.id, 4711, 10**30):
            path = f"mementos/{memento_id}/"
            answers = [
                await other.get(path),
                await other.delete(path),
                await other.post(f"mementos/memento_document/{memento_id}/", json={"memento": str(memento_id)}),
            ]
            assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert (await other.get("mementos/")).json() == []


async def test_documents_of_others_do_not_go_in(mementos: Mementos) -> None:
    async with API(mementos.sandbox) as other:
        await other.sign_up(email="eve@example.com")
        theirs = await memorize(other, "Secret")
    response = await mementos.edit(add=[mementos.documents[0], theirs])
    assert (response.status_code, response.json()) == (
        400,
        {"add": [f'Invalid pk "{theirs}" - object does not exist.']},
    )
    assert await mementos.ids() == []


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        ({"memento": "4711"}, {"memento": ["This is not the memento of the address."]}),
        ({"memento": None}, {"memento": ["This field may not be null."]}),
        ({"add": "1"}, {"add": ['Expected a list of items but got type "str".']}),
        ({"add": ["one"]}, {"add": ['"one" is not a valid pk.']}),
        ({"add": [1.5]}, {"add": ['"1.5" is not a valid pk.']}),
        ({"add": ["-1", "²"]}, {"add": ['"-1" is not a valid pk.']}),
        ({"add": [True]}, {"add": ["Not a valid string."]}),
        ({"add": [None, ""]}, {"add": ["This field may not be null."]}),
        ({"add": [10**30]}, {"add": ["Ensure this field has no more than 18 characters."]}),
        ({"remove": [{}]}, {"remove": ["Not a valid string."]}),
        ({"remove": list(range(1001))}, {"remove": ["Ensure this field has no more than 1000 elements."]}),
        ({"folder_add": ["/nowhere"]}, {"folder_add": ['Invalid folder "/nowhere" - no document is in it.']}),
    ],
)
async def test_an_unusable_change_is_named_and_changes_nothing(
    mementos: Mementos, body: dict[str, Any], complaints: dict[str, Any]
) -> None:
    response = await mementos.edit(**({"add": mementos.documents} | body))
    assert (response.status_code, response.json()) == (400, complaints)
    assert await mementos.ids() == []


async def test_the_body_must_name_the_memento(mementos: Mementos) -> None:
    response = await mementos.api.post(f"mementos/memento_document/{mementos.id}/", json={})
    assert response.json() == {"memento": ["This field is required."]}


@pytest.mark.parametrize("name", ["", " ", None, "x" * 256])
async def test_a_memento_needs_a_name(api: API, name: str | None) -> None:
    await api.sign_up()
    response = await api.post("mementos/", json={"name": name})
    assert (response.status_code, list(response.json())) == (400, ["name"])


@pytest.mark.parametrize("folder", ["/Kitchen", "/Kitchen/", "/Kitchen/Notes", "/Garden/Bird list, garden, 2024"])
async def test_a_folder_brings_in_what_is_below_it_and_nothing_else(mementos: Mementos, folder: str) -> None:
    everything = (await mementos.api.get("documents/", params={"page_size": 1000})).json()["results"]
    below = [one["pk"] for one in everything if f"{one['path']}/".startswith(f"{folder.rstrip('/')}/")]
    assert below
    assert (await mementos.edit(folder_add=[folder])).json()["document_ids"] == below


async def test_a_folder_whose_name_only_begins_alike_stays_out(mementos: Mementos) -> None:
    assert (await mementos.edit(folder_add=["/Kitchen", "/Kitch"])).status_code == 400
    assert await mementos.ids() == []


async def test_mementos_may_come_in_a_page_and_be_made_with_another_status() -> None:
    variants = Variants.parse(["mementos_shape=page", "memento_created=200"])
    with Sandbox(SandboxConfig(variants=variants)) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            assert (await api.post("mementos/", json={"name": "Teas"})).status_code == 200
            page = (await api.get("mementos/")).json()
    assert (page["count"], page["next"], page["previous"]) == (1, None, None)
    assert [memento["name"] for memento in page["results"]] == ["Teas"]


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "remove"]), st.sets(st.integers(min_value=0, max_value=len(TEXTS) - 1))),
    max_size=8,
)


def test_after_any_changes_the_memento_its_list_and_its_search_agree(clock: FakeClock) -> None:
    with Sandbox(SandboxConfig(now=clock)) as sandbox:
        api = API(sandbox)  # without a socket, so that it needs no closing and outlives its event loop
        documents = anyio.run(_documents_of_ada, sandbox, api, clock)

        @settings(max_examples=examples(40), deadline=None, database=None)
        @given(CHANGES)
        def check(changes: list[tuple[str, set[int]]]) -> None:
            anyio.run(_check_changes, sandbox, api, documents, changes)

        check()


async def _documents_of_ada(sandbox: Sandbox, api: API, clock: FakeClock) -> Sequence[int]:
    return (await with_three_documents(sandbox, api, clock)).documents


async def _check_changes(
    sandbox: Sandbox, api: API, documents: Sequence[int], changes: list[tuple[str, set[int]]]
) -> None:
    memento_id = (await api.post("mementos/", json={"name": "Teas"})).json()["id"]
    mementos = Mementos(sandbox, api, memento_id, documents)
    expected: set[int] = set()
    for verb, chosen in changes:
        ids = {documents[number] for number in chosen}
        await mementos.edit(**{verb: sorted(ids)})
        expected = expected | ids if verb == "add" else expected - ids
    key = {"X-API-Key": shown_key(sandbox, "memento", memento_id)}
    listed = (await api.get("documents/", headers=key)).json()
    found = (await api.get("documents/search/", params={"q": " ".join(TEXTS)}, headers=key)).json()
    assert set(await mementos.ids()) == expected
    assert {document["pk"] for document in listed["results"]} == expected
    assert {match["document"]["id"] for match in found["matched_chunks"]} == expected
