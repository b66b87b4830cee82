import json

import anyio
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

from tests.server.sandbox.support import API, EMAIL, NAME, PASSWORD


async def test_signup_answers_the_account_and_both_cookies(api: API) -> None:
    response = await api.sign_up()
    assert response.status_code == 201
    assert response.json() == {"id": 1, "email": EMAIL, "name": NAME}
    assert set(response.cookies) == {"access_token", "refresh_token"}


async def test_signup_puts_a_six_digit_code_into_the_outbox(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    [letter] = sandbox.outbox.letters()
    assert letter.to == EMAIL
    assert "verification code" in letter.subject
    assert len(letter.code) == 6
    assert letter.code.isdecimal()
    assert letter.expires_at - letter.sent_at == 900


async def test_an_email_address_has_one_account_in_whatever_case(api: API, sandbox: Sandbox) -> None:
    await api.sign_up()
    response = await api.sign_up(email=EMAIL.upper())
    assert response.status_code == 400
    assert response.json() == {"email": ["user with this email already exists."]}
    assert len(sandbox.outbox.letters()) == 1


async def test_two_signups_at_once_make_one_account(api: API) -> None:
    statuses: list[int] = []

    async def sign_up() -> None:
        statuses.append((await api.sign_up()).status_code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sign_up)
        tasks.start_soon(sign_up)
    assert sorted(statuses) == [201, 400]


@pytest.mark.promise("sandbox:wire:shapes-of-errors")
async def test_an_empty_signup_names_every_missing_field(api: API) -> None:
    response = await api.post("auth/signup/")
    required = ["This field is required."]
    assert response.status_code == 400
    assert response.json() == {"email": required, "password": required, "captcha": required}


@pytest.mark.promise("sandbox:wire:shapes-of-errors")
@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("email", "ada", "Enter a valid email address."),
        ("email", "ada@", "Enter a valid email address."),
        ("email", "a b@example.com", "Enter a valid email address."),
        ("email", f"{'a' * 250}@example.com", "Ensure this field has no more than 254 characters."),
        ("email", None, "This field may not be null."),
        ("email", ["ada@example.com"], "Not a valid string."),
        ("email", True, "Not a valid string."),
        ("name", " ", "This field may not be blank."),
        ("name", "a\0b", "Null characters are not allowed."),
        ("password", "short", "This password is too short. It must contain at least 8 characters."),
        ("password", "", "This field may not be blank."),
    ],
)
async def test_signup_complains_of_the_field_as_django_does(
    api: API, field: str, value: object, complaint: str
) -> None:
    response = await api.sign_up(**{field: value})
    assert response.status_code == 400
    assert response.json() == {field: [complaint]}


async def test_an_escaped_surrogate_is_refused_as_django_does(api: API) -> None:
    body = {"email": EMAIL, "password": PASSWORD, "name": "\ud800", "captcha": SANDBOX_CAPTCHA}
    response = await api.post("auth/signup/", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.json() == {"name": ["Surrogate characters are not allowed."]}


async def test_a_number_is_taken_as_its_digits_as_django_does(api: API) -> None:
    response = await api.sign_up(name=42)
    assert response.json()["name"] == "42"
