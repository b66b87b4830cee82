"""What can be chosen about a sandbox, and the names that it and those who look for one agree on."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, Self, get_args

LOOPBACK = "127.0.0.1"
SANDBOX_HEADER = "X-Rememberizer-Sandbox"
SANDBOX_CAPTCHA = "sandbox-captcha"
"""The one captcha token that is right: a headless client can't solve a reCAPTCHA."""
OUTBOX_PATH = "/outbox/"
"""Where the outbox page is, below the key."""
AUTHORIZE_PATH = "/api/v1/auth/oauth2/authorize/"
"""Where an OAuth app sends the person's browser."""
SANDBOX_OAUTH_CLIENT_ID = "5a4db0c5-0000-4000-8000-5a4db0c50001"
SANDBOX_OAUTH_CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - everybody's: it protects nothing
SANDBOX_GUEST_EMAIL = "ada@sandbox.example"
"""Whose account is there without a sign-up, so that nobody needs one to look around."""
SANDBOX_GUEST_PASSWORD = "sandbox-guest"  # noqa: S105 - everybody's: it protects nothing
SANDBOX_GUEST_NAME = "Ada Lovelace"

OFFLINE_ACCESS = "offline_access"
"""The one scope of OAuth that there is: a refresh token comes with it."""


@dataclass(frozen=True, kw_only=True)
class RegisteredApp:
    """One app. Every app has the same redirect URIs: `/oauth/callback` on any port of this machine (RFC 8252 §7.3)."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str


SANDBOX_APP = RegisteredApp(
    client_id=SANDBOX_OAUTH_CLIENT_ID, client_secret=SANDBOX_OAUTH_CLIENT_SECRET, name="Rememberizer MCP (sandbox)"
)
ErrorShape = Literal["detail", "fields", "non_field_errors", "envelope"]
_COOKIE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SWITCH = {"on": True, "off": False}


@dataclass(frozen=True, kw_only=True)
class Variants:
    """One choice for each point that the contract leaves open (rememberizer-api.md §1, §4 to §8 and §11).

    Raises:
        ValueError: a value is none of those listed; the sentence lists them.
    """

    signup_tokens: Literal["cookies", "json", "both", "none"] = "cookies"
    """Where the reply to signup carries tokens. JSON has the access token only."""
    signup_token_field: Literal["access_token", "access", "jwt", "token", "auth_token"] = "access_token"  # noqa: S105 - a name
    """The JSON member that holds it."""
    signup_status: Literal[201, 200] = 201
    signup_refusal_status: Literal[400, 409, 422] = 400
    """What signup answers when a field is refused, a taken e-mail address among them."""
    access_cookie: str = "access_token"
    """The access cookie's name, which no document states."""
    opaque_access: bool = False
    """The access token is no JWT, so that its life can be read from the cookie's Max-Age only."""
    refusal_status: Literal[401, 400, 403] = 401
    """What signin answers to bad credentials. 401 is what Django REST Framework does with JWT authentication."""
    refresh_refusal_status: Literal[401, 400, 403] = 401
    rotate_refresh: bool = True
    captcha: Literal["required", "optional", "off"] = "required"
    unverified_sign_in: Literal["allowed", "refused"] = "allowed"
    verify_status: Literal[200, 204] = 200
    verify_refusal_status: Literal[400, 404, 422] = 400
    """What verify-email answers to a wrong or dead code."""
    oauth_pkce: Literal["checked", "ignored"] = "checked"
    """Whether a code challenge counts. No document speaks of PKCE, so an app may leave it out either way."""
    oauth_refresh_rotation: bool = True
    oauth_expires_in: bool = True
    """Whether the token endpoint says how long the access token lives."""
    oauth_error_status: Literal[400, 200] = 400
    """What the token endpoint answers instead of a token. Under 400 an unknown app gets 401 (RFC 6749 §5.2)."""
    secure_cookies: bool = False
    search_shape: Literal["current", "data"] = "current"
    """The body of a search: `matched_chunks` and `data_sources`, or the older `{"data", "message", "code"}`."""
    search_dates: Literal["filled", "empty"] = "filled"
    """Whether a document that was found says when it was made, or has empty texts there."""
    memorize_reply: Literal[201, 200, 204] = 201
    """201 and 204 have no body; 200 has `{"data": [{}], "message", "code"}`."""
    quota_status: Literal[402, 400] = 402
    """What memorize answers when the account's quota is used up."""
    document_ids: Literal["pk", "int"] = "pk"
    """Listed documents have the number as `pk` and a text as `id`, or the number as `id` and no `pk`."""
    end_chunk: Literal["exclusive", "inclusive", "missing"] = "exclusive"
    """`end_chunk` of a document's contents: the next chunk; the last one; the next one, and nothing at the end."""
    discussion_range: Literal["samples", "spec"] = "samples"
    """Which end of a discussion `from` is: the older (the samples send it so), or the newer (the specification)."""
    mementos_shape: Literal["list", "page"] = "list"
    """What lists mementos: a bare list, or `{"count", "next", "previous", "results"}`."""
    memento_created: Literal[201, 200] = 201
    store_created: Literal[201, 200] = 201
    """What making a vector store answers."""
    store_status: Literal["indexed", "done"] = "indexed"
    """What a vector store's document is in the end: `indexed` and `completed`, or `done` twice."""
    foreign_store_status: Literal[404, 403, 401] = 404
    """What the key of one vector store gets for another, whether that one exists or not."""
    error_shape: ErrorShape = "detail"
    """`detail`: Django REST Framework's own bodies. `fields`: a refusal stands under the field at fault, where there is
    one. `non_field_errors`: everything in that one list. `envelope`: `{"data", "message", "code"}`."""

    def __post_init__(self) -> None:
        for name, choices in _choices().items():
            value = getattr(self, name)
            if choices and value not in choices.values():
                raise ValueError(f"{name} can't be {value!r}: it is one of {', '.join(choices)}.")
        if not _COOKIE_NAME.fullmatch(self.access_cookie) or self.access_cookie == "refresh_token":
            raise ValueError(
                f"access_cookie can't be {self.access_cookie!r}:"
                " it is 1 to 64 of A-Z a-z 0-9 _ . - and not refresh_token."
            )

    @classmethod
    def parse(cls, settings: Iterable[str]) -> Self:
        """Read `NAME=VALUE` settings, as `--variant` takes them; of two for one name the later counts.

        Raises:
            ValueError: no such name, or no such value; the sentence lists those that exist.
        """
        known = _choices()
        chosen: dict[str, object] = {}
        for setting in settings:
            name, _, text = setting.partition("=")
            if name not in known or (known[name] and text not in known[name]):
                catalogue = ", ".join(f"{each}={'|'.join(choices) or 'TEXT'}" for each, choices in known.items())
                raise ValueError(f"There is no variant {setting!r}. The variants are: {catalogue}.")
            chosen[name] = known[name].get(text, text)
        return cls(**chosen)  # type: ignore[arg-type]  # each value was looked up among its field's own choices

    @classmethod
    def settings(cls) -> list[str]:
        """Every `NAME=VALUE` that there is; without a value where any text is one."""
        return [f"{name}={value}" for name, values in _choices().items() for value in values or ("",)]


def _choices() -> dict[str, Mapping[str, object]]:
    """For each variant its values by the text that selects them; none when any text is a value."""
    return {
        option.name: _SWITCH if option.type is bool else {str(value): value for value in get_args(option.type)}
        for option in fields(Variants)
    }


_MOST = 10**9  # some thirty years, so that every time can be shown as a date


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """How a sandbox behaves. Lifetimes are in seconds; limits are counts per minute.

    Raises:
        ValueError: a lifetime, count or limit is not above zero, or beyond reason.
    """

    data: Path | None = None
    """The SQLite file that keeps everything; None keeps it in memory."""
    access_seconds: float = 300
    refresh_seconds: float = 7 * 24 * 3600
    code_seconds: float = 900
    code_attempts: int = 5
    """Wrong tries after which a verification code is dead."""
    sign_in_attempts_per_minute: int = 30
    """Counted per login name, and per client address."""
    sign_up_attempts_per_minute: int = 30
    """Counted per client address."""
    verify_attempts_per_minute: int = 30
    """Counted per account."""
    embed_quota: int = 10_000_000
    """Bytes that an account's own documents may have together."""
    indexing_seconds: float = 2
    """How long a new document is not searched yet, and seems empty."""
    upload_file_bytes: int = 50 * 1024 * 1024
    upload_request_bytes: int = 100 * 1024 * 1024
    """What an upload to a vector store may have, each file and all together with what surrounds them."""
    now: Callable[[], float] = time.time
    """Seconds since the epoch; everything that depends on time asks this clock."""
    variants: Variants = field(default_factory=Variants)
    apps: tuple[RegisteredApp, ...] = (SANDBOX_APP,)
    """Who may ask for an OAuth grant."""

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, int | float) and not 0 < value <= _MOST:
                raise ValueError(f"{option.name} must be above 0 and at most {_MOST}, not {value!r}.")

    def app(self, client_id: str) -> RegisteredApp | None:
        """Find an app by its client id."""
        return next((app for app in self.apps if app.client_id == client_id), None)
