"""The page over real HTTP: who is admitted, what each form does, and what nobody gets to see."""

import http.client
import json
import re
import socket
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from rememberizer_mcp.server.api.proxies import Problem, UnusableProxy
from rememberizer_mcp.server.errors import RememberizerError
from rememberizer_mcp.server.signin.forms import SignUpForm
from rememberizer_mcp.server.signin.pending import TICKET_BYTES
from rememberizer_mcp.server.signin.sentences import sentence_for

from tests.server.signin.visits import origin, page, post, state
from tests.server.test_errors import LEAVES
from tests.support.agent import ADA, GRACE, Around, agent_on, server_on
from tests.support.clock import Gate
from tests.support.person import sign_in_at, visit
from tests.support.sessions import resync
from tests.support.upstream import Slow, reply, tokens, usual

UNVERIFIED = reply(200, json={"email": ADA["email"], "name": "Ada", "email_verified": False})


@pytest.mark.promise("S9", "S20", "S33", "S4")
async def test_the_ticket_has_256_bits_and_the_page_is_on_loopback() -> None:
    async with page() as (_, url):
        assert TICKET_BYTES * 8 == 256
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{43}", url)


@pytest.mark.promise("S39", "S9")
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


@pytest.mark.promise("S32", "S39")
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


@pytest.mark.promise("S39")
async def test_a_look_needs_no_origin() -> None:
    async with page() as (_, url), httpx.AsyncClient(trust_env=False) as client:
        assert [(await client.request(method, url)).status_code for method in ("GET", "HEAD")] == [200, 200]


@pytest.mark.promise("S39")
async def test_a_post_must_name_its_origin() -> None:
    async with page() as (_, url):
        assert (await post(url, headers={}, data={"form": "sign_in", **ADA})).status_code == 403


@pytest.mark.promise("S8", "S9", "S20")
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


@pytest.mark.promise("D75")
async def test_a_reload_and_a_second_click_of_the_same_browser_show_the_end_again() -> None:
    slow = Slow(reply(cookies=tokens()))
    upstream = usual(signin=slow)
    async with page(upstream) as (_, url), httpx.AsyncClient(trust_env=False, headers={"Origin": origin(url)}) as tab:
        await tab.get(url)
        answers: list[httpx.Response] = []

        async def click() -> None:
            answers.append(await tab.post(url, data={"form": "sign_in", **ADA}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(click)
            await slow.asked.wait()
            tasks.start_soon(click)
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, url)] * 2
        assert ADA["email"] in (await tab.get(url)).text
    assert len(upstream.asked("auth/signin/")) == 1


@pytest.mark.promise("D75")
async def test_a_browser_without_cookies_is_shown_the_end_at_once() -> None:
    async with page() as (agent, url):
        answer = await post(url, data={"form": "sign_in", **ADA})
        assert (answer.status_code, "You are signed in" in answer.text) == (200, True)
        assert await state(agent) == "signed_in"


@pytest.mark.promise("S39")
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


@pytest.mark.promise("D73")
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


@pytest.mark.promise("D73", "D68")
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


@pytest.mark.promise("D73")
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


@pytest.mark.promise("D74")
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


@pytest.mark.promise("S26", "D73")
async def test_the_pages_attempts_count_with_the_tools() -> None:
    async with page(usual(signin=reply(503))) as (_, url):
        for _ in range(30):
            await post(url, data={"form": "sign_in", **ADA})
        answered = await post(url, data={"form": "sign_in", **ADA})
    assert "Too many attempts. Wait 60 seconds" in answered.text


@pytest.mark.promise("D73", "D68")
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


@pytest.mark.promise("S39")
@pytest.mark.parametrize(
    "body",
    [b"form=sign_in&email=" + b"x" * 40_000, b"&".join(b"a%d=1" % n for n in range(20)), b"form=\xff",
     b"form=sign_in&email=ada%40example.org&password=%ff"],
)  # fmt: skip
async def test_a_body_that_is_no_form_is_refused_with_a_sentence(body: bytes) -> None:
    async with page() as (_, url):
        answered = await post(url, content=body)
        assert (answered.status_code, "The form could not be read. Try again." in answered.text) == (422, True)


@pytest.mark.promise("S39", "S26")
async def test_what_is_shown_again_is_escaped_and_cleaned() -> None:
    async with page(usual(signin=reply(401))) as (_, url):
        hostile = '"><script>alert(1)</script>\u202e@example.org'
        answered = await post(url, data={"form": "sign_in", "email": hostile.replace(" ", ""), "password": "x"})
        assert "<script>" not in answered.text
        assert "\u202e" not in answered.text


@pytest.mark.promise("D73")
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


@pytest.mark.promise("D73")
async def test_a_sign_up_without_a_token_goes_on_with_signing_in() -> None:
    async with page(usual(signup=reply(201, json={"id": 1}))) as (agent, url):
        answered = await visit(url, form="sign_up", **GRACE)
        assert 'value="sign_in"' in answered.text
        assert GRACE["email"] in answered.text
        assert await state(agent) == "pending"


@pytest.mark.promise("D73")
@pytest.mark.parametrize(("status", "said"), [(401, "did not accept this; it may have expired"), (503, "try again")])
async def test_a_cookie_that_is_refused_stays_on_the_page(status: int, said: str) -> None:
    async with page(usual(custom_refresh=reply(status))) as (agent, url):
        answered = await post(url, data={"form": "browser_session", "refresh_token": "canary-cookie"})
        assert said in answered.text
        assert "canary" not in answered.text
        assert await state(agent) == "pending"


@pytest.mark.promise("D81", "S8")
async def test_a_post_that_waited_for_its_turn_is_refused_when_the_session_ended_meanwhile() -> None:
    slow = Slow(reply(cookies=tokens()))
    async with page(usual(signin=slow)) as (agent, url):
        answers: list[httpx.Response] = []

        async def send() -> None:
            answers.append(await post(url, data={"form": "sign_in", **ADA}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await slow.asked.wait()
            tasks.start_soon(agent.call, "logout")
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(send)
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        assert sorted(answer.status_code for answer in answers) == [200, 410]
        assert await state(agent) == "signed_out"


@pytest.mark.promise("S10", "S44", "D32")
async def test_a_fault_of_ours_is_one_sentence_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def crash(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("canary-crash")

    async with page(usual(signin=crash)) as (agent, url):
        answered = await post(url, data={"form": "sign_in", **ADA})
        assert "This program failed; that is a fault of its own." in answered.text
        assert "canary" not in answered.text
        assert await state(agent) == "pending"
    assert "the sign-in page failed" in caplog.text


@pytest.mark.promise("S39")
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", ""), ("DELETE", ""), ("OPTIONS", ""), ("PATCH", ""), ("POST", "/sign-in")]
)
async def test_no_other_method_is_answered(method: str, path: str) -> None:
    async with page() as (_, url), httpx.AsyncClient(trust_env=False, headers={"Origin": origin(url)}) as client:
        answered = await client.request(method, url + path)
        assert (answered.status_code, 'class="code"' in answered.text) == (404, False)


@pytest.mark.promise("S32")
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


@pytest.mark.promise("D79", "D81")
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


@pytest.mark.promise("D73")
async def test_a_session_of_another_browser_is_taken_over_and_its_code_left_for_later() -> None:
    upstream = usual(me=UNVERIFIED)
    async with page(upstream) as (agent, url):
        assert "verification_code" in (await visit(url, form="browser_session", refresh_token="r-there")).text
        assert "still has to be verified" in (await visit(url, form="verify", later="later")).text
        status = await agent.call("session_status")
        assert (status["state"], status["method"]) == ("unverified", "browser")
    assert upstream.requests[0].headers["cookie"] == "refresh_token=r-there"


@pytest.mark.promise("D73")
@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_each_failure_has_a_sentence_for_a_person(kind: type[RememberizerError]) -> None:
    sentence, field = sentence_for(kind())
    assert sentence.endswith(".")
    assert "`" not in sentence
    assert field is None or field in SignUpForm.complaints


@pytest.mark.promise("D73")
def test_a_proxy_that_cannot_be_used_is_the_persons_to_correct() -> None:
    sentence, field = sentence_for(UnusableProxy("ALL_PROXY", Problem.KIND).as_failure())
    assert sentence.startswith("The proxy in ALL_PROXY can't be used: only http and https proxies can. Correct it")
    assert field is None


@pytest.mark.promise("D27", "D7")
async def test_without_secret_arguments_the_page_is_the_way() -> None:
    async with page(None, None, secret_arguments=False) as (agent, url):
        await sign_in_at(url)
        assert await state(agent) == "signed_in"


@pytest.mark.promise("S18", "D75")
@pytest.mark.parametrize(("answer", "status", "ends"), [(401, 410, "signed_out"), (204, 200, "signed_in")])
async def test_a_post_that_is_under_way_when_the_time_is_over_comes_to_its_end(
    answer: int, status: int, ends: str
) -> None:
    slow, life = Slow(reply(answer, cookies=tokens() if answer == 204 else None)), Gate()
    async with agent_on(server_on(usual(signin=slow).transport, None, Around(page_life=life.sleep))) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        answers: list[httpx.Response] = []

        async def send() -> None:
            answers.append(await post(url, data={"form": "sign_in", **ADA}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await slow.asked.wait()
            life.open()
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        assert await state(agent) == ends
        assert answers[0].status_code in (status, 422)
        await resync()


@pytest.mark.promise("D75")
@pytest.mark.parametrize("form", ["sign_in", "sign_up"])
async def test_a_second_click_does_not_skip_the_code(form: str) -> None:
    slow = Slow(reply(201, cookies=tokens(), json={}))
    upstream = usual(me=UNVERIFIED, signin=slow, signup=slow)
    async with (
        page(upstream) as (agent, url),
        httpx.AsyncClient(trust_env=False, headers={"Origin": origin(url)}) as tab,
    ):
        await tab.get(url)

        async def click() -> None:
            assert (await tab.post(url, data={"form": form, **ADA})).status_code == 303

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(click)
            await slow.asked.wait()
            tasks.start_soon(click)
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        await click()
        assert "verification_code" in (await tab.get(url)).text
        assert await state(agent) == "pending"
    assert len(upstream.asked(f"auth/{form.replace('_', '')}/")) == 1
