import sqlite3
import stat
from pathlib import Path

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data.database import Database

from tests.server.sandbox.oauth import Browser
from tests.server.sandbox.support import API, newest_code, wrong_code
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:data:file")

_STORES_TABLES = ("shown_keys", "document_remarks", "vector_stores")
_LIBRARY_TABLES = (
    "api_keys",
    "memento_documents",
    "mementos",
    "messages",
    "chunk_vocabulary",
    "chunk_words",
    "chunks",
    "documents",
)


async def test_everything_is_kept_across_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    config = SandboxConfig(data=tmp_path / "sandbox.db", now=clock)
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            used = api.refresh_token
            await api.refresh()
            await api.verify(wrong_code(sandbox))
            access, letters, code = api.access, sandbox.outbox.letters(), newest_code(sandbox)
    with Sandbox(config) as sandbox:
        assert sandbox.outbox.letters() == letters
        async with API(sandbox) as api:
            assert (await api.me(access)).status_code == 200
            assert (await api.verify(code, token=access)).status_code == 200
            assert (await api.sign_in()).status_code == 204
            assert (await api.refresh(used)).status_code == 401
            assert (await api.me(access)).status_code == 401


async def test_without_a_file_nothing_is_kept(clock: FakeClock) -> None:
    config = SandboxConfig(now=clock)
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            access = api.access
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            assert (await api.me(access)).status_code == 401
            assert (await api.sign_in()).status_code == 401


async def test_a_file_of_the_first_version_gains_what_oauth_needs(tmp_path: Path, clock: FakeClock) -> None:
    config = SandboxConfig(data=tmp_path / "sandbox.db", now=clock)
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
    oauth_tables = ("oauth_codes", "oauth_grants", "browser_sessions")
    _take_back(tmp_path / "sandbox.db", *_STORES_TABLES, *_LIBRARY_TABLES, *oauth_tables, version=1)
    for _ in range(2):
        with Sandbox(config) as sandbox:
            browser = Browser(sandbox)
            async with browser, API(sandbox) as api:
                assert (await browser.grant(api)).status_code == 200


async def test_two_sandboxes_may_share_one_file(tmp_path: Path, clock: FakeClock) -> None:
    config = SandboxConfig(data=tmp_path / "sandbox.db", now=clock)
    with Sandbox(config) as first, Sandbox(config) as second:
        async with API(first) as api, API(second) as other:
            await api.sign_up()
            assert (await other.me(api.access)).status_code == 200


@pytest.mark.promise("settings:files:private")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with Sandbox(SandboxConfig(data=file)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.promise("settings:files:private")
def test_a_file_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    Sandbox(SandboxConfig(data=file)).close()
    file.chmod(0o644)
    with Sandbox(SandboxConfig(data=file)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Buy milk. " * 100)
    with pytest.raises(
        ValueError, match=r"^The sandbox can't keep its data in .*notes\.txt: file is not a database\.$"
    ):
        Sandbox(SandboxConfig(data=file))
    assert file.read_text() == "Buy milk. " * 100


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^The sandbox can't keep its data in .*: Is a directory\.$"):
        Sandbox(SandboxConfig(data=tmp_path))


def test_a_file_in_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"missing/sandbox\.db: No such file or directory\.$"):
        Sandbox(SandboxConfig(data=tmp_path / "missing" / "sandbox.db"))


@pytest.mark.parametrize("statement", ["CREATE TABLE notes (text TEXT)", "PRAGMA user_version = 1"])
def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path, statement: str) -> None:
    file = tmp_path / "other.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE letters (text TEXT)")
    connection.execute(statement)
    connection.close()
    file.chmod(0o644)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="it belongs to another program or another version of the sandbox"):
        Sandbox(SandboxConfig(data=file))
    assert file.read_bytes() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_database_of_a_newer_sandbox_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    Sandbox(SandboxConfig(data=file)).close()
    connection = sqlite3.connect(file)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.close()
    with pytest.raises(ValueError, match="another version of the sandbox"):
        Sandbox(SandboxConfig(data=file))


def test_a_failed_transaction_leaves_nothing_behind() -> None:
    database = Database(None)
    with pytest.raises(sqlite3.IntegrityError), database.transaction():
        _insert_twice(database)
    assert database.one("SELECT 1 FROM secrets") is None
    database.close()


def test_a_transaction_inside_another_is_undone_with_it() -> None:
    database = Database(None)
    with pytest.raises(sqlite3.IntegrityError), database.transaction():
        _insert_inside_and_then_twice(database)
    assert database.one("SELECT 1 FROM secrets") is None
    database.close()


def test_foreign_keys_are_enforced() -> None:
    database = Database(None)
    with pytest.raises(sqlite3.IntegrityError):
        database.run("INSERT INTO families VALUES ('family', 1, 0)")
    database.close()


def _take_back(file: Path, *tables: str, version: int) -> None:
    connection = sqlite3.connect(file)
    for table in tables:
        connection.execute(f"DROP TABLE {table}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def _insert_inside_and_then_twice(database: Database) -> None:
    with database.transaction():
        database.run("INSERT INTO secrets VALUES ('inner', x'00')")
    _insert_twice(database)


def _insert_twice(database: Database) -> None:
    database.run("INSERT INTO secrets VALUES ('half', x'00')")
    database.run("INSERT INTO secrets VALUES ('half', x'00')")
