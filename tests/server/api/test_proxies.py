"""Proxies of the environment: which one counts, and how every call fails where none can be used."""

import os
import ssl
from copy import copy
from urllib.request import getproxies

import anyio
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.account import Me
from rememberizer_mcp.server.api.auth import signup
from rememberizer_mcp.server.api.client import RememberizerAPI, http_request, http_transport
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes
from rememberizer_mcp.server.api.proxies import (
    SYSTEM,
    NamedProxy,
    Problem,
    UnusableProxy,
    named,
    on_the_way,
    parsed,
    unusable_exceptions,
)
from rememberizer_mcp.server.errors import UpstreamUnreachable
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.meant import Meant
from rememberizer_mcp.server.sessions.states import Environment, GivenBack

from tests.support.clock import FakeClock
from tests.support.credentials import nobody
from tests.support.hints import hint
from tests.support.sessions import store_of
from tests.support.tiers import examples
from tests.support.unusable_proxies import BESIDE, CANARY, UNUSABLE
from tests.support.way import answer, server

URL = "https://api.example.org/api/v1/"
HOST = "api.example.org"
PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
pytestmark = pytest.mark.usefixtures("no_proxies")
SOCKS = f"socks5://ada:{CANARY}@127.0.0.1:1080"


@pytest.mark.promise("upstream:answers:codes", "settings:secrets:never-shown")
@pytest.mark.parametrize(("environ", "source", "problem"), UNUSABLE)
async def test_a_call_fails_by_a_proxy_that_can_not_be_used_and_says_what_to_correct(
    environ: dict[str, str], source: str, problem: Problem, clock: FakeClock
) -> None:
    os.environ.update(environ)
    api = RememberizerAPI(base_url=URL, sleep=clock.sleep)
    call = Endpoint("GET", "me/", Takes.ACCOUNT).call()
    for _ in range(2):
        with pytest.raises(UpstreamUnreachable) as raised:
            await api.send(call, nobody())
        error = raised.value
        assert error.message == problem.format(source=source)
        assert f"only the user can correct this. Have them set {source} to " in hint(error)
        assert "its `doctor` command checks it." in hint(error)
        assert (error.retryable, copy(error).retryable) == (False, False)
        assert isinstance(error.__cause__, UnusableProxy)
        assert (error.__cause__.__cause__, error.__cause__.__context__) == (None, None)
        assert CANARY not in f"{error!r}{error}{error.__cause__!r}"
    assert not clock.waits  # nothing was tried again


async def test_a_write_says_that_nothing_was_sent() -> None:
    os.environ["ALL_PROXY"] = SOCKS
    api, who = RememberizerAPI(base_url=URL), nobody()
    with pytest.raises(UpstreamUnreachable) as raised:
        await signup(api, who, email="a@b.c", password="canary", name=None, captcha=None)
    assert "ALL_PROXY" in hint(raised.value)


async def test_a_refresh_fails_in_the_same_words_and_a_logout_is_not_confirmed() -> None:
    os.environ["ALL_PROXY"] = SOCKS
    api = RememberizerAPI(base_url=URL, sleep=FakeClock().sleep)
    async with anyio.create_task_group() as tasks:
        environment = Environment(
            api=api, secrets=KnownSecrets(), spawn=tasks.start_soon, budget_seconds=5, keychain=None, now=FakeClock()
        )
        grant = store_of(environment).open("o").grant
        grant.credentials.adopt_refresh_token("canary-token", url=URL)
        grant.become(Me(), method="refresh_token", meant=Meant())
        with pytest.raises(UpstreamUnreachable) as raised:
            await grant.refresh()
        assert ("ALL_PROXY" in hint(raised.value), raised.value.retryable) == (True, False)
        assert grant.credentials.can_renew
        assert await grant.give_back() == GivenBack(confirmed=False, forgotten=True)


async def goes_through_the_proxy(url: str, environ: dict[str, str]) -> bool:
    """Whether a request does, with such an environment; else it reaches nobody."""
    async with server(answer("403 Forbidden")) as proxy:
        os.environ.update({"https_proxy": f"http://127.0.0.1:{proxy.port}"} | environ)
        async with http_transport(url) as transport:
            with pytest.raises(httpx.TransportError):
                await transport.handle_async_request(http_request("GET", url))
    return bool(proxy.asked)


@pytest.mark.promise("settings:proxy:only-the-one-on-the-way", "settings:proxy:unusable-exceptions")
@pytest.mark.parametrize("environ", BESIDE)
async def test_only_the_proxy_on_the_way_has_to_be_usable(environ: dict[str, str]) -> None:
    assert await goes_through_the_proxy("https://api.invalid/", environ)


@pytest.mark.promise("settings:proxy:only-the-one-on-the-way")
@pytest.mark.parametrize(
    "environ",
    [
        {"https_proxy": SOCKS, "NO_PROXY": "localhost, api.invalid"},
        {"https_proxy": "", "ALL_PROXY": "http://[bad", "no_proxy": ".invalid,[bad:1]:2"},
        {"https_proxy": "", "HTTPS_PROXY": "http://127.0.0.1:99999", "NO_PROXY": "*"},
        {"https_proxy": "", "ALL_PROXY": SOCKS, "all_proxy": ""},
        {"https_proxy": "", "HTTP_PROXY": "http://[bad"},
        {"https_proxy": "http://[bad", "NO_PROXY": "https://api.invalid"},
        {"https_proxy": "", "NO_PROXY": "fd00::/8"},
    ],
)
async def test_where_no_proxy_is_on_the_way_none_is_looked_at(environ: dict[str, str]) -> None:
    assert not await goes_through_the_proxy("https://api.invalid/", environ)


async def test_this_machine_is_reached_whatever_the_proxies_say(clock: FakeClock) -> None:
    os.environ.update({"ALL_PROXY": SOCKS, "NO_PROXY": "[bad:1]:2"})
    async with server(answer("200 OK")) as stop:
        api = RememberizerAPI(base_url=f"http://127.0.0.1:{stop.port}/", sleep=clock.sleep)
        assert (await api.send(Endpoint("GET", "me/", Takes.ACCOUNT).call(), nobody())).status == 200
        await api.aclose()


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        ({}, None),
        ({"HTTP_PROXY": "http://a"}, None),
        ({"HTTPS_PROXY": "http://a", "ALL_PROXY": "http://b"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://a", "https_proxy": "http://b"}, "https_proxy"),
        ({"https_proxy": "http://b", "HTTPS_PROXY": "http://a"}, "https_proxy"),
        ({"HTTPS_PROXY": "", "ALL_PROXY": "http://b"}, "ALL_PROXY"),
        ({"Https_Proxy": "http://a", "HTTPS_PROXY": ""}, "Https_Proxy"),
        ({"HTTPS_PROXY": "http://a", "https_proxy": "", "all_proxy": "http://b"}, "all_proxy"),
    ],
)
def test_the_variable_that_counts_is_the_one_that_urllib_takes(environ: dict[str, str], source: str | None) -> None:
    os.environ.update(environ)
    proxy, system = named(os.environ), getproxies()
    assert (proxy and (proxy.source, proxy.address)) == (source and (source, environ[source]))
    assert (system.get("https") or system.get("all")) == (proxy and proxy.address)


@pytest.mark.promise("settings:proxy:unusable-exceptions")
@pytest.mark.parametrize(
    ("host", "value", "is_out"),
    [
        (HOST, "", False), (HOST, "*", True), (HOST, HOST, True), (HOST, "API.Example.ORG", True),
        (HOST, "example.org", True), (HOST, ".example.org", True), (HOST, "*.example.org", True),
        (HOST, "ple.org", False), (HOST, "*ple.org", False), (HOST, "www.api.example.org", False),
        (HOST, "apixexample.org", False), (HOST, "localhost, .org", True), (HOST, "localhost .org", True),
        (HOST, ",", False), (HOST, f"{HOST}:443", True), (HOST, f"{HOST}:8443", False),
        (f"{HOST}:8443", f"{HOST}:8443", True), (f"{HOST}:8443", f"{HOST}:443", False),
        (f"{HOST}:8443", f"https://{HOST}:8443/", True), (f"{HOST}:8443", f"all://{HOST}:8443", True),
        (f"{HOST}:8443", f"http://{HOST}:8443", False), (f"{HOST}:8443", f"https://{HOST}", True),
        (HOST, "https://*.example.org", True), (HOST, "all://*.example.org:443", True),
        (HOST, "http://*.example.org", False),
        (HOST, "https://.example.org", True), (HOST, "https://*.example.org:8443", False), (HOST, "https://*", True),
        ("example.org", "https://*.example.org", True), ("apixexample.org", "https://*.example.org", False),
        (HOST, "https://example.org", False), (HOST, f"ftp://{HOST}", False), (HOST, "https://[", False),
        (HOST, f"x@{HOST}", False), (HOST, f"{HOST}/path", False), (HOST, f"{HOST}:x,{HOST}", True),
        ("10.1.2.3", "10.0.0.0/8", True), ("10.1.2.3", "10.1.2.3", True), ("10.1.2.3", "10.1.2.3:443", True),
        ("11.1.2.3", "10.0.0.0/8", False), ("10.1.2.3", "10.1.2.0/33", False), ("10.1.2.3", "10.9.9.9/8", True),
        ("[fd00::1]", "fd00::/8", True), ("[fd00::1]", "[fd00::]/8", False), ("[fd00::1]", "[fd00:0::1]", True),
        ("[fd00::1]", "[fd00::1]:443", True), ("[fd00::1]", "[fd00::1]:1", False), ("[fd00::1]", "fd00::1", True),
        ("[fe00::1]", "fd00::/8,10.0.0.0/8", False), ("[fe00::1]", "[fe00::/16]", True),
        (HOST, "0.0.0.0/0,::/0", False),
    ],
)  # fmt: skip
def test_no_proxy_names_hosts_domains_addresses_and_networks(host: str, value: str, *, is_out: bool) -> None:
    os.environ.update({"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": value})
    assert (on_the_way(f"https://{host}/", os.environ) is None) is is_out


@pytest.mark.promise("settings:proxy:unusable-exceptions")
@pytest.mark.parametrize(
    ("value", "places"),
    [
        ("*, ::1, 10.0.0.0/8,,*.example.org http://example.net:8080", None),
        ("localhost,[::1],fd07:b51a:cc66:f0::/64", None),
        ("a,[::1,b,b:port", [2, 4]),
        ("[a],x@b,a/b,*a*,ftp://a,a:1:2,fd00::/129,[fd00::]/8", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("[[::1],[::1]],[[::1]],[::1]:1:[::1]:1,a[b,ab],[ab,[10.1.2.3", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("", None),
    ],
)
def test_entries_that_can_not_be_understood_are_told_by_their_place(value: str, places: list[int] | None) -> None:
    assert unusable_exceptions({"no_proxy": value}) == (places and ("no_proxy", places))


@pytest.mark.parametrize(
    ("value", "problem"), [("socks4://ada:canary@h:1", Problem.KIND), ("http://h:0", Problem.FORM)]
)
def test_the_systems_own_proxy_is_told_by_its_kind(
    value: str, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``getproxies`` gives it on Windows, for the SOCKS proxy of its settings, where no variable names another."""
    os.environ["https_proxy"] = ""
    monkeypatch.setattr("rememberizer_mcp.server.api.proxies.getproxies", lambda: {"http": value, "https": value})
    with pytest.raises(UnusableProxy) as raised:
        http_transport(URL)
    assert (raised.value.source, raised.value.problem) == (SYSTEM, problem)
    assert f"set {SYSTEM} to http://HOST:PORT" in hint(raised.value.as_failure())


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("ada:secret@proxy.example:3128", "http://proxy.example:3128"),
        ("https://proxy.example", "https://proxy.example"),
        ("http://ada:sec@ret@proxy.example:1/path", "http://proxy.example:1"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("http://ada:sec/ret@proxy.example:1", "the address"),
        ("http://ada:se@cr/et@proxy.example:1", "the address"),
        ("http://ada:1/secret@proxy.example:1", "the address"),
        ("secret://token@proxy.example:1", "the address"),
        ("http://[fe80::1%25eth0]:1", "http://[fe80::1%25eth0]:1"),
        ("socks4a://ada:secret@proxy.example:1", "socks4a://proxy.example:1"),
        ("socks5h://ada:secret@proxy.example:1", "socks5h://proxy.example:1"),
    ],
)
def test_a_proxy_is_shown_without_its_password(value: str, told: str) -> None:
    proxy = NamedProxy(source="HTTPS_PROXY", address=value)
    assert proxy.shown() == told
    assert "secret" not in repr(proxy)


@pytest.mark.promise("settings:secrets:never-shown")
@given(scheme=st.sampled_from(["http://", "https://", "socks5://", ""]), password=st.text(PRINTABLE))
@example(scheme="", password="//se@cret")
@example(scheme="http://", password="1/")
@example(scheme="http://", password="p@ss/word")
@example(scheme="http://", password="p@ss?word#")
def test_no_part_of_a_password_is_shown(scheme: str, password: str) -> None:
    told = NamedProxy(source="HTTPS_PROXY", address=f"{scheme}ada:{password}@proxy.example:3128").shown()
    assert told in ("the address", f"{scheme or 'http://'}proxy.example:3128")


async def same_as_httpx(form: str) -> bool:
    """Whether httpx can use this address, where ``{}`` is the port; then ours has to ask in the same bytes."""
    async with server(answer("403 Forbidden")) as proxy:
        os.environ["HTTPS_PROXY"] = value = form.format(proxy.port)
        try:
            theirs = httpx.AsyncClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            ours = httpx.AsyncClient(transport=http_transport(URL))
        except httpx.InvalidURL:
            assert parsed(value) is None
            return False
        for client in (theirs, ours):
            async with client:
                with pytest.raises(httpx.ProxyError, match="403"):
                    await client.get(URL)
    first, second = proxy.asked
    assert first.startswith(f"CONNECT {HOST}:443 ".encode())
    assert first == second
    return True


@pytest.mark.parametrize(
    "form",
    [
        "http://u:p[x@127.0.0.1:{}", "http://u:p]x@127.0.0.1:{}", "http://u:p[x]y@127.0.0.1:{}", "http://127.0.0.1:{} ",
        "http://u:\N{ACCOUNT OF}@127.0.0.1:{}", "http://u:p@q@127.0.0.1:{}", "http://u:p\\x y%zz@127.0.0.1:{}/path",
        "u:p%2F%23@127.0.0.1:{}", "HTTP://127.0.0.1:+{}?a#b",
    ],
)  # fmt: skip
async def test_an_address_that_httpx_can_use_is_used(form: str) -> None:
    assert await same_as_httpx(form)


WHOLE = st.characters(codec="utf-8", exclude_characters="/?#", min_codepoint=0x20)  # what a variable can hold


@given(user=st.text(WHOLE), password=st.text(WHOLE))
@example(user="ada", password="\x7f")
@settings(max_examples=examples(50))
def test_a_password_that_httpx_can_send_is_sent(user: str, password: str) -> None:
    braces = str.maketrans({"{": "{{", "}": "}}"})
    form = f"http://{user}:{password}".translate(braces) + "@127.0.0.1:{}"
    assert anyio.run(same_as_httpx, form) is not any(character == "\x7f" for character in form)
