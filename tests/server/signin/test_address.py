"""The page under another address than its own: refused, with what to do instead."""

import httpx
import pytest

from tests.server.signin.visits import origin, page, post
from tests.support.agent import ADA
from tests.support.person import visit
from tests.support.upstream import usual

pytestmark = pytest.mark.promise("page:request:other-address", "page:request:host-and-origin")
ELSEWHERE = ["localhost:{port}", "127.0.0.1:8080", "[::1]:{port}", "forwarded.example:{port}", "127.0.0.1", ""]


@pytest.mark.parametrize("host", ELSEWHERE)
async def test_another_host_is_told_to_open_the_link_as_it_is(host: str) -> None:
    async with page() as (_, url), httpx.AsyncClient(trust_env=False) as client:
        given = host.format(port=httpx.URL(url).port)
        answer = await client.get(url, headers={"Host": given})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "open the link exactly as your assistant gave it, with 127.0.0.1 and the same port" in answer.text
    assert "use the same port number on both" in answer.text
    for said in ("localhost", "8080", "::1", "forwarded"):
        assert said not in answer.text


async def test_what_is_only_shown_takes_no_form() -> None:
    async with page() as (_, url):
        made_up = await post(f"{origin(url)}/made-up", data={"form": "sign_in"})
        for shown_only in (f"{origin(url)}/oauth/callback", f"{url}/sign-up"):
            answer = await post(shown_only, headers={"Origin": origin(url)}, data={"form": "sign_in", **ADA})
            assert (answer.status_code, answer.text) == (made_up.status_code, made_up.text)
        assert made_up.status_code == 404
        for nowhere in (f"{origin(url)}/", f"{url}/sign-up/more"):
            answer = await visit(nowhere)
            assert (answer.status_code, answer.text) == (made_up.status_code, made_up.text)


@pytest.mark.parametrize("given", ["http://localhost:{port}", "null", ""])
async def test_a_form_of_another_origin_is_told_so_too_and_goes_nowhere(given: str) -> None:
    upstream = usual()
    async with page(upstream) as (_, url):
        headers = {"Origin": given.format(port=httpx.URL(url).port)}
        answer = await post(url, headers=headers, data={"form": "sign_in", **ADA})
        assert (answer.status_code, "open the link exactly" in answer.text) == (403, True)
        assert origin(url) not in answer.text
    assert not upstream.requests
