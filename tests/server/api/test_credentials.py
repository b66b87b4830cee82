"""``Credentials``: which of upstream's cookies and tokens are kept, which one is sent where, and that none shows."""

from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.cookies import ACCESS_NAMES
from rememberizer_mcp.server.api.endpoints import Takes
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets

from tests.support.credentials import answer, held, nobody
from tests.support.upstream import BASE_URL, jwt

ME = BASE_URL + "me/"
SHAPED = jwt({"sub": "ada"})
EVERY = (Takes.NOTHING, *Takes)


@pytest.mark.promise("cookies:access:which-one")
@pytest.mark.parametrize(
    ("cookies", "token"),
    [
        *(([f"{name}=opaque; Path=/", f"other={SHAPED}; Path=/"], "opaque") for name in ACCESS_NAMES),
        (["jwt=second; Path=/", "access_token=first; Path=/"], "first"),
        ([f"rememberizer={SHAPED}; Path=/", "theme=dark; Path=/"], SHAPED),
        ([f"refresh_token={SHAPED}; Path=/"], None),
        ([f"my-Refresh={SHAPED}; Path=/"], None),
        ([f"csrftoken={SHAPED}; Path=/"], None),
        ([f"XSRF-TOKEN={SHAPED}; Path=/"], None),
        ([f"sessionid={SHAPED}; Path=/"], None),
        ([f"one={SHAPED}; Path=/", f"two={SHAPED}; Path=/"], None),
        (["rememberizer=not-a-jwt; Path=/"], None),
        (["access_token=; Path=/", f"rememberizer={SHAPED}; Path=/"], SHAPED),
        (["ACCESS_TOKEN=opaque; Path=/"], None),
        (["access_token=opaque; Path=/; HttpOnly; Secure; SameSite=Strict"], "opaque"),
        ([], None),
    ],
)
def test_the_access_token_is_found_by_the_stated_rule(cookies: list[str], token: str | None) -> None:
    assert held(*cookies).access_token == token


@pytest.mark.promise("upstream:answers:every-variant", "sessions:account:verify-token")
@pytest.mark.parametrize(
    ("json", "token"),
    [
        *(({name: "t-1"}, "t-1") for name in ACCESS_NAMES),
        *(({"data": {name: "t-1"}, "message": "", "code": None}, "t-1") for name in ACCESS_NAMES),
        ({"tokens": {"refresh": "no", "access": "t-1"}}, "t-1"),
        ({"token": {"access": "t-1"}}, "t-1"),
        ({"data": {"user": {"id": 1}, "tokens": {"jwt": "t-1"}}}, "t-1"),
        ({"user": {"token": "inner"}, "access": "outer"}, "outer"),
        ({"refresh": "r-1", "refresh_token": "r-2", "id": 1}, None),
        ({"access": None, "token": 7, "jwt": ["t"], "auth_token": ""}, None),
        ({"access": "two words"}, None),
        ({"access": "line\r\nX-Injected: 1"}, None),
        ({"access": "caf\u00e9"}, None),
        ({"a": {"b": {"access": "too deep"}}}, None),
        ([{"access": "in a list"}], None),
        ("access", None),
    ],
)
def test_a_token_of_the_json_is_found_and_none_that_can_not_be_sent(json: Any, token: str | None) -> None:
    assert held(json=json).access_token == token


def test_cookies_alone_are_looked_at_where_no_body_is_given() -> None:
    credentials = nobody()
    response, _ = answer("access_token=a-1; Path=/", json={"access": "not this"})
    assert credentials.absorb(response, sent_at_version=0)
    assert credentials.access_token == "a-1"


@pytest.mark.promise("cookies:jar:configured-host-only", "upstream:calls:as-documented")
def test_each_kind_of_call_carries_what_it_needs_and_no_more() -> None:
    cookies = held("access_token=a-1; Path=/", "refresh_token=r-1; Path=/")
    assert cookies.headers(Takes.NOTHING, url=ME) == {}
    assert cookies.headers(Takes.REFRESH_TOKEN, url=ME) == {"Cookie": "refresh_token=r-1"}
    assert cookies.headers(Takes.BEARER, url=ME) == {"Authorization": "Bearer a-1"}
    assert cookies.headers(Takes.ACCOUNT, url=ME) == {"Cookie": "access_token=a-1; refresh_token=r-1"}
    bearer = held("csrftoken=c; Path=/", json={"access": "t-1"})
    assert bearer.headers(Takes.ACCOUNT, url=ME) == {"Cookie": "csrftoken=c", "Authorization": "Bearer t-1"}
    assert bearer.headers(Takes.REFRESH_TOKEN, url=ME) == {}
    for nothing in (held(), held("refresh_token=r-1; Path=/")):
        assert nothing.headers(Takes.BEARER, url=ME) == {}


def test_a_quoted_cookie_goes_back_as_it_came() -> None:
    assert held('sessionid="a b"; Path=/').headers(Takes.ACCOUNT, url=ME) == {"Cookie": 'sessionid="a b"'}


@pytest.mark.promise("cookies:jar:configured-host-only")
@pytest.mark.parametrize("url", ["https://example.org/api/v1/me/", "http://127.0.0.2/api/v1/me/"])
def test_no_cookie_goes_to_another_host(url: str) -> None:
    credentials = held("access_token=a-1; Path=/", "sessionid=s-1; Path=/")
    assert "Cookie" not in credentials.headers(Takes.ACCOUNT, url=url)


@pytest.mark.promise("cookies:jar:configured-host-only")
@pytest.mark.parametrize("domain", ["example.org", ".example.org", "com", "127.0.0.1.example.org"])
def test_a_cookie_for_another_host_is_not_taken(domain: str) -> None:
    credentials = held(f"access_token=a-1; Path=/; Domain={domain}")
    assert (credentials.access_token, credentials.has_any, credentials.version) == (None, False, 0)


def test_an_access_cookie_of_another_path_is_sent_as_bearer() -> None:
    narrow = "access_token=a-1; Path=/api/v1/auth/"
    assert held(narrow).headers(Takes.ACCOUNT, url=ME) == {"Authorization": "Bearer a-1"}
    beside = held(narrow, "csrftoken=c; Path=/").headers(Takes.ACCOUNT, url=ME)
    assert beside == {"Cookie": "csrftoken=c", "Authorization": "Bearer a-1"}


@pytest.mark.promise("cookies:jar:re-read")
@pytest.mark.parametrize(
    ("second", "access", "refresh", "arrived"),
    [
        (["access_token=a-2; Path=/"], "a-2", "r-1", True),
        (["refresh_token=r-2; Path=/"], "a-1", "r-2", True),
        (["access_token=a-2; Path=/", "refresh_token=r-2; Path=/"], "a-2", "r-2", True),
        (["access_token=a-1; Path=/", "refresh_token=r-1; Path=/"], "a-1", "r-1", True),
        (["access_token=; Path=/; Max-Age=0", "refresh_token=gone; Path=/; Max-Age=0"], None, None, False),
        (["refresh_token=; Path=/"], "a-1", None, False),
        (["access_token=x; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], None, "r-1", False),
        (["theme=dark; Path=/"], "a-1", "r-1", False),
        ([], "a-1", "r-1", False),
    ],
)
def test_every_reply_may_rotate_or_end_either_token(
    second: list[str], access: str | None, refresh: str | None, arrived: bool
) -> None:
    credentials = held("access_token=a-1; Path=/", "refresh_token=r-1; Path=/")
    assert credentials.absorb(*answer(*second), sent_at_version=None) is arrived
    assert (credentials.access_token, credentials.refresh_token) == (access, refresh)
    changed = arrived or (access, refresh) != ("a-1", "r-1")
    assert credentials.version == (2 if changed else 1)


@pytest.mark.promise("cookies:jar:re-read")
def test_the_newest_access_token_is_the_one_used_wherever_it_came_from() -> None:
    credentials = held("access_token=cookie-1; Path=/", json={"access": "json-1"})
    assert credentials.access_token == "json-1"
    credentials.absorb(*answer("access_token=cookie-2; Path=/"), sent_at_version=None)
    assert credentials.access_token == "cookie-2"
    credentials.absorb(*answer(json={"access": "json-2"}), sent_at_version=None)
    assert credentials.access_token == "json-2"
    credentials.absorb(*answer("refresh_token=r-2; Path=/"), sent_at_version=None)
    assert credentials.access_token == "json-2"


@pytest.mark.promise("cookies:jar:re-read")
def test_the_newest_of_two_cookies_of_one_name_is_used() -> None:
    credentials = held("refresh_token=old; Path=/", "refresh_token=newer; Path=/api/")
    assert credentials.refresh_token == "newer"
    credentials.absorb(*answer("refresh_token=newest; Path=/"), sent_at_version=None)
    assert credentials.refresh_token == "newest"


@pytest.mark.promise("sessions:refresh:older-never-wins")
@pytest.mark.parametrize(
    ("sent_at", "access", "refresh"), [(0, "a-1", "r-1"), (1, "a-2", "r-1"), (2, "a-1", "r-1"), (None, "a-2", "r-1")]
)
def test_a_reply_is_taken_only_if_nothing_newer_came_since_its_request(
    sent_at: int | None, access: str, refresh: str
) -> None:
    credentials = held("access_token=a-1; Path=/", "refresh_token=r-1; Path=/")
    taken = credentials.absorb(*answer("access_token=a-2; Path=/"), sent_at_version=sent_at)
    assert (credentials.access_token, credentials.refresh_token) == (access, refresh)
    assert taken is (access == "a-2")


@pytest.mark.promise("sessions:refresh:older-never-wins")
def test_wiped_credentials_take_and_show_nothing_any_more() -> None:
    secrets = KnownSecrets()
    credentials = nobody(secrets=secrets)
    credentials.absorb(*answer("access_token=aaaa-1; Path=/; Max-Age=60", json={"jwt": "bbbb-1"}), sent_at_version=None)
    credentials.wipe()
    assert not credentials.absorb(*answer("access_token=aaaa-2; Path=/", json={"jwt": "bbbb-2"}), sent_at_version=None)
    assert (credentials.access_token, credentials.refresh_token, credentials.has_any) == (None, None, False)
    assert credentials.access_expires_at is None
    assert credentials.headers(Takes.ACCOUNT, url=ME) == {}
    assert repr(secrets) == "<KnownSecrets: 0 values>"


@pytest.mark.parametrize(
    ("cookies", "json", "proves"),
    [
        (["access_token=a-1; Path=/"], None, True),
        (["sessionid=opaque; Path=/"], None, True),
        ([], {"access": "t-1"}, True),
        (["csrftoken=c; Path=/", "XSRF-TOKEN=x; Path=/"], None, False),
        (["access_token=; Path=/", 'sessionid=""; Path=/'], None, False),
        (["access_token"], None, False),
        ([], {"id": 1}, False),
        ([], None, False),
    ],
)
def test_only_what_can_show_who_asks_counts_as_something(cookies: list[str], json: Any, proves: bool) -> None:
    assert held(*cookies, json=json).has_any is proves


@pytest.mark.promise("settings:secrets:never-shown")
def test_no_token_shows_in_the_repr() -> None:
    credentials = held("access_token=canary-1; Path=/", "refresh_token=canary-2; Path=/", json={"jwt": "canary-3"})
    assert repr(credentials) == str(credentials)
    assert repr(credentials) == "<Credentials: 2 cookies, access cookie and refresh cookie and bearer>"
    assert repr(held()) == "<Credentials: 0 cookies, no token>"


@pytest.mark.promise("settings:secrets:never-shown")
def test_every_value_held_is_known_to_the_log_until_it_is_replaced() -> None:
    secrets = KnownSecrets()
    credentials = nobody(secrets=secrets)
    credentials.absorb(
        *answer("access_token=aaaa-1; Path=/", "odd=cccc-1; Path=/", json={"jwt": "bbbb-1"}), sent_at_version=None
    )
    assert secrets.redact("aaaa-1 bbbb-1 cccc-1") == f"{REDACTED} {REDACTED} {REDACTED}"
    credentials.absorb(*answer("access_token=aaaa-2; Path=/"), sent_at_version=None)
    assert secrets.redact("aaaa-1 aaaa-2 bbbb-1 cccc-1") == f"aaaa-1 {REDACTED} bbbb-1 {REDACTED}"


@pytest.mark.promise("settings:secrets:never-shown")
def test_a_value_that_stays_is_known_at_every_moment() -> None:
    class Watched(KnownSecrets):
        def forget(self, values: Any) -> None:
            super().forget(values)
            seen.append(self.redact("rrrr-1"))

    seen: list[str] = []
    credentials = nobody(secrets=Watched())
    credentials.absorb(*answer("refresh_token=rrrr-1; Path=/"), sent_at_version=None)
    seen.clear()
    credentials.absorb(*answer("access_token=aaaa-2; Path=/"), sent_at_version=None)
    assert set(seen) == {REDACTED}


def test_a_reply_without_a_cookie_costs_no_look_through_the_jar() -> None:
    """Reading cookies needs the request that was answered; here there is none."""
    who = nobody()
    assert not who.absorb(httpx.Response(200, json={"access_token": "not looked for"}), sent_at_version=0)
    assert (who.version, who.has_any) == (0, False)


def test_a_token_of_the_body_goes_beside_the_cookies_that_are_sent() -> None:
    headers = held("access_token=of-a-cookie; Path=/", json={"jwt": "of-the-body"}).headers(Takes.ACCOUNT, url=BASE_URL)
    assert headers == {"Cookie": "access_token=of-a-cookie", "Authorization": "Bearer of-the-body"}
