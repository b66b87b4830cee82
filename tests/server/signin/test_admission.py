"""Who is admitted to the page, and what nobody gets to see."""

import http.client
import re

import anyio
import anyio.to_thread
import httpx
import pytest
from rememberizer_mcp.server.signin.pending import TICKET_BYTES

from tests.server.signin.visits import origin, page, post
from tests.support.agent import ADA, agent_on, server_on
from tests.support.person import visit
from tests.support.sessions import resync
from tests.support.upstream import reply, usual


@pytest.mark.promise(
    "page:person:who-asked",
    "sessions:handle:random-and-bounded",
    "page:request:loopback-only",
    "sign-in:elicitation:no-credentials-in-url",
)
async def test_the_ticket_has_256_bits_and_the_page_is_on_loopback() -> None:
    async with page() as (_, url):
        assert TICKET_BYTES * 8 == 256
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{43}", url)


@pytest.mark.promise("page:request:not-framed-not-stored", "page:person:who-asked")
async def test_every_answer_carries_the_pages_headers_and_none_is_kept() -> None:
    async with page() as (_, url):
        answers = [
            await visit(url),
            await visit(url[:-1] + "x"),
            await post(url, data={}),
            await post(url, headers={}, data={}),
            await visit(origin(url) + "/oauth/callback"),
        ]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 403, 404]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


@pytest.mark.promise("page:request:host-and-origin", "page:request:not-framed-not-stored")
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:{port}."},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
    ],
)
async def test_another_host_or_origin_is_refused(headers: dict[str, str]) -> None:
    upstream = usual()
    async with page(upstream) as (_, url):
        port = url.split(":")[2].partition("/")[0]
        given = {name: value.format(port=port) for name, value in headers.items()}
        answer = await post(url, headers={"Origin": origin(url)} | given, data={"form": "sign_in", **ADA})
        assert (answer.status_code, 'class="code"' in answer.text) == (403, False)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(url, headers=given)).status_code == 403
    assert not upstream.requests


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_a_look_needs_no_origin() -> None:
    async with page() as (_, url), httpx.AsyncClient(trust_env=False) as client:
        assert [(await client.request(method, url)).status_code for method in ("GET", "HEAD")] == [200, 200]


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_a_post_must_name_its_origin() -> None:
    async with page() as (_, url):
        assert (await post(url, headers={}, data={"form": "sign_in", **ADA})).status_code == 403


@pytest.mark.promise(
    "sign-in:elicitation:bound-to-client", "page:person:who-asked", "sessions:handle:random-and-bounded"
)
async def test_forged_and_foreign_tickets_get_the_same_refusal() -> None:
    async with page() as (_, url):
        async with agent_on(server_on(usual().transport)) as stranger:
            foreign = (await stranger.call("login"))["sign_in_url"].rpartition("/")[2]
            answers = [await visit(f"{origin(url)}/{foreign}"), await visit(f"{origin(url)}/forged")]
            await resync()
        answers += [
            await post(f"{origin(url)}/{foreign}", data={"form": "sign_in", **ADA}),
            await visit(f"{url}/no-such-form"),
            await visit(f"{origin(url)}/a/b/c"),
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted((k, v) for k, v in answer.headers.items() if k != "date")) for answer in answers}) == 1


@pytest.mark.promise("page:request:not-framed-not-stored")
async def test_the_pages_cookie_is_its_own_and_no_script_reads_it() -> None:
    async with page() as (_, url):
        cookie = (await visit(url)).headers["set-cookie"]
        assert re.fullmatch(rf"sign_in=[\w-]{{22}}; HttpOnly; Path=/{url.rpartition('/')[2]}; SameSite=lax", cookie)
        async with httpx.AsyncClient(trust_env=False) as tab:
            assert "set-cookie" in (await tab.get(url)).headers
            assert "set-cookie" not in (await tab.get(url)).headers
        for _ in range(20):
            last = await visit(url)
        assert (last.status_code, "set-cookie" in last.headers) == (200, False)


@pytest.mark.promise("page:request:not-framed-not-stored")
@pytest.mark.parametrize(
    "body",
    [b"form=sign_in&email=" + b"x" * 40_000, b"&".join(b"a%d=1" % n for n in range(20)), b"form=\xff",
     b"form=sign_in&email=ada%40example.org&password=%ff"],
)  # fmt: skip
async def test_a_body_that_is_no_form_is_refused_with_a_sentence(body: bytes) -> None:
    async with page() as (_, url):
        answered = await post(url, content=body)
        assert (answered.status_code, "The form could not be read. Try again." in answered.text) == (422, True)


@pytest.mark.promise("page:request:not-framed-not-stored", "sign-in:inputs:validated-and-limited")
async def test_what_is_shown_again_is_escaped_and_cleaned() -> None:
    async with page(usual(signin=reply(401))) as (_, url):
        hostile = '"><script>alert(1)</script>\u202e@example.org'
        answered = await post(url, data={"form": "sign_in", "email": hostile.replace(" ", ""), "password": "x"})
        assert "<script>alert" not in answered.text
        assert "\u202e" not in answered.text


@pytest.mark.promise("page:request:not-framed-not-stored")
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", ""), ("DELETE", ""), ("OPTIONS", ""), ("PATCH", ""), ("POST", "/sign-in")]
)
async def test_no_other_method_is_answered(method: str, path: str) -> None:
    async with page() as (_, url), httpx.AsyncClient(trust_env=False, headers={"Origin": origin(url)}) as client:
        answered = await client.request(method, url + path)
        assert (answered.status_code, 'class="code"' in answered.text) == (404, False)


@pytest.mark.promise("page:request:host-and-origin")
async def test_two_hosts_in_one_request_are_refused() -> None:
    async with page() as (_, url):
        host, port = origin(url).removeprefix("http://").split(":")

        def ask() -> int:
            connection = http.client.HTTPConnection(host, int(port), timeout=5)
            connection.putrequest("GET", "/" + url.rpartition("/")[2], skip_host=True)
            connection.putheader("Host", f"{host}:{port}")
            connection.putheader("Host", "evil.example")
            connection.endheaders()
            return connection.getresponse().status

        assert await anyio.to_thread.run_sync(ask) in (400, 403)
