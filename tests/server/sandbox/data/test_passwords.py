"""Passwords under the costs that they have outside of tests."""

import sqlite3
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from argon2 import extract_parameters
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data.passwords import Passwords

from tests.server.sandbox.support import API, PASSWORD


@pytest.fixture(autouse=True)
def password_costs() -> None:
    """The real ones."""


@pytest.mark.promise("sandbox:accounts:argon2")
async def test_a_password_is_kept_as_an_argon2id_hash_only(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with Sandbox(SandboxConfig(data=file)) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
    connection = sqlite3.connect(file)
    [[password_hash]] = connection.execute("SELECT password_hash FROM accounts")
    connection.close()
    assert password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD.encode() not in file.read_bytes()


@pytest.mark.promise("sandbox:accounts:argon2")
async def test_an_unknown_account_costs_the_same_hash_as_a_known_one() -> None:
    passwords = Passwords()
    real = await passwords.hash(PASSWORD)
    assert extract_parameters(passwords.nobody) == extract_parameters(real)
    assert not await passwords.matches(None, PASSWORD)
    assert await passwords.matches(real, PASSWORD)


async def test_the_event_loop_runs_on_while_a_password_is_hashed(api: API) -> None:
    turns = 0
    done = anyio.Event()

    async def sign_up() -> None:
        await api.sign_up()
        done.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sign_up)
        while not done.is_set():
            turns += 1
            await anyio.lowlevel.checkpoint()
    assert turns > 100
