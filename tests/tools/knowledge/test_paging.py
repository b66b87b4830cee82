"""Paging always ends, is complete and in order, whichever way upstream pages and whatever arrives meanwhile."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.documents import list_documents
from rememberizer_mcp.tools.knowledge.findings import document_list
from rememberizer_mcp.tools.knowledge.reading import document_text

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.knowledge import KEY, Shelf, key_on
from tests.support.tiers import examples

MOST_PAGES = 200
chunk = st.tuples(st.sampled_from(["a", "é", "🍵", "\n"]), st.sampled_from([1, 10, 1_000, 15_000]))


async def walked(shelf: Shelf, size: int) -> list[list[int]]:
    """The ids of each page, up to the one after which none follows."""
    pages: list[list[int]] = []
    async with key_on(shelf.upstream) as key:
        number: int | None = 1
        while number is not None:
            assert len(pages) < MOST_PAGES
            found = await list_documents(key, page=number, page_size=size)
            result = document_list(found, number=number, size=size)
            pages.append([document.id for document in result.documents])
            number = result.next_page
    return pages


async def read(shelf: Shelf, number: int) -> list[tuple[int, str, str | None]]:
    """The start, text and cut of each part, up to the one after which none follows."""
    parts: list[tuple[int, str, str | None]] = []
    async with key_on(shelf.upstream) as key:
        start: int | None = 0
        while start is not None:
            assert len(parts) < MOST_PAGES
            result = await document_text(key, number, start_chunk=start)
            marks = len(f"[{result.fence}]\n")
            parts.append((start, result.content[marks : -marks - 1], result.cut))
            start = result.next_chunk
    return parts


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@settings(deadline=None, max_examples=examples(60))
@example(count=0, size=1, says_next=True)
@example(count=40, size=20, says_next=False)
@given(count=st.integers(0, 45), size=st.integers(1, 20), says_next=st.booleans())
async def test_the_pages_hold_every_document_once_and_in_order(count: int, size: int, says_next: bool) -> None:
    shelf = Shelf([[] for _ in range(count)], says_next=says_next)
    pages = await walked(shelf, size)
    assert [number for one in pages for number in one] == shelf.numbers
    assert len(pages) == max(1, -(-count // size))


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@settings(deadline=None, max_examples=examples(40))
@example(count=6, size=3, says_next=True)
@given(count=st.integers(1, 30), size=st.integers(2, 10), says_next=st.booleans())
async def test_a_document_added_meanwhile_makes_none_of_the_others_missing(
    count: int, size: int, says_next: bool
) -> None:
    shelf = Shelf([[] for _ in range(count)], says_next=says_next, grows=True)
    before = list(shelf.numbers)
    seen = [number for one in await walked(shelf, size) for number in one]
    assert list(dict.fromkeys(seen)) == before
    assert sorted(seen, reverse=True) == seen


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@settings(deadline=None, max_examples=examples(60))
@example(pieces=[], end_chunk="exclusive")
@example(pieces=[("🍵", 15_000)] * 21, end_chunk="missing")
@example(pieces=[("a", 1)] * 40, end_chunk="exclusive")
@given(pieces=st.lists(chunk, max_size=50), end_chunk=st.sampled_from(["exclusive", "missing"]))
async def test_a_document_is_read_whole_and_in_order(pieces: list[tuple[str, int]], end_chunk: str) -> None:
    chunks = [f"<{at}>" + character * count for at, (character, count) in enumerate(pieces)]
    parts = await read(Shelf([chunks], end_chunk=end_chunk), 1)
    assert "".join(text for _, text, _ in parts) == "".join(chunks)
    assert [start for start, _, _ in parts] == sorted({start for start, _, _ in parts})
    assert {cut for _, _, cut in parts} == {None}


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@settings(deadline=None, max_examples=examples(60))
@example(pieces=[("a", 1)] * 21)
@given(pieces=st.lists(chunk, min_size=1, max_size=50))
async def test_where_the_end_belongs_to_the_answer_only_whole_chunks_repeat(pieces: list[tuple[str, int]]) -> None:
    chunks = [f"<{at}>" + character * count for at, (character, count) in enumerate(pieces)]
    parts = await read(Shelf([chunks], end_chunk="inclusive"), 1)
    for start, text, cut in parts:
        assert "".join(chunks[start:]).startswith(text.removesuffix("…") if cut else text)
    assert all(any(chunk in text for _, text, _ in parts) for chunk in chunks)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize("era", ERAS)
async def test_an_agent_that_follows_the_results_reads_everything(era: Era) -> None:
    texts = [[f"<{number}.{at}>" for at in range(number)] for number in range(45, 0, -1)]
    shelf = Shelf(texts)
    async with agent_on(server_on(shelf.upstream.transport, api_token=KEY), era) as agent:
        seen: list[int] = []
        page: int | None = 1
        while page is not None:
            listed = await agent.call("list_documents", page=page)
            seen += [each["id"] for each in listed["documents"]]
            page = listed["next_page"]
        assert seen == shelf.numbers
        start: int | None = 0
        said = ""
        while start is not None:
            part = await agent.call("read_document", id=45, start_chunk=start)
            marks = len(f"[{part['fence']}]\n")
            said += part["content"][marks : -marks - 1]
            start = part["next_chunk"]
        assert said == "".join(shelf.chunks(45))


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
async def test_a_page_that_vanished_meanwhile_is_the_end_and_no_failure() -> None:
    shelf = Shelf([[]] * 3)
    async with agent_on(server_on(shelf.upstream.transport, api_token=KEY)) as agent:
        first = await agent.call("list_documents", page_size=2)
        shelf.numbers = shelf.numbers[:2]
        second = await agent.call("list_documents", page=first["next_page"], page_size=2)
    assert (len(first["documents"]), second["documents"], second["next_page"]) == (2, [], None)
