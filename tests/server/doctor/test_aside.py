"""Checks in processes of their own: how they end, and what is left of them."""

import re
from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor import keyrings, network
from rememberizer_mcp.server.doctor.aside import CouldNotRun, aside
from rememberizer_mcp.server.doctor.run import Machine

from tests.support.secret_service import bare_environment
from tests.support.way import server


@pytest.mark.promise("D119")
def test_what_hangs_is_explained_before_its_process_is_ended() -> None:
    start_up = 4.0
    assert max(network.LIMIT_SECONDS, keyrings.LIMIT_SECONDS) + start_up < Machine().aside_until


@pytest.mark.promise("D116", "D119")
async def test_a_server_that_hangs_is_the_one_that_is_said_to(tmp_path: Path) -> None:
    async with server(None) as stop:
        url = f"http://127.0.0.1:{stop.port}/"
        environ = bare_environment(tmp_path, REMEMBERIZER_BASE_URL=url)
        (found,) = await aside("network", environ=environ, limit_seconds=40)
    assert found["text"] == f"127.0.0.1:{stop.port} does not answer within 5 s."


@pytest.mark.promise("D117", "S44")
async def test_of_a_crash_only_its_kind_and_place_are_said(tmp_path: Path) -> None:
    (tmp_path / "pydantic_settings.py").write_text("raise KeyError('canary-of-a-crash')")
    environ = bare_environment(tmp_path, PYTHONPATH=str(tmp_path))
    with pytest.raises(CouldNotRun) as crashed:
        await aside("settings", environ=environ, limit_seconds=40)
    found = crashed.value.finding
    assert re.fullmatch(r"The check broke off: KeyError at settings\.py:[0-9]+\.", found.text)
    assert "canary" not in str(found)
