"""Where the page leads to after a sign-in."""

import pytest

from tests.server.signin.visits import page, page_for, state
from tests.support.agent import ADA
from tests.support.person import sign_in_at, visit
from tests.support.upstream import reply, usual


@pytest.mark.promise("page:forms:work-and-stay")
async def test_an_opaque_session_cookie_is_enough_to_be_signed_in_at_the_page() -> None:
    upstream = usual(signin=reply(200, json={}, cookies={"sessionid": "opaque; Path=/"}))
    async with page(upstream) as (agent, url):
        await sign_in_at(url)
        assert await state(agent) == "signed_in"


@pytest.mark.promise("page:account:meant")
async def test_who_signs_in_by_the_password_alone_is_shown_whose_it_was() -> None:
    async with page_for("login", email=ADA["email"]) as (_, url):
        shown = await visit(url, form="sign_in", email="", password=ADA["password"])
    assert f"<b><bdi>Ada</bdi></b>, <bdi>{ADA['email']}</bdi>" in shown.text
