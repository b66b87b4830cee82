"""``Settings``: everything that can be configured, from ``REMEMBERIZER_*`` variables.

All are optional, and the letter case of their names doesn't count. A secret can also come from a file: the same
variable with ``_FILE`` behind it holds the path. The command line never takes a secret (S43).
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from ..logs.secret_forms import shown_name
from .refusals import told
from .values import (
    EMAIL_PATTERN,
    KEY_BYTES,
    ApiKey,
    CookieValue,
    Folders,
    Secret,
    SecretInFile,
    StoreKeys,
    Toolsets,
    api_address,
    filled_in,
    issuer_address,
    password_in,
    public_address,
    secret_in,
    store_address,
    stripped,
    switch,
    unquoted,
    words,
)

PREFIX = "REMEMBERIZER_"
SECRETS = (
    "password",
    "captcha",
    "refresh_token",
    "api_token",
    "vector_store_token",
    "oauth_client_secret",
    "issuer_client_secret",
    "store",
    "store_keys",
)
OVER_HTTP = ("public_url", "issuer", "issuer_client_id", "issuer_client_secret", "store", "store_keys")
"""Settings that nothing reads over stdio."""


class UnusableSettings(Exception):
    """One or more settings can't be used; ``problems`` names all of them, never their values."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class Settings(BaseSettings):
    """What the server was told, checked. Use ``load_settings`` to get all problems as sentences."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    base_url: Annotated[str, AfterValidator(api_address)] = Field(
        "https://api.rememberizer.ai/api/v1/",
        description="Address of the Rememberizer API; `--sandbox` takes its place.",
    )
    email: str | None = Field(
        None, pattern=EMAIL_PATTERN, description="E-mail that `login` and `signup` use when none is passed."
    )
    password: Secret | None = Field(None, description="Password that goes with the e-mail.")
    captcha: Secret | None = Field(None, description="Captcha response that goes with them; each works once.")
    refresh_token: CookieValue | None = Field(
        None, description="Value of the `refresh_token` cookie of a sign-in; `login` takes it over."
    )
    api_token: ApiKey | None = Field(
        None, description="API key of a common knowledge; the toolset `knowledge` then works without a sign-in."
    )
    vector_store_token: ApiKey | None = Field(
        None, description="API key of a vector store; its documents and search (toolset `vector_stores`) take no other."
    )
    toolsets: Toolsets = Field(
        ("auth", "knowledge"), description="Which tools there are; `mementos`, `vector_stores` or `all` add more."
    )
    read_only: bool = Field(default=False, description="Whether tools that write are left out (`on` or `off`).")
    upload_dirs: Folders = Field(
        (), description="Folders from which files may be uploaded (toolset `vector_stores`), comma-separated."
    )
    keep_signed_in: Annotated[Literal["off", "keyring"], switch("keyring", "off")] = Field(
        "off", description="`keyring` keeps the sign-in in the system's keyring across restarts (extra `keyring`)."
    )
    oauth_client_id: str | None = Field(
        None, min_length=1, description="OAuth app registered at Rememberizer; `login` then uses its consent page."
    )
    oauth_client_secret: Secret | None = Field(None, validate_default=True, description="Secret of that app.")
    oauth_port: int = Field(
        8976, ge=1, le=65535, description="Its redirect URL is `http://127.0.0.1:PORT/oauth/callback`."
    )
    public_url: Annotated[str, AfterValidator(public_address)] | None = Field(
        None, description="With `serve --http`: the address at which people reach the server, such as a proxy's."
    )
    issuer: Annotated[str, AfterValidator(issuer_address)] | None = Field(
        None, description="With it: the authorization server, whose tokens say who asks."
    )
    issuer_client_id: str | None = Field(
        None, min_length=1, description="The server itself as a client there, by which it asks about tokens."
    )
    issuer_client_secret: Secret | None = Field(None, validate_default=True, description="Secret of that client.")
    store: Annotated[Secret, AfterValidator(store_address)] | None = Field(
        None, description="Where sessions are kept: `memory`, or the address of a Redis for several processes."
    )
    store_keys: StoreKeys = Field(
        (),
        validate_default=True,
        description="Secrets, comma-separated: the first seals what is in Redis, and all open it.",
    )
    lazy_sign_in: bool = Field(
        default=True, description="Whether a tool that needs an account starts the sign-in itself (`on` or `off`)."
    )
    open_browser: Annotated[Literal["auto", "always", "never"], switch("always", "never")] = Field(
        "auto", description="Whether the browser is opened for the sign-in: `auto` (on a desktop), `always` or `never`."
    )
    recaptcha_site_key: str | None = Field(
        None, pattern=r"^[\w-]+$", description="reCAPTCHA site key; the sign-in page then shows the widget."
    )
    sign_in_minutes: float = Field(10, gt=0, le=1440, description="Minutes for which a sign-in page stays open.")
    secret_arguments: bool = Field(
        default=True, description="Whether tools take `password` and `captcha` as arguments (`on` or `off`)."
    )
    session_idle_minutes: float = Field(
        720, gt=0, allow_inf_nan=False, description="Minutes without a call after which a session ends."
    )
    session_hours: float = Field(
        168, gt=0, allow_inf_nan=False, description="Hours after its sign-in at which a session ends."
    )
    timeout_seconds: float = Field(
        20,
        gt=0,
        le=600,
        description="Seconds that one tool call may spend on Rememberizer in all; smart search has 45 at least, "
        "uploads 60.",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], words(warn="warning", critical="error", fatal="error")
    ] = Field("warning", description="From which level on events are logged to stderr.")
    sandbox: bool = Field(default=False, exclude=True, description="Set by --sandbox only.")

    @field_validator("*", mode="before")
    @classmethod
    def _is_filled_in(cls, value: Any, info: ValidationInfo) -> Any:
        return filled_in(value, is_secret=info.field_name in SECRETS) if isinstance(value, str) else value

    @field_validator("password")
    @classmethod
    def _has_an_email(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value and "email" in info.data and not info.data["email"]:  # an unusable one is a problem of its own
            raise ValueError(f"needs {PREFIX}EMAIL beside it")
        return value

    @field_validator("oauth_client_secret", "issuer_client_secret")
    @classmethod
    def _has_a_client(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        secret = str(info.field_name)
        client = secret.replace("_secret", "_id")
        if bool(value) != bool(info.data.get(client, value)):
            raise ValueError(f"{variable(client)} and {variable(secret)} go together")
        return value

    @field_validator("store_keys")
    @classmethod
    def _have_a_store(cls, value: tuple[SecretStr, ...], info: ValidationInfo) -> tuple[SecretStr, ...]:
        if bool(value) == bool(info.data.get("store", value)):
            return value
        if value:
            raise ValueError(f"needs the address of a Redis in {PREFIX}STORE beside it")
        raise ValueError(f"must hold a secret of at least {KEY_BYTES} bytes, which seals what is in {PREFIX}STORE")

    @field_validator("lazy_sign_in")
    @classmethod
    def _leaves_a_way_in(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- a validator's signature
        usable = info.data  # what can't be used is missing there, and a problem of its own
        has_key = usable.get("api_token", True) or usable.get("vector_store_token", True)
        if value or has_key or "auth" in usable.get("toolsets", ["auth"]):
            return value
        raise ValueError(f"with `off`, nobody could sign in: add `auth` to {PREFIX}TOOLSETS, or set {PREFIX}API_TOKEN")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the signature is pydantic-settings'
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed, then the environment. A ``.env`` file is not read: the host chooses the folder.

        The environment can't switch the sandbox on: only the command line can.
        """
        given = variables_set(os.environ)
        values = {name: given[variable(name)] for name in _named_by_variables() if variable(name) in given}
        return init_settings, InitSettingsSource(settings_cls, init_kwargs=values)

    def newest_refresh_token(self) -> SecretStr | None:
        """The refresh token. If it came from a file, the file is read again, since another program may renew it."""
        token = self.refresh_token
        return token.newest_cookie_value() if isinstance(token, SecretInFile) else token

    def secret_values(self) -> list[str]:
        """The values that must never be printed."""
        values = [getattr(self, name) for name in SECRETS if name not in ("store", "store_keys")]
        values += [*self.store_keys, self.store, password_in(self.store)]
        return [value.get_secret_value() for value in values if value]


def variable(field: str) -> str:
    """The name of a setting's environment variable."""
    return PREFIX + field.upper()


def load_settings(*, sandbox: bool = False) -> Settings:
    """Read the settings from the environment and the files that it names.

    Raises:
        UnusableSettings: With one sentence for each setting that can't be used.
    """
    from_files, problems = _read_files(variables_set(os.environ))
    settings = None
    try:
        settings = Settings(**from_files, sandbox=sandbox)
    except ValidationError as error:
        for each in error.errors(include_input=False):
            name = str(each["loc"][0])
            problems.append(f"{variable(name)}: {told(name, each['type'], each['msg'])}")
    problems = [*_set_twice(os.environ), *(_as_spelt(problem, os.environ) for problem in problems)]
    if settings is None or problems:
        raise UnusableSettings(problems)
    return settings


def variables_set(environ: Mapping[str, str]) -> dict[str, str]:
    """Our variables that hold a value, by their names in upper case. Quotes are removed, but not from a secret."""
    values = {name.upper(): stripped(environ[name]) for name in _spellings(environ)}
    return {name: value if name in map(variable, SECRETS) else unquoted(value) for name, value in values.items()}


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that no setting reads, such as misspelt ones, as ``shown_name`` shows them."""
    names = [name for name in environ if name.upper().startswith(PREFIX) and name.upper() not in _known()]
    return sorted(map(shown_name, names))


def _named_by_variables() -> list[str]:
    return [name for name in Settings.model_fields if name != "sandbox"]


def _known() -> set[str]:
    return {*map(variable, _named_by_variables()), *(variable(name) + "_FILE" for name in SECRETS)}


def _spellings(environ: Mapping[str, str]) -> list[str]:
    return sorted(name for name, value in environ.items() if name.upper().startswith(PREFIX) and stripped(value))


def _set_twice(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable with two spellings: the server can't know which value the user wants."""
    spellings = _spellings(environ)
    each = {known: [name for name in spellings if name.upper() == known] for known in sorted(_known())}
    return [f"{' and '.join(names)} differ in letter case only; keep one" for names in each.values() if len(names) > 1]


def _as_spelt(problem: str, environ: Mapping[str, str]) -> str:
    """The sentence with each variable's name in the letter case of the environment."""
    spelt = {name.upper(): name for name in _spellings(environ)}
    return re.sub(rf"{PREFIX}\w+", lambda found: spelt.get(found[0], found[0]), problem)


def _read_files(given: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in SECRETS:
        name = variable(field)
        path = given.get(f"{name}_FILE")
        if path and name in given:
            problems.append(f"{name} and {name}_FILE are both set; keep one")
        elif path:
            try:
                values[field] = secret_in(path)
            except ValueError as error:
                problems.append(f"{name}_FILE names {error}")
    return values, problems
