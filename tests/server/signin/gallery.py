"""The pages of ``VIEWS`` on a real loopback socket, without the web app: what a form posts is kept."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.server.signin.support import TICKET, VIEWS, pages, render
from tests.support.ports import site_of


@dataclass
class Gallery:
    """``posted`` is what the forms sent, with the Origin that the browser named."""

    url: str = ""
    posted: list[tuple[str | None, Mapping[str, str]]] = field(default_factory=list)

    def of(self, name: str, *, sandbox: bool = False) -> str:
        """The address of a page."""
        return f"{self.url}/{'sandbox' if sandbox else 'real'}/{name}"

    async def show(self, request: Request) -> Response:
        """A page by its name."""
        given = pages(sandbox=request.path_params["which"] == "sandbox")
        return render(VIEWS[request.path_params["name"]], given)

    async def post(self, request: Request) -> Response:
        """Keep a form, and end."""
        fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        self.posted.append((request.headers.get("origin"), fields))
        return render(VIEWS["done"])


@asynccontextmanager
async def gallery() -> AsyncIterator[Gallery]:
    """Serve the pages while the body runs."""
    hall = Gallery()
    routes = [Route("/{which}/{name}", hall.show, methods=["GET"]), Route(TICKET, hall.post, methods=["POST"])]
    async with site_of(Starlette(routes=routes)) as hall.url:
        yield hall


def look(name: str) -> dict[str, Any]:
    """Playwright's options for how a person may see a page: light, dark, or on a narrow phone."""
    looks: dict[str, dict[str, Any]] = {
        "light": {"color_scheme": "light", "viewport": {"width": 560, "height": 400}, "device_scale_factor": 1.5},
        "dark": {"color_scheme": "dark", "viewport": {"width": 560, "height": 400}, "device_scale_factor": 1.5},
        "phone": {"color_scheme": "light", "viewport": {"width": 320, "height": 568}, "device_scale_factor": 2},
    }
    return looks[name]
