import jwt
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.data.accounts import Account

from tests.server.sandbox.support import API, EMAIL
from tests.support.clock import FakeClock


def _attributes(set_cookie: str) -> set[str]:
    return {part.strip() for part in set_cookie.split(";")[1:]}


async def test_signin_answers_no_content_and_both_cookies(api: API) -> None:
    await api.sign_up()
    response = await api.sign_in()
    assert response.status_code == 204
    assert response.content == b""
    assert set(response.cookies) == {"access_token", "refresh_token"}


async def test_cookies_are_http_only_and_live_as_long_as_their_tokens(api: API) -> None:
    await api.sign_up()
    access, refresh = (await api.sign_in()).headers.get_list("set-cookie")
    assert _attributes(access) == {"HttpOnly", "Max-Age=300", "Path=/", "SameSite=lax"}
    assert _attributes(refresh) == {"HttpOnly", "Max-Age=604800", "Path=/", "SameSite=lax"}


async def test_the_access_token_is_a_jwt_without_the_email_address(api: API, clock: FakeClock) -> None:
    await api.sign_up()
    claims = jwt.decode(api.access, options={"verify_signature": False})
    assert set(claims) == {"sub", "exp", "iat", "jti", "fam"}
    assert claims["sub"] == "1"
    assert claims["iat"] == clock.time
    assert claims["exp"] == clock.time + 300
    assert jwt.get_unverified_header(api.access)["alg"] == "HS256"
    assert EMAIL not in str(claims)


async def test_the_login_is_the_email_address_in_whatever_case(api: API) -> None:
    await api.sign_up()
    assert (await api.sign_in(login=f" {EMAIL.upper()} ")).status_code == 204


async def test_the_login_field_is_not_called_email(api: API) -> None:
    await api.sign_up()
    response = await api.post("auth/signin/", json={"email": EMAIL, "password": "x", "captcha": "sandbox-captcha"})
    assert response.json() == {"login": ["This field is required."]}


async def test_an_unknown_account_is_refused_exactly_like_a_wrong_password(api: API) -> None:
    await api.sign_up()
    wrong = await api.sign_in(password="wrong")
    unknown = await api.sign_in(login="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json() == {"detail": "Incorrect authentication credentials."}
    assert wrong.headers == unknown.headers
    assert "set-cookie" not in wrong.headers


async def test_spaces_around_a_password_belong_to_it(api: API) -> None:
    await api.sign_up(password="  eight spaces  ")
    assert (await api.sign_in(password="eight spaces")).status_code == 401
    assert (await api.sign_in(password="  eight spaces  ")).status_code == 204


async def test_signing_in_unverified_mails_a_fresh_code(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    await api.sign_in()
    first, second = sandbox.outbox.letters()
    assert (await api.verify(second.code)).status_code == 200
    await api.sign_in()
    assert sandbox.outbox.letters() == [first, second]


async def test_the_outbox_keeps_the_newest_hundred_letters(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    first = sandbox.outbox.letters()[0]
    ada = Account(id=1, login=EMAIL, email=EMAIL, name="Ada", password_hash="-", verified=False)
    for _ in range(100):
        sandbox.outbox.send_code(ada)
    assert len(sandbox.outbox.letters()) == 100
    assert first not in sandbox.outbox.letters()


@pytest.mark.promise("sandbox:accounts:captcha")
@pytest.mark.parametrize(
    ("captcha", "complaint"),
    [
        ("03AGdBq27-a-real-looking-response", "Invalid reCAPTCHA. Please try again."),
        ("", "This field may not be blank."),
        (None, "This field may not be null."),
    ],
)
async def test_only_the_sandbox_captcha_is_accepted(api: API, captcha: str | None, complaint: str) -> None:
    for response in (await api.sign_up(captcha=captcha), await api.sign_in(captcha=captcha)):
        assert response.status_code == 400
        assert response.json() == {"captcha": [complaint]}


@pytest.mark.promise("sandbox:accounts:captcha")
async def test_a_missing_captcha_is_a_missing_field(api: API) -> None:
    response = await api.post("auth/signin/", json={"login": EMAIL, "password": "x"})
    assert response.status_code == 400
    assert response.json() == {"captcha": ["This field is required."]}
