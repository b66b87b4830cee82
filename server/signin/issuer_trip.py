"""``IssuerTrips``: the way of a remote person to their page, by a sign-in at the issuer. Nobody else gets there (S9).

A trip begins at the link, and ends where the issuer leads back to. It is used once, and by the browser that began it.
Which page it leads to stands here and not in its state.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from hmac import compare_digest
from http import HTTPStatus
from math import ceil
from secrets import token_urlsafe

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ..api.issuer import Issuer, TokenRefused
from ..api.issuer_requests import IssuerUnavailable
from ..api.issuer_sign_in import IssuerSignIn
from ..sessions.states import Environment
from .browsers import Browsers
from .consent import read_trip
from .cookies import Cookies
from .pending import PendingSignIn

TRIP_SECONDS = 600.0
MOST_TRIPS_OF_PAGE = 100
"""Within the life of a trip. Who has a link can keep nobody from other pages."""
_KIND = "issuer-trip"
_COOKIE = "issuer_trip"
_BROWSER = re.compile(r"[\w-]{43}", re.ASCII)
_NOT_NOW = "It can't be found out who you are at the moment. Open the link again in a minute.\n"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, repr=False)
class _Trip:
    ticket: str
    state: str
    nonce: str
    verifier: str
    browser: str


class IssuerTrips:
    """The trips that are under way.

    Args:
        issuer: Where people sign in, for our client.
        base_url: The address of the pages.
        person_of: The issuer and the subject of a session's owner.
        environment: What sessions share.
    """

    callback_path = "/issuer/callback"
    """Below the address of the pages."""
    cookies = Cookies(are_public=True)

    def __init__(
        self, *, issuer: Issuer, base_url: str, person_of: Callable[[str], tuple[str, str]], environment: Environment
    ) -> None:
        self._issuer = issuer
        self._base_url = base_url
        self._person_of = person_of
        self._environment = environment
        self._browsers = Browsers(environment.shelf, now=environment.now)

    async def leave(self, request: Request, pending: PendingSignIn) -> Response:
        """Lead a browser to the issuer. What the link opens is not shown before (S4)."""
        shelf, trips = self._environment.shelf, f"trips {pending.id}"
        if wait := await shelf.attempt(trips, most=MOST_TRIPS_OF_PAGE, seconds=TRIP_SECONDS):
            return _not_now(wait)
        given = self.cookies.get(request, _COOKIE) or ""
        browser = given if _BROWSER.fullmatch(given) else token_urlsafe(32)
        sign_in = self._sign_in()
        try:
            response = _see(await sign_in.address())
        except IssuerUnavailable as unavailable:
            return _not_now(unavailable.retry_after_seconds)
        trip = _Trip(
            ticket=pending.ticket,
            state=sign_in.state,
            nonce=sign_in.nonce,
            verifier=sign_in.verifier,
            browser=browser,
        )
        await shelf.put(_KIND, trip.state, to_json(asdict(trip)), seconds=TRIP_SECONDS)
        self.cookies.set(response, _COOKIE, browser, path="/", seconds=TRIP_SECONDS)
        return response

    async def come_back(
        self, request: Request, find: Callable[[str], Awaitable[PendingSignIn | None]]
    ) -> Response | None:
        """Let a browser through that comes back with its page's own person; for anybody else there is no answer.

        A wrong state or browser leaves every trip as it is (S37). The page is found by its ticket.
        """
        given, browser = request.query_params, self.cookies.get(request, _COOKIE) or ""
        trip = read_trip(_Trip, await self._environment.shelf.get(_KIND, given.get("state", "")))
        if trip is None or not compare_digest(trip.browser.encode(), browser.encode()):
            return None
        pending = await find(trip.ticket)
        if pending is None or await self._environment.shelf.take(_KIND, trip.state) is None:
            return None
        try:
            problem = await self._problem(trip, pending, given.get("code"))
        except IssuerUnavailable as unavailable:
            return _not_now(unavailable.retry_after_seconds)
        cookie = None if problem else await self._browsers.let_in(pending)
        if cookie is None:
            why = problem or "too many browsers"
            logger.warning("the sign-in page of session %s… opened for nobody: %s", pending.session.handle[:8], why)
            return None
        response = _see(pending.url)
        self.cookies.set_of_page(response, pending, cookie, seconds=self._browsers.seconds_of(pending))
        return response

    def _sign_in(self, **secrets: str) -> IssuerSignIn:
        redirect_uri = self._base_url + self.callback_path
        return IssuerSignIn(issuer=self._issuer, redirect_uri=redirect_uri, now=self._environment.now, **secrets)

    async def _problem(self, trip: _Trip, pending: PendingSignIn, code: str | None) -> str | None:
        """Why the page doesn't open; nothing if its own person signed in."""
        if code is None:
            return "nobody signed in at the issuer"
        with self._environment.secrets.during([code]):
            try:
                sign_in = self._sign_in(state=trip.state, nonce=trip.nonce, verifier=trip.verifier)
                person = await sign_in.person(code)
            except TokenRefused as why:
                return f"the issuer's answer was refused ({why})"
        is_owner = person == self._person_of(pending.session.owner)
        return None if is_owner else "somebody else signed in at the issuer"


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _not_now(seconds: float) -> Response:
    again = {"Retry-After": str(ceil(seconds))}
    return PlainTextResponse(_NOT_NOW, HTTPStatus.SERVICE_UNAVAILABLE, again)
