import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox

from tests.server.sandbox.support import API, newest_code, wrong_code
from tests.support.clock import FakeClock

REFUSED = {"detail": "Invalid or expired verification code."}


async def test_the_code_from_the_outbox_verifies_the_account(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    assert (await api.me()).json()["email_verified"] is False
    response = await api.verify(newest_code(sandbox))
    assert response.status_code == 200
    assert (await api.me()).json()["email_verified"] is True


async def test_a_code_is_good_once(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    await api.verify(newest_code(sandbox))
    response = await api.verify(newest_code(sandbox))
    assert response.status_code == 400
    assert response.json() == REFUSED


@pytest.mark.promise("sandbox:accounts:codes")
async def test_a_code_expires_after_its_lifetime(api: API, sandbox: Sandbox, clock: FakeClock) -> None:
    await api.sign_up()
    clock.advance(899)
    await api.refresh()
    clock.advance(1)
    response = await api.verify(newest_code(sandbox))
    assert response.status_code == 400
    assert response.json() == REFUSED


@pytest.mark.promise("sandbox:accounts:codes")
async def test_a_code_is_dead_after_five_wrong_tries(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    for _ in range(5):
        assert (await api.verify(wrong_code(sandbox))).json() == REFUSED
    assert (await api.verify(newest_code(sandbox))).json() == REFUSED


async def test_signing_in_again_gives_a_dead_code_a_successor(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    for _ in range(5):
        await api.verify(wrong_code(sandbox))
    await api.sign_in()
    assert (await api.verify(newest_code(sandbox))).status_code == 200


async def test_a_code_of_another_account_is_wrong(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    stranger = api.access
    await api.sign_up(email="grace@example.com")
    response = await api.verify(newest_code(sandbox), token=stranger)
    # One in a million times both accounts have the same code.
    assert response.status_code == 400 or len({letter.code for letter in sandbox.outbox.letters()}) == 1


async def test_a_missing_code_is_a_missing_field(api: API) -> None:
    await api.sign_up()
    response = await api.post("auth/verify-email/", json={}, headers={"Authorization": f"Bearer {api.access}"})
    assert response.json() == {"verification_code": ["This field is required."]}


async def test_verifying_needs_the_token_as_a_bearer(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    response = await api.post("auth/verify-email/", json={"verification_code": newest_code(sandbox)})
    assert response.status_code == 401
    assert response.json() == {"detail": "Authentication credentials were not provided."}
    assert response.headers["www-authenticate"] == 'Bearer realm="api"'


async def test_verifying_with_a_bad_token_is_unauthorized(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    response = await api.verify(newest_code(sandbox), token=api.refresh_token)
    assert response.status_code == 401
    assert response.json() == {"detail": "Given token not valid for any token type"}
