"""Going through the pages of a list, and through the chunks of a document."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data.database import Database
from rememberizer_mcp.server.sandbox.data.documents import Scope
from rememberizer_mcp.server.sandbox.data.library import Library

from tests.server.sandbox.documents import SEEDED, listed, remember
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:documents:paging")

SHELVES = ("account:1", "store:1")


def _pages(library: Library, size: int) -> Iterator[tuple[list[int], bool]]:
    """Each page's documents, and whether it says that there is another, as the endpoint does."""
    goes_on, offset = True, 0
    while goes_on:
        numbers = [document.id for document in library.page(Scope(SHELVES), offset=offset, limit=size)]
        offset += size
        goes_on = offset < library.count(Scope(SHELVES))
        yield numbers, goes_on


@given(
    shelves=st.lists(st.sampled_from([*SHELVES, "account:2"]), max_size=30),
    size=st.integers(1, 7),
    late=st.sets(st.integers(0, 5)),
)
def test_pages_are_complete_in_order_and_end_also_while_documents_are_added(
    shelves: list[str], size: int, late: set[int]
) -> None:
    database = Database(None)
    library = Library(database, SandboxConfig(now=FakeClock()))
    wanted = [library.add(shelf, name="-", text="-").id for shelf in shelves]
    wanted = [number for number, shelf in zip(wanted, shelves, strict=True) if shelf in SHELVES]
    seen: list[int] = []
    for page, (numbers, goes_on) in enumerate(_pages(library, size)):
        seen += numbers
        added = [library.add(SHELVES[0], name="late", text="-").id for _ in late & {page}]
        wanted += added * goes_on  # what is added behind the last page was not there yet
    assert seen == wanted
    database.close()


@given(piece=st.text(min_size=1, max_size=40), times=st.integers(1, 300))
def test_a_document_read_chunk_by_chunk_is_its_text(piece: str, times: int) -> None:
    text = piece * times
    database = Database(None)
    clock = FakeClock()
    library = Library(database, SandboxConfig(now=clock))
    number = library.add(SHELVES[0], name="-", text=text).id
    clock.advance(2)
    start, read = 0, ""
    while chunks := library.chunks(number, start, start + 3):
        read += "".join(chunks)
        start += len(chunks)
    assert read == text
    database.close()


async def test_following_the_addresses_meets_each_document_once_also_a_new_one(api: API) -> None:
    await api.sign_up()
    first = (await api.get("documents/", params={"page_size": 100})).json()
    await remember(api, "Meanwhile", "Halloumi")
    rest = await listed(api, page_size=100)
    numbers = [each["pk"] for each in rest]
    assert [each["pk"] for each in first["results"]] == numbers[:100]
    assert numbers == list(range(1, SEEDED + 2))
