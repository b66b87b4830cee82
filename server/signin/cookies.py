"""``Cookies``: what the pages keep in a browser."""

from dataclasses import dataclass
from math import ceil

from starlette.requests import Request
from starlette.responses import Response

from .pending import PendingSignIn

_PAGE = "sign_in"
_HOST = "__Host-"


@dataclass(frozen=True)
class Cookies:
    """The pages' cookies, here or on a public address.

    On a public address no other site of the domain can set them, by their prefix. That wants ``Secure`` and the path
    ``/``, so that a page's cookie needs a name of its own. Here plain http wants no ``Secure``, and paths tell apart.
    """

    are_public: bool = False

    def of_page(self, request: Request, pending: PendingSignIn) -> str | None:
        """The cookie by which a page knows this browser again."""
        return self.get(request, self._name_for(pending))

    def set_of_page(
        self, response: Response, pending: PendingSignIn, value: str, *, seconds: float | None = None
    ) -> None:
        """Let the browser keep that cookie, for so many seconds or until it is closed."""
        self.set(response, self._name_for(pending), value, path=f"/{pending.ticket}", seconds=seconds)

    def get(self, request: Request, name: str) -> str | None:
        """The value of a cookie: the first of this name, which is the one with the longest path.

        The name is compared to the letter. Starlette strips from names what Python takes for white space, such as a
        no-break space, and a browser lets other sites of the domain set a cookie that has one before its name.
        """
        pairs = ";".join(request.headers.getlist("Cookie")).split(";")
        found = (pair.strip(" \t").partition("=") for pair in pairs)
        return next((value for given, _, value in found if given == self._prefix + name), None)

    def set(self, response: Response, name: str, value: str, *, path: str, seconds: float | None = None) -> None:
        """Let the browser keep a cookie, likewise. It is ``Lax``, because other sites lead back here."""
        response.set_cookie(
            self._prefix + name,
            value,
            path="/" if self.are_public else path,
            max_age=None if seconds is None else ceil(seconds),
            secure=self.are_public,
            httponly=True,
            samesite="lax",
        )

    @property
    def _prefix(self) -> str:
        return _HOST if self.are_public else ""

    def _name_for(self, pending: PendingSignIn) -> str:
        return f"{_PAGE}-{pending.id}" if self.are_public else _PAGE
