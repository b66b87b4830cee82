"""What a person enters, whether at the page or through an agent: without what is pasted or spoken along with it."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from ..settings.values import EMAIL_PATTERN
from .text import clean

_BETWEEN_DIGITS = re.compile(r"[\s\u2010-\u2015\u2212\ufe58\ufe63\uff0d-]")


def _trimmed(value: object) -> object:
    return clean(value).strip() if isinstance(value, str) else value


def _together(value: object) -> object:
    return _BETWEEN_DIGITS.sub("", clean(value)) if isinstance(value, str) else value


Email = Annotated[str, BeforeValidator(_trimmed), Field(max_length=254, pattern=EMAIL_PATTERN)]
"""White space around it and invisible characters are dropped."""
Code = Annotated[SecretStr, BeforeValidator(_together), Field(min_length=1, max_length=64)]
"""A code from a mail; white space and dashes are dropped, so that one of nothing else is empty."""
