"""The captcha check. A headless client can't solve a reCAPTCHA, so the sandbox accepts one documented token."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationInfo, model_validator

from .forms import Fields, Text, must

SANDBOX_CAPTCHA = "sandbox-captcha"
_IS_RIGHT = must(lambda captcha: captcha == SANDBOX_CAPTCHA, "Invalid reCAPTCHA. Please try again.")


Captcha = Annotated[Text, Field(max_length=10_000), _IS_RIGHT]


class CaptchaFields(Fields):
    """Fields of which one is the `captcha`. The context of the check is the variant of this name."""

    @model_validator(mode="before")
    @classmethod
    def _by_variant(cls, data: object, info: ValidationInfo) -> object:
        """Put the right token where none is needed."""
        if info.context == "required" or not isinstance(data, Mapping):
            return data
        solved = {"captcha": SANDBOX_CAPTCHA}
        return {**data, **solved} if info.context == "off" else {**solved, **data}
