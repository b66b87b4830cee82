"""The toolset ``auth``: sign up, sign in, verify, refresh, sign out, and see how things stand.

The docstring of each body is the description that a model reads.
"""

from typing import Annotated, NamedTuple

from mcp_types import ToolAnnotations
from pydantic import Field, SecretStr

from ..server.api.account import same_account
from ..server.errors import InvalidArguments, NotSignedIn, RememberizerError, UnknownSession
from ..server.session import Session
from ..server.settings import Settings
from ..server.states import State
from .arguments import LONGEST_SECRET, Arguments, Email, Secret, Text
from .contract import ContractTool, tool
from .schemas import output_schema
from .services import Services
from .status import NO_SESSION, SIGNED_OUT_EVERYWHERE, SIGNED_OUT_HERE, SessionStatus, signed_out, status_of

Password = Annotated[Secret, Field(max_length=1024, description="Needs `email`.")]
Captcha = Annotated[Secret, Field(max_length=LONGEST_SECRET, description="reCAPTCHA response, solved by a person.")]


class LoginArguments(Arguments):
    """``login`` where secret arguments are off."""

    email: Email | None = Field(None, description="Account; default: the server's settings.")


class LoginWithSecrets(LoginArguments):
    """``login`` as agent frameworks use it."""

    password: Password | None = None
    captcha: Captcha | None = None


class SignupArguments(LoginArguments):
    """``signup`` where secret arguments are off."""

    name: Annotated[Text, Field(min_length=1, max_length=200)] | None = Field(None, description="Display name.")


class SignupWithSecrets(SignupArguments):
    """``signup`` as agent frameworks use it."""

    password: Password | None = None
    captcha: Captcha | None = None


class VerifyArguments(Arguments):
    """``verify``."""

    verification_code: Annotated[Secret, Field(max_length=64)] = Field(description="The code from the mail.")


class Account(NamedTuple):
    """What an account is signed in or created with."""

    email: str
    password: str
    captcha: str | None

    def __repr__(self) -> str:
        return "<an account's credentials>"


async def signup(services: Services, arguments: SignupArguments) -> SessionStatus:
    """Create a Rememberizer account. Use only when the user asks for a new account; use `login` for an existing one.
    Leaves the session `unverified`: ask the user for the code that is mailed to them, then call `verify`.
    """
    account = _account(services.settings, arguments)
    if account is None:
        raise _no_credentials(services.settings)
    services.attempts.take(services.owner)
    deadline = services.deadline()
    async with services.sessions.moving(services.owner, arguments.session, create=True) as session:
        left = await session.sign_up(**account._asdict(), name=arguments.name, deadline=deadline)
        return status_of(session, previous_left=left)


async def login(services: Services, arguments: LoginArguments) -> SessionStatus:
    """Sign in to Rememberizer; do this before any tool that needs an account. Without arguments it uses the server's
    settings, and returns the status if somebody is signed in already. Never ask the user to type a password into the
    conversation unless they offer it.
    """
    account = _account(services.settings, arguments)
    if account is None and services.sessions.find(services.owner, arguments.session) is None:
        raise _no_credentials(services.settings)
    deadline = services.deadline()
    async with services.sessions.moving(services.owner, arguments.session, create=True) as session:
        password, _ = _secrets(arguments)
        if password is None and await _is_signed_in(session, arguments.email, deadline=deadline):
            return status_of(session)
        if account is None:
            raise _no_credentials(services.settings)
        services.attempts.take(services.owner)
        left = await session.sign_in(**account._asdict(), deadline=deadline)
        return status_of(session, previous_left=left)


async def verify(services: Services, arguments: VerifyArguments) -> SessionStatus:
    """Verify the account's e-mail address with the code that Rememberizer mailed to the user. Use when the state is
    `unverified` or a call failed with `email_not_verified`.
    """
    deadline = services.deadline()
    async with services.sessions.moving(services.owner, arguments.session) as session:
        services.attempts.take(services.owner)
        code = arguments.verification_code.get_secret_value().strip()
        await session.verify(code, deadline=deadline)
        return status_of(session)


async def refresh(services: Services, arguments: Arguments) -> SessionStatus:
    """Renew the session now. Seldom needed: every call renews it when that is due."""
    session = services.sessions.find(services.owner, arguments.session)
    if session is None:
        raise NotSignedIn
    with session.in_use():
        await session.refresh(deadline=services.deadline())
    return status_of(session)


async def logout(services: Services, arguments: Arguments) -> SessionStatus:
    """Sign out: end the session at Rememberizer and forget everything about it here. Succeeds also when Rememberizer
    can't be reached; `next` says whether it confirmed.
    """
    deadline = services.deadline()
    try:
        async with services.sessions.moving(services.owner, arguments.session) as session:
            confirmed = await session.sign_out(deadline=deadline)
    except (NotSignedIn, UnknownSession):
        return signed_out(NO_SESSION)
    return signed_out(SIGNED_OUT_EVERYWHERE if confirmed else SIGNED_OUT_HERE)


async def session_status(services: Services, arguments: Arguments) -> SessionStatus:
    """Who is signed in, in which state, until when, and what to do next. Call it when unsure; it changes nothing."""
    session = services.sessions.find(services.owner, arguments.session)
    if session is None:
        return signed_out()
    with session.in_use():
        await _refresh_if_due(session, deadline=services.deadline())
    return status_of(session)


def toolset(settings: Settings) -> list[ContractTool]:
    """The six tools, in the order in which they are listed."""
    secret = settings.secret_arguments
    signup_arguments = SignupWithSecrets if secret else SignupArguments
    login_arguments = LoginWithSecrets if secret else LoginArguments
    output = output_schema(SessionStatus)
    return [
        tool(
            body,
            arguments=arguments,
            output=output,
            title=title,
            annotations=ToolAnnotations(
                read_only_hint=body is session_status,
                destructive_hint=False,
                idempotent_hint=body in (logout, session_status),
                open_world_hint=True,
            ),
        )
        for body, arguments, title in (
            (login, login_arguments, "Sign in to Rememberizer"),
            (session_status, Arguments, "Who is signed in to Rememberizer"),
            (logout, Arguments, "Sign out of Rememberizer"),
            (signup, signup_arguments, "Create a Rememberizer account"),
            (verify, VerifyArguments, "Verify the e-mail address"),
            (refresh, Arguments, "Renew the Rememberizer session"),
        )
    ]


def _account(settings: Settings, arguments: LoginArguments) -> Account | None:
    """The credentials to use: the arguments', else the settings' if no other account was named."""
    password, captcha = _secrets(arguments)
    captcha = captcha or settings.captcha
    captcha_value = captcha.get_secret_value() if captcha else None
    if password is not None:
        if arguments.email is None:
            raise InvalidArguments("`password` came without `email`.", hint="Pass both, or neither.")
        return Account(arguments.email, password.get_secret_value(), captcha_value)
    if settings.email and settings.password and (not arguments.email or same_account(arguments.email, settings.email)):
        return Account(settings.email, settings.password.get_secret_value(), captcha_value)
    return None


def _secrets(arguments: LoginArguments) -> tuple[SecretStr | None, SecretStr | None]:
    """The password and the captcha response, where they are taken as arguments."""
    if isinstance(arguments, LoginWithSecrets | SignupWithSecrets):
        return arguments.password, arguments.captcha
    return None, None


async def _is_signed_in(session: Session, email: str | None, *, deadline: float) -> bool:
    """Whether the session already holds an account that can be used, and it is the one that was named."""
    if not session.has_credentials or (email is not None and not same_account(email, session.email)):
        return False
    await _refresh_if_due(session, deadline=deadline)
    return session.state is not State.EXPIRED and not session.has_ended


async def _refresh_if_due(session: Session, *, deadline: float) -> None:
    """A refresh that can't be done changes no answer: the status says how things stand."""
    try:
        await session.refresh_if_due(deadline=deadline)
    except RememberizerError:
        return


def _no_credentials(settings: Settings) -> InvalidArguments:
    ask = "Ask the user to set both settings for this server"
    return InvalidArguments(
        "There are no credentials for this account: neither in the arguments (`email`, `password`) nor in the "
        "settings (REMEMBERIZER_EMAIL, REMEMBERIZER_PASSWORD).",
        hint=f"{ask}, or to let you pass both arguments." if settings.secret_arguments else f"{ask}.",
    )
