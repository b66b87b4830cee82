"""The five authentication calls (rememberizer-api.md §1)."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationInfo, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..config import SANDBOX_CAPTCHA
from ..data.accounts import Account, EmailTakenError
from ..data.refusals import InvalidFields, Refusal
from ..data.tokens import Tokens
from ..wire.credentials import (
    REFRESH_COOKIE,
    access_token,
    bearer_token,
    clear_cookies,
    filled_in,
    required,
    set_cookies,
)
from ..wire.forms import Fields, Text, Verbatim, must, read_json
from .base import Endpoints, answers

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*")
_IS_EMAIL = must(lambda text: _EMAIL.fullmatch(text) is not None, "Enter a valid email address.")
_LONG_ENOUGH = must(
    lambda text: len(text) >= 8,  # noqa: PLR2004 - as the sentence says
    "This password is too short. It must contain at least 8 characters.",
)
_Login = Annotated[Text, Field(max_length=254)]
_Password = Annotated[Verbatim, Field(max_length=1024)]

_IS_RIGHT = must(lambda captcha: captcha == SANDBOX_CAPTCHA, "Invalid reCAPTCHA. Please try again.")
_IS_FILLED_IN = must(
    lambda captcha: captcha != "recaptcha_response",
    f"Put {SANDBOX_CAPTCHA} in place of recaptcha_response: it is the sandbox's captcha.",
)
_Captcha = Annotated[Text, Field(max_length=10_000), _IS_FILLED_IN, _IS_RIGHT]
_NO_COOKIE = f"This request has no cookie {REFRESH_COOKIE}: signing in sets it, and only a browser sends it by itself."


class _CaptchaFields(Fields):
    """Fields of which one is the `captcha`. The context of the check is the variant of this name."""

    @model_validator(mode="before")
    @classmethod
    def _by_variant(cls, data: object, info: ValidationInfo) -> object:
        """Put the right token where none is needed."""
        if info.context == "required" or not isinstance(data, Mapping):
            return data
        solved = {"captcha": SANDBOX_CAPTCHA}
        return {**data, **solved} if info.context == "off" else {**solved, **data}


class _SignUp(_CaptchaFields):
    email: Annotated[_Login, _IS_EMAIL]
    password: Annotated[_Password, _LONG_ENOUGH]
    name: Annotated[Text, Field(max_length=150)] = ""
    captcha: _Captcha


class _SignIn(_CaptchaFields):
    login: _Login
    password: _Password
    captcha: _Captcha


class _Verification(Fields):
    verification_code: Annotated[Text, Field(max_length=64)]


class AuthEndpoints(Endpoints):
    """Signs people up, in and out."""

    @answers("POST", "/auth/signup/")
    async def sign_up(self, request: Request) -> Response:
        """Make an account and send it a verification code (rememberizer-api.md §1.1)."""
        self.services.admit_address(request, "signup", per_minute=self.config.sign_up_attempts_per_minute)
        status = self.variants.signup_refusal_status
        fields = await read_json(request, _SignUp, status=status, context=self.variants.captcha)
        password_hash = await self.services.passwords.hash(fields.password)
        try:
            account = self.services.accounts.create(email=fields.email, name=fields.name, password_hash=password_hash)
        except EmailTakenError as error:
            raise InvalidFields({"email": ["user with this email already exists."]}, status=status) from error
        self.services.outbox.send_code(account)
        return self._signed_up(account)

    @answers("POST", "/auth/signin/")
    async def sign_in(self, request: Request) -> Response:
        """Check login and password and set the cookies (rememberizer-api.md §1.2)."""
        self.services.admit_address(request, "signin", per_minute=self.config.sign_in_attempts_per_minute)
        fields = await read_json(request, _SignIn, context=self.variants.captcha)
        account = await self.services.sign_in(fields.login, fields.password)
        return self._with_cookies(self.services.families.start(account.id))

    @answers("POST", "/auth/verify-email/")
    async def verify_email(self, request: Request) -> object:
        """Take a verification code; the token must come as a bearer token (rememberizer-api.md §1.3)."""
        account_id = self.services.families.sign_in(required(bearer_token(request))).account_id
        limit = self.config.verify_attempts_per_minute
        self.services.throttle.admit("verify", str(account_id), per_minute=limit)
        fields = await read_json(request, _Verification, status=self.variants.verify_refusal_status)
        self.services.outbox.redeem(account_id, fields.verification_code)
        self.services.accounts.mark_verified(account_id)
        status = self.variants.verify_status
        return Response(status_code=204) if status == 204 else {"detail": "E-mail address verified."}  # noqa: PLR2004 - No Content

    @answers("POST", "/auth/custom-refresh/")
    async def refresh(self, request: Request) -> Response:
        """Exchange the refresh cookie for new cookies (rememberizer-api.md §1.4)."""
        token = filled_in(request.cookies.get(REFRESH_COOKIE, ""))
        tokens = self.services.families.renew(token)
        if tokens is None:
            detail = "Token is invalid or expired" if token else _NO_COOKIE
            raise Refusal(self.variants.refresh_refusal_status, "token_not_valid", detail)
        return self._with_cookies(tokens)

    @answers("POST", "/auth/custom-logout/")
    async def log_out(self, request: Request) -> Response:
        """Revoke what the request's tokens belong to, whoever asks (rememberizer-api.md §1.5)."""
        refresh = request.cookies.get(REFRESH_COOKIE, "")
        self.services.families.revoke(refresh=refresh, access=access_token(request, self.config))
        response = Response(status_code=204)
        clear_cookies(response, self.config)
        return response

    def _signed_up(self, account: Account) -> Response:
        content = {"id": account.id, "email": account.email, "name": account.name}
        where = self.variants.signup_tokens
        tokens = None if where == "none" else self.services.families.start(account.id)
        if tokens and where != "cookies":
            content[self.variants.signup_token_field] = tokens.access
        response = JSONResponse(content, status_code=self.variants.signup_status)
        if tokens and where != "json":
            set_cookies(response, tokens, self.config)
        return response

    def _with_cookies(self, tokens: Tokens) -> Response:
        response = Response(status_code=204)
        set_cookies(response, tokens, self.config)
        return response
