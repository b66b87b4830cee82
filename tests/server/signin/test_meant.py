"""The account that a page is for: shown masked, and no other is taken until the person chooses that."""

import json
import re

import httpx
import pytest
from rememberizer_mcp.server.signin.pending import masked

from tests.server.signin.visits import page_for, post, state
from tests.support.agent import ADA, GRACE, agent_on, server_on
from tests.support.clock import FakeClock
from tests.support.person import visit
from tests.support.sessions import resync
from tests.support.upstream import reply, tokens, usual

pytestmark = pytest.mark.promise("page:account:meant")
MASK = "a…@example.org"
REFUSED = f"This page takes the account {MASK} only."
COOKIE = {"form": "browser_session", "refresh_token": "refresh-there"}
LOGOUT = "auth/custom-logout/"


def me(email: str | None) -> httpx.Response:
    return reply(200, json={"email": email, "name": "Someone", "email_verified": True})


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("ada@example.org", "a…@example.org"),
        (" Ada@Example.org ", "A…@Example.org"),
        ("a@b.c", "a…@b.c"),
        ("no address", "n…"),
        ("", "…"),
    ],
)
def test_an_address_is_masked(email: str, shown: str) -> None:
    assert masked(email) == shown


@pytest.mark.promise("sign-in:elicitation:no-credentials-in-url")
@pytest.mark.parametrize("path", ["", "/sign-in", "/sign-up", "/browser-session", "/another-account"])
async def test_opened_alone_the_page_says_whose_sign_in_it_is_and_no_more(path: str) -> None:
    async with page_for("signup", email=ADA["email"], name="Ada Lovelace") as (_, url):
        shown = await visit(url + path)
    assert f"<bdi>{MASK}</bdi>" in shown.text
    assert not re.search("ada@|lovelace", shown.text, re.IGNORECASE)


async def test_a_page_for_nobody_in_particular_says_and_asks_nothing_of_it() -> None:
    async with page_for("login") as (agent, url):
        for path in ("", "/sign-up", "/another-account"):
            shown = await visit(url + path)
            assert (shown.status_code, "another-account" in shown.text) == (200, False)
            assert "Your assistant asked for" not in shown.text
        assert "You are signed in" in (await visit(url, form="sign_in", **GRACE)).text
        assert await state(agent) == "signed_in"


@pytest.mark.parametrize("form", ["sign_in", "sign_up"])
@pytest.mark.parametrize("email", ["", " ", ADA["email"], " ADA@Example.ORG "])
async def test_the_address_can_be_left_out_or_typed_in_any_case(form: str, email: str) -> None:
    upstream = usual()
    async with page_for("login", upstream, email=ADA["email"]) as (_, url):
        await visit(url, form=form, email=email, password=ADA["password"])
    sent = json.loads(upstream.requests[0].content)
    assert sent.get("login", sent.get("email")).casefold() == ADA["email"]


async def test_a_name_that_is_left_out_is_the_one_that_the_assistant_gave() -> None:
    names = []
    for typed in ({}, {"name": ""}, {"name": "Countess"}):
        upstream = usual()
        async with page_for("signup", upstream, email=ADA["email"], name="Ada") as (_, url):
            await visit(url, form="sign_up", password="a-long-password", **typed)
        names.append(json.loads(upstream.requests[0].content)["name"])
    assert names == ["Ada", "Ada", "Countess"]


@pytest.mark.parametrize("form", ["sign_in", "sign_up"])
@pytest.mark.parametrize("tool", ["login", "signup"])
async def test_another_address_is_refused_before_anything_is_sent(tool: str, form: str) -> None:
    upstream = usual()
    async with page_for(tool, upstream, email=ADA["email"]) as (agent, url):
        answer = await post(url, data={"form": form, **GRACE})
        assert answer.status_code == 422
        assert REFUSED in answer.text
        assert f'value="{GRACE["email"]}"' in answer.text
        assert re.search(r'name="email"[^>]*aria-invalid="true"', answer.text)
        assert "/another-account" in answer.text
        assert await state(agent) == "pending"
    assert not upstream.requests


async def test_guessing_the_address_ends_the_page_as_wrong_passwords_do() -> None:
    upstream = usual()
    async with page_for("login", upstream, email=ADA["email"]) as (_, url):
        answers = [
            await post(url, data={"form": "sign_in", "email": f"a{n}@example.org", "password": "x"}) for n in range(5)
        ]
    assert [answer.status_code for answer in answers] == [422] * 4 + [410]
    assert not upstream.requests


@pytest.mark.parametrize("found", [me(GRACE["email"]), me(None), reply(503)], ids=["other", "none", "unknown"])
async def test_a_session_of_another_account_stays_in_its_browser_and_nothing_is_changed(found: httpx.Response) -> None:
    upstream = usual(me=[me(ADA["email"]), found], custom_refresh=reply(cookies=tokens(9)))
    async with agent_on(server_on(upstream.transport)) as agent:
        await agent.call("login", **ADA)
        before = await agent.call("session_status")
        upstream.answers["auth/signin/"] = reply(401)
        url = (await agent.call("login", email="ada@other.example"))["sign_in_url"]
        answer = await post(url, data=COOKIE)
        assert (answer.status_code, "takes the account a…@other.example only" in answer.text) == (422, True)
        status = await agent.call("session_status")
        assert status["state"] == "pending"
        assert [status[key] for key in ("email", "method")] == [before[key] for key in ("email", "method")]
        assert "sign in there again; then copy the new value." in answer.text
        assert not upstream.asked(LOGOUT)
        await agent.call("logout")
    (given_back,) = upstream.asked(LOGOUT)
    assert "refresh-1" in given_back.headers["Cookie"]
    assert "refresh-9" not in given_back.headers["Cookie"]


async def test_a_session_of_the_account_itself_is_taken() -> None:
    upstream = usual(me=me("ADA@example.org"))
    async with page_for("login", upstream, email=ADA["email"]) as (agent, url):
        assert "You are signed in" in (await visit(url, **COOKIE)).text
        assert await state(agent) == "signed_in"
    assert not upstream.asked(LOGOUT)


async def test_a_password_whose_account_turns_out_to_be_another_is_given_back_too() -> None:
    upstream = usual(me=me(GRACE["email"]))
    async with page_for("login", upstream, email=ADA["email"]) as (agent, url):
        refused = (await post(url, data={"form": "sign_in", **ADA})).text
        assert (REFUSED in refused, "sign in there again" in refused) == (True, False)
        assert await state(agent) == "pending"
    (given_back,) = upstream.asked(LOGOUT)
    assert "refresh-1" in given_back.headers["Cookie"]


async def test_a_login_with_a_password_is_not_held_to_what_a_page_was_for() -> None:
    upstream = usual(me=me(GRACE["email"]))
    async with page_for("login", upstream, email=ADA["email"]) as (agent, url):
        assert REFUSED in (await post(url, data=COOKIE)).text
        assert (await agent.call("login", **GRACE))["email"] == GRACE["email"]


async def test_the_account_of_the_settings_and_one_that_ended_are_meant_too(clock: FakeClock) -> None:
    async with page_for("login", settings={"email": ADA["email"]}) as (_, url):
        assert MASK in (await visit(url)).text
    upstream = usual()
    async with agent_on(server_on(upstream.transport, clock)) as agent:
        await agent.call("login", **ADA)
        clock.advance(12 * 3600 + 1)
        error = await agent.fails("search", query="tea")
        assert MASK in (await visit(error["sign_in_url"])).text
        before = len(upstream.requests)
        assert REFUSED in (await post(error["sign_in_url"], data={"form": "sign_in", **GRACE})).text
        assert len(upstream.requests) == before
        await resync()


async def choose_another(url: str) -> httpx.Response:
    asked = await visit(url + "/another-account")
    assert "Use another account?" in asked.text
    return await visit(url, form="another_account")


@pytest.mark.promise("page:account:another-by-step")
@pytest.mark.parametrize("fields", [{"form": "sign_in", **GRACE}, {"form": "sign_up", **GRACE}, COOKIE])
async def test_after_a_choice_the_page_takes_anybodys_account(fields: dict[str, str]) -> None:
    upstream = usual(me=me(GRACE["email"]))
    async with page_for("login", upstream, email=ADA["email"]) as (agent, url):
        shown = (await choose_another(url)).text
        assert f"<bdi>{MASK}</bdi></b>, and you chose to use another account." in shown
        assert "/another-account" not in shown
        assert "Leave it empty" not in shown
        assert "Enter your e-mail address" in (await post(url, data={"form": "sign_in", "password": "x"})).text
        await post(url, data=fields)
        assert (await agent.call("session_status"))["email"] == GRACE["email"]
    assert not upstream.asked(LOGOUT)


@pytest.mark.promise("page:account:another-by-step")
async def test_looking_at_the_question_chooses_nothing() -> None:
    async with page_for("login", email=ADA["email"]) as (_, url):
        for _ in range(2):
            await visit(url + "/another-account")
        assert REFUSED in (await post(url, data={"form": "sign_in", **GRACE})).text
        headers = {"Origin": "http://evil.example"}
        assert (await post(url, headers=headers, data={"form": "another_account"})).status_code == 403
        assert REFUSED in (await post(url, data={"form": "sign_in", **GRACE})).text


@pytest.mark.promise("page:account:another-by-step")
async def test_the_account_that_was_named_last_counts_and_a_choice_is_made_anew_for_it() -> None:
    async with page_for("login", email=ADA["email"]) as (agent, url):
        await choose_another(url)
        for again in ({}, {"email": "ADA@example.org"}):
            await agent.call("login", **again)
            assert "you chose to use another account" in (await visit(url)).text
        await agent.call("login", email=GRACE["email"])
        shown = (await visit(url)).text
        assert "<bdi>g…@example.org</bdi></b>. No other account is taken here." in shown
        assert "another account.</p>" not in shown
        assert "takes the account g…@example.org only" in (await post(url, data={"form": "sign_in", **ADA})).text


async def test_a_code_that_is_missing_is_not_asked_for_once_another_account_is_meant() -> None:
    unverified = reply(200, json={"email": ADA["email"], "email_verified": False})
    async with page_for("login", usual(me=unverified), email=ADA["email"]) as (agent, url):
        assert "verification_code" in (await visit(url, form="sign_in", **ADA)).text
        await agent.call("login", email=GRACE["email"])
        shown = (await visit(url)).text
        assert "verification_code" not in shown
        assert "g…@example.org" in shown


@pytest.mark.promise("sign-in:elicitation:no-credentials-in-url", "page:person:who-asked")
async def test_the_address_and_the_end_are_shown_in_the_browser_that_signed_in_and_in_no_other() -> None:
    unverified = reply(200, json={"email": ADA["email"], "name": "Lovelace", "email_verified": False})
    async with page_for("login", usual(me=unverified), email=ADA["email"]) as (_, url):
        headers = {"Origin": url.rpartition("/")[0]}
        async with (
            httpx.AsyncClient(trust_env=False, headers=headers, follow_redirects=True) as hers,
            httpx.AsyncClient(trust_env=False, headers=headers, follow_redirects=True) as another,
        ):
            for tab in (hers, another):
                await tab.get(url)
            assert f"<bdi>{ADA['email']}</bdi>" in (await hers.post(url, data={"form": "sign_in", **ADA})).text
            assert f"<bdi>{ADA['email']}</bdi>" in (await hers.get(url)).text
            for shown in (await another.get(url), await visit(url), await post(url, data={"form": "verify"})):
                assert MASK in shown.text
                assert ADA["email"] not in shown.text
            ends = [await another.post(url, data={"form": "verify", "later": "later"}), await another.get(url)]
            assert [shown.status_code for shown in ends] == [200, 410]
            for shown in ends:
                assert not re.search("lovelace|ada@", shown.text, re.IGNORECASE)
            assert f"<b><bdi>Lovelace</bdi></b>, <bdi>{ADA['email']}</bdi>" in (await hers.get(url)).text


@pytest.mark.promise("sign-in:elicitation:no-credentials-in-url", "page:person:who-asked")
@pytest.mark.parametrize("cookie", [{}, {"Cookie": "sign_in=made-up"}])
async def test_a_browser_that_the_page_gave_no_cookie_is_shown_nothing_later(cookie: dict[str, str]) -> None:
    """Another program at 127.0.0.1 may have set one: cookies know no ports."""
    unverified = reply(200, json={"email": ADA["email"], "name": "Lovelace", "email_verified": False})
    async with page_for("login", usual(me=unverified)) as (_, url):
        for data in ({"form": "sign_in", **ADA}, {"form": "verify", "later": "later"}):
            await post(url, headers={"Origin": url.rpartition("/")[0], **cookie}, data=data)
            async with httpx.AsyncClient(trust_env=False, headers=cookie) as later:
                shown = await later.get(url)
            assert not re.search("lovelace|ada@", shown.text, re.IGNORECASE)
    assert shown.status_code == 410


async def test_a_name_that_was_typed_stays_after_a_refusal() -> None:
    async with page_for("signup", usual(signup=reply(403)), name="Ada") as (_, url):
        shown = await post(url, data={"form": "sign_up", "name": "Countess", **ADA})
    assert 'value="Countess"' in shown.text


@pytest.mark.parametrize(("again", "meant"), [({}, "Ada"), ({"name": "Countess"}, "Countess")])
async def test_the_name_that_was_given_last_is_meant(again: dict[str, str], meant: str) -> None:
    upstream = usual()
    async with page_for("signup", upstream, email=ADA["email"], name="Ada") as (agent, url):
        await agent.call("signup", **again)
        assert "Leave it empty for the one that your assistant gave." in (await visit(url)).text
        await visit(url, form="sign_up", password="a-long-password")
    assert json.loads(upstream.requests[0].content)["name"] == meant


async def test_what_was_typed_wrongly_is_there_again_for_the_browser_that_typed_it() -> None:
    async with page_for("login", usual(signin=reply(401))) as (_, url):
        headers = {"Origin": url.rpartition("/")[0]}
        async with httpx.AsyncClient(trust_env=False, headers=headers) as hers:
            await hers.get(url)
            await hers.post(url, data={"form": "sign_in", **ADA})
            assert f'value="{ADA["email"]}"' in (await hers.get(url)).text
        assert ADA["email"] not in (await visit(url)).text
