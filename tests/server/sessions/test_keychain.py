"""``Keychain``: turns, time limits, and what is known of a token, over a backend that a test holds."""

import logging
import threading
from collections.abc import Iterator
from functools import partial

import anyio
import anyio.to_thread
import pytest
from keyring.errors import KeyringLocked, PasswordSetError
from rememberizer_mcp.server.errors import SignInFailed
from rememberizer_mcp.server.logs.redaction import REDACTED, KnownSecrets
from rememberizer_mcp.server.sessions.keychain import LAST_ACCOUNT, Kept, Keychain

from tests.support.held_keyring import (
    LONGEST_SECONDS,
    WINDOWS_LIMIT,
    Held,
    give_up,
    in_a_task,
    one_behind_another,
)
from tests.support.hints import hint

BASE_URL = "https://api.example/api/v1/"
SERVICE = f"rememberizer-mcp {BASE_URL}"
EMAIL, USER = "Ada@Example.org", "ada@example.org"
FIRST, SECOND, THIRD = "canary-first", "canary-second", "canary-third"
SHORT_SECONDS = 0.5
TOO_LONG = FIRST.ljust(WINDOWS_LIMIT + 1, "x")


@pytest.fixture
def ring() -> Iterator[Held]:
    held = Held()
    yield held
    held.may_write.set()


@pytest.fixture
def secrets() -> KnownSecrets:
    return KnownSecrets()


@pytest.fixture
def keychain(ring: Held, secrets: KnownSecrets) -> Keychain:
    return Keychain(base_url=BASE_URL, secrets=secrets, backend=lambda: ring)


def over(ring: Held, *, limit_seconds: float = LONGEST_SECONDS) -> Keychain:
    return Keychain(base_url=BASE_URL, secrets=KnownSecrets(), backend=lambda: ring, limit_seconds=limit_seconds)


async def test_each_account_is_kept_apart_and_the_last_one_is_known(keychain: Keychain) -> None:
    assert await keychain.read(None) is None
    assert await keychain.keep("grace@example.org", SECOND)
    assert await keychain.keep(EMAIL, FIRST)
    assert await keychain.read("grace@example.org") == Kept(email="grace@example.org", refresh_token=SECOND)
    assert await keychain.read(None) == Kept(email=EMAIL, refresh_token=FIRST)
    assert await keychain.read(f" {EMAIL.upper()} ") == Kept(email=f" {EMAIL.upper()} ", refresh_token=FIRST)


async def test_what_is_kept_for_another_base_url_is_not_found(keychain: Keychain, ring: Held) -> None:
    await keychain.keep(EMAIL, FIRST)
    other = Keychain(base_url="https://other.example/", secrets=KnownSecrets(), backend=lambda: ring)
    assert await other.read(None) is None
    assert await other.read(EMAIL) is None


async def test_an_account_called_like_the_entry_of_the_last_one_is_an_account(keychain: Keychain) -> None:
    await keychain.keep(LAST_ACCOUNT, FIRST)
    assert await keychain.read(None) == Kept(email=LAST_ACCOUNT, refresh_token=FIRST)


async def test_an_empty_token_is_no_sign_in(keychain: Keychain, ring: Held) -> None:
    ring.entries[SERVICE, USER] = ""
    assert await keychain.read(EMAIL) is None


async def test_forgetting_an_account_leaves_the_others(keychain: Keychain, ring: Held) -> None:
    await keychain.keep("grace@example.org", SECOND)
    await keychain.keep(EMAIL, FIRST)
    assert await keychain.forget("Grace@example.org")
    assert ring.entries == {(SERVICE, USER): FIRST, (SERVICE, LAST_ACCOUNT): EMAIL}
    assert await keychain.forget(EMAIL.upper())
    assert ring.entries == {}


async def test_forgetting_where_nobody_is_kept_succeeds_and_asks_for_no_entry_without_a_name() -> None:
    class Naming(Held):
        def get_password(self, service: str, username: str) -> str | None:
            assert username
            return super().get_password(service, username)

    assert await over(Naming()).forget(EMAIL)


async def test_the_last_account_is_named_without_its_sign_in_where_it_stays_last(keychain: Keychain) -> None:
    await keychain.keep(EMAIL, FIRST)
    assert await keychain.forget(EMAIL, stays_last=True)
    assert (await keychain.last_account(), await keychain.read(None)) == (EMAIL, None)


@pytest.mark.promise("settings:secrets:never-shown")
async def test_a_kept_sign_in_shows_no_token(keychain: Keychain) -> None:
    await keychain.keep(EMAIL, FIRST)
    assert FIRST not in f"{await keychain.read(EMAIL)!r} {keychain!r}"


@pytest.mark.promise("settings:secrets:never-shown")
async def test_a_token_is_redacted_while_it_is_the_one_kept(keychain: Keychain, secrets: KnownSecrets) -> None:
    await keychain.keep(EMAIL, FIRST)
    assert secrets.redact(FIRST) == REDACTED
    await keychain.keep(EMAIL, SECOND)
    assert secrets.redact(f"{FIRST} {SECOND}") == f"{FIRST} {REDACTED}"
    await keychain.forget(EMAIL)
    assert secrets.redact(SECOND) == SECOND


@pytest.mark.promise("settings:secrets:never-shown")
async def test_a_token_that_was_read_is_redacted(keychain: Keychain, ring: Held, secrets: KnownSecrets) -> None:
    ring.entries = {(SERVICE, LAST_ACCOUNT): EMAIL, (SERVICE, USER): FIRST}
    await keychain.read(None)
    await keychain.read(EMAIL)
    assert secrets.redact(FIRST) == REDACTED
    await keychain.forget(EMAIL)
    assert secrets.redact(FIRST) == FIRST


@pytest.mark.promise("keyring:refused:says-what-to-do", "settings:secrets:never-shown")
@pytest.mark.parametrize("failure", [PasswordSetError(FIRST), None])
async def test_a_refused_write_is_one_warning_without_the_value(
    ring: Held, caplog: pytest.LogCaptureFixture, failure: Exception | None
) -> None:
    ring.failure = failure
    assert await in_a_task(partial(over(ring).keep, EMAIL, TOO_LONG)) is False
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "the sign-in was not kept" in caplog.text
    assert FIRST not in caplog.text


@pytest.mark.promise("keyring:refused:says-what-to-do")
async def test_a_locked_keyring_is_a_refusal_everywhere(ring: Held, caplog: pytest.LogCaptureFixture) -> None:
    ring.failure = KeyringLocked("what the backend says")
    keychain = over(ring)
    caplog.set_level(logging.INFO, "rememberizer_mcp")
    with pytest.raises(SignInFailed, match="is locked") as refused:
        await keychain.last_account()
    assert "REMEMBERIZER_KEEP_SIGNED_IN" in hint(refused.value)
    assert await in_a_task(partial(keychain.read, EMAIL)) is None
    assert await in_a_task(partial(keychain.forget, EMAIL)) is False
    assert "what the backend says" not in caplog.text
    assert caplog.text.count("KeyringLocked") == 3


async def test_an_entry_that_stays_is_not_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    keychain = over(Held(deletes=False))
    await keychain.keep(EMAIL, FIRST)
    assert await in_a_task(partial(keychain.forget, EMAIL)) is False
    assert "was not removed" in caplog.text


@pytest.mark.promise("keyring:refused:says-what-to-do")
async def test_a_keyring_that_hangs_refuses_in_time(ring: Held, caplog: pytest.LogCaptureFixture) -> None:
    keychain = over(ring, limit_seconds=SHORT_SECONDS)
    ring.may_write.clear()
    with anyio.fail_after(LONGEST_SECONDS):
        assert await in_a_task(partial(keychain.keep, EMAIL, FIRST)) is False
        with pytest.raises(SignInFailed, match="did not answer in time"):
            await keychain.last_account()
        assert await in_a_task(partial(keychain.read, EMAIL)) is None
    assert len(caplog.records) == 2


async def test_twenty_calls_of_a_hanging_keyring_wait_no_longer_than_one(ring: Held) -> None:
    results: list[bool] = []

    async def keep(token: str) -> None:
        results.append(await slow.keep(EMAIL, token))

    slow = over(ring, limit_seconds=SHORT_SECONDS)
    ring.may_write.clear()
    with anyio.fail_after(SHORT_SECONDS + LONGEST_SECONDS / 2):
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(keep, f"token {number}")
    assert results == [False] * 20
    ring.may_write.set()
    assert await slow.read(EMAIL) is None


async def test_calls_that_wait_for_their_turn_take_no_thread(keychain: Keychain, ring: Held) -> None:
    before = threading.active_count()
    ring.may_write.clear()
    with anyio.fail_after(LONGEST_SECONDS):
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(keychain.keep, EMAIL, FIRST)
            await anyio.wait_all_tasks_blocked()
            taken = threading.active_count() - before
            ring.may_write.set()
    assert taken <= 1


async def test_a_write_counts_although_the_next_one_is_refused(keychain: Keychain, ring: Held) -> None:
    await one_behind_another(ring, partial(keychain.keep, EMAIL, FIRST), partial(keychain.keep, EMAIL, TOO_LONG))
    assert await keychain.read(EMAIL) == Kept(email=EMAIL, refresh_token=FIRST)


async def test_a_call_given_up_before_its_turn_never_runs(keychain: Keychain, ring: Held) -> None:
    await give_up(partial(keychain.keep, "grace@example.org", FIRST), ring)
    await give_up(partial(keychain.keep, EMAIL, SECOND), ring)
    await one_behind_another(ring, partial(keychain.read, None))
    for _ in range(3):  # the one given up may still wait for its turn
        assert await keychain.read(EMAIL) is None


async def test_a_forget_counts_although_the_next_write_is_refused(keychain: Keychain, ring: Held) -> None:
    await keychain.keep(EMAIL, FIRST)
    ring.entered.clear()
    await one_behind_another(
        ring,
        partial(keychain.keep, "grace@example.org", SECOND),
        partial(keychain.forget, EMAIL),
        partial(keychain.keep, EMAIL, TOO_LONG),
    )
    assert ring.entries[SERVICE, "grace@example.org"] == SECOND
    assert (SERVICE, USER) not in ring.entries


async def test_a_write_that_ends_late_counts_if_nothing_came_after(keychain: Keychain, ring: Held) -> None:
    await give_up(partial(keychain.keep, EMAIL, FIRST), ring)
    ring.may_write.set()
    assert await keychain.read(None) == Kept(email=EMAIL, refresh_token=FIRST)


async def test_a_write_that_ends_after_a_refused_forget_is_taken_back(ring: Held) -> None:
    keychain = over(ring, limit_seconds=SHORT_SECONDS)
    await give_up(partial(keychain.keep, EMAIL, FIRST), ring)
    assert await in_a_task(partial(keychain.forget, EMAIL)) is False
    ring.may_write.set()
    assert await keychain.read(EMAIL) is None
    assert ring.entries == {}


async def test_a_write_that_ends_late_leaves_other_accounts_alone(keychain: Keychain, ring: Held) -> None:
    await keychain.keep("grace@example.org", THIRD)
    ring.entered.clear()
    await give_up(partial(keychain.keep, EMAIL, FIRST), ring)
    await one_behind_another(ring, partial(keychain.forget, EMAIL))
    assert ring.entries == {(SERVICE, "grace@example.org"): THIRD}


@pytest.mark.parametrize("overtaken", ["keep", "forget"])
async def test_a_call_given_up_in_its_turn_undoes_no_later_one(keychain: Keychain, ring: Held, overtaken: str) -> None:
    between = partial(keychain.keep, EMAIL, SECOND) if overtaken == "keep" else partial(keychain.forget, EMAIL)
    await give_up(partial(keychain.keep, EMAIL, FIRST), ring)
    await give_up(between, ring)
    await one_behind_another(ring, partial(keychain.keep, EMAIL, THIRD))
    for _ in range(2):  # the one given up may still wait for its turn
        assert await keychain.read(EMAIL) == Kept(email=EMAIL, refresh_token=THIRD)


async def test_calls_end_in_the_order_in_which_they_were_made(keychain: Keychain, ring: Held) -> None:
    first, second = partial(keychain.keep, EMAIL, FIRST), partial(keychain.keep, EMAIL, SECOND)
    forget = partial(keychain.forget, EMAIL)
    await one_behind_another(ring, first, forget, second)
    assert ring.entries == {(SERVICE, USER): SECOND, (SERVICE, LAST_ACCOUNT): EMAIL}
    await one_behind_another(ring, first, second, forget)
    assert ring.entries == {}
