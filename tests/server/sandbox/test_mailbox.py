import os
import signal
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from rememberizer_mcp.server.loopback import WithHeaders
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_HEADER, SandboxConfig
from rememberizer_mcp.server.sandbox.data.outbox import Letter
from rememberizer_mcp.server.sandbox.listener import outbox_listener
from rememberizer_mcp.server.sandbox.mailbox import NoSandboxError, fetch_outbox, find_outboxes, published
from rememberizer_mcp.server.sandbox.wire.web import web_app
from starlette.responses import Response
from starlette.types import ASGIApp

from tests.server.sandbox.support import API, WAIT_SECONDS, served
from tests.support.clock import FakeClock
from tests.support.ports import port_with


async def _fetch(runtime_dir: Path) -> list[Letter]:
    with anyio.fail_after(WAIT_SECONDS):
        return (await anyio.to_thread.run_sync(fetch_outbox, runtime_dir))[0]


async def test_letters_of_all_sandboxes_come_oldest_first(tmp_path: Path, clock: FakeClock) -> None:
    config = SandboxConfig(now=clock)
    with Sandbox(config) as first, Sandbox(config) as second:
        async with outbox_listener(first, tmp_path), outbox_listener(second, tmp_path):
            for sandbox in (first, second, first):
                clock.advance(1)
                async with API(sandbox) as api:
                    await api.sign_up(email=f"ada{clock.time}@example.com")
            letters = await _fetch(tmp_path)
        assert [letter.sent_at for letter in letters] == [clock.time - 2, clock.time - 1, clock.time]
        assert letters[::2] == first.outbox.letters()


async def test_letters_that_two_sandboxes_share_come_once(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path / "sandbox.db")
    with Sandbox(config) as first, Sandbox(config) as second:
        async with outbox_listener(first, tmp_path), outbox_listener(second, tmp_path), API(first) as api:
            await api.sign_up()
            assert await _fetch(tmp_path) == first.outbox.letters()


async def test_a_proxy_of_the_environment_is_not_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    os.environ["http_proxy"] = "http://127.0.0.1:1"
    async with outbox_listener(sandbox, tmp_path):
        assert await _fetch(tmp_path) == []


def test_without_a_sandbox_the_answer_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoSandboxError, match=r"^No running sandbox was found\. Start one with `rememberizer-mcp"):
        fetch_outbox(tmp_path)
    assert find_outboxes(tmp_path) == []


async def test_the_file_of_a_dead_process_is_removed(tmp_path: Path) -> None:
    async with served(tmp_path, ending=signal.SIGKILL):
        assert len(await anyio.to_thread.run_sync(find_outboxes, tmp_path)) == 1
    directory = tmp_path / "rememberizer-mcp"
    assert len(list(directory.iterdir())) == 1
    with pytest.raises(NoSandboxError):
        fetch_outbox(tmp_path)
    assert list(directory.iterdir()) == []


def _garbage() -> ASGIApp:
    return WithHeaders(Response("<html>", media_type="application/json"), {SANDBOX_HEADER: "1"})


def _odd_letters() -> ASGIApp:
    return WithHeaders(Response('{"letters": [{"to": "ada"}]}', media_type="application/json"), {SANDBOX_HEADER: "1"})


@pytest.mark.parametrize("stranger", [web_app([]), Response('{"letters": []}'), _garbage(), _odd_letters()])
async def test_a_stranger_on_the_port_is_passed_over_and_its_file_kept(tmp_path: Path, stranger: ASGIApp) -> None:
    async with port_with(stranger) as (host, port):
        with published(f"http://{host}:{port}/key/outbox/", tmp_path) as address:
            with pytest.raises(NoSandboxError):
                await _fetch(tmp_path)
            assert address.file is not None
            assert address.file.exists()
