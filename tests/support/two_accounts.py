"""An upstream with two accounts, which tells Ada from Grace by their cookies, and what is asked of it."""

from typing import Any

import httpx

from tests.support.agent import ADA, GRACE
from tests.support.knowledge import knowledge
from tests.support.upstream import FakeUpstream, reply, tokens

MEMORIZE, MEMENTO = "documents/memorize/", "mementos/12/"
NOTE = {"name": "Note", "content": "Grace's secret"}
SEARCH, REFRESH = "documents/search/", "auth/custom-refresh/"


def me(request: httpx.Request) -> httpx.Response:
    """Whoever the access cookie belongs to: 1 is Ada, 9 is Grace."""
    email = GRACE["email"] if "access-9" in request.headers["Cookie"] else ADA["email"]
    return reply(200, json={"email": email, "name": "", "email_verified": True})


def signin(request: httpx.Request) -> httpx.Response:
    return reply(cookies=tokens(9 if b"grace" in request.content else 1))


def upstream_of_both(**overrides: Any) -> FakeUpstream:
    return knowledge({MEMORIZE: reply(201)}, me=me, signin=signin, **overrides)


def brief_signin(request: httpx.Request) -> httpx.Response:
    """Ada's tokens end in a minute."""
    if b"grace" in request.content:
        return reply(cookies=tokens(9))
    return reply(cookies={name: f"{value}; Max-Age=60" for name, value in tokens().items()})


def upstream_with(answers: dict[str, Any]) -> FakeUpstream:
    """Both accounts, whose tokens have to be renewed in each call, and these answers."""
    upstream = upstream_of_both()
    upstream.answers |= {
        "auth/signin/": brief_signin,
        SEARCH: reply(200, json={"matched_chunks": []}),
        MEMENTO: reply(200, json={"id": 12, "name": "Tea"}),
        **answers,
    }
    return upstream
