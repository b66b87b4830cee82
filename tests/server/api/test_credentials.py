"""``Credentials``: which of upstream's cookies and tokens are kept, which one is sent where, and that none shows."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.body import Body
from rememberizer_mcp.server.api.cookies import ACCESS_NAMES
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import Takes
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets

from tests.support.clock import FakeClock
from tests.support.upstream import BASE_URL, jwt

ME = BASE_URL + "me/"
SHAPED = jwt({"sub": "ada"})
EVERY = (Takes.NOTHING, *Takes)


def answer(*cookies: str | bytes, to: str = BASE_URL + "auth/signin/", json: Any = None) -> tuple[httpx.Response, Body]:
    """A reply with these ``Set-Cookie`` lines, as it comes off the wire."""
    lines = [(b"set-cookie", line if isinstance(line, bytes) else line.encode("latin-1")) for line in cookies]
    response = httpx.Response(200, headers=lines, json=json, request=httpx.Request("POST", to))
    return response, Body(response.content)


def held(*cookies: str | bytes, json: Any = None, clock: FakeClock | None = None) -> Credentials:
    """Credentials that took one reply."""
    made = Credentials(secrets=KnownSecrets(), now=clock or FakeClock())
    made.absorb(*answer(*cookies, json=json), sent_at_version=None)
    return made


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
    credentials = Credentials(secrets=KnownSecrets())
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
    credentials = Credentials(secrets=secrets)
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


@pytest.mark.parametrize(
    ("claims", "attributes", "seconds"),
    [
        ({"iat": 1_000, "exp": 1_300}, "", 300),
        ({"iat": 1_000, "exp": 1_300}, "; Max-Age=60", 300),
        ({"exp": FakeClock().time + 120}, "", 120),
        ({"exp": FakeClock().time + 120, "iat": "junk"}, "", 120),
        ({"exp": 1_000, "iat": 1_300}, "", 300),
        ({"exp": "soon"}, "; Max-Age=60", 60),
        ({"exp": True}, "", None),
        ({"exp": -5}, "; Max-Age=60", 60),
        ({"exp": 10**400}, "; Max-Age=60", 60),
        ({"exp": float("nan")}, "", None),
        ({"exp": float("inf")}, "", None),
        ({}, "; Max-Age=900", 900),
        ({}, "", None),
        ([1], "; Max-Age=900", 900),
        (None, "", None),
    ],
)
def test_a_life_is_read_from_the_claims_or_else_from_max_age(
    clock: FakeClock, claims: Any, attributes: str, seconds: float | None
) -> None:
    expires_at = held(f"access_token={jwt(claims)}; Path=/{attributes}", clock=clock).access_expires_at
    assert (None if expires_at is None else expires_at - clock.time) == pytest.approx(seconds, abs=2)


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "!.?.-", "x.e30.", "x.bnVsbA.", "x.%00.y"])
def test_a_token_that_says_nothing_lives_as_long_as_its_cookie(clock: FakeClock, token: str) -> None:
    assert held(f"access_token={token}; Path=/", clock=clock).access_expires_at is None
    expires_at = held(f"access_token={token}; Path=/; Max-Age=60", clock=clock).access_expires_at
    assert expires_at == pytest.approx(clock.time + 60, abs=2)


def test_a_token_of_the_json_does_not_live_by_a_cookie() -> None:
    assert held("access_token=a-1; Path=/; Max-Age=60", json={"access": "opaque"}).access_expires_at is None


@pytest.mark.parametrize("digits", [12, 15, 40, 300, 5_000])
def test_an_absurd_max_age_is_no_time_and_loses_no_cookie(digits: int) -> None:
    credentials = held(f"access_token=a-1; Path=/; Max-Age={'9' * digits}", "refresh_token=r-1; Path=/")
    assert credentials.refresh_token == "r-1"
    assert credentials.access_expires_at is None


@pytest.mark.promise("settings:secrets:never-shown")
def test_no_token_shows_in_the_repr() -> None:
    credentials = held("access_token=canary-1; Path=/", "refresh_token=canary-2; Path=/", json={"jwt": "canary-3"})
    assert repr(credentials) == str(credentials)
    assert repr(credentials) == "<Credentials: 2 cookies, access cookie and refresh cookie and bearer>"
    assert repr(held()) == "<Credentials: 0 cookies, no token>"


@pytest.mark.promise("settings:secrets:never-shown")
def test_every_value_held_is_known_to_the_log_until_it_is_replaced() -> None:
    secrets = KnownSecrets()
    credentials = Credentials(secrets=secrets)
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
    credentials = Credentials(secrets=Watched())
    credentials.absorb(*answer("refresh_token=rrrr-1; Path=/"), sent_at_version=None)
    seen.clear()
    credentials.absorb(*answer("access_token=aaaa-2; Path=/"), sent_at_version=None)
    assert set(seen) == {REDACTED}


def granted(secrets: KnownSecrets | None = None) -> Credentials:
    """Credentials that had cookies before they got an OAuth grant."""
    credentials = Credentials(secrets=secrets or KnownSecrets())
    credentials.absorb(*answer("access_token=cccc-1; Path=/", "refresh_token=cccc-2; Path=/"), sent_at_version=None)
    credentials.take_oauth("gggg-1", refresh_token="gggg-2", expires_in=60)
    return credentials


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


SET_COOKIE = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda name, value, attributes: "; ".join([f"{name}={value}", *attributes]).encode("utf-8", "replace"),
        st.sampled_from([*ACCESS_NAMES, "refresh_token", "csrftoken", "", "$Version", "x"]),
        st.text(max_size=12)
        | st.just(SHAPED)
        | st.builds(jwt, st.dictionaries(st.sampled_from(["exp", "iat"]), st.floats())),
        st.lists(
            st.sampled_from(
                ["Path=/", "Path=", "Max-Age=1e9", "Max-Age=-1", "Max-Age=99999999999999999999", "Expires=x"]
            )
            | st.sampled_from(
                ["Domain=127.0.0.1", "Domain=.", 'Port="80"', "Version=1", "Secure", "HttpOnly", "=", ";"]
            )
        ),
    ),
)


@pytest.mark.promise("cookies:jar:re-read", "settings:secrets:never-shown")
@settings(deadline=None)
@given(lines=st.lists(SET_COOKIE, max_size=4))
@example(lines=["access_token=\u00f8; Path=/".encode()])
@example(lines=[b"access_token=a-1; Path=/; Max-Age=60"])
@example(lines=[b"access_token=\xf8; Path=/"])
@example(lines=["refresh_token=\u5bc6\u7801; Path=/".encode()])
def test_no_set_cookie_line_whatsoever_does_harm(lines: list[bytes]) -> None:
    credentials = held(*(line.translate(None, b"\r\n\0") for line in lines))
    for auth in EVERY:
        sent = httpx.Request("GET", ME, headers=credentials.headers(auth, url=ME))
        assert set(sent.headers) <= {"host", "cookie", "authorization"}
    for secret in (credentials.access_token, credentials.refresh_token):
        assert secret is None or len(secret) < 4 or secret not in repr(credentials)
    if credentials.access_expires_at is not None:
        assert datetime.fromtimestamp(credentials.access_expires_at, UTC).year < 6_000


def test_a_reply_without_a_cookie_costs_no_look_through_the_jar() -> None:
    """Reading cookies needs the request that was answered; here there is none."""
    who = Credentials(secrets=KnownSecrets())
    assert not who.absorb(httpx.Response(200, json={"access_token": "not looked for"}), sent_at_version=0)
    assert (who.version, who.has_any) == (0, False)
