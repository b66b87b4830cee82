"""This machine's clock against the server's."""

import pytest
from rememberizer_mcp.server.api.probe import Probe, Stage
from rememberizer_mcp.server.doctor.network import findings

from tests.server.doctor.looking import HOST, look_at
from tests.support.way import answer, server


@pytest.mark.promise("doctor:looks:network")
@pytest.mark.parametrize(
    ("late", "level", "text"),
    [
        (0, "ok", "It agrees with the server's."),
        (-28, "ok", "It agrees with the server's."),
        (45, "warning", "It is 44 seconds ahead of the server's."),
        (-45, "warning", "seconds behind the server's."),
        (3600, "failure", "It is 60 minutes ahead of the server's."),
    ],
)
async def test_a_clock_that_is_wrong_is_pointed_out(late: float, level: str, text: str) -> None:
    now = 1_750_000_000.0
    seen = Probe(stage=Stage.DONE, peer=(HOST, 443), ms=dict.fromkeys(Stage, 1.0), status=401, date=now - late)
    *_, clock = findings(seen, f"https://{HOST}/", environ={}, platform="linux", now=now, seconds=5)
    assert (clock.name, clock.level) == ("clock", level)
    assert text in clock.text


@pytest.mark.parametrize("date", [None, "Date: yesterday\r\n", "Date: Thu, 32 Jan 2026 00:00:00 GMT\r\n"])
async def test_an_answer_without_a_date_says_nothing_of_the_clock(date: str | None) -> None:
    said = answer(late=None).replace(b"Connection", (date or "").encode() + b"Connection")
    async with server(said) as stop:
        assert "clock" not in await look_at(stop)
