"""The page over real HTTP: what each form does."""

import json
import socket
from typing import Any

import httpx
import pytest
from rememberizer_mcp.server.api.proxies import Problem, UnusableProxy
from rememberizer_mcp.server.errors import InternalError, RateLimited, RememberizerError, UpstreamError
from rememberizer_mcp.server.signin.forms import SignUpForm
from rememberizer_mcp.server.signin.sentences import complaint_about

from tests.server.signin.visits import origin, page, post, state
from tests.server.test_errors import LEAVES
from tests.support.agent import ADA, GRACE, Around, agent_on, server_on
from tests.support.person import sign_in_at, visit
from tests.support.upstream import reply, tokens, usual

UNVERIFIED = reply(200, json={"email": ADA["email"], "name": "Ada", "email_verified": False})


@pytest.mark.promise("page:forms:work-and-stay")
@pytest.mark.parametrize(
    ("form", "path", "fields", "body"),
    [
        ("sign_in", "auth/signin/", ADA, {"login": ADA["email"], "password": ADA["password"]}),
        ("sign_in", "auth/signin/", ADA | {"g-recaptcha-response": "solved"},
         {"login": ADA["email"], "password": ADA["password"], "captcha": "solved"}),
        ("sign_up", "auth/signup/", ADA | {"name": "Ada", "captcha": "s"}, ADA | {"name": "Ada", "captcha": "s"}),
    ],
)  # fmt: skip
async def test_a_form_sends_what_was_typed(form: str, path: str, fields: Any, body: dict[str, str]) -> None:
    upstream = usual()
    async with page(upstream) as (_, url):
        await post(url, data={"form": form, **fields})
    assert json.loads(upstream.asked(path)[0].content) == body


@pytest.mark.promise("page:forms:work-and-stay", "page:forms:no-secret-back")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(401), "An account made with Google or Microsoft has none."),
        (reply(403, content=b"<html>Just a moment"), "A firewall or proxy refused this, and not Rememberizer."),
        (reply(400, json={"captcha": ["required"]}), "Rememberizer asks for a captcha response."),
        (reply(403, json={"detail": "verify your email"}), "has to be verified first"),
        (reply(429, headers={"Retry-After": "7"}), "Too many attempts. Wait 7 seconds, then try again."),
        (reply(429), "Too many attempts. Wait a minute, then try again."),
        (reply(503), "Nothing was lost: try again."),
        (reply(204), "Nothing was lost: try again."),
    ],
)
async def test_a_refusal_stays_on_the_page_with_a_sentence(answer: httpx.Response, said: str) -> None:
    async with page(usual(signin=answer)) as (agent, url):
        answered = await post(url, data={"form": "sign_in", **ADA})
        assert answered.status_code == 422
        assert said in answered.text
        assert f'value="{ADA["email"]}"' in answered.text
        assert ADA["password"] not in answered.text
        assert await state(agent) == "pending"


@pytest.mark.promise("page:forms:work-and-stay")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(409, json={"email": ["already exists"]}), "There is an account with this e-mail address already."),
        (reply(400, json={"password": ["too short"]}), "Try a longer, less common password."),
        (reply(403), "Rememberizer does not allow this."),
        (reply(400, json={"captcha": ["wrong"]}), "Each works once, for minutes."),
    ],
)
async def test_a_refused_sign_up_stays_on_the_page_with_a_sentence(answer: httpx.Response, said: str) -> None:
    async with page(usual(signup=answer)) as (_, url):
        answered = await post(url, data={"form": "sign_up", **ADA, "captcha": "solved"})
        assert said in answered.text
        assert 'value="sign_up"' in answered.text


@pytest.mark.promise("page:forms:five-attempts")
async def test_only_what_rememberizer_refused_counts_as_an_attempt() -> None:
    upstream = usual(signin=[*[reply(503)] * 4, *[reply(429)] * 3, *[reply(401)] * 4, reply(cookies=tokens())])
    async with page(upstream) as (agent, url):
        for _ in range(7):
            assert (await post(url, data={"form": "sign_in", **ADA})).status_code == 422
            assert (await post(url, data={"form": "sign_in", "email": "none"})).status_code == 422
        for _ in range(4):
            assert (await post(url, data={"form": "sign_in", **ADA})).status_code == 422
        await sign_in_at(url)
        assert await state(agent) == "signed_in"


@pytest.mark.promise("sign-in:inputs:validated-and-limited", "page:forms:work-and-stay")
async def test_the_pages_attempts_count_with_the_tools() -> None:
    async with page(usual(signin=reply(503))) as (_, url):
        for _ in range(30):
            await post(url, data={"form": "sign_in", **ADA})
        answered = await post(url, data={"form": "sign_in", **ADA})
    assert "Too many attempts. Wait 60 seconds" in answered.text


@pytest.mark.promise("page:forms:work-and-stay", "page:forms:no-secret-back")
@pytest.mark.parametrize(
    "fields", [{}, {"form": "no_such"}, {"form": "oauth"}, {"form": "verify", "verification_code": "1"}]
)
async def test_a_form_that_is_none_of_the_pages_changes_nothing(fields: dict[str, str]) -> None:
    upstream = usual()
    async with page(upstream) as (agent, url):
        answered = await post(url, data=fields)
        assert (answered.status_code, 'role="alert"' in answered.text) == (422, True)
        assert "verification_code" not in answered.text
        assert await state(agent) == "pending"
    assert not upstream.requests


@pytest.mark.promise("page:forms:work-and-stay")
async def test_an_unverified_account_enters_its_code_on_the_page() -> None:
    upstream = usual(me=UNVERIFIED, verify_email=[reply(400), reply(200, json={})])
    async with page(upstream) as (agent, url):
        async with httpx.AsyncClient(trust_env=False, headers={"Origin": origin(url)}, follow_redirects=True) as tab:
            await tab.get(url)
            shown = await tab.post(url, data={"form": "sign_in", **ADA})
            assert ADA["email"] in shown.text
            assert "verification_code" in shown.text
            shown = await tab.post(url, data={"form": "verify", "verification_code": ""})
            assert "Enter the code from the e-mail." in shown.text
            shown = await tab.post(url, data={"form": "verify", "verification_code": "wrong"})
            assert "This code is wrong, used or too old." in shown.text
            shown = await tab.post(url, data={"form": "verify", "verification_code": "123456"})
            assert "You are signed in" in shown.text
        assert await state(agent) == "signed_in"


@pytest.mark.promise("page:forms:work-and-stay")
async def test_a_sign_up_without_a_token_goes_on_with_signing_in() -> None:
    async with page(usual(signup=reply(201, json={"id": 1}))) as (agent, url):
        answered = await visit(url, form="sign_up", **GRACE)
        assert 'value="sign_in"' in answered.text
        assert GRACE["email"] in answered.text
        assert await state(agent) == "pending"


@pytest.mark.promise("page:forms:work-and-stay")
@pytest.mark.parametrize(("status", "said"), [(401, "did not accept this; it may have expired"), (503, "try again")])
async def test_a_cookie_that_is_refused_stays_on_the_page(status: int, said: str) -> None:
    async with page(usual(custom_refresh=reply(status))) as (agent, url):
        answered = await post(url, data={"form": "browser_session", "refresh_token": "canary-cookie"})
        assert said in answered.text
        assert "canary" not in answered.text
        assert await state(agent) == "pending"


@pytest.mark.promise(
    "page:person:credentials-stay-here", "settings:secrets:never-shown", "settings:logs:one-redacted-line"
)
async def test_a_fault_of_ours_is_one_sentence_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def crash(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("canary-crash")

    async with page(usual(signin=crash)) as (agent, url):
        answered = await post(url, data={"form": "sign_in", **ADA})
        assert "This program failed; that is a fault of its own." in answered.text
        assert "canary" not in answered.text
        assert await state(agent) == "pending"
    assert "the sign-in page failed" in caplog.text


@pytest.mark.promise("sign-in:pending:one-page-for-two", "sign-in:end:page-closed")
async def test_a_port_that_is_taken_is_a_clear_error_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = server_on(
            usual().transport, None, Around(), oauth_client_id="a", oauth_client_secret="b", oauth_port=port
        )
        async with agent_on(server) as agent:
            error = await agent.fails("login")
    assert error["code"] == "sign_in_failed"
    assert str(port) in error["message"]
    assert "REMEMBERIZER_OAUTH_PORT" in error["hint"]


@pytest.mark.promise("page:forms:work-and-stay")
async def test_a_session_of_another_browser_is_taken_over_and_its_code_left_for_later() -> None:
    upstream = usual(me=UNVERIFIED)
    async with page(upstream) as (agent, url):
        assert "verification_code" in (await visit(url, form="browser_session", refresh_token="r-there")).text
        assert "still has to be verified" in (await visit(url, form="verify", later="later")).text
        status = await agent.call("session_status")
        assert (status["state"], status["method"]) == ("unverified", "browser")
    assert upstream.requests[0].headers["cookie"] == "refresh_token=r-there"


@pytest.mark.promise("page:forms:work-and-stay")
@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_each_failure_has_a_sentence_for_a_person(kind: type[RememberizerError]) -> None:
    said = complaint_about(kind())
    assert said.sentence.endswith(".")
    assert "`" not in said.sentence
    assert said.field is None or said.field in SignUpForm.complaints
    assert said.is_attempt is not issubclass(kind, UpstreamError | RateLimited | InternalError)


@pytest.mark.promise("page:forms:work-and-stay")
def test_a_proxy_that_cannot_be_used_is_the_persons_to_correct() -> None:
    said = complaint_about(UnusableProxy("ALL_PROXY", Problem.KIND).as_failure())
    assert said.sentence.startswith("The proxy in ALL_PROXY can't be used: only http and https proxies can. Correct it")
    assert (said.field, said.is_attempt) == (None, False)


@pytest.mark.promise("arguments:secrets:taken-away", "sign-in:ways:page-without-credentials")
async def test_without_secret_arguments_the_page_is_the_way() -> None:
    async with page(None, None, secret_arguments=False) as (agent, url):
        await sign_in_at(url)
        assert await state(agent) == "signed_in"
