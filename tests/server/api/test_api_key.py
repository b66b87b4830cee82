"""An API key asks: in one header, refused in words that name its setting, and shown nowhere."""

import logging
import traceback
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.errors import (
    Forbidden,
    InvalidArguments,
    InvalidCredentials,
    NotFound,
    RememberizerError,
)

from tests.support.hints import hint
from tests.support.knowledge import KEY, SETTING, key_on, knowledge
from tests.support.upstream import Answer, FakeUpstream, reply


async def asked(answer: Answer) -> tuple[Any, FakeUpstream]:
    upstream = knowledge({"account/": answer})
    async with key_on(upstream) as key:
        return (await key.request(endpoints.ME.call())).body.json, upstream


@pytest.mark.promise("tools:credentials:one-table")
async def test_the_key_goes_into_one_header_and_nowhere_else() -> None:
    value, upstream = await asked(reply(200, json={"id": 1}, cookies={"access_token": "a; Path=/"}))
    (request,) = upstream.requests
    assert value == {"id": 1}
    assert request.headers["X-API-Key"] == KEY
    assert not {"authorization", "cookie"} & set(request.headers)
    assert KEY not in str(request.url)


REFUSED = [
    reply(401),
    reply(401, json={"detail": "Invalid token."}),
    reply(400, json={"detail": "Incorrect authentication credentials."}),
    reply(403, json={"detail": "Authentication credentials were not provided."}),
    reply(403, json={"detail": "Invalid API key"}),
]


@pytest.mark.promise("tools:credentials:one-table")
@pytest.mark.parametrize("answer", REFUSED)
async def test_a_refused_key_is_named_by_its_setting_and_nothing_is_renewed(answer: httpx.Response) -> None:
    upstream = knowledge({"account/": answer})
    async with key_on(upstream) as key:
        with pytest.raises(InvalidCredentials) as raised:
            await key.request(endpoints.ME.call())
    assert raised.value.message == f"Rememberizer refused the API key of {SETTING}."
    assert "restart the server" in hint(raised.value)
    assert raised.value.status == answer.status_code
    assert upstream.paths == ["account/"]


@pytest.mark.promise("upstream:answers:codes")
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(400, json={"q": ["This field is required."]}), InvalidArguments),
        (reply(400, json={"detail": "Nothing matches 'api key rotation, credentials'."}), InvalidArguments),
        (reply(403, json={"detail": "You do not have permission."}), Forbidden),
        (reply(404), NotFound),
    ],
)
async def test_a_refusal_of_the_call_is_not_taken_for_one_of_the_key(
    answer: httpx.Response, kind: type[RememberizerError]
) -> None:
    with pytest.raises(kind):
        await asked(answer)


@pytest.mark.promise("tools:credentials:one-table", "settings:secrets:never-shown")
async def test_the_key_shows_in_no_form_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with key_on(knowledge({"account/": reply(401)})) as key:
        assert repr(key) == f"<ApiKey of {SETTING}>"
        with pytest.raises(InvalidCredentials) as raised:
            await key.request(endpoints.ME.call())
    shown = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert KEY not in shown
