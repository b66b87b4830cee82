"""The settings by theme, each with an example that is loaded and a value that is refused, in the code's own words."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from rememberizer_mcp.server.settings.settings import SECRETS, Settings, UnusableSettings, load_settings, variable

from tests.docs.markdown import table
from tests.support.process import clean_environment


@dataclass(frozen=True, kw_only=True)
class Example:
    """A value that works, with the other settings that it needs, and one that is refused, if there is any."""

    value: str
    refused: str | None = None
    beside: tuple[str, ...] = ()


THEMES: Mapping[str, Mapping[str, Example]] = {
    "Where": {
        "base_url": Example(value="http://localhost/api/v1/", refused="http://rememberizer.example.org"),
    },
    "Which tools, and how": {
        "toolsets": Example(value="auth,knowledge,mementos", refused="knowledge,mail"),
        "read_only": Example(value="on", refused="maybe"),
        "upload_dirs": Example(value="~/Documents/shared", refused="Documents"),
        "timeout_seconds": Example(value="40", refused="-7"),
        "log_level": Example(value="info", refused="verbose"),
    },
    "The account": {
        "email": Example(value="ada@example.org", refused="ada"),
        "password": Example(value="a long passphrase", beside=("email",), refused="a password without an e-mail"),
        "captcha": Example(value="a-captcha-response"),
        "refresh_token": Example(value="a-refresh-token", refused="refresh_token=a; path=/"),
        "keep_signed_in": Example(value="keyring", refused="file"),
    },
    "Keys and apps": {
        "api_token": Example(value="an-api-key", refused="two words"),
        "vector_store_token": Example(value="an-api-key", refused="two words"),
        "oauth_client_id": Example(value="a-client-id", beside=("oauth_client_secret",)),
        "oauth_client_secret": Example(
            value="its-secret", beside=("oauth_client_id",), refused="a secret without an id"
        ),
        "oauth_port": Example(value="8977", refused="70000"),
    },
    "Over HTTP": {
        "public_url": Example(value="https://mcp.example.org", refused="https://mcp.example.org/mcp"),
        "issuer": Example(value="https://id.example.org", refused="http://id.example.org"),
        "issuer_client_id": Example(value="a-client-id", beside=("issuer_client_secret",)),
        "issuer_client_secret": Example(
            value="its-secret", beside=("issuer_client_id",), refused="a secret without an id"
        ),
    },
    "Several processes": {
        "store": Example(value="redis://127.0.0.1:6379/0", beside=("store_keys",), refused="http://127.0.0.1:6379"),
        "store_keys": Example(value="thirty-two-random-bytes-or-more-", beside=("store",), refused="a short key"),
    },
    "The sign-in page": {
        "lazy_sign_in": Example(value="off", refused="later"),
        "open_browser": Example(value="never", refused="firefox"),
        "recaptcha_site_key": Example(value="a-site-key", refused="not a key"),
        "sign_in_minutes": Example(value="5", refused="-7"),
        "secret_arguments": Example(value="off", refused="never"),
    },
    "Sessions": {
        "session_idle_minutes": Example(value="60", refused="-7"),
        "session_hours": Example(value="24", refused="-7"),
    },
}


def settings_by_theme() -> str:
    """Every setting: its default, what it is for and an example."""
    head = "name | default | example | description"
    parts = [f"### {theme}\n\n{table(head, [_row(*each) for each in of.items()])}" for theme, of in THEMES.items()]
    return "\n\n".join(parts)


def refused_settings() -> str:
    """A value of each setting that ends the start, and the sentence that says so."""
    rows = [
        f"`{variable(name)}={each.refused}` | {refusal(name, each.refused)}"
        for of in THEMES.values()
        for name, each in of.items()
        if each.refused
    ]
    return table("invalid value | message", rows)


def refusal(name: str, value: str) -> str:
    """What the start says to such a value."""
    with only({name: value}), pytest.raises(UnusableSettings) as refused:
        load_settings()
    return refused.value.problems[0]


@contextmanager
def only(settings: Mapping[str, str]) -> Iterator[None]:
    """These settings are in the environment while the body runs, and no other."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(clean_environment(**{name.upper(): value for name, value in settings.items()}))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def shown_default(value: Any) -> str:
    """A setting's default as somebody would write it."""
    match value:
        case None | ():
            return ""
        case bool():
            return "`on`" if value else "`off`"
        case tuple():
            return f"`{','.join(value)}`"
        case _:
            return f"`{value}`"


def _row(name: str, example: Example) -> str:
    field = Settings.model_fields[name]
    is_secret = name in SECRETS
    names = f"`{variable(name)}`{' or `…_FILE`' if is_secret else ''}"
    shown = f"in a file: `/run/secrets/{name}`" if is_secret else f"`{example.value}`"
    return f"{names} | {shown_default(field.default)} | {shown} | {field.description}"
