"""What it takes to serve over HTTP: the settings that can't be used there, and who the clients are."""

from collections.abc import Iterator
from functools import partial

from ..api.issuer import Issuer
from ..api.issuer_requests import IssuerClient
from ..api.turns import Turns
from ..clients import Authorization, Clients
from ..meter import Meter
from ..sessions.shelf import SharedShelf
from ..settings.settings import Settings, variable
from ..settings.values import is_loopback
from ..signin.public import PublicPages
from .app import PATH
from .principal import owner_of, person_of
from .verifier import Verifier

EVERYBODYS = ("email", "password", "captcha", "refresh_token", "api_token", "vector_store_token", "upload_dirs")
"""Settings that are one person's: over HTTP each client could use them."""
MOST_SESSIONS = 10_000
IN_ALL, BY_ONE = 64, 4
"""Calls to Rememberizer at once in each lane. With 8 in all, 64 callers got 142 answers a second at 50 ms each."""

LOCKED_BEYOND_SECONDS = 10.0
"""How long a lock lives beyond the time that its holder may spend on Rememberizer."""


def refused(settings: Settings, host: str) -> list[str]:
    """A sentence for each setting and option with which nobody is served over HTTP."""
    everybodys = [name for name in EVERYBODYS if getattr(settings, name)]
    everybodys += ["keep_signed_in"] if settings.keep_signed_in != "off" else []
    problems = [f"{variable(name)}: can't be used with --http, where it would be everybody's" for name in everybodys]
    return [*problems, *_refused_of_store(settings), *_refused_of_issuer(settings, host)]


def _refused_of_store(settings: Settings) -> Iterator[str]:
    if settings.store:
        try:
            from ..sessions import redis_shelf  # noqa: PLC0415, F401 -- its library is an extra; is it there?
        except ModuleNotFoundError:
            yield f"{variable('store')}: needs the library redis; install `rememberizer-mcp[hosted]`"


def _refused_of_issuer(settings: Settings, host: str) -> Iterator[str]:
    """Other machines are served only by the tokens of an issuer, for an address that the tokens can name."""
    issuer = variable("issuer")
    if settings.issuer:
        if not settings.public_url:
            yield f"{issuer}: needs {variable('public_url')} beside it, which tokens must name"
        return
    if settings.public_url:
        yield f"{variable('public_url')}: needs {issuer} beside it, whose tokens say who asks"
    elif not is_loopback(host):
        yield f"--host: must be an address of this machine alone, such as 127.0.0.1, without {issuer}"
    if settings.issuer_client_id:
        yield f"{variable('issuer_client_id')}: needs {issuer} beside it"


def clients(settings: Settings, meter: Meter | None = None) -> Clients:
    """Those with a token of the issuer, each its own owner. Without an issuer those on this machine, each by handle."""
    meter = meter or Meter()
    of_many = partial(
        Clients,
        most_sessions=MOST_SESSIONS,
        remembered_seconds=settings.session_hours * 3600,
        turns=partial(Turns, in_all=IN_ALL, by_one=BY_ONE),
        owner_of=owner_of,
        may_open_browser=False,
        meter=meter,
        shared=_shared(settings, meter),
        keys=settings.store_keys,
    )
    if not settings.issuer or not settings.public_url:
        return of_many(name_sessions=True)
    return of_many(authorization=authorized(settings.public_url, _issuer(settings, settings.issuer)))


def _shared(settings: Settings, meter: Meter) -> SharedShelf | None:
    if not settings.store:
        return None
    from ..sessions.redis_shelf import RedisShelf  # noqa: PLC0415 -- its library is an extra

    lock_seconds = settings.timeout_seconds + LOCKED_BEYOND_SECONDS
    return RedisShelf(settings.store, keys=settings.store_keys, lock_seconds=lock_seconds, meter=meter)


def authorized(url: str, issuer: Issuer) -> Authorization:
    """What the tokens of this issuer make possible at this public URL."""
    verifier = Verifier(issuer, resource=url + PATH)
    pages = PublicPages(url, issuer=issuer, person_of=person_of)
    return Authorization(url=url, issuer=issuer, verifier=verifier, settings=verifier.settings, pages=pages)


def _issuer(settings: Settings, url: str) -> Issuer:
    client = None
    if settings.issuer_client_id and settings.issuer_client_secret:
        client = IssuerClient(client_id=settings.issuer_client_id, client_secret=settings.issuer_client_secret)
    return Issuer(url, client=client)
