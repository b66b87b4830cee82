"""``Cookies``: quoted values, paths, and bounds."""

import time
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api import auth
from rememberizer_mcp.server.api.cookies import ACCESS_NAMES, MOST_COOKIE_BYTES, MOST_COOKIES, Cookies
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.api.endpoints import Takes
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets

from tests.support.clock import FakeClock
from tests.support.credentials import answer, held
from tests.support.rest import client
from tests.support.upstream import BASE_URL, jwt, usual

ME = BASE_URL + "me/"
SHAPED = jwt({"sub": "ada"})
EVERY = (Takes.NOTHING, *Takes)


def replied(*lines: str) -> httpx.Response:
    return answer(*lines)[0]


def sent(credentials: Credentials, takes: Takes = Takes.ACCOUNT) -> list[str]:
    return credentials.headers(takes, url=ME).get("Cookie", "").split("; ")


@pytest.mark.promise("cookies:value:quotes-taken-off")
@pytest.mark.parametrize(
    ("value", "token"),
    [
        ('"opaque/+=="', "opaque/+=="),
        (f'"{jwt({"sub": 1})}"', jwt({"sub": 1})),
        (r'"a\054b\073c\"d"', 'a,b;c"d'),
        ("opaque", "opaque"),
        ('"open', '"open'),
        (r'"line\012X-Injected: 1"', r'"line\012X-Injected: 1"'),
        (r'"caf\351"', r'"caf\351"'),
        ('""', None),
    ],
)
@pytest.mark.parametrize("name", ["access_token", "token"])
def test_a_quoted_token_is_a_bearer_without_its_quotes_and_goes_back_with_them(
    name: str, value: str, token: str | None
) -> None:
    credentials = held(f"{name}={value}; Path=/")
    bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
    assert (credentials.access_token, credentials.headers(Takes.BEARER, url=ME)) == (token, bearer)
    assert sent(credentials) == [f"{name}={value}"]


@pytest.mark.parametrize("token", ["a-_.b.c", "a.b-_.c", "a.b.c-_", "a.b."])
def test_each_part_of_a_jwt_is_in_base64_for_urls(token: str) -> None:
    assert held(f"odd={token}; Path=/").access_token == token


@pytest.mark.promise("cookies:value:quotes-taken-off")
def test_a_quoted_jwt_is_found_and_its_life_read_as_that_of_a_bare_one() -> None:
    token = jwt({"iat": 1_000, "exp": 1_300})
    credentials = held(f'rememberizer="{token}"; Path=/')
    assert (credentials.access_token, credentials.access_expires_at) == (token, FakeClock()() + 300)


@pytest.mark.promise("cookies:value:quotes-taken-off")
async def test_verification_sends_the_bare_token() -> None:
    upstream, credentials = usual(), held('access_token="opaque/=="; Path=/')
    api = client(upstream)
    await auth.verify_email(api, credentials, code="123456")
    assert upstream.requests[0].headers["authorization"] == "Bearer opaque/=="


@pytest.mark.promise("cookies:value:quotes-taken-off", "settings:secrets:never-shown")
def test_a_quoted_token_is_known_to_the_log_in_both_forms() -> None:
    secrets = KnownSecrets()
    credentials = held('access_token="canary-token"; Path=/', secrets=secrets)
    assert secrets.redact('canary-token "canary-token"') == f"{REDACTED} {REDACTED}"
    assert "canary" not in repr(credentials)


@pytest.mark.promise("cookies:value:quotes-taken-off")
def test_a_quoted_refresh_token_goes_back_as_it_came_and_an_empty_one_is_none() -> None:
    assert sent(held('refresh_token="r/1"; Path=/'), Takes.REFRESH_TOKEN) == ['refresh_token="r/1"']
    assert not held('refresh_token=""; Path=/').can_renew


@pytest.mark.promise("cookies:refresh:at-sign-out")
@pytest.mark.parametrize(
    "path", ["/api/v1/auth/custom-refresh/", "/api/v1/auth/custom-refresh", "/api/v1/auth/", "/", "/elsewhere/"]
)
async def test_sign_out_sends_the_refresh_cookie_once_whatever_its_path(path: str) -> None:
    upstream = usual()
    api = client(upstream)
    credentials = held("access_token=a-1; Path=/", f"refresh_token=r-1; Path={path}")
    await auth.custom_logout(api, credentials)
    (request,) = upstream.requests
    assert sorted(request.headers["cookie"].split("; ")) == ["access_token=a-1", "refresh_token=r-1"]
    assert "authorization" not in request.headers


@pytest.mark.promise("cookies:refresh:at-sign-out")
def test_a_narrow_refresh_cookie_goes_to_no_other_call() -> None:
    credentials = held("access_token=a-1; Path=/", "refresh_token=r-1; Path=/api/v1/auth/custom-refresh/")
    assert sent(credentials) == ["access_token=a-1"]
    alone = held("refresh_token=r-1; Path=/api/v1/auth/custom-refresh/")
    assert alone.headers(Takes.ALL_COOKIES, url=ME) == {"Cookie": "refresh_token=r-1"}
    assert alone.headers(Takes.ACCOUNT, url=ME) == {}
    assert held().headers(Takes.ALL_COOKIES, url=ME) == {}


@pytest.mark.promise("cookies:jar:configured-host-only")
def test_which_cookies_go_is_found_out_for_each_address_and_after_each_change() -> None:
    cookies, beside = Cookies(), ME.replace("127.0.0.1", "127.0.0.2")
    cookies.take(replied("narrow=1; Path=/api/v1/me/", "wide=1; Path=/"))
    assert [cookies.sent_to(url) for url in (ME, BASE_URL, beside)] == [["narrow=1", "wide=1"], ["wide=1"], []]
    assert cookies.sent_to(ME) == ["narrow=1", "wide=1"]
    cookies.take(replied("wide=2; Path=/"))
    assert cookies.sent_to(ME) == ["narrow=1", "wide=2"]


@pytest.mark.parametrize("base_url", [BASE_URL, "https://api.example.org/api/v1/"])
def test_a_secure_cookie_goes_back_to_https_and_to_this_machine(base_url: str) -> None:
    cookies, response = Cookies(), replied("access_token=a-1; Path=/; Secure")
    response.request = httpx.Request("POST", base_url)
    cookies.take(response)
    assert cookies.sent_to(base_url) == ["access_token=a-1"]


@pytest.mark.parametrize(
    ("line", "has"), [("access_token=a-1", True), ("refresh_token=r-1", True), ("sessionid=s-1", False)]
)
def test_either_token_is_one(line: str, has: bool) -> None:
    assert held(f"{line}; Path=/").has_token is has


@pytest.mark.promise("cookies:access:which-one")
def test_the_listed_names_are_those_of_the_design() -> None:
    assert ACCESS_NAMES == ("access_token", "access", "jwt", "token", "auth_token")


def many(count: int, first: int = 0) -> list[str]:
    return [f"junk-{number}=x; Path=/" for number in range(first, first + count)]


@pytest.mark.promise("cookies:jar:bounded")
def test_the_oldest_cookies_go_and_never_the_tokens() -> None:
    credentials = held("access_token=a-1; Path=/", "refresh_token=r-1; Path=/", "sessionid=s-1; Path=/")
    for number in range(4):
        credentials.absorb(replied(*many(20, 20 * number)), sent_at_version=None)
    tokens = ["access_token=a-1", "refresh_token=r-1"]
    assert sorted(sent(credentials)) == sorted([*tokens, *(f"junk-{number}=x" for number in range(32, 80))])


@pytest.mark.promise("cookies:jar:bounded")
def test_a_cookie_that_comes_again_is_the_youngest() -> None:
    cookies = Cookies()
    for line in ["kept=1; Path=/", *many(MOST_COOKIES - 1), "kept=2; Path=/", *many(10, 100)]:
        cookies.take(replied(line))
    assert len(cookies) == MOST_COOKIES
    assert [f"{cookie.name}={cookie.value}" for cookie in cookies][-11] == "kept=2"


@pytest.mark.promise("cookies:jar:bounded")
@pytest.mark.parametrize("place", [0, 50, 99])
@pytest.mark.parametrize("name", ["refresh_token", *ACCESS_NAMES])
def test_a_token_is_found_wherever_it_stands_among_a_hundred(name: str, place: int) -> None:
    lines = many(99)
    cookies = Cookies()
    assert name in cookies.take(replied(*lines[:place], f"{name}=new; Path=/", *lines[place:]))
    assert (len(cookies), f"{name}=new" in cookies.sent_to(ME)) == (MOST_COOKIES, True)


@pytest.mark.promise("cookies:jar:bounded")
def test_the_access_cookie_in_use_is_renewed_among_a_hundred_whatever_its_name() -> None:
    old, new = jwt({"sub": 1}), jwt({"sub": 2})
    credentials = held(f"rememberizer={old}; Path=/")
    credentials.absorb(replied(f"rememberizer={new}; Path=/", *many(99)), sent_at_version=None)
    assert credentials.access_token == new


@pytest.mark.promise("cookies:jar:bounded")
def test_a_hundred_values_of_a_token_are_not_all_looked_at() -> None:
    cookies = Cookies()
    lines = [f"access_token=a-{number}; Path=/{number}" for number in range(60)]
    cookies.take(replied(*lines, *many(MOST_COOKIES)))
    assert len(cookies) == MOST_COOKIES
    assert cookies.access
    assert cookies.access.value == "a-59"


@pytest.mark.promise("cookies:jar:bounded")
def test_a_cookie_of_more_than_4_kb_is_not_taken_and_takes_no_other_s_place() -> None:
    fits, tail = "access_token=", "; Path=/"
    credentials = held(fits + "a" * (MOST_COOKIE_BYTES - len(fits + tail)) + tail)
    kept = credentials.access_token
    assert kept
    credentials.absorb(replied(fits + "b" * (len(kept) + 1) + tail), sent_at_version=None)
    assert credentials.access_token == kept


@pytest.mark.promise("cookies:jar:bounded")
def test_ten_thousand_cookies_cost_no_more_than_a_hundred() -> None:
    cookies, replies = Cookies(), [replied(*many(10_000, 10_000 * number)) for number in range(3)]
    begun = time.process_time()
    for each in replies:
        cookies.take(each)
    assert time.process_time() - begun < 1  # it took 2 s
    assert len(cookies) == MOST_COOKIES


@pytest.mark.promise("cookies:jar:bounded")
def test_a_cookie_that_ended_by_itself_leaves_nothing_behind() -> None:
    cookies = Cookies()
    cookies.take(replied("brief=1; Path=/; Max-Age=60", "long=1; Path=/"))
    cookies.take(replied("brief=; Path=/; Max-Age=0", "other=1; Path=/"))
    assert [cookie.name for cookie in cookies] == ["long", "other"]


def test_a_token_whose_cookie_has_run_out_is_neither_sent_nor_held() -> None:
    cookies = Cookies()
    cookies.take(replied("access_token=a; Path=/; Max-Age=60", "refresh_token=r; Path=/"))
    assert cookies.access
    assert cookies.sent_to(ME) == ["access_token=a", "refresh_token=r"]
    cookies.access.expires = 1
    assert cookies.sent_to(ME) == ["refresh_token=r"]
    assert (cookies.access_token, len(cookies)) == ("", 1)


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
    for takes in EVERY:
        request = httpx.Request("GET", ME, headers=credentials.headers(takes, url=ME))
        assert set(request.headers) <= {"host", "cookie", "authorization"}
    for secret in (credentials.access_token, credentials.refresh_token):
        assert secret is None or len(secret) < 4 or secret not in repr(credentials)
    if credentials.access_expires_at is not None:
        assert datetime.fromtimestamp(credentials.access_expires_at, UTC).year < 6_000
