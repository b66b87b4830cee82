from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.listener import outbox_listener
from rememberizer_mcp.server.sandbox.mailbox import fetch_outbox

from tests.server.sandbox.stores import new_store, shown_key
from tests.server.sandbox.support import API, EMAIL, WAIT_SECONDS

pytestmark = pytest.mark.promise("sandbox:outbox:every-key")


async def test_a_person_finds_every_key_on_the_outbox_page(sandbox: Sandbox, api: API, tmp_path: Path) -> None:
    with anyio.fail_after(WAIT_SECONDS):
        async with outbox_listener(sandbox, tmp_path) as address, httpx.AsyncClient(trust_env=False) as browser:
            assert "No keys yet." in (await browser.get(address.url)).text
            await api.sign_up()
            await api.post("mementos/", json={"name": "<i>Teas</i>"})
            async with await new_store(sandbox, api, name="<b>Facts</b>") as store:
                page = (await browser.get(address.url)).text
    assert f"<td>{EMAIL}</td><td>all documents</td>" in page
    assert "the memento &lt;i&gt;Teas&lt;/i&gt;" in page
    assert f"the vector store &lt;b&gt;Facts&lt;/b&gt; (<code>{store.store_id}</code>)" in page
    keys = [shown.key for shown in sandbox.shown_keys.shown()]
    assert [f"<code>{key}</code>" in page for key in keys] == [True] * 3


async def test_a_key_stays_the_same_however_often_it_is_looked_at(sandbox: Sandbox, api: API) -> None:
    await api.sign_up()
    await api.post("mementos/", json={"name": "Teas"})
    await api.post("vector-stores/", json={"name": "Facts"})
    assert sandbox.shown_keys.shown() == sandbox.shown_keys.shown()


async def test_an_account_s_key_opens_its_documents(sandbox: Sandbox, api: API) -> None:
    await api.sign_up()
    key = {"X-API-Key": shown_key(sandbox, "account", 1)}
    api.cookies.clear()
    assert (await api.get("documents/")).status_code == 401
    assert (await api.get("documents/", headers=key)).json()["count"] > 0


async def test_only_the_newest_hundred_of_a_kind_are_shown_the_oldest_first(sandbox: Sandbox, api: API) -> None:
    await api.sign_up()
    made = [(await api.post("vector-stores/", json={"name": str(number)})).json()["id"] for number in range(101)]
    shown = [key.id for key in sandbox.shown_keys.shown() if key.opens == "vector_store"]
    assert shown == made[1:]


async def test_keys_of_a_shared_data_file_are_the_same_in_both_sandboxes(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path / "sandbox.db")
    with Sandbox(config) as first, Sandbox(config) as second:
        async with outbox_listener(first, tmp_path), outbox_listener(second, tmp_path), API(first) as api:
            await api.sign_up()
            await api.post("vector-stores/", json={"name": "Facts"})
            with anyio.fail_after(WAIT_SECONDS):
                _, keys = await anyio.to_thread.run_sync(fetch_outbox, tmp_path)
            assert keys == first.shown_keys.shown() == second.shown_keys.shown()
