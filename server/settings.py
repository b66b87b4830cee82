"""``Settings``: everything that can be configured, from ``REMEMBERIZER_*`` variables.

All are optional. A secret can also come from a file, named by the same variable with ``_FILE`` behind it. Nothing
secret is ever taken from the command line (S43).
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from .errors import UnusableSettings

PREFIX = "REMEMBERIZER_"
SECRETS = ("password", "captcha")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_AND_PORT = re.compile(rf"(\[[0-9a-f:.]+\]|{_LABEL}(\.{_LABEL})*)(:[0-9]+)?", re.IGNORECASE | re.ASCII)
EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+$"


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # its text repeats the value, which can hold a password
        raise ValueError("must be an address that begins with https://, then a host and at most a port") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("must be an address that begins with https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must hold no user name, password, query or fragment")
    if not _HOST_AND_PORT.fullmatch(parts.netloc):
        raise ValueError("must name a host that can exist, in ASCII")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https://; plain http is allowed to this machine only")
    return parts.geturl() if parts.path.endswith("/") else parts.geturl() + "/"


def is_loopback(host: str) -> bool:
    """Whether a host name or address literal can only mean this machine; names below localhost are not sure to."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def encodable(value: str) -> str:
    """The same text, if UTF-8 can write it.

    Raises:
        ValueError: It holds half of a surrogate pair.
    """
    try:
        value.encode()
    except UnicodeEncodeError:  # its text repeats the value
        raise ValueError("is no UTF-8 text") from None
    return value


def encodable_secret(value: SecretStr) -> SecretStr:
    """The same for a secret."""
    encodable(value.get_secret_value())
    return value


Secret = Annotated[SecretStr, AfterValidator(encodable_secret)]


class _Environment(EnvSettingsSource):
    """The environment, which can't switch the sandbox on: only the command line does."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if field_name == "sandbox":
            return None, field_name, False
        return super().get_field_value(field, field_name)


class Settings(BaseSettings):
    """What the server was told, checked. Use ``load_settings`` to get all problems as sentences."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        "https://api.rememberizer.ai/api/v1/", description="Address of the Rememberizer API."
    )
    email: str | None = Field(
        None, pattern=EMAIL_PATTERN, description="E-mail that `login` and `signup` use when none is passed."
    )
    password: Secret | None = Field(None, description="Password that goes with the e-mail.")
    captcha: Secret | None = Field(None, description="Captcha response that goes with them; each works once.")
    secret_arguments: bool = Field(
        default=True, description="Whether tools take `password` and `captcha` as arguments (`on` or `off`)."
    )
    session_idle_minutes: float = Field(
        720, gt=0, allow_inf_nan=False, description="Minutes without a call after which a session ends."
    )
    session_hours: float = Field(
        168, gt=0, allow_inf_nan=False, description="Hours after its sign-in at which a session ends."
    )
    max_sessions: int | None = Field(
        None, ge=1, le=1_000_000, description="How many sessions are held at once: 1 over stdio if not set."
    )
    timeout_seconds: float = Field(
        20, gt=0, le=600, description="Seconds that one tool call may spend on Rememberizer in all."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="From which level on events are logged to stderr."
    )
    sandbox: bool = Field(default=False, exclude=True, description="Set by --sandbox only.")

    @field_validator("password")
    @classmethod
    def _has_an_email(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value and "email" in info.data and not info.data["email"]:  # an unusable one is a problem of its own
            raise ValueError(f"needs {PREFIX}EMAIL beside it")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the signature is pydantic-settings'
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed, then the environment; no ``.env`` of whatever folder the host started us in."""
        return init_settings, _Environment(settings_cls)

    def secret_values(self) -> list[str]:
        """The values that must never be printed."""
        return [value.get_secret_value() for value in (self.password, self.captcha) if value]


def variable(field: str) -> str:
    """The name of a setting's environment variable."""
    return PREFIX + field.upper()


def load_settings(*, sandbox: bool = False) -> Settings:
    """Read the settings from the environment and the files that it names.

    Raises:
        UnusableSettings: With one sentence for each setting that can't be used.
    """
    from_files, problems = _read_files(os.environ)
    settings = None
    try:
        settings = Settings(**from_files, sandbox=sandbox)
    except ValidationError as error:
        problems += [_sentence(each["loc"], each["type"], each["msg"]) for each in error.errors(include_input=False)]
    if settings is None or problems:
        raise UnusableSettings(problems)
    return settings


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that no setting reads: most often a typing error."""
    fields = [name for name in Settings.model_fields if name != "sandbox"]
    known = {variable(name) for name in fields} | {variable(name) + "_FILE" for name in SECRETS}
    return sorted(name for name in environ if name.upper().startswith(PREFIX) and name.upper() not in known)


def _read_files(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in SECRETS:
        name = variable(field)
        path = environ.get(f"{name}_FILE")
        if not path:
            continue
        if environ.get(name):
            problems.append(f"{name} and {name}_FILE are both set; keep one")
            continue
        try:
            secret = Path(path).read_text(encoding="utf-8-sig").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            problems.append(f"{name}_FILE names a file that can't be read as text")
            continue
        if secret:
            values[field] = SecretStr(secret)
        else:
            problems.append(f"{name}_FILE names a file that is empty")
    return values, problems


_ALLOWED = {
    "email": "must have the form of an e-mail address",
    "secret_arguments": "must be `on` or `off`",
    "session_idle_minutes": "must be a number above 0",
    "session_hours": "must be a number above 0",
    "max_sessions": "must be a whole number from 1 to 1000000",
    "timeout_seconds": "must be a number above 0, at most 600",
    "log_level": "must be `debug`, `info`, `warning` or `error`",
}


def _sentence(location: tuple[int | str, ...], kind: str, message: str) -> str:
    """One problem in our words: a validator's own, or else what the setting may be."""
    name = str(location[0])
    if kind == "value_error":
        return f"{variable(name)}: {message.removeprefix('Value error, ')}"
    return f"{variable(name)}: {_ALLOWED.get(name, 'is not in the right form')}"
