"""The findings about the way to an API, on real connections."""

import os
from datetime import timedelta
from pathlib import Path

from rememberizer_mcp.server.doctor.network import network
from rememberizer_mcp.server.doctor.report import Finding

from tests.support.way import Authority, Stop

HOST = "api.example.org"
YEAR = timedelta(days=365)


async def look(url: str, *, seconds: float = 5.0) -> dict[str, Finding]:
    """The findings by name; there is never more than one of each here."""
    os.environ["REMEMBERIZER_BASE_URL"] = url
    found = await network(limit_seconds=seconds)
    assert len({finding.name for finding in found}) == len(found)
    return {finding.name: finding for finding in found}


async def look_at(stop: Stop) -> dict[str, Finding]:
    return await look(f"http://127.0.0.1:{stop.port}/api/v1/")


def levels(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.level for name, finding in found.items()}


def trust(authority: Authority, folder: Path) -> None:
    os.environ["SSL_CERT_FILE"] = authority.write(folder / "ca.pem")
