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
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ..api.account import Me
from ..api.oauth import OAuthClient
from ..errors import InternalError, RememberizerError, SignInFailed, UnknownSession
from ..loopback import WithHeaders
from . import consent, handover
from .actions import Actions, Ended, Visit
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

    by_ticket: Mapping[str, PendingSignIn]
    actions: Actions
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
        app = Starlette(routes=routes, exception_handlers={404: refused, 405: refused})
        app.router.redirect_slashes = False
        return WithHeaders(Guard(app, public_origin=self.origin), self.pages.headers)

    def _own_route(self) -> Route:
        """What only pages at a port have, or only those on a public address."""
        if self.trips is None:
            return Route(handover.PATH, self.hand_over, methods=["POST"])
        trips = self.trips

        async def come_from_issuer(request: Request) -> Response:
            return await trips.come_back(request) or self._refused()

        return Route(trips.callback_path, come_from_issuer)

    async def show(self, request: Request) -> Response:
        """Show a form, or what comes after it."""
        pending, path = self.by_ticket.get(request.path_params["ticket"]), request.path_params.get("form")
        if pending is None:
            return self._refused()
        browser = self.cookies.of_page(request, pending)
        if self.trips and not pending.knows(browser):
            return await self.trips.leave(request, pending)
        if pending.was_finished_in(browser):
            return self._done(pending, is_named=True)
        if not self.actions.is_open(pending):
            return self._ended(pending)
        if not self._has_page(path):
            return self._refused()
        fields = {"form": path.replace("-", "_")} if path else {}
        response = self._form(Visit(pending=pending, browser=browser, fields=fields))
        if cookie := pending.know_browser(browser):
            self.cookies.set_of_page(response, pending, cookie)
        return response

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
        pending = self.by_ticket.get(request.path_params["ticket"])
        if pending is None:
            return self._refused()
        browser = self.cookies.of_page(request, pending)
        if self.trips and not pending.knows(browser):
            return self._refused()
        fields = await _read(request, pending)
        if _CAPTCHA_OF_GOOGLE in fields:
            fields["captcha"] = fields.pop(_CAPTCHA_OF_GOOGLE)
        visit = Visit(pending=pending, browser=browser, fields=fields)
        with self.actions.environment.secrets.during({fields[name].strip() for name in _SECRETS if name in fields}):
            if fields.get("form") == "oauth" and self.client is not None and self.actions.is_open(pending):
                return self._to_consent(visit, self.client)
            return await self._outcome(visit, self.actions.take(visit))

    async def hand_over(self, _: Request) -> Response:
        """Give the port to another process of this user, if no page here is open."""
        return Response(status_code=HTTPStatus.NO_CONTENT if self.give_up_port() else HTTPStatus.CONFLICT)

    async def come_back(self, request: Request) -> Response:
        """Take what the OAuth consent page sent back. A wrong state or browser leaves every trip as it is (S37)."""
        given, browser = request.query_params, self.cookies.get(request, consent.BROWSER_COOKIE) or ""
        for pending in self.by_ticket.values():
            if pending.consent and pending.consent.is_ended_by(state=given.get("state", ""), browser=browser):
                trip, pending.consent = pending.consent, None
                return await self._take_answer(pending, trip, given)
        return self._refused()

    async def _take_answer(self, pending: PendingSignIn, trip: Consent, given: Mapping[str, str]) -> Response:
        if "code" not in given:
            is_declined = given.get("error") == "access_denied"
            await self.actions.stop(pending, End.DECLINED if is_declined else End.FAILED)
            return self._ended(pending)
        visit = Visit(pending=pending, browser=trip.page_browser, fields={"form": "oauth"})
        with self.actions.environment.secrets.during([given["code"]]):
            return await self._outcome(visit, self.actions.take_code(visit, trip, code=given["code"]))

    async def _outcome(self, visit: Visit, work: Awaitable[None]) -> Response:
        pending = visit.pending
        try:
            await work
        except Complaint as complaint:
            wrong = complaint
        except (Ended, UnknownSession):
            return _see(pending.url) if pending.was_finished_in(visit.browser) else self._ended(pending)
        except RememberizerError as error:
            if isinstance(error, SignInFailed):
                pending.trouble = error
            wrong = complaint_about(error, form=None if self.pages.sandbox else visit.form)
        except Exception:
            logger.exception("the sign-in page failed")
            wrong = complaint_about(InternalError())
        else:
            if pending.end is End.SIGNED_IN and not pending.was_finished_in(visit.browser):
                # A browser without cookies can't be shown the last page again: this answer is the last page.
                return self._done(pending, is_named=visit.form != "verify")
            return _see(pending.url)
        return await self._again(visit, wrong)

    async def _again(self, visit: Visit, wrong: Complaint) -> Response:
        """Give the form once more with a sentence about it, or end the page if that was one attempt too many."""
        visit.pending.attempts_left -= wrong.is_attempt
        if visit.pending.attempts_left <= 0:
            await self.actions.stop(visit.pending, End.STOPPED)
            return self._ended(visit.pending)
        return self._form(visit, wrong)

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

    def _to_consent(self, visit: Visit, client: OAuthClient) -> Response:
        visit.pending.consent = trip = Consent(client=client, page_browser=visit.browser)
        response = _see(trip.address)
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
