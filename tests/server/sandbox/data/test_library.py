from collections.abc import Iterator
from dataclasses import replace

import pytest
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data.accounts import Accounts
from rememberizer_mcp.server.sandbox.data.api_keys import PREFIX, ApiKeys
from rememberizer_mcp.server.sandbox.data.database import Database
from rememberizer_mcp.server.sandbox.data.documents import Match, Scope, account_shelf, store_shelf
from rememberizer_mcp.server.sandbox.data.library import Library

from tests.support.clock import FakeClock

MINE = account_shelf(1)
SCOPE = Scope((MINE, store_shelf("vs_1")))
THEIRS = Scope((account_shelf(2),))


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(None)
    Accounts(database).create(email="ada@example.com", name="Ada", password_hash="-")
    yield database
    database.close()


@pytest.fixture
def library(database: Database, clock: FakeClock) -> Library:
    return Library(database, SandboxConfig(now=clock))


def names(matches: list[Match]) -> list[str]:
    return [match.document.name for match in matches]


def test_a_document_is_searched_and_read_once_it_is_indexed(library: Library, clock: FakeClock) -> None:
    added = library.add(MINE, name="Lunch", text="Aunt Zuleika's halloumi")
    assert (added.status, added.size, added.created_at) == ("indexing", 23, clock.time)
    assert library.search(SCOPE, "halloumi", limit=3) == []
    assert library.chunks(added.id, 0, 20) == []
    clock.advance(2)
    (match,) = library.search(SCOPE, "halloumi", limit=3)
    assert (match.document.status, match.text, match.chunk) == ("indexed", "Aunt Zuleika's halloumi", 0)
    assert library.chunks(added.id, 0, 20) == ["Aunt Zuleika's halloumi"]


def test_a_document_that_failed_is_listed_and_never_indexed(library: Library, clock: FakeClock) -> None:
    added = library.add(MINE, name="scan.pdf", text="", size=50_000_000, failure="No text in it.")
    clock.advance(10)
    found = library.document(SCOPE, added.id)
    assert found
    assert (found.status, found.failure, found.size) == ("error", "No text in it.", 50_000_000)


def test_a_shelf_that_is_not_named_does_not_count(library: Library, clock: FakeClock) -> None:
    other = library.add(account_shelf(2), name="Theirs", text="xylophone")
    clock.advance(2)
    assert library.search(SCOPE, "xylophone", limit=3) == []
    assert library.document(SCOPE, other.id) is None
    assert library.rename(SCOPE, other.id, "Mine") is None
    assert not library.remove(SCOPE, other.id)
    assert library.document(THEIRS, other.id) == library.page(THEIRS, offset=0, limit=1)[0]


def test_a_removed_document_is_found_no_more(library: Library, database: Database, clock: FakeClock) -> None:
    added = library.add(MINE, name="Old", text="xylophone")
    clock.advance(2)
    assert library.remove(SCOPE, added.id)
    assert library.search(SCOPE, "xylophone", limit=3) == []
    assert database.all("SELECT rowid FROM chunk_words WHERE chunk_words MATCH 'xylophone'") == []
    assert library.usage(MINE) == 0


def test_a_renamed_document_keeps_its_text(library: Library, clock: FakeClock) -> None:
    added = library.add(MINE, name="Old", text="xylophone")
    clock.advance(2)
    renamed = library.rename(SCOPE, added.id, "New")
    assert renamed
    assert (renamed.name, renamed.created_at, renamed.modified_at) == ("New", clock.time - 2, clock.time)
    assert names(library.search(SCOPE, "xylophone", limit=3)) == ["New"]
    assert names(library.search(SCOPE, "new", limit=3)) == ["New"]
    assert library.search(SCOPE, "old", limit=3) == []


def test_only_what_a_memento_holds_counts_when_it_is_named(
    library: Library, database: Database, clock: FakeClock
) -> None:
    for name in ("in", "out"):
        library.add(MINE, name=name, text="xylophone")
    clock.advance(2)
    database.run("INSERT INTO mementos VALUES (7, 1, 'Music', 0)")
    database.run("INSERT INTO memento_documents SELECT 7, id FROM documents WHERE name = 'in'")
    music = replace(SCOPE, memento_id=7)
    assert names(library.search(music, "xylophone", limit=3)) == ["in"]
    assert [document.name for document in library.page(music, offset=0, limit=9)] == ["in"]
    assert library.count(music) == 1
    assert library.count(replace(SCOPE, memento_id=8)) == 0


def test_the_more_words_a_document_holds_the_nearer_it_is(library: Library, clock: FakeClock) -> None:
    for name, text in (("none", "harp"), ("one", "xylophone"), ("two", "xylophone and tuba"), ("rest", "lute")):
        library.add(MINE, name=name, text=text)
    clock.advance(2)
    matches = library.search(SCOPE, "xylophone TUBA", limit=9)
    assert names(matches) == ["two", "one"]
    assert 0 < matches[0].distance < matches[1].distance <= 1


def test_a_word_of_many_documents_does_not_count_beside_others(library: Library, clock: FakeClock) -> None:
    for number in range(10):
        library.add(MINE, name=str(number), text=f"note {number}" + " xylophone" * (number == 3))
    clock.advance(2)
    assert names(library.search(SCOPE, "note xylophone", limit=9)) == ["3"]
    assert len(library.search(SCOPE, "note", limit=99)) == 10


def test_a_window_of_dates_takes_both_ends_in_and_leaves_the_undated_out(
    library: Library, database: Database, clock: FakeClock
) -> None:
    for day in (1, 2, 3):
        library.add(MINE, name=str(day), text="xylophone", created_at=day)
    undated = library.add(MINE, name="undated", text="xylophone")
    database.run("UPDATE documents SET created_at = NULL WHERE id = ?", undated.id)
    clock.advance(2)
    assert names(library.search(SCOPE, "xylophone", limit=9)) == ["1", "2", "3", "undated"]
    assert names(library.search(SCOPE, "xylophone", limit=9, after=2)) == ["2", "3"]
    assert names(library.search(SCOPE, "xylophone", limit=9, after=0, before=2)) == ["1", "2"]


def test_a_hit_brings_the_chunks_around_it(library: Library, clock: FakeClock) -> None:
    parts = [f"{word} " * 120 for word in ("alpha", "bravo", "xylophone", "delta", "echo")]
    added = library.add(MINE, name="Five", text="\n\n".join(parts))
    clock.advance(2)
    chunks = library.chunks(added.id, 0, 20)
    assert len(chunks) == 5
    (match,) = library.search(SCOPE, "xylophone", limit=1, previous=1, following=2)
    assert (match.text, match.chunk) == ("".join(chunks[1:5]), 2)
    (match,) = library.search(SCOPE, "alpha", limit=1, previous=3, following=0)
    assert (match.text, match.chunk) == (chunks[0], 0)


def test_an_integration_type_narrows_the_list(library: Library) -> None:
    library.add(MINE, name="mail", text="-", integration_type="gmail")
    library.add(MINE, name="note", text="-")
    (document,) = library.page(SCOPE, offset=0, limit=9, integration_type="gmail")
    assert document.name == "mail"
    assert library.count(SCOPE, integration_type="gmail") == 1


def test_a_key_belongs_to_its_account_until_the_next_is_issued(database: Database, clock: FakeClock) -> None:
    keys = ApiKeys(database, SandboxConfig(now=clock))
    database.run("INSERT INTO mementos VALUES (7, 1, 'Music', 0)")
    whole, part = keys.issue(1), keys.issue(1, 7)
    assert whole.startswith(PREFIX)
    assert len(whole) == len(PREFIX) + 43
    holders = [keys.holder(key) for key in (whole, part)]
    assert [(holder["account_id"], holder["memento_id"]) for holder in holders if holder] == [(1, None), (1, 7)]
    keys.issue(1)
    assert keys.holder(whole) is None
    assert keys.holder(part)
    database.run("DELETE FROM mementos")
    assert keys.holder(part) is None


def test_of_a_key_only_a_digest_is_stored(database: Database, clock: FakeClock) -> None:
    key = ApiKeys(database, SandboxConfig(now=clock)).issue(1)
    (row,) = database.all("SELECT * FROM api_keys")
    assert key.encode() not in bytes(row["digest"])
    assert len(row["digest"]) == 32
