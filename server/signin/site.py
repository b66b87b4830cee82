"""The web application behind the page.

A post that succeeds answers with a redirect to the page itself, which shows what comes next: so a reload or a second
click sends nothing twice.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ..api.oauth import OAuthClient
from ..errors import InternalError, RememberizerError, SignInFailed, UnknownSession
from ..logs.redaction import KnownSecrets
from ..loopback import WithHeaders
from . import consent
from .actions import Actions, Ended, OtherAccount
from .forms import Complaint
from .guard import Guard, UnreadableForm, read_fields
from .pages import Pages
from .pending import End, PendingSignIn, masked
from .sentences import counts_as_attempt, ending, sentence_for

BROWSER_COOKIE = "sign_in"
_FORMS = {
    "sign-in": "sign_in",
    "sign-up": "sign_up",
    "browser-session": "browser_session",
    "another-account": "another_account",
}
_NAMES = {"g-recaptcha-response": "captcha"}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "sign_in": ("email", "password", "captcha"),
    "sign_up": ("name", "email", "password", "captcha"),
    "browser_session": ("refresh_token",),
    "oauth": (),
    "another_account": (),
    "verify": ("verification_code",),
}
"""What each template shows; a complaint about anything else stands above the form."""
_SECRETS = ("password", "captcha", "refresh_token", "verification_code")

logger = logging.getLogger(__name__)


class Wrong(NamedTuple):
    """What a form is shown again with."""

    sentence: str
    field: str | None
    counts: bool
    """As one of the attempts that the page takes."""


class SignInSite:
    """The pages of all open sign-ins.

    Args:
        find: The page of a ticket, for as long as anything can be shown under it.
        all_pages: Every page that ``find`` finds.
        actions: What the forms do.
        pages: How they look.
        secrets: The registry of values that logs redact.
        client: The OAuth app, where one is configured.
    """

    def __init__(
        self,
        *,
        find: Callable[[str], PendingSignIn | None],
        all_pages: Callable[[], Iterable[PendingSignIn]],
        actions: Actions,
        pages: Pages,
        secrets: KnownSecrets,
        client: OAuthClient | None,
    ) -> None:
        self._find = find
        self._all_pages = all_pages
        self._actions = actions
        self._pages = pages
        self._secrets = secrets
        self._client = client

    def app(self) -> ASGIApp:
        """The application; every answer carries the pages' headers, so a browser does nothing else with the page."""

        async def refused(_: Request, __: Exception) -> Response:
            return self._refused()

        routes = [
            Route(consent.CALLBACK_PATH, self.come_back, methods=["GET"]),
            Route("/{ticket}", self.show, methods=["GET"]),
            Route("/{ticket}", self.submit, methods=["POST"]),
            Route("/{ticket}/{form}", self.show, methods=["GET"]),
        ]
        app = Starlette(routes=routes, exception_handlers={404: refused, 405: refused})
        app.router.redirect_slashes = False
        return WithHeaders(Guard(app), self._pages.headers)

    async def show(self, request: Request) -> Response:
        """Show a form, or what comes after it."""
        pending = self._find(request.path_params["ticket"])
        if pending is None:
            return self._refused()
        browser = request.cookies.get(BROWSER_COOKIE)
        if pending.was_finished_in(browser):
            return self._done(pending, named=True)
        chosen = request.path_params.get("form")
        if not self._actions.is_open(pending):
            return self._ended(pending)
        if chosen is not None and chosen not in _FORMS:
            return self._refused()
        response = self._form(pending, _FORMS.get(chosen or "", pending.form), browser=browser)
        if cookie := pending.know_browser(browser):
            _set_cookie(response, BROWSER_COOKIE, cookie, path=f"/{pending.ticket}")
        return response

    async def submit(self, request: Request) -> Response:
        """Take a form."""
        pending = self._find(request.path_params["ticket"])
        if pending is None:
            return self._refused()
        fields = {_NAMES.get(name, name): value for name, value in (await _read(request, pending)).items()}
        with self._secrets.during({fields[name].strip() for name in _SECRETS if name in fields}):
            return await self._answer(pending, fields, browser=request.cookies.get(BROWSER_COOKIE))

    async def come_back(self, request: Request) -> Response:
        """Take what the OAuth consent page sent back."""
        given, cookies = request.query_params, request.cookies
        found = consent.match(
            self._all_pages(), state=given.get("state", ""), browser=cookies.get(consent.BROWSER_COOKIE, "")
        )
        if found is None or self._client is None:
            return self._refused()
        pending, trip = found
        if "code" not in given:
            declined = given.get("error") == "access_denied"
            await self._actions.stop(pending, End.DECLINED if declined else End.FAILED)
            return self._ended(pending)
        with self._secrets.during([given["code"]]):
            work = self._actions.take_code(pending, self._client, trip, code=given["code"])
            return await self._outcome(pending, {"form": "oauth"}, work, browser=trip.page_browser)

    async def _answer(self, pending: PendingSignIn, fields: Mapping[str, str], *, browser: str | None) -> Response:
        if fields.get("form") == "oauth" and self._client is not None and self._actions.is_open(pending):
            return self._to_consent(pending, self._client, browser=browser)
        work = self._actions.take(pending, fields, browser=browser)
        return await self._outcome(pending, fields, work, browser=browser)

    async def _outcome(
        self, pending: PendingSignIn, fields: Mapping[str, str], work: Awaitable[None], *, browser: str | None
    ) -> Response:
        form = fields.get("form", pending.form)
        try:
            await work
        except Complaint as complaint:
            wrong = Wrong(complaint.sentence, complaint.field, counts=isinstance(complaint, OtherAccount))
        except (Ended, UnknownSession):
            return _see(pending.url) if pending.was_finished_in(browser) else self._ended(pending)
        except RememberizerError as error:
            if isinstance(error, SignInFailed):
                pending.trouble = f"{error.message} {error.hint}"
            wrong = Wrong(*sentence_for(error, form=form), counts=counts_as_attempt(error))
        except Exception:
            logger.exception("the sign-in page failed")
            wrong = Wrong(*sentence_for(InternalError()), counts=False)
        else:
            # A browser without cookies can't be shown the last page again, so it gets it at once.
            finished_elsewhere = pending.end is End.SIGNED_IN and not pending.was_finished_in(browser)
            return self._done(pending, named=form != "verify") if finished_elsewhere else _see(pending.url)
        return await self._again(pending, fields, wrong, browser=browser)

    async def _again(
        self, pending: PendingSignIn, fields: Mapping[str, str], wrong: Wrong, *, browser: str | None
    ) -> Response:
        """The form once more with a sentence about it, or the end if that was one attempt too many."""
        pending.attempts_left -= wrong.counts
        if pending.attempts_left <= 0:
            await self._actions.stop(pending, End.STOPPED)
            return self._ended(pending)
        return self._form(pending, fields.get("form", pending.form), browser=browser, typed=fields, wrong=wrong)

    def _form(
        self,
        pending: PendingSignIn,
        form: str,
        *,
        browser: str | None,
        typed: Mapping[str, str] = MappingProxyType({}),
        wrong: Wrong | None = None,
    ) -> Response:
        template = _template(pending, form)
        known = pending.email_in(browser)
        return self._pages.render(
            f"{template}.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            base=f"/{pending.ticket}",
            confirm_code=pending.confirm_code,
            account=_account(pending),
            has_name=pending.name is not None,
            email=known or (masked(pending.email) if pending.email else None),
            values={"email": typed.get("email", known), "name": typed.get("name", "")},
            error=wrong.sentence if wrong else None,
            field=wrong.field if wrong and wrong.field in _FIELDS[template] else None,
        )

    def _to_consent(self, pending: PendingSignIn, client: OAuthClient, *, browser: str | None) -> Response:
        address, trip = consent.begin(client, pending, page_browser=browser)
        response = _see(address)
        _set_cookie(response, consent.BROWSER_COOKIE, trip.browser, path=consent.CALLBACK_PATH)
        return response

    def _done(self, pending: PendingSignIn, *, named: bool) -> Response:
        """The last page; `named` says whose account it is, which is shown to whoever signed in."""
        account = pending.account
        shown = account if named and pending.is_theirs else None
        return self._pages.render(
            "done.html",
            email=shown.email if shown else None,
            name=shown.name if shown else None,
            verified=account is not None and account.verified,
        )

    def _ended(self, pending: PendingSignIn) -> Response:
        """What happened to a page that is no longer open, for whoever has its link."""
        reason, advice = ending(pending.end)
        return self._pages.render("stopped.html", status=HTTPStatus.GONE, reason=reason, advice=advice)

    def _refused(self) -> Response:
        return self._pages.render("refused.html", status=HTTPStatus.NOT_FOUND)


async def _read(request: Request, pending: PendingSignIn) -> Mapping[str, str]:
    """The fields of the form, or none if it can't be read, or isn't whole before its page ends."""
    fields: Mapping[str, str] = {}
    async with anyio.create_task_group() as tasks:

        async def stop_at_the_end() -> None:
            await pending.ended.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(stop_at_the_end)
        with suppress(UnreadableForm, ClientDisconnect):
            fields = await read_fields(request)
        tasks.cancel_scope.cancel()
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    return fields


def _template(pending: PendingSignIn, form: str) -> str:
    """What is shown where a form was asked for: the mailed code comes before all else once it is what is missing."""
    if pending.wants_code:
        return "verify"
    is_possible = form in _FIELDS and form != "verify" and (form != "another_account" or pending.only is not None)
    return form if is_possible else pending.form


def _account(pending: PendingSignIn) -> Mapping[str, Any] | None:
    """What anybody may see of the account that the page is for."""
    return {"masked": masked(pending.meant), "another": pending.another_account} if pending.meant else None


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _set_cookie(response: Response, name: str, value: str, *, path: str) -> None:
    """``Lax``, because the way back from the consent page begins at another site; plain http needs no ``Secure``."""
    response.set_cookie(name, value, path=path, httponly=True, samesite="lax")
