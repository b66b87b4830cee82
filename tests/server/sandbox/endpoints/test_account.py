import jwt
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox

from tests.server.sandbox.support import API, EMAIL, NAME


async def test_account_answers_the_documented_members(api: API) -> None:
    await api.sign_up()
    response = await api.get("account/")
    assert response.status_code == 200
    assert response.json() == {"id": 1, "email": EMAIL, "name": NAME, "datasource_description": None}


async def test_me_answers_the_documented_members(api: API) -> None:
    await api.sign_up()
    assert (await api.me()).json() == {
        "id": "user1",
        "email": EMAIL,
        "name": NAME,
        "user_onboarding_status": 0,
        "dev_onboarding_status": 0,
        "company_name": "",
        "website": "",
        "bio": "",
        "team": [],
        "embed_quota": 10_000_000,
        "current_usage": 0,
        "email_verified": False,
    }


async def test_a_bearer_token_counts_before_the_cookie(api: API) -> None:
    await api.sign_up()
    ada = api.access
    await api.sign_up(email="grace@example.com")
    assert (await api.me(ada)).json()["email"] == EMAIL
    assert (await api.me()).json()["email"] == "grace@example.com"


async def test_the_scheme_bearer_is_matched_in_any_case(api: API) -> None:
    await api.sign_up()
    access = api.access
    api.cookies.clear()
    assert (await api.get("me/", headers={"Authorization": f"bearer {access}"})).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}])
async def test_a_stranger_is_asked_for_credentials(api: API, headers: dict[str, str]) -> None:
    response = await api.get("account/", headers=headers)
    assert response.status_code == 401
    assert response.json() == {"detail": "Authentication credentials were not provided."}
    assert response.headers["www-authenticate"] == 'Bearer realm="api"'


async def test_a_token_signed_by_another_secret_is_refused(api: API) -> None:
    await api.sign_up()
    claims = jwt.decode(api.access, options={"verify_signature": False})
    forged = jwt.encode(claims, bytes(32), algorithm="HS256")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for token in (forged, unsigned, "a.b.c", api.refresh_token):
        response = await api.me(token)
        assert response.status_code == 401
        assert response.json() == {"detail": "Given token not valid for any token type"}


async def test_the_accounts_of_two_people_stay_apart(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    async with API(sandbox) as other:
        await other.sign_up(email="grace@example.com", name="Grace Hopper")
        assert (await other.me()).json()["name"] == "Grace Hopper"
    assert (await api.me()).json()["name"] == NAME
