"""The documents that are there from the start."""

from collections import Counter
from pathlib import Path

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data import seeding
from rememberizer_mcp.server.sandbox.data.database import Database
from rememberizer_mcp.server.sandbox.data.documents import SEED_SHELF, Scope, account_shelf
from rememberizer_mcp.server.sandbox.data.library import Library

from tests.server.sandbox.documents import SEEDED, found, listed, remember
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:documents:seed")

FILES = sorted((Path(seeding.__file__).parent / "seed").iterdir())


def _count(file: Path) -> int:
    database = Database(file)
    (row,) = database.all("SELECT count(*) AS documents FROM documents")
    database.close()
    return int(row["documents"])


async def test_who_only_signs_in_pays_nothing(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "sandbox.db"
    with Sandbox(SandboxConfig(data=file, now=clock)) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            await api.sign_in()
            await api.me()
            await api.get("account/")
            assert _count(file) == 0
            await remember(api, "Lunch", "Halloumi")
            assert _count(file) == SEEDED + 1


async def test_every_account_sees_the_same_documents_once(tmp_path: Path, clock: FakeClock) -> None:
    config = SandboxConfig(data=tmp_path / "sandbox.db", now=clock)
    for email in ("ada@example.com", "grace@example.com"):
        with Sandbox(config) as sandbox:
            async with API(sandbox) as api:
                await api.sign_up(email=email)
                assert len(await listed(api, page_size=1000)) == SEEDED
                assert (await api.me()).json()["current_usage"] == 0


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("apple cake with almonds", "Grandma Edith's apple cake"),
        ("Why is the sky blue?", "Why the sky is blue"),
        ("rugbrød", "Rugbrød fra mormor"),
        ("Kartoffelsalat", "Großmutters Kartoffelsalat"),
        ("la tour Eiffel en été", "Pourquoi la tour Eiffel grandit en été"),
        ("tortilla de patatas", "Tortilla de patatas, la discusión"),
        ("京都の紅葉", "京都の紅葉、覚え書き"),
        ("长城", "长城有多长"),
        ("بيت الحكمة", "بيت الحكمة في بغداد"),
        ("खिचड़ी", "दादी की खिचड़ी"),
        ("Байкал", "Почему Байкал такой глубокий"),
        ("χωριάτικη", "Χωριάτικη σαλάτα"),
        ("ต้มยำ", "ต้มยำกุ้งสูตรป้า"),
        ("한글", "한글이 만들어진 이야기"),
        ("Kingfisher canal", "#random"),
    ],
)
async def test_a_first_search_finds_something_in_many_languages(api: API, query: str, name: str) -> None:
    await api.sign_up()
    assert (await found(api, query))[0] == name


def test_a_message_of_a_channel_is_found_by_its_words(clock: FakeClock) -> None:
    database = Database(None)
    library = Library(database, SandboxConfig(now=clock), seed=lambda: seeding.seed(database, clock()))
    (match, *_) = library.search(Scope((SEED_SHELF,)), "quinces", limit=1)
    assert match.document.integration_type == "slack"
    assert "Peel with a potato peeler" in match.text
    database.close()


async def test_the_corpus_holds_what_clients_have_to_cope_with(api: API) -> None:
    await api.sign_up()
    documents = await listed(api, page_size=1000)
    kinds = Counter(each["integration_type"] for each in documents)
    assert min(kinds[kind] for kind in ("google_drive", "slack", "dropbox", "gmail", "common_knowledge", "memory")) >= 3
    assert len({each["name"] for each in documents}) == SEEDED
    text = "".join(file.read_text(encoding="utf-8") for file in FILES)
    for hard in ("\\u202e", "\\u200b", "\\ufeff", "\\u2066", "\\u001b", "\\u009b", "\\u200d", "\u200c", "\\udc80"):
        assert hard in text
    assert "Ignore all previous instructions" in text
    assert sum(file.stat().st_size for file in FILES) < 1_000_000


async def test_nobody_removes_or_renames_a_seed(clock: FakeClock) -> None:
    database = Database(None)
    library = Library(database, SandboxConfig(now=clock), seed=lambda: seeding.seed(database, clock()))
    own = Scope((account_shelf(1),))
    assert not library.remove(own, 1)
    assert library.rename(own, 1, "Mine") is None
    assert library.count(Scope((SEED_SHELF,))) == SEEDED
    database.close()
