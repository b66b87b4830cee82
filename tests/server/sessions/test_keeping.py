"""What is written to the keyring of one sign-in, and when nothing is."""

import pytest
from rememberizer_mcp.server.api.credentials import Credentials
from rememberizer_mcp.server.logs.redaction import KnownSecrets
from rememberizer_mcp.server.sessions.keeping import Keeping
from rememberizer_mcp.server.sessions.keychain import Keychain

from tests.support.agent import ADA
from tests.support.held_keyring import Held
from tests.support.upstream import BASE_URL

pytestmark = pytest.mark.promise("keyring:kept:until-logout")
EMAIL = ADA["email"]


class Counting(Held):
    """Counts what it is asked."""

    asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked += 1
        super().set_password(service, username, password)


def credentials(token: str | None = "refresh-1") -> Credentials:
    held = Credentials(secrets=KnownSecrets())
    if token:
        held.adopt_refresh_token(token, url=BASE_URL)
    return held


def over(ring: Held, held: Credentials) -> Keeping:
    keychain = Keychain(base_url=BASE_URL, secrets=KnownSecrets(), backend=lambda: ring)
    return Keeping(keychain, held, url=BASE_URL)


async def use(keeping: Keeping) -> bool:
    await keeping.renew()
    await keeping.catch_up()
    return await keeping.forget(stays_last=False)


async def test_without_a_keyring_there_is_nothing_to_do_or_to_forget() -> None:
    keeping = Keeping(None, credentials(), url=BASE_URL)
    await keeping.start(EMAIL, as_last=True)
    assert await use(keeping)


@pytest.mark.parametrize("email", [None, ""])
async def test_of_an_account_without_a_name_the_keyring_hears_nothing(email: str | None) -> None:
    ring = Counting()
    keeping = over(ring, credentials())
    await keeping.start(email, as_last=True)
    await keeping.renew()
    await keeping.catch_up()
    assert ring.asked == 0


async def test_a_sign_in_without_a_refresh_token_is_not_kept_nor_caught_up_with() -> None:
    ring = Counting()
    keeping = over(ring, credentials(None))
    await keeping.start(EMAIL, as_last=True)
    await keeping.catch_up()
    assert ring.asked == 0


async def test_the_same_token_is_written_once() -> None:
    ring = Counting()
    keeping = over(ring, credentials())
    await keeping.start(EMAIL, as_last=True)
    written = ring.asked
    await keeping.renew()
    assert ring.asked == written
    await keeping.catch_up()
    assert ring.asked > written


async def test_after_the_end_nothing_is_kept_caught_up_with_or_forgotten() -> None:
    ring, held = Counting(), credentials()
    keeping = over(ring, held)
    await keeping.start(EMAIL, as_last=True)
    keeping.stop()
    kept, asked = dict(ring.entries), ring.asked
    held.adopt_refresh_token("refresh-2", url=BASE_URL)
    assert await use(keeping)
    assert (ring.entries, ring.asked) == (kept, asked)


async def test_a_token_that_is_gone_is_not_written() -> None:
    ring, held = Counting(), credentials()
    keeping = over(ring, held)
    await keeping.start(EMAIL, as_last=True)
    written = ring.asked
    held.wipe()
    await keeping.renew()
    assert ring.asked == written


async def test_a_token_that_is_held_already_is_not_taken_over_from_the_keyring() -> None:
    ring, held = Counting(), credentials()
    keeping = over(ring, held)
    await keeping.start(EMAIL, as_last=True)
    held.adopt_refresh_token("refresh-2", url=BASE_URL)
    ring.entries = dict.fromkeys(ring.entries, "refresh-2")  # as after a write that was not confirmed
    version = held.version
    await keeping.catch_up()
    assert held.version == version
