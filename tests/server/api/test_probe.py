"""How far a request came, by the events of its connection."""

import pytest
from rememberizer_mcp.server.api.probe import Probe, Stage, Watch


@pytest.mark.parametrize(
    ("base_url", "port", "stage"), [("https://[::1]/", 443, "tls"), ("http://[::1]/", 80, "answer")]
)
async def test_an_address_without_a_port_has_that_of_its_scheme_and_no_proxy(
    base_url: str, port: int, stage: str
) -> None:
    seen = Probe()
    watch = Watch(seen, base_url)
    await watch("connection.connect_tcp.started", {"host": "::1", "port": port})
    await watch("connection.connect_tcp.complete", {})
    assert (seen.stage, seen.peer) == (Stage(stage), ("::1", port))
