import gc
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig
from rememberizer_mcp.server.sandbox.data.accounts import Account
from rememberizer_mcp.server.sandbox.data.outbox import Letter, ShownKey
from rememberizer_mcp.server.sandbox.data.tokens import Tokens
from rememberizer_mcp.server.sandbox.data.vector_stores import VectorStore
from rememberizer_mcp.server.sandbox.listener import outbox_listener
from rememberizer_mcp.server.sandbox.mailbox import OutboxAddress
from rememberizer_mcp.server.sandbox.wire.forms import Fields

from tests.server.sandbox.support import API, EMAIL, NAME, PASSWORD, newest_code

pytestmark = pytest.mark.promise("settings:secrets:never-shown")

CANARY = "canary-4711"
DESIGN: dict[str, Any] = {
    "embedding_model": "m",
    "indexing_algorithm": "a",
    "vector_dimension": 1,
    "search_metric": "s",
}
STORE: dict[str, Any] = {"id": "vs_1", "account_id": 1, "name": "Facts", "description": "", "created_at": 0}


class Posted(Fields):
    """A request with a secret."""

    password: str


async def test_no_object_of_the_sandbox_shows_a_secret(tmp_path: Path) -> None:
    with Sandbox(SandboxConfig(data=tmp_path / "sandbox.db")) as sandbox:
        async with API(sandbox) as api, outbox_listener(sandbox, tmp_path) as address:
            await api.sign_up()
            await api.sign_in(password="wrong")
            letters = sandbox.outbox.letters()
            await api.post("vector-stores/", json={"name": "Facts"})
            keys = sandbox.shown_keys.shown()
            secrets = [
                *(key.key for key in keys),
                PASSWORD,
                api.access,
                api.refresh_token,
                newest_code(sandbox),
                address.path.split("/")[1],
            ]
            # A test process that has run long holds a million objects: the event loop does not wait for all of them.
            ours = await to_thread.run_sync(_objects_of_the_sandbox)
            shown = " ".join(repr(thing) for thing in [*ours, letters, keys, address])
    assert "SandboxConfig(" in shown
    assert "Letter(" in shown
    assert "ShownKey(" in shown
    assert [secret for secret in secrets if secret in shown] == []


def _objects_of_the_sandbox() -> list[object]:
    """Ours have the name of their module as a text; other people's types may have anything there."""
    modules = ((thing, str(type(thing).__module__)) for thing in gc.get_objects())
    return [thing for thing, module in modules if module.startswith("rememberizer_mcp.server.sandbox")]


@pytest.mark.parametrize(
    "thing",
    [
        Account(id=1, login=EMAIL, email=EMAIL, name=NAME, password_hash=CANARY, verified=True),
        Letter(to=EMAIL, subject="code", code=CANARY, sent_at=0, expires_at=1),
        OutboxAddress(url=f"http://127.0.0.1:1/{CANARY}/outbox/", file=Path("file")),
        Tokens(family="f", access=CANARY, refresh=CANARY),
        ShownKey(opens="account", id="1", name="", owner=EMAIL, key=CANARY),
        VectorStore(**STORE, **DESIGN, key=CANARY, key_digest=CANARY.encode()),
        Posted(password=CANARY),
    ],
)
def test_a_value_that_carries_a_secret_does_not_show_it(thing: object) -> None:
    assert CANARY not in repr(thing)
