"""Credentials that another process goes on with: they send the same, where the same holds, until the same time."""

import pytest
from pydantic import TypeAdapter
from pydantic_core import to_json
from rememberizer_mcp.server.api.credentials import Credentials, Dumped
from rememberizer_mcp.server.api.endpoints import Takes
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets

from tests.support.clock import FakeClock
from tests.support.credentials import held, nobody
from tests.support.upstream import BASE_URL, jwt

pytestmark = pytest.mark.promise("hosting:store:same-sessions")
PLACES = [BASE_URL + "me/", BASE_URL, "https://elsewhere.example.org/", BASE_URL.replace("127.0.0.1", "127.0.0.2")]
SETS = [
    ["access_token=a; Path=/; HttpOnly; Secure", "refresh_token=r; Path=/"],
    ["access_token=a; Path=/api/v1/me/; Max-Age=60", "refresh_token=r; Path=/; Max-Age=6000"],
    [f'rememberizer="{jwt({"exp": 1_750_000_300})}"; Path=/; Domain=127.0.0.1', "csrftoken=c; Path=/", "theme=dark"],
    ["access=one; Path=/", "access=two; Path=/api", "sessionid=s; Path=/"],
]


def elsewhere(credentials: Credentials, secrets: KnownSecrets | None = None) -> Credentials:
    """The same, by way of JSON."""
    there = Credentials(secrets=secrets or KnownSecrets(), now=FakeClock())
    there.load(TypeAdapter(Dumped).validate_json(to_json(credentials.dump())))
    return there


@pytest.mark.parametrize("cookies", SETS)
def test_they_send_the_same_and_end_at_the_same_time(cookies: list[str]) -> None:
    here = held(*cookies)
    there = elsewhere(here)
    for takes in (Takes.NOTHING, *Takes):
        assert [there.headers(takes, url=url) for url in PLACES] == [here.headers(takes, url=url) for url in PLACES]
    assert (there.access_token, there.refresh_token) == (here.access_token, here.refresh_token)
    assert there.access_expires_at == here.access_expires_at
    assert (there.has_any, there.can_renew) == (here.has_any, here.can_renew)
    assert there.dump() == here.dump()


def test_the_tokens_of_an_app_are_no_cookies_there_either() -> None:
    here = nobody()
    here.take_oauth("access", refresh_token="refresh", expires_in=60)
    there = elsewhere(here)
    assert there.headers(Takes.ACCOUNT, url=BASE_URL) == {"Authorization": "Bearer access"}
    assert (there.oauth_refresh_token, there.access_expires_at) == ("refresh", here.access_expires_at)


def test_what_was_held_before_is_gone_and_the_new_is_redacted() -> None:
    secrets = KnownSecrets()
    there = elsewhere(held("access_token=canary-one; Path=/"), secrets)
    version = there.version
    there.load(held("refresh_token=canary-two; Path=/").dump())
    assert (there.access_token, there.refresh_token) == (None, "canary-two")
    assert secrets.redact("canary-one canary-two") == f"canary-one {REDACTED}"
    assert there.version > version


def test_wiped_credentials_take_nothing() -> None:
    there = nobody()
    there.wipe()
    there.load(held("access_token=a; Path=/").dump())
    assert not there.has_any
