"""The forms of the page, checked. A complaint names the field and never its value."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from ..api.typed_values import Code, Email
from ..settings.values import cookie_value


class Complaint(Exception):
    """What the page says about a form that it shows once more.

    Args:
        sentence: Our own words for the person.
        field: The field that it is about; without one it is about the form as a whole.
        is_attempt: Whether it counts as one of the attempts that the page takes.
    """

    def __init__(self, sentence: str, *, field: str | None = None, is_attempt: bool = False) -> None:
        self.sentence, self.field, self.is_attempt = sentence, field, is_attempt
        super().__init__(sentence)


def _cookie_alone(value: object) -> object:
    """Take from what was pasted the name, quotes and attributes that were copied with the cookie's value."""
    text = str(value).strip().removeprefix("refresh_token").lstrip("=: \t")
    return text.partition(";")[0].strip().strip('"')


def _or_nothing(value: object) -> object:
    return (value.strip() if isinstance(value, str) else value) or None


Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
Captcha = Annotated[Annotated[SecretStr, Field(max_length=8192)] | None, BeforeValidator(_or_nothing)]


class Form(BaseModel):
    """One form of the page; ``complaints`` holds the sentence for each field that can't be used."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    complaints: ClassVar[dict[str, str]] = {
        "email": "Enter your e-mail address, such as ada@example.org.",
        "password": "Enter your password.",
        "name": "Enter a name of at most 200 characters, or leave it empty.",
        "captcha": "This captcha response is too long to be one.",
        "refresh_token": "That is not the value of a cookie: copy what stands under Value, whole and alone.",
        "verification_code": "Enter the code from the e-mail.",
    }


class SignInForm(Form):
    """E-mail and password."""

    email: Email
    password: Password
    captcha: Captcha = None


class SignUpForm(SignInForm):
    """A new account."""

    name: Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_or_nothing)] = None


class BrowserSessionForm(Form):
    """The ``refresh_token`` cookie of a browser that is signed in already."""

    refresh_token: Annotated[
        SecretStr, BeforeValidator(_cookie_alone), Field(max_length=8192), AfterValidator(cookie_value)
    ]


class VerifyForm(Form):
    """The code from the mail."""

    verification_code: Code


FORMS: Mapping[str, type[Form]] = {
    "sign_in": SignInForm,
    "sign_up": SignUpForm,
    "browser_session": BrowserSessionForm,
    "verify": VerifyForm,
    "oauth": Form,
    "another_account": Form,
}
"""What each form of the page takes, by the name of its template."""
F = TypeVar("F", bound=Form)


def parse(model: type[F], fields: Mapping[str, str]) -> F:
    """Check the posted fields.

    Raises:
        Complaint: About the first field that can't be used.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        name = str(error.errors(include_input=False)[0]["loc"][0])
        raise Complaint(model.complaints[name], field=name) from None
