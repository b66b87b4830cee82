"""Servers over HTTP, each in a process of its own, and the CPU time that a process takes."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection

from tests.benchmarks.starts import OURS
from tests.support.http_server import STARTS_WITHIN_SECONDS
from tests.support.issuer import AuthorizationServer
from tests.support.ports import free_port
from tests.support.process import Process, clean_environment, running
from tests.support.upstream import PREFIX

UPSTREAM = (sys.executable, "-m", "tests.benchmarks.upstream")


@contextmanager
def serving(command: Sequence[str], *, port: int, **settings: str) -> Iterator[Process]:
    """Start it, and wait until it takes connections at this port of this machine."""
    with running(command=command, environment=clean_environment(**settings)) as process:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not _hears(port):
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        yield process


@contextmanager
def ours_serving(*, port: int, **settings: str) -> Iterator[Process]:
    """Ours, as an operator starts it."""
    with serving((*OURS, "serve", "--http", "--port", str(port)), port=port, **settings) as process:
        yield process


@contextmanager
def upstream_serving(life_seconds: float | None = None) -> Iterator[str]:
    """The base URL of an upstream that answers at once, whose access tokens live so long, or else for good."""
    port = free_port()
    life = () if life_seconds is None else (str(life_seconds),)
    with serving((*UPSTREAM, str(port), *life), port=port):
        yield f"http://127.0.0.1:{port}{PREFIX}"


def authorized_by(issuer: AuthorizationServer, port: int) -> dict[str, str]:
    """The settings of ours with which the issuer's tokens say who asks."""
    return {"ISSUER": issuer.url, "PUBLIC_URL": f"http://127.0.0.1:{port}"}


def tokens_of(issuer: AuthorizationServer, port: int, people: int) -> list[str]:
    """A token for each of so many people, for the server at this port."""
    resource, late = f"http://127.0.0.1:{port}/mcp", int(time.time()) + 86_400
    return [issuer.signed(sub=f"person-{number}", aud=resource, exp=late) for number in range(people)]


def _hears(port: int) -> bool:
    with suppress(OSError), create_connection(("127.0.0.1", port)):
        return True
    return False


def cpu_ms(process: Process) -> float:
    """Milliseconds that all its threads have run, by the kernel's scheduler, which counts in nanoseconds."""
    tasks = Path(f"/proc/{process.popen.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6
