"""The five authentication calls (rememberizer-api.md §1)."""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..data.accounts import Account, EmailTakenError
from ..data.refusals import InvalidFields
from ..wire.captcha import check_captcha
from ..wire.credentials import REFRESH_COOKIE, access_token, bearer_token, clear_cookies, required, set_cookies
from ..wire.forms import Form, read_form
from .services import Services

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*")
_EMAIL_MAX, _NAME_MAX, _PASSWORD_MIN, _PASSWORD_MAX, _CODE_MAX = 254, 150, 8, 1024, 64


def routes(services: Services) -> list[Route]:
    """Give the routes of this family."""
    endpoints = AuthEndpoints(services)
    return [
        Route("/auth/signup/", endpoints.sign_up, methods=["POST"]),
        Route("/auth/signin/", endpoints.sign_in, methods=["POST"]),
        Route("/auth/verify-email/", endpoints.verify_email, methods=["POST"]),
        Route("/auth/custom-refresh/", endpoints.refresh, methods=["POST"]),
        Route("/auth/custom-logout/", endpoints.log_out, methods=["POST"]),
    ]


class AuthEndpoints:
    """Signs people up, in and out."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._config = services.config
        self._variants = services.config.variants

    async def sign_up(self, request: Request) -> Response:
        """Make an account and send it a verification code (rememberizer-api.md §1.1)."""
        self._services.admit_address(request, "signup", per_minute=self._config.sign_up_attempts_per_minute)
        form = await read_form(request)
        email, password, name = _read_sign_up(form)
        check_captcha(form, self._variants.captcha)
        form.finish(status=self._variants.signup_refusal_status)
        account = self._create(email, name, await self._services.passwords.hash(password))
        self._services.codes.send(account)
        return self._signed_up(account)

    async def sign_in(self, request: Request) -> Response:
        """Check login and password and set the cookies (rememberizer-api.md §1.2).

        An account whose e-mail address is not verified gets a fresh verification code each time.
        """
        self._services.admit_address(request, "signin", per_minute=self._config.sign_in_attempts_per_minute)
        form = await read_form(request)
        login = form.text("login", max_length=_EMAIL_MAX)
        password = form.text("password", max_length=_PASSWORD_MAX, trim=False)
        check_captcha(form, self._variants.captcha)
        form.finish()
        account = await self._services.sign_in(login, password)
        return self._with_new_tokens(Response(status_code=204), account)

    async def verify_email(self, request: Request) -> Response:
        """Take a verification code; the token must come as a bearer token (rememberizer-api.md §1.3)."""
        account_id = self._services.families.sign_in(required(bearer_token(request))).account_id
        limit = self._config.verify_attempts_per_minute
        self._services.throttle.admit("verify", str(account_id), per_minute=limit)
        form = await read_form(request)
        code = form.text("verification_code", max_length=_CODE_MAX)
        form.finish(status=self._variants.verify_refusal_status)
        self._services.codes.redeem(account_id, code)
        self._services.accounts.mark_verified(account_id)
        if self._variants.verify_status == 204:  # noqa: PLR2004 - No Content
            return Response(status_code=204)
        return JSONResponse({"detail": "E-mail address verified."})

    async def refresh(self, request: Request) -> Response:
        """Exchange the refresh cookie for new cookies (rememberizer-api.md §1.4)."""
        tokens = self._services.families.rotate(request.cookies.get(REFRESH_COOKIE, ""))
        response = Response(status_code=204)
        set_cookies(response, tokens, self._config)
        return response

    async def log_out(self, request: Request) -> Response:
        """Revoke what the request's tokens belong to, whoever asks (rememberizer-api.md §1.5)."""
        self._services.families.revoke(
            refresh=request.cookies.get(REFRESH_COOKIE, ""), access=access_token(request, self._config)
        )
        response = Response(status_code=204)
        clear_cookies(response, self._config)
        return response

    def _create(self, email: str, name: str, password_hash: str) -> Account:
        try:
            return self._services.accounts.create(email=email, name=name, password_hash=password_hash)
        except EmailTakenError as error:
            taken = {"email": ["user with this email already exists."]}
            raise InvalidFields(taken, status=self._variants.signup_refusal_status) from error

    def _signed_up(self, account: Account) -> Response:
        content = {"id": account.id, "email": account.email, "name": account.name}
        where = self._variants.signup_tokens
        tokens = None if where == "none" else self._services.families.start(account.id)
        if tokens and where != "cookies":
            content[self._variants.signup_token_field] = tokens.access
        response = JSONResponse(content, status_code=self._variants.signup_status)
        if tokens and where != "json":
            set_cookies(response, tokens, self._config)
        return response

    def _with_new_tokens(self, response: Response, account: Account) -> Response:
        set_cookies(response, self._services.families.start(account.id), self._config)
        return response


def _read_sign_up(form: Form) -> tuple[str, str, str]:
    email = form.text("email", max_length=_EMAIL_MAX)
    form.require("email", _EMAIL.fullmatch(email) is not None, "Enter a valid email address.")
    password = form.text("password", max_length=_PASSWORD_MAX, trim=False)
    too_short = f"This password is too short. It must contain at least {_PASSWORD_MIN} characters."
    form.require("password", len(password) >= _PASSWORD_MIN, too_short)
    return email, password, form.text("name", max_length=_NAME_MAX, required=False)
