"""The web application behind the page.

A post that succeeds answers with a redirect to the page itself, which shows what comes next: so a reload or a second
click sends nothing twice.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ..api.account import Me
from ..api.oauth import OAuthClient
from ..errors import InternalError, RememberizerError, StoreUnavailable, UnknownSession
from ..loopback import WithHeaders
from . import consent, handover
from .actions import Actions, Ended, Visit
from .browsers import Browsers
from .consent import Consent
from .cookies import Cookies
from .forms import FORMS, Complaint
from .guard import Guard, read_fields
from .pages import Pages
from .pending import End, PendingSignIn, first_of, masked
from .sentences import complaint_about, ending

if TYPE_CHECKING:
    from .issuer_trip import IssuerTrips

_PATHS = (None, "sign-in", "sign-up", "another-account")
_CAPTCHA_OF_GOOGLE = "g-recaptcha-response"
_SECRETS = ("password", "captcha", "refresh_token", "verification_code")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, repr=False)
class SignInSite:
    """The pages of all open sign-ins, and for a while of those that have ended."""

    find: Callable[[str], Awaitable[PendingSignIn | None]]
    """Finds a page by its ticket."""
    actions: Actions
    browsers: Browsers
    pages: Pages
    client: OAuthClient | None
    give_up_port: Callable[[], bool]
    """Gives up the port, unless a page is open; says whether."""
    trips: "IssuerTrips | None" = None
    """Where only a page's own person may see it: how they come there."""
    origin: str | None = None
    """The public origin of the pages; without one they are at a port of this machine."""

    @property
    def cookies(self) -> Cookies:
        """How the pages know a browser again."""
        return Cookies(are_public=self.origin is not None)

    def app(self) -> ASGIApp:
        """Give the application. Every answer carries the pages' headers, which keep a browser from anything else."""

        async def refused(_: Request, __: Exception) -> Response:
            return self._refused()

        routes = [
            Route(consent.CALLBACK_PATH, self.come_back),
            self._own_route(),
            Route("/{ticket}", self.show),
            Route("/{ticket}", self.submit, methods=["POST"]),
            Route("/{ticket}/{form}", self.show),
        ]
        app = Starlette(routes=routes, exception_handlers={404: refused, 405: refused, RememberizerError: _later})
        app.router.redirect_slashes = False
        return WithHeaders(Guard(app, public_origin=self.origin), self.pages.headers)

    def _own_route(self) -> Route:
        """What only pages at a port have, or only those on a public address."""
        if self.trips is None:
            return Route(handover.PATH, self.hand_over, methods=["POST"])
        trips = self.trips

        async def come_from_issuer(request: Request) -> Response:
            return await trips.come_back(request, self.find) or self._refused()

        return Route(trips.callback_path, come_from_issuer)

    async def show(self, request: Request) -> Response:
        """Show a form, or what comes after it."""
        pending, path = await self.find(request.path_params["ticket"]), request.path_params.get("form")
        if pending is None:
            return self._refused()
        browser = await self._browser(request, pending)
        if self.trips and browser is None:
            return await self.trips.leave(request, pending)
        if pending.was_finished_in(browser):
            return self._done(pending, is_named=True)
        if not self.actions.is_open(pending):
            return self._ended(pending)
        if not self._has_page(path):
            return self._refused()
        fields = {"form": path.replace("-", "_")} if path else {}
        response = self._form(Visit(pending=pending, browser=browser, fields=fields))
        if browser is None and (cookie := await self.browsers.let_in(pending)):
            self.cookies.set_of_page(response, pending, cookie)
        return response

    async def _browser(self, request: Request, pending: PendingSignIn) -> str | None:
        """The page's cookie, if it let this browser in before."""
        return await self.browsers.known(pending, self.cookies.of_page(request, pending))

    def _has_page(self, path: str | None) -> bool:
        """Whether there is one below a ticket: the sandbox invites no cookie of a real account."""
        match path:
            case "browser-session":
                return not self.pages.sandbox
            case "oauth":
                return self.client is not None
        return path in _PATHS

    async def submit(self, request: Request) -> Response:
        """Take a form."""
        pending = await self.find(request.path_params["ticket"])
        if pending is None:
            return self._refused()
        browser = await self._browser(request, pending)
        if self.trips and browser is None:
            return self._refused()
        fields = await _read(request, pending)
        if _CAPTCHA_OF_GOOGLE in fields:
            fields["captcha"] = fields.pop(_CAPTCHA_OF_GOOGLE)
        visit = Visit(pending=pending, browser=browser, fields=fields)
        with self.actions.environment.secrets.during({fields[name].strip() for name in _SECRETS if name in fields}):
            if fields.get("form") == "oauth" and self.client is not None and self.actions.is_open(pending):
                return await self._to_consent(visit, self.client)
            return await self._outcome(visit, self.actions.take(visit))

    async def hand_over(self, _: Request) -> Response:
        """Give the port to another process of this user, if no page here is open."""
        return Response(status_code=HTTPStatus.NO_CONTENT if self.give_up_port() else HTTPStatus.CONFLICT)

    async def come_back(self, request: Request) -> Response:
        """Take what the OAuth consent page sent back. A wrong state or browser leaves every trip as it is (S37)."""
        given, environment = request.query_params, self.actions.environment
        browser, state = self.cookies.get(request, consent.BROWSER_COOKIE) or "", given.get("state", "")
        with environment.secrets.during([given.get("code", "")]):
            trip = await Consent.come_back(environment.shelf, state=state, browser=browser)
            pending = await self.find(trip.ticket) if trip else None
            if trip is None or pending is None or self.client is None:
                return self._refused()
            return await self._take_answer(pending, trip, self.client, given)

    async def _take_answer(
        self, pending: PendingSignIn, trip: Consent, client: OAuthClient, given: Mapping[str, str]
    ) -> Response:
        if "code" not in given:
            is_declined = given.get("error") == "access_denied"
            await pending.stop_alone(End.DECLINED if is_declined else End.FAILED)
            return self._ended(pending)
        visit = Visit(pending=pending, browser=trip.page_browser, fields={"form": "oauth"})
        work = self.actions.take_code(visit, client, code=given["code"], verifier=trip.verifier)
        return await self._outcome(visit, work)

    async def _outcome(self, visit: Visit, work: Awaitable[None]) -> Response:
        pending = visit.pending
        try:
            await work
        except Complaint as complaint:
            wrong = complaint
        except (Ended, UnknownSession):
            return _see(pending.url) if pending.was_finished_in(visit.browser) else self._ended(pending)
        except StoreUnavailable:
            raise
        except RememberizerError as error:
            wrong = complaint_about(error, form=None if self.pages.sandbox else visit.form)
        except Exception:
            logger.exception("the sign-in page failed")
            wrong = complaint_about(InternalError())
        else:
            if pending.end is End.SIGNED_IN and not pending.was_finished_in(visit.browser):
                # A browser without cookies can't be shown the last page again: this answer is the last page.
                return self._done(pending, is_named=visit.form != "verify")
            return _see(pending.url)
        return self._ended(pending) if pending.end is End.STOPPED else self._form(visit, wrong)

    def _form(self, visit: Visit, wrong: Complaint | None = None) -> Response:
        pending, form = visit.pending, _form_for(visit)
        email = pending.email_in(visit.browser)
        seconds_left = pending.expires_at - self.actions.environment.now()
        return self.pages.render(
            f"{form}.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            base=urlsplit(pending.url).path,
            confirm_code=pending.confirm_code,
            asked_by=pending.asked_by,
            minutes=max(1, round(seconds_left / 60)),
            closes_at=datetime.fromtimestamp(pending.expires_at, UTC).isoformat(),
            account=_account(pending),
            has_name=pending.name is not None,
            mailed_code=self._mailed_code(pending),
            email=email or (masked(pending.entered_email) if pending.entered_email else None),
            values={"email": visit.fields.get("email", email), "name": visit.fields.get("name", "")},
            error=wrong.sentence if wrong else None,
            field=wrong.field if wrong and wrong.field in FORMS[form].model_fields else None,
        )

    def _mailed_code(self, pending: PendingSignIn) -> str | None:
        embedded = self.actions.embedded
        return embedded.newest_code(pending.entered_email) if embedded and pending.entered_email else None

    async def _to_consent(self, visit: Visit, client: OAuthClient) -> Response:
        trip = Consent(ticket=visit.pending.ticket, page_browser=visit.browser)
        await trip.leave(self.actions.environment.shelf, seconds=self.browsers.seconds_of(visit.pending))
        response = _see(trip.address(client))
        self.cookies.set(response, consent.BROWSER_COOKIE, trip.browser, path=consent.CALLBACK_PATH)
        return response

    def _done(self, pending: PendingSignIn, *, is_named: bool) -> Response:
        """Give the last page; `is_named` if it may name the account, as it does to the browser that signed in."""
        account = pending.account or Me()
        shown = account if is_named and pending.shows_email else Me()
        return self.pages.render("done.html", email=shown.email, name=shown.name, verified=account.email_verified)

    def _ended(self, pending: PendingSignIn) -> Response:
        """Say how a page ended, to everybody who has its link."""
        reason, advice = ending(pending.end)
        return self.pages.render("stopped.html", status=HTTPStatus.GONE, reason=reason, advice=advice)

    def _refused(self) -> Response:
        return self.pages.render("refused.html", status=HTTPStatus.NOT_FOUND)


async def _later(_: Request, __: Exception) -> Response:
    said = "This page can't be shown at the moment. Open the link again in a minute.\n"
    return PlainTextResponse(said, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"})


async def _read(request: Request, pending: PendingSignIn) -> dict[str, str]:
    """Read the fields of the form: none if it can't be read, or isn't whole before its page ends."""
    return await first_of(pending.ended.wait, partial(read_fields, request)) or {}


def _form_for(visit: Visit) -> str:
    """Choose the form to show: the one that was asked for, or the code's once only the mailed code is missing."""
    pending, form = visit.pending, visit.form
    if pending.wants_code:
        return "verify"
    is_possible = form in FORMS and form != "verify" and (form != "another_account" or pending.only_account is not None)
    return form if is_possible else pending.form


def _account(pending: PendingSignIn) -> Mapping[str, object] | None:
    """What anybody may see of the account that the page is for."""
    email = pending.for_account
    return {"masked": masked(email), "another": pending.another_account} if email else None


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
