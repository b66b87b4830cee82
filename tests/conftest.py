"""What every test stands on: a clean environment, a strict event loop, and bounded waits."""

import asyncio  # noqa: TID251 -- what anyio runs the tests on is set up here
import functools
import gc
import json
import logging
import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio.lowlevel
import httpx
import pytest
from argon2.profiles import CHEAPEST
from hypothesis import settings
from jinja2 import Environment
from jsonschema import Draft202012Validator
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import ResourceTemplate
from rememberizer_mcp.server.sandbox.data import passwords

from tests.support.clock import FakeClock
from tests.support.commands import lines, missing
from tests.support.tiers import EVERY
from tests.support.unusable_proxies import without_proxies

SLOWEST_CALLBACK_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
"""Half of what a whole test may take."""


settings.register_profile("project", deadline=None)  # the machine is shared: an example's time says nothing
settings.register_profile("usual", settings.get_profile("project"), max_examples=EVERY // 3)  # `make test` names it
settings.load_profile("project")

gc.set_threshold(20_000)  # the usual one made a seventh of the time of those tests that start no process

LEFT_OUT = pytest.StashKey[dict[str, set[str]]]()
"""The tests that were left out, by the command that they lack."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a command that this machine lacks; ``.ci/run`` installs them, and leaves nothing out.

    It comes last, so that only tests that would have run are counted.
    """
    needed = {item: [name for mark in item.iter_markers("needs") for name in mark.args] for item in items}
    lacked = {item: missing(names, os.environ) for item, names in needed.items()}
    note_left_out(config, [(name, item.nodeid) for item, names in lacked.items() for name in names])
    items[:] = [item for item in items if not lacked[item]]
    config.hook.pytest_deselected(items=[item for item, names in lacked.items() if names])


def pytest_collection_finish() -> None:
    """What was collected stays until the end, so that nobody needs to look through it for garbage."""
    gc.freeze()


def note_left_out(config: pytest.Config, noted: Iterable[tuple[str, str]]) -> None:
    """Have these commands and tests counted at the end, by the process that prints; each test once."""
    kept = config.stash.setdefault(LEFT_OUT, {})
    for name, test in noted:
        kept.setdefault(name, set()).add(test)
    pairs = [(name, test) for name, tests in kept.items() for test in sorted(tests)]
    getattr(config, "workeroutput", {})["left_out"] = pairs


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has left out, which is what each of them has; one that crashed says nothing."""
    note_left_out(node.config, getattr(node, "workeroutput", {}).get("left_out", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, for lack of which command."""
    left_out = config.stash.setdefault(LEFT_OUT, {})
    terminalreporter.write("".join(f"left out: {line}\n" for line in lines(left_out)))


class Watched(asyncio.SelectorEventLoop):
    """An event loop that reports callbacks that block it, as it does in debug mode.

    Whoever asks whether it is in debug mode notes a stack for each future, task and callback if it is. That took more
    than the rest of many a test.
    """

    def get_debug(self) -> bool:
        return False


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"debug": True, "loop_factory": Watched}


def seconds_without_a_core(file: Path = Path("/proc/thread-self/schedstat")) -> float:
    """How long this thread has been ready to run while others had all cores; 0 where the system does not say."""
    try:
        return int(file.read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class SlowCallbacks(logging.Filter):
    """Takes what the event loop says of slow callbacks out of the log, for a busy machine makes it say so by chance.

    ``seen`` is what it said of those that took a second or longer by their own time.

    Args:
        waited: Gives how long this thread has waited for a core so far, in seconds.
    """

    def __init__(self, waited: Callable[[], float] = seconds_without_a_core) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._waited = waited
        self._waited_before = waited()

    def filter(self, record: logging.LogRecord) -> bool:
        took = record.args[-1] if isinstance(record.args, tuple) and record.args else None
        if not isinstance(took, float):
            return True
        if took - self._waited() + self._waited_before >= SLOWEST_CALLBACK_SECONDS:
            self.seen.append(record.getMessage())
        return False


@pytest.fixture(scope="session", autouse=True)
def each_schema_is_checked_once() -> Iterator[None]:
    """The SDK's client checks the schema of a result anew in each session, which takes longer than the call."""
    checked: set[str] = set()
    check = Draft202012Validator.check_schema

    def check_once(schema: Mapping[str, Any]) -> None:
        text = json.dumps(schema)
        if text not in checked:
            check(schema)
            checked.add(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Draft202012Validator, "check_schema", check_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def trace() -> dict[str, str]:
    """The variables by which a process traces itself for `make coverage`: only one of a ``traced`` test has them."""
    return {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_")}


@pytest.fixture(scope="session", autouse=True)
def clients_are_patient() -> Iterator[None]:
    """A test's HTTP client that names no patience has httpx's: 5 s, which a sandbox may take on a busy machine.

    The product's client names its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        for wait in ("connect", "read", "write", "pool"):
            patch.setattr(f"httpx._config.DEFAULT_TIMEOUT_CONFIG.{wait}", PATIENCE_SECONDS)
        yield


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """A test's HTTP client would read all authorities anew, which takes longer than what it asks on loopback."""
    usual = httpx.create_ssl_context(trust_env=False)

    def create_once(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        is_usual = (verify, cert, trust_env) == (True, None, False)
        return usual if is_usual else httpx.create_ssl_context(verify, cert, trust_env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", create_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def templates_are_compiled_once() -> Iterator[None]:
    """Each server of a test has its own pages, and would compile their templates anew."""
    compiled: dict[tuple[Any, ...], Any] = {}
    compile_anew: Any = Environment.compile

    def compile_once(self: Environment, source: Any, *names: Any, **options: Any) -> Any:
        key = (source, names, *options.items(), self.finalize, self.autoescape, self.trim_blocks, self.lstrip_blocks)
        if key not in compiled:
            compiled[key] = compile_anew(self, source, *names, **options)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def prompts_and_resources_are_read_once() -> Iterator[None]:
    """Each server of a test has the same functions, and would make a model of the arguments of each anew."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (Prompt, ResourceTemplate):
            patch.setattr(kind, "from_function", functools.cache(kind.from_function))
        yield


@pytest.fixture(scope="session", autouse=True)
def tasks_are_looked_at_out_of_step() -> Iterator[None]:
    """``wait_all_tasks_blocked`` looks ten times a second, as often as uvicorn works.

    On a busy machine it may see that at work each time, and has no end then.
    """

    def is_blocked(task: Any) -> bool:
        return task._fut_waiter is not None and not task._fut_waiter.done()  # noqa: SLF001 -- as anyio does

    async def wait(_: type) -> None:
        await anyio.lowlevel.checkpoint()
        while not all(map(is_blocked, asyncio.all_tasks() - {asyncio.current_task()})):  # noqa: ASYNC110 -- as there
            await anyio.sleep(0.07)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anyio._backends._asyncio.AsyncIOBackend.wait_all_tasks_blocked", classmethod(wait))
        yield


@pytest.fixture(autouse=True)
def blocked_loop_fails() -> Iterator[None]:
    """A callback that blocks the event loop for a second fails the test."""
    slow = SlowCallbacks()
    logger = logging.getLogger("asyncio")
    logger.addFilter(slow)
    yield
    logger.removeFilter(slow)
    assert not slow.seen


@pytest.fixture(autouse=True)
def password_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process a hash takes no quarter of a second; a module with a fixture of this name has its own."""
    monkeypatch.setattr(passwords, "COSTS", CHEAPEST)


@pytest.fixture(autouse=True)
def clean_environment(request: pytest.FixtureRequest, trace: Mapping[str, str]) -> Iterator[None]:
    """No setting of the developer's machine reaches a test, and none of a test's outlives it."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: value for name, value in before.items() if not name.upper().startswith("REMEMBERIZER_")})
    os.environ.update(trace if request.node.get_closest_marker("traced") else {})
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def no_proxies() -> None:
    """Of the machine that runs the test; ``clean_environment`` puts them back."""
    kept = without_proxies(dict(os.environ))
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
