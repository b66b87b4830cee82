"""What a client is told over HTTP, in both eras, by the token that it shows."""

from collections.abc import Mapping

import httpx
import pytest
from rememberizer_mcp.server.api.issuer_requests import RETRY_SECONDS
from starlette.responses import Response

from tests.support.agent import ERAS, Era
from tests.support.authorized import ask, bearer, protected
from tests.support.issuer import JWKS, issuing
from tests.support.verifying import verifying

each_era = pytest.mark.parametrize("era", ERAS)
CHALLENGE = pytest.mark.promise("authorization:challenge:says-where")
WHERE = 'resource_metadata="http://127.0.0.1:9000/.well-known/oauth-protected-resource/mcp"'


@CHALLENGE
@each_era
@pytest.mark.parametrize("shown", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}], ids=str)
async def test_who_comes_without_a_token_is_told_where_to_get_one_and_no_error(
    shown: Mapping[str, str], era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        answer = await ask(url, era, shown)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, f"Bearer {WHERE}")
    assert answer.content == b""
    assert server.asked == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@CHALLENGE
@each_era
async def test_who_comes_with_one_that_is_not_valid_is_told_that_besides(era: Era) -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        answer = await ask(url, era, bearer(server.signed(exp=1)))
    assert answer.status_code == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer error="invalid_token", ')
    assert challenge.endswith(WHERE)


@CHALLENGE
@each_era
async def test_who_comes_with_too_few_scopes_is_told_which_one_is_lacking(era: Era) -> None:
    scopes = ["notes"]
    async with issuing() as server, verifying(server.url) as checks, protected(checks, scopes=scopes) as url:
        refused = await ask(url, era, bearer(server.signed(scope="other")))
        served = await ask(url, era, bearer(server.signed(scope="other notes")))
    assert (refused.status_code, served.status_code) == (403, 200)
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
    assert "Required scope: notes" in refused.headers["WWW-Authenticate"]


@CHALLENGE
@each_era
async def test_who_comes_with_a_valid_one_is_answered(era: Era) -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        for token in (server.signed(), server.opaque()):
            answer = await ask(url, era, bearer(token))
            assert answer.status_code == 200
            assert b'"result"' in answer.content


@CHALLENGE
async def test_the_place_that_it_names_names_the_issuer() -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        place = url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(place)
    assert answer.json()["resource"] == "http://127.0.0.1:9000/mcp"
    assert answer.json()["authorization_servers"] == [server.url]
    assert verifier.settings.validate_token_resource


@pytest.mark.promise("authorization:keys:issuer-down")
@each_era
async def test_while_nobody_knows_whether_a_token_is_valid_its_client_is_asked_to_come_again(era: Era) -> None:
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        server.answers[JWKS] = lambda _: Response(status_code=503)
        answer = await ask(url, era, bearer(server.signed()))
        assert (await ask(url, era, {})).status_code == 401
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_SECONDS))
    assert answer.json() == {
        "error": "temporarily_unavailable",
        "error_description": "The authorization server can't be asked.",
    }
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.promise("authorization:tokens:never-shown")
@each_era
async def test_no_token_is_in_an_answer_or_in_the_log(era: Era, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="rememberizer_mcp")
    async with issuing() as server, verifying(server.url) as verifier, protected(verifier) as url:
        tokens = [server.signed(), server.opaque(), server.signed(exp=1), server.opaque(aud="x"), "canary-made-up"]
        answers = [await ask(url, era, bearer(token)) for token in tokens]
    assert [answer.status_code for answer in answers] == [200, 200, 401, 401, 401]
    seen = caplog.text + "".join(answer.text + str(answer.headers) for answer in answers)
    assert [token for token in tokens if token in seen] == []
