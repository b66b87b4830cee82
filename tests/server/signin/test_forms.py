"""What a person types: taken as it was meant, or complained of by the field's name."""

import pytest
from rememberizer_mcp.server.signin.forms import (
    BrowserSessionForm,
    Complaint,
    Form,
    SignInForm,
    SignUpForm,
    VerifyForm,
    parse,
)

ADA = {"email": "ada@example.org", "password": " canary "}


@pytest.mark.promise("page:forms:work-and-stay")
def test_spaces_around_an_email_are_dropped_and_those_of_a_password_kept() -> None:
    form = parse(SignUpForm, {"email": " ada@example.org\n", "password": " canary ", "name": " ", "captcha": " "})
    assert (form.email, form.name, form.captcha) == ("ada@example.org", None, None)
    assert form.password.get_secret_value() == " canary "


@pytest.mark.promise("page:forms:work-and-stay")
@pytest.mark.parametrize(
    "pasted",
    ["abc.def", " abc.def ", "refresh_token=abc.def", "refresh_token: abc.def", '"abc.def"', "abc.def; Path=/; Secure",
     "refresh_token\tabc.def"],
)  # fmt: skip
def test_a_cookie_is_taken_with_whatever_was_copied_around_it(pasted: str) -> None:
    assert parse(BrowserSessionForm, {"refresh_token": pasted}).refresh_token.get_secret_value() == "abc.def"


@pytest.mark.promise("page:forms:work-and-stay", "page:forms:no-secret-back")
@pytest.mark.parametrize(
    ("model", "fields", "field"),
    [
        (SignInForm, {}, "email"),
        (SignInForm, ADA | {"email": "ada"}, "email"),
        (SignInForm, ADA | {"email": "ada@example.org" + "x" * 254}, "email"),
        (SignInForm, ADA | {"password": ""}, "password"),
        (SignInForm, ADA | {"password": "canary" * 200}, "password"),
        (SignInForm, ADA | {"captcha": "x" * 8193}, "captcha"),
        (SignUpForm, ADA | {"name": "x" * 201}, "name"),
        (BrowserSessionForm, {"refresh_token": ""}, "refresh_token"),
        (BrowserSessionForm, {"refresh_token": "two words"}, "refresh_token"),
        (BrowserSessionForm, {"refresh_token": "x" * 8193}, "refresh_token"),
        (BrowserSessionForm, {"refresh_token": "\N{SNOWMAN}"}, "refresh_token"),
        (VerifyForm, {"verification_code": "  "}, "verification_code"),
        (VerifyForm, {"verification_code": "1" * 65}, "verification_code"),
    ],
)
def test_what_can_not_be_used_is_complained_of_without_its_value(
    model: type[Form], fields: dict[str, str], field: str
) -> None:
    with pytest.raises(Complaint) as raised:
        parse(model, fields)
    assert raised.value.field == field
    assert raised.value.sentence.endswith(".")
    assert "canary" not in f"{raised.value!r} {raised.value.__context__}"


@pytest.mark.promise("settings:secrets:never-shown")
def test_no_secret_shows_in_the_repr_of_a_form() -> None:
    assert "canary" not in repr(parse(SignInForm, ADA | {"captcha": "canary"}))
