"""``IssuerTrips``: the way of a remote person to their page, by a sign-in at the issuer. Nobody else gets there (S9).

A trip begins at the link, and ends where the issuer leads back to. It is used once, and by the browser that began it.
Which page it leads to stands here and not in its state.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from http import HTTPStatus
from secrets import token_urlsafe
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ..api.issuer import Issuer, TokenRefused
from ..api.issuer_requests import IssuerUnavailable
from ..api.issuer_sign_in import IssuerSignIn
from ..sessions.states import Environment
from .cookies import Cookies
from .pending import AFTER_SECONDS, PendingSignIn

TRIP_SECONDS = 600.0
MOST_TRIPS_OF_PAGE = 16
"""Of which the oldest is forgotten; who has a link can't end the trips to other pages."""
_COOKIE = "issuer_trip"
_BROWSER = re.compile(r"[\w-]{43}", re.ASCII)
_NOT_NOW = "It can't be found out who you are at the moment. Open the link again in a minute.\n"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Trip:
    pending: PendingSignIn
    sign_in: IssuerSignIn
    browser: str = field(repr=False)
    ends_at: float
    """In Unix seconds."""


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
        self._trips: WeakValueDictionary[str, _Trip] = WeakValueDictionary()
        """By their states; the pages hold them."""

    async def leave(self, request: Request, pending: PendingSignIn) -> Response:
        """Lead a browser to the issuer. What the link opens is not shown before (S4)."""
        given = self.cookies.get(request, _COOKIE) or ""
        browser = given if _BROWSER.fullmatch(given) else token_urlsafe(32)
        redirect_uri = self._base_url + self.callback_path
        sign_in = IssuerSignIn(issuer=self._issuer, redirect_uri=redirect_uri, now=self._environment.now)
        try:
            response = _see(await sign_in.address())
        except IssuerUnavailable as unavailable:
            return _not_now(unavailable)
        trip = _Trip(pending=pending, sign_in=sign_in, browser=browser, ends_at=self._environment.now() + TRIP_SECONDS)
        pending.trips = [*pending.trips, trip][-MOST_TRIPS_OF_PAGE:]
        self._trips[sign_in.state] = trip
        self.cookies.set(response, _COOKIE, browser, path="/", seconds=TRIP_SECONDS)
        return response

    async def come_back(self, request: Request) -> Response | None:
        """Let a browser through that comes back with its page's own person; for anybody else there is no answer.

        A wrong state or browser leaves every trip as it is (S37).
        """
        given, browser = request.query_params, self.cookies.get(request, _COOKIE) or ""
        trip = self._trips.get(given.get("state", ""))
        if trip is None or not compare_digest(trip.browser.encode(), browser.encode()):
            return None
        pending = trip.pending
        del self._trips[trip.sign_in.state]
        if self._environment.now() >= trip.ends_at:
            return None
        try:
            problem = await self._problem(trip, given.get("code"))
        except IssuerUnavailable as unavailable:
            return _not_now(unavailable)
        cookie = None if problem else pending.know_browser(None)
        if cookie is None:
            why = problem or "too many browsers"
            logger.warning("the sign-in page of session %s… opened for nobody: %s", pending.session.handle[:8], why)
            return None
        response = _see(pending.url)
        seconds = pending.expires_at + AFTER_SECONDS - self._environment.now()
        self.cookies.set_of_page(response, pending, cookie, seconds=seconds)
        return response

    async def _problem(self, trip: _Trip, code: str | None) -> str | None:
        """Why the page doesn't open; nothing if its own person signed in."""
        if code is None:
            return "nobody signed in at the issuer"
        with self._environment.secrets.during([code]):
            try:
                person = await trip.sign_in.person(code)
            except TokenRefused as why:
                return f"the issuer's answer was refused ({why})"
        is_owner = person == self._person_of(trip.pending.session.owner)
        return None if is_owner else "somebody else signed in at the issuer"


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _not_now(unavailable: IssuerUnavailable) -> Response:
    again = {"Retry-After": str(unavailable.retry_after_seconds)}
    return PlainTextResponse(_NOT_NOW, HTTPStatus.SERVICE_UNAVAILABLE, again)
