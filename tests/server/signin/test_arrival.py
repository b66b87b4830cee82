"""Where the page leads to after a sign-in."""

import pytest

from tests.server.signin.visits import page, state
from tests.support.person import sign_in_at
from tests.support.upstream import reply, usual


@pytest.mark.promise("page:forms:work-and-stay")
async def test_an_opaque_session_cookie_is_enough_to_be_signed_in_at_the_page() -> None:
    upstream = usual(signin=reply(200, json={}, cookies={"sessionid": "opaque; Path=/"}))
    async with page(upstream) as (agent, url):
        await sign_in_at(url)
        assert await state(agent) == "signed_in"
