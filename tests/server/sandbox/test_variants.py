from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig, Variants

from tests.server.sandbox.support import API, EMAIL, newest_code, wrong_code
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:wire:variants")


@asynccontextmanager
async def _with_variants(*settings: str, **options: Any) -> AsyncIterator[tuple[API, Sandbox]]:
    with Sandbox(SandboxConfig(variants=Variants.parse(settings), **options)) as sandbox:
        async with API(sandbox) as api:
            yield api, sandbox


@pytest.mark.parametrize(
    ("where", "in_json", "in_cookies"),
    [("cookies", False, True), ("json", True, False), ("both", True, True), ("none", False, False)],
)
async def test_signup_carries_its_tokens_where_it_is_told(where: str, in_json: bool, in_cookies: bool) -> None:
    async with _with_variants(f"signup_tokens={where}") as (api, _):
        response = await api.sign_up()
    assert ("access_token" in response.json()) is in_json
    assert set(response.cookies) == ({"access_token", "refresh_token"} if in_cookies else set())


@pytest.mark.parametrize("field", ["access_token", "access", "jwt", "token", "auth_token"])
async def test_the_token_in_signup_json_may_have_any_listed_name(field: str) -> None:
    async with _with_variants("signup_tokens=json", f"signup_token_field={field}") as (api, sandbox):
        token = (await api.sign_up()).json()[field]
        assert (await api.verify(newest_code(sandbox), token=token)).status_code == 200


@pytest.mark.parametrize("status", [200, 201])
async def test_signup_may_answer_either_status(status: int) -> None:
    async with _with_variants(f"signup_status={status}") as (api, _):
        assert (await api.sign_up()).status_code == status


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_signup_may_refuse_with_any_listed_status(status: int) -> None:
    async with _with_variants(f"signup_refusal_status={status}") as (api, _):
        await api.sign_up()
        assert (await api.sign_up()).status_code == status
        assert (await api.sign_up(captcha="wrong")).status_code == status


async def test_the_access_cookie_may_have_another_name() -> None:
    async with _with_variants("access_cookie=session.jwt") as (api, _):
        response = await api.sign_up()
        assert set(response.cookies) == {"session.jwt", "refresh_token"}
        assert (await api.me()).status_code == 200
        await api.log_out()
        assert not list(api.cookies.jar)


async def test_an_opaque_access_token_works_until_its_max_age(clock: FakeClock) -> None:
    async with _with_variants("opaque_access=on", now=clock, access_seconds=10) as (api, _):
        await api.sign_up()
        token = api.access
        with pytest.raises(jwt.DecodeError):
            jwt.decode(token, options={"verify_signature": False})
        clock.advance(9)
        assert (await api.me(token)).json()["email"] == EMAIL
        clock.advance(1)
        assert (await api.me(token)).status_code == 401


async def test_an_opaque_access_token_is_revoked_by_logout() -> None:
    async with _with_variants("opaque_access=on") as (api, _):
        await api.sign_up()
        token = api.access
        await api.log_out()
        assert (await api.me(token)).status_code == 401


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_bad_credentials_may_be_refused_with_any_listed_status(status: int) -> None:
    async with _with_variants(f"refusal_status={status}") as (api, _):
        response = await api.sign_in()
    assert response.status_code == status
    assert response.json() == {"detail": "Incorrect authentication credentials."}
    assert ("www-authenticate" in response.headers) is (status == 401)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refresh_may_be_refused_with_any_listed_status(status: int) -> None:
    async with _with_variants(f"refresh_refusal_status={status}") as (api, _):
        assert (await api.refresh()).status_code == status


async def test_a_refresh_token_may_stay_good() -> None:
    async with _with_variants("rotate_refresh=off") as (api, _):
        await api.sign_up()
        for _ in range(2):
            response = await api.refresh()
            assert response.status_code == 204
            assert set(response.cookies) == {"access_token"}


async def test_an_optional_captcha_may_be_missing_but_not_wrong() -> None:
    async with _with_variants("captcha=optional") as (api, _):
        body = {"login": EMAIL, "password": "guess"}
        assert (await api.post("auth/signin/", json=body)).status_code == 401
        assert (await api.sign_in(captcha="wrong")).json() == {"captcha": ["Invalid reCAPTCHA. Please try again."]}


async def test_a_captcha_that_is_off_is_not_looked_at() -> None:
    async with _with_variants("captcha=off") as (api, _):
        assert (await api.sign_up(captcha="wrong")).status_code == 201


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_signing_in_may_need_a_verified_address(status: int) -> None:
    async with _with_variants("unverified_sign_in=refused", f"refusal_status={status}") as (api, sandbox):
        await api.sign_up()
        refused = await api.sign_in()
        assert refused.status_code == status
        assert refused.json() == {"detail": "E-mail address is not verified."}
        assert "set-cookie" not in refused.headers
        await api.verify(newest_code(sandbox))
        assert (await api.sign_in()).status_code == 204


async def test_verifying_may_answer_without_content() -> None:
    async with _with_variants("verify_status=204") as (api, sandbox):
        await api.sign_up()
        response = await api.verify(newest_code(sandbox))
    assert response.status_code == 204
    assert response.content == b""


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_wrong_code_may_be_refused_with_any_listed_status(status: int) -> None:
    async with _with_variants(f"verify_refusal_status={status}") as (api, sandbox):
        await api.sign_up()
        assert (await api.verify(wrong_code(sandbox))).status_code == status
        assert (await api.verify(None)).status_code == status


async def test_cookies_may_be_secure() -> None:
    async with _with_variants("secure_cookies=on") as (api, _):
        for cookie in (await api.sign_up()).headers.get_list("set-cookie"):
            assert cookie.endswith("; Secure")


@pytest.mark.parametrize(
    ("shape", "missing", "refused", "unknown"),
    [
        (
            "detail",
            {"captcha": ["This field is required."]},
            {"detail": "Incorrect authentication credentials."},
            {"detail": "Not found."},
        ),
        (
            "fields",
            {"captcha": ["This field is required."]},
            {"password": ["Incorrect authentication credentials."]},
            {"detail": "Not found."},
        ),
        (
            "non_field_errors",
            {"non_field_errors": ["captcha: This field is required."]},
            {"non_field_errors": ["Incorrect authentication credentials."]},
            {"non_field_errors": ["Not found."]},
        ),
        (
            "envelope",
            {"data": None, "message": "captcha: This field is required.", "code": "invalid"},
            {"data": None, "message": "Incorrect authentication credentials.", "code": "authentication_failed"},
            {"data": None, "message": "Not found.", "code": "not_found"},
        ),
    ],
)
async def test_refusals_take_the_chosen_shape(
    shape: str, missing: dict[str, Any], refused: dict[str, Any], unknown: dict[str, Any]
) -> None:
    async with _with_variants(f"error_shape={shape}") as (api, _):
        answers: list[httpx.Response] = [
            await api.post("auth/signin/", json={"login": EMAIL, "password": "guess"}),
            await api.sign_in(),
            await api.get("nothing/"),
        ]
    assert [answer.status_code for answer in answers] == [400, 401, 404]
    assert [answer.json() for answer in answers] == [missing, refused, unknown]


def test_parsed_settings_become_values_and_the_later_counts() -> None:
    settings = ["signup_status=200", "opaque_access=on", "access_cookie=jwt", "captcha=off", "captcha=optional"]
    assert Variants.parse(settings) == Variants(
        signup_status=200, opaque_access=True, access_cookie="jwt", captcha="optional"
    )
    assert Variants.parse([]) == Variants()


@pytest.mark.parametrize("setting", ["captcha=maybe", "captcha", "unknown=1", "", "opaque_access=true"])
def test_an_unknown_setting_is_answered_with_the_list_of_known_ones(setting: str) -> None:
    with pytest.raises(ValueError, match="There is no variant") as raised:
        Variants.parse([setting])
    sentence = str(raised.value)
    assert f"There is no variant {setting!r}. The variants are: " in sentence
    assert "signup_tokens=cookies|json|both|none" in sentence
    assert "signup_status=201|200" in sentence
    assert "access_cookie=TEXT" in sentence
    assert "opaque_access=on|off" in sentence


@pytest.mark.parametrize("name", ["", "refresh_token", "a b", "a;b", "x" * 65])
def test_the_access_cookie_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match="access_cookie can't be"):
        Variants(access_cookie=name)


def test_a_value_that_is_none_of_the_choices_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^captcha can't be 'maybe': it is one of required, optional, off\.$"):
        Variants(captcha="maybe")  # type: ignore[arg-type]  # the wrong value is the point
    with pytest.raises(ValueError, match=r"^opaque_access can't be 'yes': it is one of on, off\.$"):
        Variants(opaque_access="yes")  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("option", ["access_seconds", "code_attempts", "verify_attempts_per_minute"])
def test_lifetimes_and_limits_must_be_above_zero_and_finite(option: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{option} must be above 0"):
        SandboxConfig(**{option: value})  # type: ignore[arg-type]  # mypy can't see which option it is
