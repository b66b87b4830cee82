"""Who reads documents: cookies, bearer tokens, API keys, and grants and keys that are limited to a memento."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data.api_keys import ApiKeys
from rememberizer_mcp.server.sandbox.data.database import Database

from tests.server.sandbox.documents import SEEDED, found, listed, number_of, remember
from tests.server.sandbox.oauth import Browser, exchange
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

READING = [
    "documents/",
    "documents/search/?q=bread",
    "documents/1/contents/",
    "integrations/",
    "account/",
    "me/",
]
ONLY = ["halloumi", "xylophone"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


@pytest.fixture
def sandbox(file: Path, clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(data=file, now=clock)) as sandbox:
        yield sandbox


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    """The sandbox's own data, by a connection of the test."""
    database = Database(file)
    yield database
    database.close()


@pytest.fixture
async def ada(api: API, database: Database, clock: FakeClock) -> API:
    """Signed up, with two documents, of which the memento 7 holds the first."""
    await api.sign_up()
    for word in ONLY:
        await remember(api, f"About {word}", word)
    clock.advance(2)
    database.run("INSERT INTO mementos VALUES (7, 1, 'Cheese <only>', 0)")
    database.run("INSERT INTO memento_documents SELECT 7, id FROM documents WHERE name = 'About halloumi'")
    return api


def _key(key: str) -> dict[str, str]:
    return {"X-API-Key": key}


@pytest.fixture
async def stranger(sandbox: Sandbox) -> AsyncIterator[API]:
    """A client without cookies."""
    async with API(sandbox) as api:
        yield api


@pytest.mark.promise("sandbox:documents:readers")
async def test_documents_are_read_by_cookie_token_or_key(ada: API, stranger: API, database: Database) -> None:
    key = ApiKeys(database, SandboxConfig()).issue(1)
    for path in READING:
        by_cookie = await ada.get(path)
        by_token = await stranger.get(path, headers={"Authorization": f"Bearer {ada.access}"})
        by_key = await stranger.get(path, headers=_key(key))
        assert by_cookie.status_code == 200
        assert by_cookie.json() == by_token.json() == by_key.json()


@pytest.mark.promise("sandbox:documents:readers")
@pytest.mark.parametrize("path", READING)
async def test_nobody_and_a_made_up_key_are_turned_away(stranger: API, path: str) -> None:
    assert (await stranger.get(path)).status_code == 401
    for key in ("", "rem_ck_made-up", "rem_ck_" + "a" * 43):
        refused = await stranger.get(path, headers=_key(key))
        assert (refused.status_code, refused.json()) == (401, {"detail": "Invalid API key."})


@pytest.mark.promise("sandbox:documents:readers")
async def test_a_key_adds_to_its_own_account(ada: API, stranger: API, database: Database, clock: FakeClock) -> None:
    key = ApiKeys(database, SandboxConfig()).issue(1)
    assert (await remember(stranger, "By key", "zither", **_key(key))).status_code == 201
    clock.advance(2)
    assert await found(ada, "zither") == ["By key"]


@pytest.mark.promise("sandbox:documents:readers")
async def test_a_key_counts_before_a_cookie_and_a_token_before_both(ada: API, database: Database) -> None:
    key, grandmother = ApiKeys(database, SandboxConfig()).issue(1), ada.access
    await ada.sign_up(email="grace@example.com")
    headers = _key(key)
    assert (await ada.get("account/", headers=headers)).json()["email"] == "ada@example.com"
    assert (await ada.get("account/")).json()["email"] == "grace@example.com"
    headers = {**_key("wrong"), "Authorization": f"Bearer {grandmother}"}
    assert (await ada.get("account/", headers=headers)).json()["email"] == "ada@example.com"


@pytest.mark.promise("sandbox:documents:memento-limits")
async def test_a_key_of_a_memento_sees_what_is_in_it(ada: API, stranger: API, database: Database) -> None:
    stranger.headers.update(_key(ApiKeys(database, SandboxConfig()).issue(1, 7)))
    assert await found(stranger, "halloumi xylophone bread") == ["About halloumi"]
    assert [each["name"] for each in await listed(stranger)] == ["About halloumi"]
    outside = await number_of(ada, "About xylophone")
    assert (await stranger.get(f"documents/{outside}/contents/")).status_code == 404
    (source,) = (await stranger.get("integrations/")).json()["data"]
    assert source["document_stats"]["document_count"] == 1


@pytest.mark.promise("sandbox:documents:memento-limits")
async def test_the_consent_page_offers_the_mementos_of_the_account(
    ada: API, sandbox: Sandbox, database: Database
) -> None:
    await ada.sign_up(email="grace@example.com")
    database.run("INSERT INTO mementos VALUES (8, 2, 'Of Grace', 0)")
    async with Browser(sandbox) as browser:
        page = (await browser.sign_in()).text
        assert 'value="7"' in page
        assert "Cheese &lt;only&gt;" in page
        assert "Of Grace" not in page
        assert (await browser.press("authorize", memento="8")).status_code == 400


@pytest.mark.promise("sandbox:documents:memento-limits")
@pytest.mark.parametrize(("memento", "count"), [("all", SEEDED + 2), ("none", 0), ("7", 1)])
async def test_a_grant_sees_what_the_person_chose(
    ada: API, stranger: API, sandbox: Sandbox, memento: str, count: int
) -> None:
    async with Browser(sandbox) as browser:
        tokens = (await exchange(stranger, await browser.code(memento=memento))).json()
    stranger.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    assert (await stranger.get("documents/")).json()["count"] == count
    assert len(await found(stranger, "halloumi xylophone")) == min(count, 2)
    assert (await ada.get("documents/")).json()["count"] == SEEDED + 2


@pytest.mark.promise("sandbox:documents:memento-limits")
@pytest.mark.usefixtures("ada")
async def test_a_grant_for_a_memento_that_is_gone_sees_nothing(
    stranger: API, sandbox: Sandbox, database: Database
) -> None:
    async with Browser(sandbox) as browser:
        tokens = (await exchange(stranger, await browser.code(memento="7"))).json()
    database.run("DELETE FROM mementos")
    stranger.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    assert (await stranger.get("documents/")).json()["count"] == 0
