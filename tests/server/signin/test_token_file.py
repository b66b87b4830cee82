"""The file of REMEMBERIZER_REFRESH_TOKEN_FILE is read again, since another program may have renewed it."""

import os
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from rememberizer_mcp.server.errors import SessionExpired, SignInFailed
from rememberizer_mcp.server.sessions.states import State
from rememberizer_mcp.server.settings.settings import Settings, load_settings
from rememberizer_mcp.server.settings.values import SecretInFile
from rememberizer_mcp.tools.base.failures import hint_of

from tests.support.agent import Around, agent_on, server_on
from tests.support.needing import needing
from tests.support.sign_in_ways import case
from tests.support.upstream import FakeUpstream, reply, tokens, usual

OLD, NEW = "refresh-old", "refresh-new"


def only_the_newest(good: list[str]) -> FakeUpstream:
    """An upstream that renews the tokens named here, and each once."""

    def renewed(request: httpx.Request) -> httpx.Response:
        token = request.headers["cookie"].removeprefix("refresh_token=")
        if token not in good:
            return reply(401, json={"detail": "Token is blacklisted"})
        good.remove(token)
        return reply(cookies=tokens(2))

    return usual(custom_refresh=renewed, account=reply(200, json={"id": 1}))


def told(path: Path) -> Settings:
    """The settings as a host gives them."""
    os.environ["REMEMBERIZER_REFRESH_TOKEN_FILE"] = str(path)
    return load_settings()


def newest(settings: Settings) -> str | None:
    token = settings.newest_refresh_token()
    return token.get_secret_value() if token else None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{OLD}\n", encoding="utf-8")
    return path


@pytest.mark.promise("settings:secrets:file-read-again")
@pytest.mark.parametrize("email", [None, "ada@example.org"])
async def test_a_session_that_is_refused_is_signed_in_by_what_the_file_holds_now(file: Path, email: str | None) -> None:
    upstream = only_the_newest([OLD, NEW])
    async with case(upstream, refresh_token=told(file).refresh_token) as on:
        await on.go()
        with pytest.raises(SessionExpired):
            await on.session.grant.refresh()
        assert not on.session.grant.can_refresh
        file.write_text(f"\ufeff{NEW}\r\n", encoding="utf-8")
        await on.go(email)
        assert on.session.state is State.SIGNED_IN
    asked = [request.headers["cookie"] for request in upstream.asked("auth/custom-refresh/")]
    assert asked == [f"refresh_token={OLD}", "refresh_token=refresh-2", f"refresh_token={NEW}"]


@pytest.mark.promise("settings:secrets:file-read-again")
async def test_a_tool_goes_on_in_the_same_call_where_the_renewal_was_due(file: Path) -> None:
    upstream, around = only_the_newest([OLD, NEW]), Around(more_tools=[needing()])
    async with agent_on(server_on(upstream.transport, None, around, refresh_token=told(file).refresh_token)) as agent:
        assert await agent.call("ask") == {"id": 1}
        await agent.fails("refresh")
        file.write_text(NEW, encoding="utf-8")
        assert await agent.call("ask") == {"id": 1}


@pytest.mark.promise("settings:secrets:file-read-again")
@pytest.mark.parametrize("theirs", [{"email": "grace@example.org"}, {}])
async def test_a_file_that_holds_another_account_s_token_by_now_signs_nobody_in(
    file: Path, theirs: dict[str, str]
) -> None:
    upstream = only_the_newest([OLD, NEW])
    async with case(upstream, refresh_token=told(file).refresh_token) as on:
        await on.go()
        with pytest.raises(SessionExpired):
            await on.session.grant.refresh()
        file.write_text(NEW, encoding="utf-8")
        upstream.answers["me/"] = reply(200, json=theirs)
        with pytest.raises(SignInFailed, match="may be another account's") as raised:
            await on.go("Ada@example.org")
        without_auth = hint_of(raised.value, offered=["search"])
        assert without_auth.startswith("Have the user set REMEMBERIZER_REFRESH_TOKEN to a fresh token of the account")
        assert (on.session.state, on.session.email) == (State.EXPIRED, "ada@example.org")


@pytest.mark.promise("settings:secrets:file-read-again", "settings:secrets:never-shown")
async def test_a_file_that_still_holds_the_refused_one_is_named_and_then_read_again(file: Path) -> None:
    async with case(only_the_newest([NEW]), refresh_token=told(file).refresh_token) as on:
        with pytest.raises(SignInFailed) as raised:
            await on.go()
        assert "REMEMBERIZER_REFRESH_TOKEN_FILE" in hint_of(raised.value, offered=())
        assert OLD not in str(raised.value)
        file.write_text(NEW, encoding="utf-8")
        await on.go()
        assert on.session.state is State.SIGNED_IN


@pytest.mark.promise("settings:secrets:file-read-again")
@pytest.mark.parametrize("content", [b"", b"two words", b"\xff", b"x" * 70_000, b"a; Path=/"])
def test_what_can_not_be_used_leaves_the_one_before(file: Path, content: bytes) -> None:
    settings = told(file)
    file.write_bytes(content)
    assert newest(settings) == OLD
    file.write_text(NEW, encoding="utf-8")
    assert newest(settings) == NEW
    file.unlink()
    assert newest(settings) == OLD


@pytest.mark.promise("settings:secrets:file-read-again")
def test_a_pipe_is_read_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, OLD.encode())
    os.close(writing)
    settings = told(Path(f"/dev/fd/{reading}"))
    assert newest(settings) == OLD
    os.close(reading)


@pytest.mark.promise("settings:secrets:file-read-again")
def test_a_path_that_the_system_refuses_leaves_the_one_before() -> None:
    secret = SecretInFile(OLD, path=f"/{'x' * 5_000}")
    assert secret.newest_cookie_value().get_secret_value() == OLD


@pytest.mark.promise("settings:secrets:file-read-again")
def test_a_token_that_is_in_no_file_is_what_it_was() -> None:
    assert newest(Settings(refresh_token=SecretStr(OLD))) == OLD
    assert Settings().newest_refresh_token() is None
