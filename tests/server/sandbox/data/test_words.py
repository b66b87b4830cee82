from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data.database import Database
from rememberizer_mcp.server.sandbox.data.documents import Scope
from rememberizer_mcp.server.sandbox.data.library import Library

from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:documents:any-script")


@pytest.fixture
def library(clock: FakeClock) -> Iterator[Library]:
    database = Database(None)
    library = Library(database, SandboxConfig(now=clock))
    for name, text in TEXTS.items():
        library.add("account:1", name=name, text=text)
    clock.advance(2)
    yield library
    database.close()


TEXTS = {
    "French": "le cafe\u0301 de l'école",
    "Hindi": "हिन्दी भाषा",
    "Japanese": "東京駅は大きいガラスの屋根",
    "Thai": "กรุงเทพมหานคร",
    "Chinese": "用iPhone手机搜索",
    "Arabic": "شِعْر عربي",
    "Greek": "Τρώει σοφός σαλάτα",
    "German": "die Straße nach Köln",
    "Korean": "서울에서 부산까지",
    "English": "I don't see e-mail; C++ isn't here",
}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("CAFÉ", "French"),
        ("ecole", "French"),
        ("हिन्दी", "Hindi"),
        ("東京", "Japanese"),
        ("駅", "Japanese"),
        ("根", "Japanese"),
        ("ｶﾞﾗｽ", "Japanese"),
        ("กรุงเทพ", "Thai"),
        ("手机", "Chinese"),
        ("iphone", "Chinese"),
        ("شعر", "Arabic"),
        ("ΣΟΦΟΣ", "Greek"),
        ("σαλατα", "Greek"),
        ("STRASSE", "German"),
        ("서울", "Korean"),
        ("mail", "English"),
        ("don't", "English"),
    ],
)
def test_a_word_is_found_however_it_is_written(library: Library, query: str, name: str) -> None:
    assert [match.document.name for match in library.search(Scope(("account:1",)), query, limit=9)] == [name]


@pytest.mark.parametrize("query", ["", "  ", "*", '"', "()", "😀", "\u0301", "_", "--", "NEAR(", "\x00"])
def test_a_query_without_words_finds_nothing(library: Library, query: str) -> None:
    assert library.search(Scope(("account:1",)), query, limit=9) == []


@pytest.mark.parametrize("query", ["words:cafe", 'cafe" AND nothing', "cafe NOT cafe", "^cafe*", "NEAR(cafe nothing)"])
def test_what_looks_like_syntax_is_words(library: Library, query: str) -> None:
    assert [match.document.name for match in library.search(Scope(("account:1",)), query, limit=9)] == ["French"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text('"*^():-+ANDORNT \u0e01\u4e2d'))
def test_no_query_makes_the_index_fail(library: Library, query: str) -> None:
    library.search(Scope(("account:1",)), query, limit=9)


def test_a_long_query_counts_with_its_first_words(library: Library) -> None:
    many = [f"w{number}" for number in range(1000)]
    assert library.search(Scope(("account:1",)), " ".join([*many[:399], "cafe"]), limit=9)
    assert not library.search(Scope(("account:1",)), " ".join([*many[:400], "cafe"]), limit=9)
