"""What ours adds to one request of the API: ten thousand documents, searched and listed, beside httpx alone."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import anyio
import httpx
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SandboxConfig
from rememberizer_mcp.server.sandbox.data.accounts import Accounts
from rememberizer_mcp.server.sandbox.data.database import Database
from rememberizer_mcp.server.sandbox.data.documents import account_shelf
from rememberizer_mcp.server.sandbox.data.library import Library
from rememberizer_mcp.server.sandbox.data.passwords import Passwords

from tests.benchmarks.exchange import Exchange
from tests.benchmarks.figures import Figure
from tests.benchmarks.starts import OURS
from tests.support.agent import ADA
from tests.support.http_sandbox import http_sandbox
from tests.support.process import clean_environment, running

DOCUMENTS = 10_000
WORDS = 500
"""Different ones, of which each document holds twenty."""
CALLS_PER_RUN = 20
WARM_UP = 10


class Both(NamedTuple):
    """The two that ask the same."""

    ours: Exchange
    http: httpx.Client


def document_figures(runs: int) -> list[Figure]:
    """Each request once by a tool and once by httpx alone, in turn."""
    with _signed_in() as both:
        many = runs * CALLS_PER_RUN
        return [
            _figure("search", many, lambda: both.ours.call("search", query=_query(), limit=5), lambda: _search(both)),
            _figure(
                "list_documents", many, lambda: both.ours.call("list_documents", page_size=20), lambda: _list(both)
            ),
        ]


@contextmanager
def _signed_in() -> Iterator[Both]:
    with TemporaryDirectory() as folder:
        data = Path(folder, "sandbox.sqlite")
        anyio.run(_fill, data)
        with http_sandbox(Path(folder), "--data", str(data)) as base_url:
            environment = clean_environment(
                BASE_URL=base_url, EMAIL=ADA["email"], PASSWORD=ADA["password"], CAPTCHA=SANDBOX_CAPTCHA
            )
            with (
                running(command=OURS, environment=environment) as process,
                httpx.Client(base_url=base_url, trust_env=False) as http,
            ):
                ours = Exchange(process)
                ours.call("login")
                login = {"login": ADA["email"], "password": ADA["password"], "captcha": SANDBOX_CAPTCHA}
                http.post("auth/signin/", json=login).raise_for_status()
                yield Both(ours, http)
                process.end_input()


async def _fill(data: Path) -> None:
    database = Database(data)
    hashed = await Passwords().hash(ADA["password"])
    account = Accounts(database).create(email=ADA["email"], name="Ada", password_hash=hashed)
    library = Library(database, SandboxConfig(data=data))
    with database.transaction():
        for number in range(DOCUMENTS):
            library.add(account_shelf(account.id), name=f"Document {number}", text=_text(), created_at=0)
    database.close()


def _text() -> str:
    return " ".join(_word() for _ in range(20)) + "."


def _query() -> str:
    return f"{_word()} {_word()}"


def _word() -> str:
    return f"word{secrets.randbelow(WORDS)}"


def _search(both: Both) -> float:
    query = {"q": _query(), "n": "5", "prev_chunks": "2", "next_chunks": "2"}
    return _timed(lambda: both.http.get("documents/search/", params=query))


def _list(both: Both) -> float:
    return _timed(lambda: both.http.get("documents/", params={"page": "1", "page_size": "20"}))


def _timed(ask: Callable[[], httpx.Response]) -> float:
    begun = time.perf_counter()
    ask().raise_for_status()
    return time.perf_counter() - begun


def _figure(what: str, times: int, ours: Callable[[], float], theirs: Callable[[], float]) -> Figure:
    for _ in range(WARM_UP):
        ours()
        theirs()
    pairs = [(ours() * 1000, theirs() * 1000) for _ in range(times)]
    allowed = 1.3 * median(other for _, other in pairs) + 2
    return Figure(
        group="One call among 10,000 documents; bare: the same request by httpx",
        what=f"{what}, aim {allowed:.1f}",
        unit="ms",
        ours=[mine for mine, _ in pairs],
        bare=[other for _, other in pairs],
    )
