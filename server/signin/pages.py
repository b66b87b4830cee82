"""The sign-in pages, and the headers that keep a browser from doing anything else with them."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from ..api.text import clean

_TEMPLATES = Path(__file__).parent / "templates"
_DENIED = "camera display-capture geolocation hid microphone midi payment serial usb"


class Pages:
    """Renders the templates, each as one self-contained response.

    There is one style sheet, which the content security policy admits by its hash, and no script but that of a captcha.

    Args:
        service: What the person knows it as, within a sentence: "Rememberizer" or "the Rememberizer sandbox".
        sandbox: Whether it is the sandbox; that says so on each page, and has a captcha check of its own.
        recaptcha_site_key: Shows Google's reCAPTCHA v2, which loads scripts from there.
        form_target: An origin besides this one to which a form may lead; browsers apply ``form-action`` to the
            redirect after a post too.
    """

    def __init__(
        self, *, service: str, sandbox: bool, recaptcha_site_key: str | None, form_target: str | None = None
    ) -> None:
        style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
        site_key = None if sandbox else recaptcha_site_key
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_cleaned,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            captcha="sandbox" if sandbox else "recaptcha" if site_key else "field",
            sandbox=sandbox,
            service=service,
            site_key=site_key,
            style=Markup(style),  # noqa: S704 -- our own file
        )
        policy = "; ".join(_policy(style, form_target=form_target, recaptcha=bool(site_key)))
        self.headers: Mapping[str, str] = _headers(policy)

    def render(self, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """Give a page with its headers; a value that the template needs and does not get is an error.

        Raises:
            jinja2.UndefinedError: A value is missing.
        """
        page = self._environment.get_template(template).render(values)
        return HTMLResponse(page, status_code=status, headers=self.headers)


def _policy(style: str, *, form_target: str | None, recaptcha: bool) -> Iterator[str]:
    """Give the directives of the content security policy (security.md S39)."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    yield "default-src 'none'"
    yield " ".join(filter(None, ("form-action 'self'", form_target)))
    yield "base-uri 'none'"
    yield "frame-ancestors 'none'"
    if not recaptcha:
        yield f"style-src 'sha256-{digest}'"
        yield "img-src data:"
        return
    # What Google's FAQ lists; its widget writes style attributes, and a hash would switch 'unsafe-inline' off.
    yield "script-src https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/"
    yield "frame-src https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/"
    yield "connect-src https://www.google.com/recaptcha/"
    yield "style-src 'unsafe-inline'"
    yield "img-src data: https://www.gstatic.com/recaptcha/"


def _headers(policy: str) -> Mapping[str, str]:
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _DENIED.split()),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def _cleaned(value: Any) -> Any:
    """Take from text what could make it look like other text, such as a right-to-left override."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
