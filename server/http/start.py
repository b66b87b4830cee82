"""What it takes to serve over HTTP: the settings that can't be used there, and who the clients are."""

from functools import partial

from ..api.turns import Turns
from ..app import Clients
from ..settings.settings import Settings, variable
from ..settings.values import is_loopback

EVERYBODYS = ("email", "password", "captcha", "refresh_token", "api_token", "vector_store_token", "upload_dirs")
"""Settings that are one person's: over HTTP each client could use them."""
MOST_SESSIONS = 10_000
IN_ALL, BY_ONE = 64, 4
"""Calls to Rememberizer at once in each lane. With 8 in all, 64 callers got 142 answers a second at 50 ms each."""


def refused(settings: Settings, host: str) -> list[str]:
    """A sentence for each setting and option with which nobody is served over HTTP."""
    everybodys = [name for name in EVERYBODYS if getattr(settings, name)]
    everybodys += ["keep_signed_in"] if settings.keep_signed_in != "off" else []
    problems = [f"{variable(name)}: can't be used with --http, where it would be everybody's" for name in everybodys]
    if not is_loopback(host):
        problems.append("--host: must be an address of this machine alone, such as 127.0.0.1")
    return problems


def clients(settings: Settings) -> Clients:
    """Clients on this machine: nobody says who they are, so a handle opens its session."""
    return Clients(
        owner_of=lambda: None,
        most_sessions=MOST_SESSIONS,
        remembered_seconds=settings.session_hours * 3600,
        turns=partial(Turns, in_all=IN_ALL, by_one=BY_ONE),
        name_sessions=True,
        may_open_browser=False,
    )
