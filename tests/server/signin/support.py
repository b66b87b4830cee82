"""Every page as a person may meet it, with values that the tests look for again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, NamedTuple

from rememberizer_mcp.server.signin.pages import Pages
from rememberizer_mcp.server.signin.pending import End
from rememberizer_mcp.server.signin.sentences import ending
from starlette.responses import HTMLResponse

SITE_KEY = "6Lc-site-key"
TICKET = "/a-ticket-of-the-test"
CODE = "amber falcon"
RESET = "https://rememberizer.ai/"
"""The one address elsewhere: the web site, which says how a password is reset."""
ADA = {"masked": "a…@example.org", "another": False}
ANOTHER = ADA | {"another": True}


class View(NamedTuple):
    """A template with what it is rendered with."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


def form(template: str, *, field: str | None = None, error: str | None = None, **values: Any) -> View:
    """A page with a form, and perhaps a complaint about a field."""
    given: dict[str, Any] = {
        "base": TICKET,
        "confirm_code": CODE,
        "asked_by": "Claude Desktop 1.2",
        "minutes": 10,
        "closes_at": "2026-11-30T12:00:00+00:00",
        "values": {},
        "error": error,
        "field": field,
    }
    shown: dict[str, dict[str, Any]] = {
        "verify.html": {"mailed_code": None},
        "sign_up.html": {"account": None, "has_name": False},
    }
    return View(template, {**given, **shown.get(template, {"account": None}), **values})


VIEWS: Mapping[str, View] = {
    "sign-in": form("sign_in.html"),
    "sign-in-again": form(
        "sign_in.html",
        values={"email": "ada@example.org"},
        error="Rememberizer did not accept this e-mail and password.",
        field="password",
    ),
    "sign-in-unreachable": form("sign_in.html", error="Rememberizer can't be reached. Nothing was lost: try again."),
    "sign-in-captcha": form("sign_in.html", error="Rememberizer asks for a captcha response.", field="captcha"),
    "sign-in-account": form("sign_in.html", account=ADA),
    "sign-in-other": form(
        "sign_in.html",
        account=ADA,
        values={"email": "mallory@example.org"},
        error="This page takes the account a…@example.org only.",
        field="email",
    ),
    "sign-in-another": form("sign_in.html", account=ANOTHER),
    "sign-up": form("sign_up.html"),
    "sign-up-account": form("sign_up.html", account=ADA, has_name=True),
    "sign-up-again": form(
        "sign_up.html",
        values={"email": "ada@example.org", "name": "Ada Lovelace"},
        error="There is an account with this e-mail address already. Sign in with it instead.",
        field="email",
    ),
    "browser-session": form("browser_session.html"),
    "browser-session-account": form("browser_session.html", account=ADA),
    "another-account": form("another_account.html", account=ADA),
    "verify": form("verify.html", email="ada@example.org"),
    "verify-elsewhere": form("verify.html", email="a…@example.org"),
    "verify-unknown": form("verify.html", email=None),
    "verify-again": form(
        "verify.html",
        email="ada@example.org",
        error="This code is wrong, used or too old. Take the newest mail.",
        field="verification_code",
    ),
    "verify-mailed": form("verify.html", email="ada@example.org", mailed_code="795740"),
    "oauth": form("oauth.html"),
    "oauth-account": form("oauth.html", account=ADA),
    "done": View("done.html", {"email": "ada@example.org", "name": "Ada Lovelace", "verified": True}),
    "done-unverified": View("done.html", {"email": "ada@example.org", "name": None, "verified": False}),
    "done-unknown": View("done.html", {"email": None, "name": None, "verified": True}),
    "stopped": View("stopped.html", dict(zip(("reason", "advice"), ending(End.STOPPED), strict=True)), 410),
    "used": View("stopped.html", dict(zip(("reason", "advice"), ending(End.SIGNED_IN), strict=True)), 410),
    "refused": View("refused.html", {}, 404),
}
FORMS = {name: view for name, view in VIEWS.items() if "base" in view.values}


@dataclass
class Seen(HTMLParser):
    """Every element of a page as (name, attributes), in order."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute stands twice: {attrs}"
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def named(self, name: str) -> dict[str, str | None]:
        (found,) = [attributes for _, attributes in self.elements if attributes.get("name") == name]
        return found


def pages(*, sandbox: bool = False, recaptcha_site_key: str | None = None, form_target: str | None = None) -> Pages:
    return Pages(may="read and store", sandbox=sandbox, recaptcha_site_key=recaptcha_site_key, form_target=form_target)


def render(view: View, given: Pages | None = None) -> HTMLResponse:
    return (given or pages()).render(view.template, status=view.status, **view.values)


def text(view: View, given: Pages | None = None) -> str:
    return bytes(render(view, given).body).decode()


def seen(view: View, given: Pages | None = None) -> Seen:
    parser = Seen()
    parser.feed(text(view, given))
    return parser
