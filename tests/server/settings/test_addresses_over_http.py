"""The addresses of hosted mode: what is accepted, and what is refused in which words."""

import pytest
from rememberizer_mcp.server.settings.settings import load_settings

from tests.server.settings.test_settings import problems_of


def test_the_settings_of_hosted_mode_are_read_from_their_variables() -> None:
    given = {"PUBLIC_URL": "https://mcp.example.org/", "ISSUER": "https://id.example.org/a", "ISSUER_CLIENT_ID": "us"}
    assert problems_of(**given, ISSUER_CLIENT_SECRET="canary-issuer") == ()
    loaded = load_settings()
    assert (loaded.public_url, loaded.issuer) == ("https://mcp.example.org", "https://id.example.org/a")
    assert (loaded.issuer_client_id, loaded.secret_values()) == ("us", ["canary-issuer"])
    assert "canary" not in repr(loaded)


@pytest.mark.promise("hosting:start:refused", "upstream:tls:no-plain-http")
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PUBLIC_URL", "http://mcp.example.org", "must begin with https://"),
        ("PUBLIC_URL", "https://mcp.example.org/mcp", "must hold no path"),
        ("ISSUER", "http://id.example.org", "must begin with https://"),
        ("ISSUER", "https://canary@id.example.org", "must hold no user name"),
    ],
)
def test_addresses_of_hosted_mode_are_https_or_of_this_machine(name: str, value: str, told: str) -> None:
    (problem,) = problems_of(**{name: value})
    assert problem.startswith(f"REMEMBERIZER_{name}: {told}")
    assert "canary" not in problem


@pytest.mark.promise("hosting:http:host-and-origin")
@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("https://MCP.Example.org:443/", "https://mcp.example.org"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://[::1]:80", "https://[::1]:80"),
        ("https://mcp.example.org:8443", "https://mcp.example.org:8443"),
    ],
)
def test_the_public_url_is_what_browsers_name_in_host_and_origin(written: str, named: str) -> None:
    assert problems_of(PUBLIC_URL=written) == ()
    assert load_settings().public_url == named


def test_the_issuer_is_taken_to_the_letter() -> None:
    for address in ("https://id.example.org", "https://id.example.org/", "http://127.0.0.1:9/realm"):
        assert problems_of(ISSUER=address) == ()
        assert load_settings().issuer == address
