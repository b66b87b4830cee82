"""What the page does around its forms: what is redacted, what it names, where a refusal stands."""

import re

import httpx
import pytest
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets
from rememberizer_mcp.server.settings.settings import Settings

from tests.server.signin.visits import page, page_for, post
from tests.support.agent import ADA, agent_on
from tests.support.clock import FakeClock, for_good
from tests.support.person import visit
from tests.support.ports import free_port
from tests.support.sessions import resync
from tests.support.tab import Tab
from tests.support.upstream import BASE_URL, grant, reply, tokens, usual

TYPED, CODE = "  canary-typed ", "canary-code"
TOO_LONG = "x" * 8193
UNVERIFIED = reply(200, json={"email": ADA["email"], "email_verified": False})


class Looking(FakeClock):
    """A clock that looks at what would be redacted whenever it is asked."""

    def __init__(self, known: KnownSecrets) -> None:
        super().__init__()
        self.known = known
        self.seen: list[str] = []

    def __call__(self) -> float:
        self.seen.append(self.known.redact(f"{TYPED.strip()} {CODE}"))
        return super().__call__()


@pytest.mark.promise("settings:secrets:never-shown", "page:person:credentials-stay-here")
@pytest.mark.parametrize(
    "fields",
    [
        {"form": "sign_in", "email": ADA["email"], "password": TYPED},
        {"form": "sign_in", "email": ADA["email"], "password": "x", "g-recaptcha-response": TYPED},
        {"form": "browser_session", "refresh_token": TYPED},
        {"form": "verify", "verification_code": TYPED},
    ],
)
async def test_what_was_typed_is_redacted_from_the_moment_it_arrives_until_it_is_answered(
    fields: dict[str, str],
) -> None:
    known = KnownSecrets()
    clock = Looking(known)
    server = build_server(
        Settings(base_url=BASE_URL, open_browser="never"),
        transport=usual(signin=reply(401), custom_refresh=reply(401)).transport,
        secrets=known,
        now=clock,
        sleep=for_good,
        patience_seconds=0.05,
    )
    async with agent_on(server) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        clock.seen.clear()
        await post(url, data=fields)
        assert clock.seen[0] == f"{REDACTED} {CODE}"
        assert known.redact(TYPED.strip()) == TYPED.strip()
        await resync()


@pytest.mark.promise("settings:secrets:never-shown", "sessions:oauth:state-once")
async def test_the_code_of_a_consent_is_redacted_from_the_moment_it_arrives() -> None:
    known = KnownSecrets()
    clock = Looking(known)
    settings = Settings(
        base_url=BASE_URL, oauth_client_id="app", oauth_client_secret="s", oauth_port=free_port(), open_browser="never"
    )
    transport = usual(token=reply(200, json=grant())).transport
    server = build_server(
        settings, transport=transport, secrets=known, now=clock, sleep=for_good, patience_seconds=0.05
    )
    async with agent_on(server) as agent, httpx.AsyncClient(trust_env=False) as client:
        tab = Tab(client, (await agent.call("login"))["sign_in_url"])
        await client.get(tab.url)
        query = await tab.leave()
        clock.seen.clear()
        await tab.come_back(state=query["state"], code=CODE)
        assert clock.seen[0] == f"{TYPED.strip()} {REDACTED}"
        await resync()


@pytest.mark.promise("settings:secrets:never-shown", "page:account:meant")
async def test_a_sign_in_that_the_page_gives_back_is_forgotten() -> None:
    known = KnownSecrets()
    server = build_server(
        Settings(base_url=BASE_URL, open_browser="never"),
        transport=usual(custom_refresh=reply(cookies=tokens(9))).transport,
        secrets=known,
        now=FakeClock(),
        sleep=for_good,
        patience_seconds=0.05,
    )
    async with agent_on(server) as agent:
        url = (await agent.call("login", email="grace@example.org"))["sign_in_url"]
        assert (await post(url, data={"form": "browser_session", "refresh_token": TYPED})).status_code == 422
        assert known.redact("refresh-9 access-9") == "refresh-9 access-9"
        await resync()


@pytest.mark.promise("sandbox:wire:says-so")
@pytest.mark.parametrize(("sandbox", "service"), [(False, "Rememberizer"), (True, "the Rememberizer sandbox")])
async def test_the_page_names_the_service_that_it_signs_in_to(sandbox: bool, service: str) -> None:
    async with page(sandbox=sandbox) as (_, url):
        shown = (await visit(url)).text
    assert f"<h1>Sign in to {service}</h1>" in shown
    assert ("sandbox" in shown.partition("</style>")[2].lower()) is sandbox


def marked_in(answered: httpx.Response) -> list[str]:
    """The names of the fields that are marked as wrong."""
    fields = re.findall("<input [^>]*>", answered.text)
    return [field.partition('name="')[2].partition('"')[0] for field in fields if 'aria-invalid="true"' in field]


@pytest.mark.promise("page:look:accessible", "page:forms:work-and-stay")
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"form": "sign_in", **ADA}, "password"),
        ({"form": "sign_in", "email": "ada", "password": "x"}, "email"),
        ({"form": "sign_up", **ADA, "name": TOO_LONG}, "name"),
        ({"form": "sign_up", "email": "ada", "password": "x"}, "email"),
        ({"form": "sign_up", "email": ADA["email"]}, "password"),
        ({"form": "browser_session", "refresh_token": TOO_LONG}, "refresh_token"),
    ],
)
async def test_a_refusal_stands_at_its_field(fields: dict[str, str], wrong: str) -> None:
    async with page(usual(signin=reply(401))) as (_, url):
        answered = await post(url, data=fields)
    assert marked_in(answered) == [wrong]


@pytest.mark.promise("page:look:accessible", "page:forms:work-and-stay")
@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize("form", ["sign_in", "sign_up"])
async def test_a_refusal_of_a_captcha_stands_at_its_field_if_there_is_one(form: str, sandbox: bool) -> None:
    async with page(sandbox=sandbox) as (_, url):
        answered = await post(url, data={"form": form, **ADA, "captcha": TOO_LONG})
    assert "This captcha response is too long to be one." in answered.text
    assert marked_in(answered) == (["captcha"] if sandbox else [])


@pytest.mark.promise("page:look:accessible", "page:forms:work-and-stay")
async def test_a_refusal_of_the_code_stands_at_its_field() -> None:
    async with page(usual(me=UNVERIFIED)) as (_, url):
        await post(url, data={"form": "sign_in", **ADA})
        answered = await post(url, data={"form": "verify", "verification_code": TOO_LONG})
    assert marked_in(answered) == ["verification_code"]


@pytest.mark.promise("page:forms:work-and-stay")
async def test_a_refusal_of_a_field_that_the_form_lacks_stands_above_it() -> None:
    async with page(usual(me=UNVERIFIED, verify_email=reply(403, json={}))) as (_, url):
        await post(url, data={"form": "sign_in", **ADA})
        answered = await post(url, data={"form": "verify", "verification_code": "123456"})
    assert "Rememberizer did not accept this; it may have expired." in answered.text
    assert marked_in(answered) == []


@pytest.mark.promise("page:account:meant", "sign-in:elicitation:no-credentials-in-url")
@pytest.mark.parametrize("form", ["sign_in", "sign_up"])
@pytest.mark.parametrize("email", [{}, {"email": ""}, {"email": " "}])
@pytest.mark.parametrize("answer", [401, 403, 503])
async def test_an_address_that_was_left_out_is_shown_to_nobody(form: str, email: dict[str, str], answer: int) -> None:
    upstream = usual(signin=reply(answer), signup=reply(answer))
    async with page_for("login", upstream, email=ADA["email"]) as (_, url):
        headers = {"Origin": url.rpartition("/")[0]}
        async with httpx.AsyncClient(trust_env=False, headers=headers) as stranger:
            await stranger.get(url)
            for shown in (await stranger.post(url, data={"form": form, "password": "x", **email}), *(
                [await stranger.get(url + path) for path in ("", "/sign-in", "/sign-up")]
            )):  # fmt: skip
                assert ADA["email"] not in shown.text
    assert upstream.requests


@pytest.mark.promise("page:account:meant", "sign-in:elicitation:no-credentials-in-url")
@pytest.mark.parametrize("typed", [{}, {"email": ADA["email"]}])
async def test_an_account_that_was_made_without_typing_its_address_shows_nothing_of_it(typed: dict[str, str]) -> None:
    async with page_for("signup", usual(), email=ADA["email"], name="Lovelace") as (_, url):
        headers = {"Origin": url.rpartition("/")[0]}
        async with httpx.AsyncClient(trust_env=False, headers=headers, follow_redirects=True) as browser:
            await browser.get(url)
            shown = await browser.post(url, data={"form": "sign_up", "password": "a-long-password", **typed})
            assert f"<bdi>{ADA['email'] if typed else 'a…@example.org'}</bdi>" in shown.text
            ended = await browser.post(url, data={"form": "verify", "later": "later"})
    assert "You are signed in" in ended.text
    for each in (shown, ended):
        assert bool(re.search("lovelace|ada@", each.text, re.IGNORECASE)) is bool(typed)
