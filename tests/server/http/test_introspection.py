"""Tokens that are no JWT: how the issuer is asked, and what its answers mean."""

import json
from collections.abc import Callable

import anyio
import pytest
from pydantic import SecretStr
from rememberizer_mcp.server.api.issuer import MOST_AT_ONCE
from rememberizer_mcp.server.api.issuer_requests import LONGEST_SECONDS, IssuerClient
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.support.clock import leap
from tests.support.forgeries import part
from tests.support.issuer import INTROSPECTION, METADATA, OURS, AuthorizationServer, issuing
from tests.support.verifying import is_unknown, verdicts, verifying

pytestmark = [pytest.mark.promise("authorization:tokens:introspected")]
ENCRYPTED = part({"alg": "dir"}) + ".key.iv.text.tag"
OPAQUE = ["2YotnFZFEjr1zCsicMWpAA", "a.b.c", "a.b", "~-+/._", "bm90.anNvbg.Kg", "W10.W10.W10", ENCRYPTED]


def hold(server: AuthorizationServer, token: str) -> None:
    """Let the server know a token by this name."""
    claims = server.claims() | {"active": True}

    async def answer(request: Request) -> Response:
        form = await request.form()
        assert dict(form) == {"token": token, "token_type_hint": "access_token"}
        return JSONResponse(claims)

    server.answers[INTROSPECTION] = answer


@pytest.mark.parametrize("token", OPAQUE)
async def test_the_issuer_is_asked_about_every_token_that_has_not_the_form_of_a_jwt(token: str) -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        hold(server, token)
        assert await verdicts(verifier, [token]) == ["ada"]


async def test_it_is_asked_about_no_jwt_whatever_is_wrong_with_it() -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        head, claims, signature = server.signed(exp=1).split(".")
        tokens = [f"{head}.{claims}.{signature}", f"{head}.{claims}.", f"{head}.~.{signature}", f"{head}..x"]
        assert await verdicts(verifier, tokens) == [None] * 4
    assert INTROSPECTION not in server.asked


@pytest.mark.parametrize("methods", [None, ["client_secret_basic", "client_secret_post"], [], ["client_secret_post"]])
async def test_our_client_shows_itself_as_the_issuer_wants(methods: list[str] | None) -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        if methods is not None:
            server.metadata = {"introspection_endpoint_auth_methods_supported": methods}
        assert await verdicts(verifier, [server.opaque()]) == ["ada"]


WRONG = [
    {"aud": "http://127.0.0.1:9000/other"},
    {"aud": None},
    {"iss": "https://id.example.org"},
    {"sub": None},
    {"client_id": None},
    {"exp": None},
    {"exp": 1},
    {"nbf": 2**40},
]


@pytest.mark.parametrize("claims", WRONG, ids=str)
async def test_what_the_issuer_says_is_checked_as_a_jwt_is(claims: dict[str, str | int | None]) -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        assert await verdicts(verifier, [server.opaque(**claims)]) == [None]


async def test_an_answer_that_does_not_name_the_issuer_is_the_issuers() -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        found = await verifier.verify_token(server.opaque(iss=None))
    assert found
    assert found.claims == {"iss": server.url}


async def test_without_a_client_of_ours_or_an_introspection_of_theirs_the_token_is_refused() -> None:
    async with issuing() as server:
        async with verifying(server.url, client=None) as verifier:
            assert await verdicts(verifier, [server.opaque()]) == [None]
        server.metadata = {"introspection_endpoint": None}
        async with verifying(server.url) as verifier:
            assert await verdicts(verifier, [server.opaque()]) == [None]
    assert INTROSPECTION not in server.asked


async def test_an_issuer_without_keys_can_do_by_introspection_alone() -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        server.metadata = {"jwks_uri": None}
        assert await verdicts(verifier, [server.opaque(), server.signed()]) == ["ada", None]


async def test_a_token_that_the_issuer_does_not_introspect_is_refused() -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        server.answers[INTROSPECTION] = lambda _: JSONResponse({"error": "unsupported_token_type"}, 400)
        assert await verdicts(verifier, ["token"]) == [None]


UNUSABLE: dict[str, Callable[[Request], Response]] = {
    "who are you": lambda _: JSONResponse({"error": "invalid_client"}, 401),
    "in another way": lambda _: JSONResponse({"error": "invalid_client"}, 400),
    "a page": lambda _: PlainTextResponse("<html>", 400),
    "forbidden": lambda _: JSONResponse({}, 403),
    "broken": lambda _: JSONResponse({}, 500),
    "no content": lambda _: Response(status_code=204),
    "no JSON": lambda _: PlainTextResponse("<html>"),
    "no object": lambda _: JSONResponse([]),
    "no verdict": lambda _: JSONResponse({"sub": "ada"}),
    "a word": lambda _: JSONResponse({"active": "true"}),
}


@pytest.mark.promise("authorization:keys:issuer-down")
@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE)
async def test_an_answer_without_a_verdict_refuses_nobody(answer: Callable[[Request], Response]) -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        server.answers[INTROSPECTION] = answer
        await is_unknown(verifier, server.opaque())


@pytest.mark.promise("authorization:tokens:never-shown")
async def test_no_answer_no_token_and_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="rememberizer_mcp")
    async with issuing() as server, verifying(server.url) as verifier:
        server.answers[INTROSPECTION] = lambda _: PlainTextResponse("canary", 500, {"X-Canary": "canary"})
        await is_unknown(verifier, server.opaque())
    assert "it answered our client with 500" in caplog.text
    assert "canary" not in caplog.text
    assert OURS.client_secret.get_secret_value() not in caplog.text


@pytest.mark.promise("authorization:keys:issuer-itself")
async def test_a_slow_issuer_is_asked_about_few_tokens_at_once_and_holds_up_nobody_for_long() -> None:
    ended, begun = anyio.Event(), anyio.Event()

    async def say_nothing(_: Request) -> Response:
        if server.asked.count(INTROSPECTION) == MOST_AT_ONCE:
            begun.set()
        await ended.wait()
        return Response()

    async with issuing() as server, verifying(server.url) as verifier:
        server.answers[INTROSPECTION] = say_nothing

        async with anyio.create_task_group() as tasks:
            for _ in range(MOST_AT_ONCE + 5):
                tasks.start_soon(is_unknown, verifier, server.opaque())
            await begun.wait()
            leap(LONGEST_SECONDS)
        ended.set()
    assert server.asked.count(INTROSPECTION) == MOST_AT_ONCE


@pytest.mark.promise("authorization:owner:of-each-request")
@pytest.mark.parametrize("claim", ["sub", "client_id"])
async def test_nobody_becomes_somebody_else_by_half_a_character_in_their_name(claim: str) -> None:
    async with issuing() as server, verifying(server.url) as verifier:
        said = json.dumps(server.claims(active=True, **{claim: "ada\ud800"}))
        server.answers[INTROSPECTION] = lambda _: Response(said)
        await is_unknown(verifier, "of-another-ada")


async def test_an_issuer_that_does_not_know_our_client_refuses_nobody() -> None:
    stranger = IssuerClient(client_id="our:server", client_secret=SecretStr("canary-wrong"))
    async with issuing() as server, verifying(server.url, client=stranger) as verifier:
        await is_unknown(verifier, server.opaque())


@pytest.mark.promise("authorization:keys:issuer-itself")
async def test_what_an_issuer_says_of_itself_beside_a_failure_is_not_believed() -> None:
    async with issuing() as server, verifying(server.url) as verifier:

        def fail(request: Request) -> Response:
            answer = server.describe(request)
            answer.status_code = 500
            return answer

        server.answers[METADATA] = fail
        await is_unknown(verifier, server.signed())
