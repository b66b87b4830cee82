"""The sign-in pages, and the headers that keep a browser from doing anything else with them."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from ..api.text import clean

_TEMPLATES = Path(__file__).parent / "templates"
_SHARED = Path(__file__).parents[1] / "templates"
"""What the sandbox's pages wear too."""
_DENIED = "camera display-capture geolocation hid microphone midi payment serial usb"
# What Google's FAQ lists; its widget writes style attributes, and a hash would switch 'unsafe-inline' off.
_RECAPTCHA = (
    " https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/; "
    "frame-src https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/; "
    "connect-src https://www.google.com/recaptcha/; style-src 'unsafe-inline'; "
    "img-src data: https://www.gstatic.com/recaptcha/"
)


class Pages:
    """Renders the templates, each as one self-contained response.

    There is one style sheet and one script of ours, which the content security policy admits by their hashes.

    Args:
        may: What the assistant may do with the account, as "read and store".
        sandbox: Whether the service is the sandbox: each page says so, and the captcha check is the sandbox's own.
        recaptcha_site_key: Shows Google's reCAPTCHA v2, which loads scripts from Google.
        form_target: The consent page, where there is one. A form may lead to its origin too: browsers apply
            ``form-action`` to the redirect after a post.
        public_host: On which host they are, if not on the person's own computer.
    """

    def __init__(
        self,
        *,
        may: str,
        sandbox: bool,
        recaptcha_site_key: str | None,
        form_target: str | None = None,
        public_host: str | None = None,
    ) -> None:
        style, script = (path.read_text(encoding="utf-8") for path in (_SHARED / "style.css", _TEMPLATES / "script.js"))
        self.sandbox = sandbox
        site_key = None if sandbox else recaptcha_site_key
        self._environment = Environment(
            loader=FileSystemLoader([_TEMPLATES, _SHARED]),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_cleaned,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            captcha="sandbox" if sandbox else "recaptcha" if site_key else None,
            consent=form_target is not None,
            may=may,
            public_host=public_host,
            sandbox=sandbox,
            script=Markup(script),  # noqa: S704 -- our own file
            service="the Rememberizer sandbox" if sandbox else "Rememberizer",
            site_key=site_key,
            style=Markup(style),  # noqa: S704 -- our own file
        )
        self.headers: Mapping[str, str] = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": _policy(style, script, form_target=form_target, recaptcha=bool(site_key)),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _DENIED.split()),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    def render(self, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """Give a page with its headers.

        Raises:
            jinja2.UndefinedError: A value is missing that the template needs.
        """
        page = self._environment.get_template(template).render(values)
        return HTMLResponse(page, status_code=status, headers=self.headers)


def _policy(style: str, script: str, *, form_target: str | None, recaptcha: bool) -> str:
    """Give the content security policy (security.md S39)."""
    target = urlsplit(form_target or "")
    other = f" {target.scheme}://{target.netloc}" if form_target else ""
    policy = f"default-src 'none'; form-action 'self'{other}; base-uri 'none'; frame-ancestors 'none'; "
    policy += f"script-src {_hash_of(script)}"
    return policy + (_RECAPTCHA if recaptcha else f"; style-src {_hash_of(style)}; img-src data:")


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _cleaned(value: Any) -> Any:
    """Take from text what could make it look like other text, such as a right-to-left override."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
