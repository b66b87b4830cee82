from typing import Any

import pytest

from tests.server.sandbox.stores import Store
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:stores:answers")
TEAS = {"Assam": "Assam is a black tea.", "Sencha": "Sencha is a green tea.", "Mocha": "Mocha is a coffee."}
OTHERS = {name: f"{name} is neither." for name in ("Water", "Juice", "Cola")}


async def _fill(store: Store, clock: FakeClock, **texts: str) -> None:
    for name, text in texts.items():
        await store.create(name, text)
    clock.advance(2)


async def test_a_match_names_its_document_and_the_store(store: Store, clock: FakeClock) -> None:
    await _fill(store, clock, **TEAS)
    found = (await store.get(f"{store.documents}/search", params={"q": "sencha"})).json()
    (match,) = found["matched_chunks"]
    assert found["vector_store"] == {"id": store.store_id, "name": "Facts"}
    assert match["matched_content"] == TEAS["Sencha"]
    assert 0 < match["distance"] <= 1
    assert match["document"] == {
        "id": match["document"]["id"],
        "name": "Sencha",
        "type": "text/plain",
        "size": len(TEAS["Sencha"]),
        "indexed_on": "2025-06-15T15:06:42Z",
        "vector_store": store.store_id,
        "created": "2025-06-15T15:06:40Z",
        "modified": "2025-06-15T15:06:40Z",
    }


async def test_the_threshold_leaves_out_what_is_further_than_the_best(store: Store, clock: FakeClock) -> None:
    await _fill(store, clock, **TEAS, **OTHERS)
    query = "green sencha tea"
    assert await store.search(query, t=1) == [TEAS["Sencha"]]
    assert set(await store.search(query, t=0)) == {TEAS["Sencha"], TEAS["Assam"]}
    found = [len(await store.search(query, t=threshold)) for threshold in (0, 0.3, 0.5, 0.7, 0.9, 1)]
    assert found == sorted(found, reverse=True)
    assert await store.search(query) == await store.search(query, t=0.7)


async def test_at_most_n_matches_come_and_ten_without_n(store: Store, clock: FakeClock) -> None:
    await _fill(store, clock, **{f"Tea {number}": f"Assam number {number}" for number in range(12)})
    assert len(await store.search("assam", t=0)) == 10
    assert len(await store.search("assam", t=0, n=3)) == 3
    assert len(await store.search("assam", t=0, n=100)) == 12


async def test_chunks_around_a_hit_come_when_they_are_asked_for(store: Store, clock: FakeClock) -> None:
    text = "".join(f"{word} {'and so on ' * 95}\n\n" for word in ("first", "second", "third"))
    await _fill(store, clock, Long=text)
    (hit,) = await store.search("second")
    (before,) = await store.search("second", prev_chunks=1)
    (after,) = await store.search("second", next_chunks=1)
    assert before.endswith(hit)
    assert after.startswith(hit)
    assert len(hit) < min(len(before), len(after))
    assert await store.search("second", prev_chunks=20, next_chunks=20) == [text]


async def test_a_query_is_never_syntax(store: Store, clock: FakeClock) -> None:
    await _fill(store, clock, **TEAS)
    assert await store.search('NOT "mocha* (') == [TEAS["Mocha"]]
    assert await store.search('"*(') == []


@pytest.mark.parametrize(
    ("query", "complaints"),
    [
        ({}, {"q": ["This field is required."]}),
        ({"q": ""}, {"q": ["This field may not be blank."]}),
        ({"q": "tea", "n": "0"}, {"n": ["Ensure this value is greater than or equal to 1."]}),
        ({"q": "tea", "n": "101"}, {"n": ["Ensure this value is less than or equal to 100."]}),
        ({"q": "tea", "t": "near"}, {"t": ["A valid number is required."]}),
        ({"q": "tea", "t": "nan"}, {"t": ["A valid number is required."]}),
        ({"q": "tea", "t": "1.01"}, {"t": ["Ensure this value is less than or equal to 1."]}),
        ({"q": "tea", "t": "-0.1"}, {"t": ["Ensure this value is greater than or equal to 0."]}),
        ({"q": "tea", "prev_chunks": "21"}, {"prev_chunks": ["Ensure this value is less than or equal to 20."]}),
    ],
)
async def test_an_unusable_parameter_is_named(store: Store, query: dict[str, str], complaints: dict[str, Any]) -> None:
    response = await store.get(f"{store.documents}/search", params=query)
    assert (response.status_code, response.json()) == (400, complaints)


async def test_the_agentic_search_goes_on_with_what_it_found(store: Store, clock: FakeClock) -> None:
    await _fill(store, clock, **TEAS)
    body = {"query": "sencha", "n_chunks": 2, "user_context": "green things"}
    found = (await store.post(f"{store.documents}/agentic_search", json=body)).json()
    assert found["vector_store"]["id"] == store.store_id
    assert found["matched_chunks"][0]["matched_content"] == TEAS["Sencha"]
    assert len(found["matched_chunks"]) <= 2
    assert TEAS["Sencha"] in found["result"]
    assert found["message"] == ""
    queries = [made["query"] for made in found["metadata"]["iterations"]]
    assert queries[:2] == ["sencha", "sencha green things"]


async def test_an_agentic_search_that_finds_nothing_says_so(store: Store) -> None:
    response = await store.post(f"{store.documents}/agentic_search", json={"query": "sencha"})
    found = response.json()
    assert (response.status_code, found["matched_chunks"], found["result"]) == (200, [], "")
    assert found["message"] == "No document holds any of these words."
    assert (await store.post(f"{store.documents}/agentic_search", json={})).status_code == 400
