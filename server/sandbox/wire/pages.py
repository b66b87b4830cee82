"""The pages that people read, and the headers that keep a browser from doing anything else with them."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ..config import (
    OUTBOX_PATH,
    SANDBOX_CAPTCHA,
    SANDBOX_GUEST_EMAIL,
    SANDBOX_GUEST_PASSWORD,
    SANDBOX_HEADER,
    SandboxConfig,
)
from ..data.api_keys import ApiKeys
from ..data.outbox import Outbox

_POLICY = "Content-Security-Policy"
_TEMPLATES = Path(__file__).parent / "templates"
_SHARED = Path(__file__).parents[2] / "templates"
"""What the sign-in page wears too."""


class Pages:
    """Renders the templates with one style sheet, which the content security policy admits by its hash."""

    def __init__(self) -> None:
        self._style = (_SHARED / "style.css").read_text(encoding="utf-8")
        self._environment = Environment(
            loader=FileSystemLoader([_TEMPLATES, _SHARED]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._environment.globals["style"] = self._style
        self._environment.filters["utc"] = _utc

    def headers(self) -> Mapping[str, str]:
        """Give the headers of every reply, pages and API alike (security.md S39)."""
        return {
            SANDBOX_HEADER: "1",
            "Cache-Control": "no-store",
            _POLICY: self._policy(form_action="'none'"),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    def index_route(self, config: SandboxConfig) -> Route:
        """Give the first page: what this is, and the API documentation's commands with this server's address."""

        async def index(request: Request) -> Response:
            base_url = f"{request.url.scheme}://{request.url.netloc}"
            return self._render(
                "index.html",
                base_url=base_url,
                captcha=SANDBOX_CAPTCHA,
                guest=(SANDBOX_GUEST_EMAIL, SANDBOX_GUEST_PASSWORD),
                variants=config.variants,
                apps=config.apps,
            )

        return Route("/", index, methods=["GET"])

    def outbox_route(self, outbox: Outbox, shown_keys: ApiKeys) -> Route:
        """Give the outbox page. A client that accepts `application/json` gets `{"letters": [...], "api_keys": [...]}`.

        The letters come oldest first.
        """

        async def show(request: Request) -> Response:
            letters, keys = outbox.letters(), shown_keys.shown()
            if "application/json" in request.headers.get("accept", ""):
                return JSONResponse(
                    {"letters": [asdict(letter) for letter in letters], "api_keys": [asdict(key) for key in keys]}
                )
            return self._render("outbox.html", letters=letters[::-1], keys=keys)

        return Route(OUTBOX_PATH, show, methods=["GET"])

    def page(self, template: str, *, status: int = 200, form_action: str = "'none'", **values: object) -> HTMLResponse:
        """Give a page whose form may lead to the sources of `form_action`, by redirects as well (CSP 3)."""
        response = self._render(template, **values)
        response.status_code = status
        response.headers[_POLICY] = self._policy(form_action=form_action)
        return response

    def _policy(self, *, form_action: str) -> str:
        style_hash = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        return (
            f"default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action {form_action}; "
            "frame-ancestors 'none'"
        )

    def _render(self, template: str, **values: object) -> HTMLResponse:
        return HTMLResponse(self._environment.get_template(template).render(values))


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
