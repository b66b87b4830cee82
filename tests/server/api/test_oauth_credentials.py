"""``Credentials`` of an OAuth app: its bearer and its refresh token, and no cookie."""

import pytest
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import Takes
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets

from tests.support.credentials import answer, granted, held
from tests.support.upstream import BASE_URL

ME = BASE_URL + "me/"
EVERY = (Takes.NOTHING, *Takes)


@pytest.mark.promise("sessions:oauth:own-refresh")
def test_an_oauth_grant_shows_its_bearer_and_no_cookie_whatever_the_call() -> None:
    credentials, bearer = granted(), {"Authorization": "Bearer gggg-1"}
    sent = {auth: credentials.headers(auth, url=ME) for auth in EVERY}
    assert sent == {auth: {} if auth in (Takes.NOTHING, Takes.REFRESH_TOKEN) else bearer for auth in EVERY}
    assert credentials.refresh_token is None
    assert credentials.oauth_refresh_token == "gggg-2"


@pytest.mark.promise("sessions:oauth:own-refresh")
def test_an_oauth_grant_takes_nothing_from_replies() -> None:
    credentials = granted()
    version = credentials.version
    reply = answer("access_token=no; Path=/", "refresh_token=no; Path=/", json={"access": "no"})
    assert not credentials.absorb(*reply, sent_at_version=None)
    assert credentials.version == version
    assert credentials.headers(Takes.ACCOUNT, url=ME) == {"Authorization": "Bearer gggg-1"}


@pytest.mark.promise("sessions:oauth:own-refresh")
def test_a_grant_without_a_refresh_token_keeps_the_one_before() -> None:
    credentials = granted()
    credentials.take_oauth("hhhh-1", refresh_token=None, expires_in=None)
    assert (credentials.access_token, credentials.oauth_refresh_token) == ("hhhh-1", "gggg-2")


def test_each_grant_is_a_new_version() -> None:
    credentials = granted()
    version = credentials.version
    credentials.take_oauth("gggg-1", refresh_token=None, expires_in=None)
    assert credentials.version == version + 1


@pytest.mark.promise("sessions:oauth:own-refresh")
@pytest.mark.parametrize(
    ("credentials", "can_renew"),
    [
        (held(), False),
        (held("access_token=a-1; Path=/"), False),
        (held("refresh_token=r-1; Path=/"), True),
        (granted(), True),
    ],
)
def test_either_refresh_token_can_renew(credentials: Credentials, can_renew: bool) -> None:
    assert credentials.can_renew is can_renew


@pytest.mark.promise("settings:secrets:never-shown", "sessions:oauth:own-refresh")
def test_an_oauth_grant_is_known_to_the_log_and_shows_in_no_repr() -> None:
    secrets = KnownSecrets()
    credentials = granted(secrets)
    assert secrets.redact("cccc-1 cccc-2 gggg-1 gggg-2") == f"cccc-1 cccc-2 {REDACTED} {REDACTED}"
    assert repr(credentials) == "<Credentials: 0 cookies, bearer and OAuth refresh token>"


@pytest.mark.promise("sessions:oauth:own-refresh")
def test_a_wiped_grant_is_forgotten_and_comes_back_by_no_answer() -> None:
    secrets = KnownSecrets()
    credentials = granted(secrets)
    credentials.wipe()
    credentials.take_oauth("hhhh-1", refresh_token="hhhh-2", expires_in=60)
    assert secrets.redact("gggg-1 gggg-2 hhhh-1") == "gggg-1 gggg-2 hhhh-1"
    assert not credentials.has_any
    assert not credentials.can_renew
    assert credentials.access_expires_at is None
