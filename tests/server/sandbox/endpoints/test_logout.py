import pytest

from tests.server.sandbox.support import API

pytestmark = pytest.mark.promise("sandbox:accounts:logout")


async def test_logout_answers_no_content_and_takes_both_cookies_back(api: API) -> None:
    await api.sign_up()
    response = await api.log_out()
    assert response.status_code == 204
    access, refresh = response.headers.get_list("set-cookie")
    assert access.startswith('access_token=""; HttpOnly; Max-Age=0; Path=/')
    assert refresh.startswith('refresh_token=""; HttpOnly; Max-Age=0; Path=/')
    assert not list(api.cookies.jar)


async def test_logout_revokes_both_tokens_at_once(api: API) -> None:
    await api.sign_up()
    access, refresh = api.access, api.refresh_token
    await api.log_out()
    assert (await api.me(access)).status_code == 401
    assert (await api.refresh(refresh)).status_code == 401


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_either_cookie_alone_revokes_both_tokens(api: API, name: str) -> None:
    await api.sign_up()
    await api.log_out(**{name: api.cookies[name]})
    assert (await api.me()).status_code == 401
    assert (await api.refresh()).status_code == 401


async def test_a_bearer_token_revokes_too(api: API) -> None:
    await api.sign_up()
    access, refresh = api.access, api.refresh_token
    api.cookies.clear()
    await api.post("auth/custom-logout/", headers={"Authorization": f"Bearer {access}"})
    assert (await api.refresh(refresh)).status_code == 401


async def test_logout_revokes_one_sign_in_and_not_the_account(api: API) -> None:
    await api.sign_up()
    other = api.access
    await api.sign_in()
    await api.log_out()
    assert (await api.me(other)).status_code == 200


async def test_anybody_may_log_out_without_cookies(api: API) -> None:
    assert (await api.log_out()).status_code == 204
    assert (await api.log_out(refresh_token="unknown", access_token="unknown")).status_code == 204


async def test_a_second_logout_answers_the_same(api: API) -> None:
    await api.sign_up()
    cookies = {"access_token": api.access, "refresh_token": api.refresh_token}
    first = await api.log_out(**cookies)
    second = await api.log_out(**cookies)
    assert first.status_code == second.status_code == 204
    assert first.headers == second.headers
