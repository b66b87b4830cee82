"""Certificates that are refused, and the trust store."""

import os
import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from rememberizer_mcp.server.api.probe import Probe, Stage
from rememberizer_mcp.server.doctor.network import findings

from tests.server.doctor.looking import HOST, YEAR, levels, look, look_at, trust
from tests.support.way import Authority, answer, server


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A certificate that a server shows."""

    name: str = "localhost"
    valid_from: timedelta = -YEAR
    is_trusted: bool = True


@pytest.mark.promise("doctor:looks:network")
@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (Shown(valid_from=-2 * YEAR), "localhost's has expired."),
        (Shown(valid_from=YEAR), "localhost's is not valid yet."),
        (Shown(is_trusted=False), "localhost's comes from an issuer that this machine does not trust."),
        (Shown(name="other.example"), "The one that was shown is not for localhost."),
    ],
)
async def test_certificates_that_are_refused_are_told_apart(
    shown: Shown, said: str, authority: Authority, tmp_path: Path
) -> None:
    trust(authority if shown.is_trusted else Authority(), tmp_path)
    context = authority.context(shown.name, valid_from=shown.valid_from, valid_for=1.5 * YEAR)
    async with server(answer(), tls=context) as stop:
        found = await look(f"https://localhost:{stop.port}/")
    assert levels(found) == {"network": "ok", "certificate": "failure"}
    assert found["certificate"].text == said
    assert not stop.asked


def refused(code: int) -> Probe:
    refusal = ssl.SSLCertVerificationError("in some language")
    refusal.verify_code = code
    ms = {"resolve": 1.0, "connect": 1.0}
    return Probe(stage=Stage.TLS, peer=(HOST, 443), ms=ms, refusal=refusal)


@pytest.mark.parametrize(
    ("platform", "code", "said"),
    [
        ("darwin", -67818, "has expired"),
        ("darwin", -67819, "is not valid yet"),
        ("darwin", -67602, "is not for"),
        ("darwin", -67843, "does not trust"),
        ("win32", 0x800B0101, "has expired"),
        ("win32", 0x800B010F, "is not for"),
        ("win32", 0x800B0109, "does not trust"),
    ],
)
def test_the_codes_of_other_systems_are_known(platform: str, code: int, said: str) -> None:
    found = findings(
        refused(code), f"https://{HOST}/", environ={"SSL_CERT_FILE": "/none"}, platform=platform, now=0.0, seconds=5
    )
    assert [finding.name for finding in found] == ["network", "certificate"]
    assert said in found[1].text
    assert "SSL_CERT_FILE" not in f"{found[1].next_step}"


async def test_a_trust_store_that_is_not_there_is_pointed_out() -> None:
    os.environ["SSL_CERT_FILE"] = "/nowhere/roots.pem"
    async with server(answer()) as stop:
        found = await look_at(stop)
    assert (found["certificate"].level, found["certificate"].text) == (
        "warning",
        "SSL_CERT_FILE names nothing that exists.",
    )
