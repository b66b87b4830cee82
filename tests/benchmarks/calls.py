"""What a call costs, over stdio to a server that runs already."""

from collections.abc import Callable

from rememberizer_mcp.server.sessions.limiter import MOST_ATTEMPTS

from tests.benchmarks.exchange import Exchange
from tests.benchmarks.figures import Figure
from tests.benchmarks.starts import ACCOUNT, BARE, OURS, SANDBOX, sign_up_and_in
from tests.support.process import running

CALLS_PER_RUN = 50
WARM_UP = 20
MOST_LOGINS = MOST_ATTEMPTS - 2
"""What the limit of a minute leaves after ``sign_up_and_in``."""


def call_figures(runs: int) -> list[Figure]:
    """Calls to the bare server and to ours in turn; both are warm."""
    with running(command=BARE) as bare, running(command=OURS) as ours, running(command=SANDBOX) as sandbox:
        ping, nobody, somebody = Exchange(bare), Exchange(ours), Exchange(sandbox)
        sign_up_and_in(somebody)
        many = runs * CALLS_PER_RUN
        figures = [
            _figure("session_status, signed out", many, ping, lambda: nobody.call("session_status")),
            _figure("session_status, signed in", many, ping, lambda: somebody.call("session_status")),
            _figure("login, signed in already", many, ping, lambda: somebody.call("login")),
            _figure("login with a password", min(runs, MOST_LOGINS), ping, lambda: somebody.call("login", **ACCOUNT)),
        ]
        sandbox.end_input()
    return figures


def _figure(what: str, times: int, ping: Exchange, call: Callable[[], float]) -> Figure:
    if times >= CALLS_PER_RUN:  # the few logins with a password are warm by then, and each counts against the limit
        _in_turn(WARM_UP, ping, call)
    pairs = _in_turn(times, ping, call)
    return Figure(
        group="One call over stdio",
        what=what,
        unit="ms",
        ours=[ours for _, ours in pairs],
        bare=[bare for bare, _ in pairs],
    )


def _in_turn(times: int, ping: Exchange, call: Callable[[], float]) -> list[tuple[float, float]]:
    return [(ping.call("ping") * 1000, call() * 1000) for _ in range(times)]
