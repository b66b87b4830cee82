"""Sessions that were signed in by OAuth."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from rememberizer_mcp.server.api.oauth import OAuthClient
from rememberizer_mcp.server.errors import NotSignedIn, RememberizerError, SessionExpired, SignInFailed
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets
from rememberizer_mcp.server.sessions.session import Session
from rememberizer_mcp.server.sessions.states import State

from tests.support.agent import ADA
from tests.support.clock import FakeClock
from tests.support.hints import hint
from tests.support.sessions import ACCOUNT, environment_on, store_of
from tests.support.upstream import Answer, FakeUpstream, grant, reply, tokens, usual

APP = OAuthClient(
    client_id="app",
    client_secret="canary-secret",
    redirect_uri="http://127.0.0.1:7001/oauth/callback",
    authorize_url="http://127.0.0.1:7000/api/v1/auth/oauth2/authorize/",
)
GRACE = reply(200, json={"email": "grace@example.org", "name": "Grace"})


async def sign_in(session: Session) -> bool:
    return await session.sign_in_with_oauth(APP, code="canary-code", verifier="canary-verifier")


@asynccontextmanager
async def a_session(
    upstream: FakeUpstream, clock: FakeClock, *, secrets: KnownSecrets | None = None
) -> AsyncIterator[Session]:
    async with environment_on(upstream, clock, secrets=secrets) as environment:
        yield store_of(environment).open("owner")


@asynccontextmanager
async def signed_in(upstream: FakeUpstream, clock: FakeClock) -> AsyncIterator[Session]:
    async with a_session(upstream, clock) as session:
        assert await sign_in(session)
        yield session


def bearers(upstream: FakeUpstream) -> list[str | None]:
    """Who showed what, request by request; a cookie nobody ever showed."""
    assert not [request for request in upstream.requests if "cookie" in request.headers]
    return [request.headers.get("authorization") for request in upstream.requests]


@pytest.mark.promise("sessions:oauth:own-refresh")
async def test_a_sign_in_with_oauth_holds_the_account_that_upstream_names(clock: FakeClock) -> None:
    upstream = usual()
    async with signed_in(upstream, clock) as session:
        assert (session.state, session.grant.method, session.grant.can_refresh) == (State.SIGNED_IN, "oauth", True)
        assert (session.email, session.grant.name) == ("ada@example.org", "Ada")
    assert upstream.paths == ["auth/oauth2/token/", "me/"]
    assert bearers(upstream) == [None, "Bearer oauth-access-1"]


async def test_an_unverified_address_and_a_silent_profile_are_no_failure(clock: FakeClock) -> None:
    me = reply(200, json={"email": "ada@example.org", "email_verified": False})
    async with signed_in(usual(me=me), clock) as session:
        assert session.state is State.UNVERIFIED
    async with signed_in(usual(me=reply(404)), clock) as session:
        assert (session.state, session.email) == (State.SIGNED_IN, None)


@pytest.mark.promise("sessions:states:re-login")
async def test_a_refused_code_leaves_the_session_as_it_was(clock: FakeClock) -> None:
    async with a_session(usual(token=reply(400, json={"error": "invalid_grant"})), clock) as session:
        with pytest.raises(SignInFailed):
            await sign_in(session)
        assert session.state is State.SIGNED_OUT
        await session.sign_in(**ADA, captcha=None)
        with pytest.raises(SignInFailed):
            await sign_in(session)
        assert (session.state, session.grant.method) == (State.SIGNED_IN, "password")


@pytest.mark.promise("settings:secrets:never-shown")
async def test_code_verifier_and_secret_are_known_to_the_log_while_they_are_sent(clock: FakeClock) -> None:
    seen: list[str] = []
    secrets, text = KnownSecrets(), "canary-code canary-verifier canary-secret"

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(secrets.redact(text))
        return reply(200, json=grant())

    async with a_session(usual(token=answer), clock, secrets=secrets) as session:
        await sign_in(session)
        assert secrets.redact("oauth-access-1 oauth-refresh-1") == f"{REDACTED} {REDACTED}"
        assert "oauth-access-1" not in repr(session)
        session.wipe()
    assert seen == [f"{REDACTED} {REDACTED} {REDACTED}"]
    assert secrets.redact(text + " oauth-access-1 oauth-refresh-1") == text + " oauth-access-1 oauth-refresh-1"


@pytest.mark.promise("sessions:refresh:before-and-after-401", "sessions:oauth:own-refresh")
async def test_a_grant_that_is_about_to_end_is_renewed_at_the_token_endpoint(clock: FakeClock) -> None:
    upstream = usual(
        token=[reply(200, json=grant(expires_in=60)), reply(200, json=grant(2, expires_in=60))],
        account=reply(200, json={}),
    )
    async with signed_in(upstream, clock) as session:
        clock.advance(31)
        await session.grant.request(ACCOUNT)
        await session.grant.request(ACCOUNT)
    assert upstream.paths[2:] == ["auth/oauth2/token/", "account/", "account/"]
    assert bearers(upstream)[2:] == [None, "Bearer oauth-access-2", "Bearer oauth-access-2"]


@pytest.mark.promise("sessions:refresh:single-flight", "sessions:oauth:own-refresh")
async def test_fifty_refused_calls_renew_a_grant_once(clock: FakeClock) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return reply(200 if request.headers["authorization"] == "Bearer oauth-access-2" else 401, json={})

    upstream = usual(token=[reply(200, json=grant()), reply(200, json=grant(2))], account=answer)
    async with signed_in(upstream, clock) as session:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for _ in range(50):
                    tasks.start_soon(lambda: session.grant.request(ACCOUNT))
    assert len(upstream.asked("auth/oauth2/token/")) == 2
    assert not upstream.asked("auth/custom-refresh/")


@pytest.mark.promise("sessions:refresh:refused-or-lost")
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (reply(400, json={"error": "invalid_grant"}), State.EXPIRED),
        (reply(200, json={"error": "invalid_grant"}), State.EXPIRED),
        (reply(503), State.SIGNED_IN),
        (reply(200, json={}), State.SIGNED_IN),
    ],
)
async def test_only_a_refused_renewal_expires_the_session(clock: FakeClock, answer: Answer, state: State) -> None:
    async with signed_in(usual(token=[reply(200, json=grant()), answer]), clock) as session:
        with pytest.raises(RememberizerError) as raised:
            await session.grant.refresh()
        assert session.state is state
        assert isinstance(raised.value, SessionExpired) is (state is State.EXPIRED)


async def test_a_grant_without_a_refresh_token_is_not_renewed_nor_a_reason_to_sign_in_again(clock: FakeClock) -> None:
    upstream = usual(token=reply(200, json={"access_token": "oauth-access-1", "expires_in": 60}))
    async with signed_in(upstream, clock) as session:
        assert not session.grant.can_refresh
        with pytest.raises(NotSignedIn) as raised:
            await session.grant.refresh()
        assert hint(raised.value) == "Go on without; when the session ends, call `logout`, then `login`."
        clock.advance(60)
        assert not await session.grant.is_usable()


@pytest.mark.promise("sessions:oauth:own-refresh")
async def test_a_logout_shows_the_bearer_and_forgets_the_grant(clock: FakeClock) -> None:
    upstream = usual()
    async with signed_in(upstream, clock) as session:
        assert (await session.sign_out()).confirmed
        assert (session.state, session.grant.can_refresh) == (State.SIGNED_OUT, False)
    assert upstream.paths[2:] == ["auth/custom-logout/"]
    assert bearers(upstream)[2:] == ["Bearer oauth-access-1"]


@pytest.mark.promise("sessions:states:re-login", "sessions:oauth:own-refresh")
async def test_cookies_and_grants_replace_each_other_and_never_mix(clock: FakeClock) -> None:
    upstream = usual(
        custom_refresh=reply(cookies=tokens(2)), me=[GRACE, reply(200, json={"email": ADA["email"]}), GRACE]
    )
    async with signed_in(upstream, clock) as session:
        await session.sign_in(**ADA, captcha=None)
        assert session.grant.method == "password"
        await session.grant.refresh()
        await sign_in(session)
        assert (session.email, session.grant.method) == ("grace@example.org", "oauth")
        await session.grant.refresh()
    paths = ["auth/signin/", "me/", "auth/custom-logout/", "auth/custom-refresh/"]
    assert upstream.paths[2:] == [
        *paths, "auth/oauth2/token/", "me/", "auth/custom-logout/", "auth/oauth2/token/"
    ]  # fmt: skip
    shown = [{"authorization", "cookie"} & set(request.headers) for request in upstream.requests[2:]]
    assert shown == [set(), {"cookie"}, {"authorization"}, {"cookie"}, set(), {"authorization"}, {"cookie"}, set()]


@pytest.mark.promise("sessions:states:re-login")
async def test_an_account_of_unknown_name_is_signed_out_before_the_next_is_held(clock: FakeClock) -> None:
    upstream = usual(me=[reply(404), GRACE], token=[reply(200, json=grant()), reply(200, json=grant(2))])
    async with signed_in(upstream, clock) as session:
        await sign_in(session)
        assert session.email == "grace@example.org"
    assert bearers(upstream)[-1] == "Bearer oauth-access-1"
    assert upstream.paths[-1] == "auth/custom-logout/"
