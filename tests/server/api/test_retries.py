"""When a call is sent again, after which wait, and how ``Retry-After`` is read."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.blocked import UpstreamBlocked
from rememberizer_mcp.server.api.proxies import Problem, UnusableProxy
from rememberizer_mcp.server.api.retries import (
    LONGEST_RETRY_AFTER_SECONDS,
    MOST_ATTEMPTS,
    explained,
    repeated,
    retry_after_seconds,
)
from rememberizer_mcp.server.errors import (
    Forbidden,
    RateLimited,
    RememberizerError,
    Repair,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)

from tests.support.clock import FakeClock, local_zone
from tests.support.hints import hint

NOW = 1_750_000_000.0


def caused(error: RememberizerError, cause: Exception) -> RememberizerError:
    error.__cause__ = cause
    return error


def named(failure: Exception) -> str:
    return f"{type(failure).__name__} {getattr(failure, 'status', None)} {type(failure.__cause__).__name__}"


async def attempts(
    clock: FakeClock, *failures: BaseException, seconds: float = 1000
) -> tuple[int, BaseException | None]:
    """How often a call is made that fails so, one after the other, and how it ends."""
    made, left = 0, list(failures)

    async def call() -> None:
        nonlocal made
        made += 1
        if left:
            raise left.pop(0)

    try:
        with anyio.fail_after(seconds):
            await repeated(call, sleep=clock.sleep)
    except Exception as error:  # noqa: BLE001 -- how it ends is the answer
        return made, error
    return made, None


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize(
    "failure",
    [
        RateLimited(status=429),
        UpstreamUnavailable(status=502),
        UpstreamUnavailable(status=503),
        UpstreamUnavailable(status=504),
        caused(UpstreamUnreachable(), httpx.ConnectError("no")),
        caused(UpstreamTimeout(), httpx.ConnectTimeout("no")),
        caused(UpstreamTimeout(), httpx.PoolTimeout("no")),
    ],
    ids=named,
)
async def test_a_passing_failure_is_tried_again(clock: FakeClock, failure: RememberizerError) -> None:
    assert await attempts(clock, failure) == (2, None)
    assert await attempts(clock, *[failure] * 9) == (MOST_ATTEMPTS, failure)


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize(
    "failure",
    [
        UpstreamUnavailable(status=500),
        UpstreamUnavailable(status=501),
        caused(UpstreamUnreachable(), httpx.ReadError("cut")),
        caused(UpstreamUnreachable(), httpx.WriteError("cut")),
        caused(UpstreamUnreachable(), httpx.RemoteProtocolError("cut")),
        UpstreamUnreachable(),
        UpstreamTimeout(),
        ZeroDivisionError(),
    ],
    ids=named,
)
async def test_any_other_failure_is_final(clock: FakeClock, failure: Exception) -> None:
    assert await attempts(clock, failure) == (1, failure)
    assert clock.waits == []


@pytest.mark.parametrize(
    ("failure", "may_have_been_done"),
    [
        (caused(UpstreamUnreachable(), httpx.ReadError("cut")), True),
        (UpstreamTimeout(), True),
        (UpstreamUnavailable(status=503), True),
        (caused(UpstreamUnreachable(), httpx.ConnectError("no")), False),
        (caused(UpstreamTimeout(), httpx.ConnectTimeout("no")), False),
        (caused(UpstreamTimeout(), httpx.PoolTimeout("no")), False),
        (caused(UpstreamUnreachable(), UnusableProxy("HTTPS_PROXY", Problem.FORM)), False),
        (UpstreamBlocked(status=403), False),
        (Forbidden(), False),
    ],
)
def test_what_was_not_sent_was_not_done(failure: RememberizerError, may_have_been_done: bool) -> None:
    with pytest.raises(type(failure)) as raised, explained(Repair("look first")):
        raise failure
    assert (hint(raised.value) == "look first") is may_have_been_done


@pytest.mark.promise("upstream:retries:safe-calls-only")
async def test_the_waits_grow_and_hold_jitter(clock: FakeClock) -> None:
    for _ in range(40):
        await attempts(clock, *[UpstreamUnavailable(status=503)] * 9)
    by_attempt = [clock.waits[number :: MOST_ATTEMPTS - 1] for number in range(MOST_ATTEMPTS - 1)]
    for waits, longest in zip(by_attempt, (0.3, 0.6, 1.2), strict=True):
        assert all(0 <= wait <= longest for wait in waits)
        assert len(set(waits)) > 30
        assert max(waits) > longest / 2


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize("wait", [0.0, 3.0, 900.0])
async def test_the_wait_is_what_upstream_asked_for(clock: FakeClock, wait: float) -> None:
    assert await attempts(clock, RateLimited(retry_after_seconds=wait, status=429)) == (2, None)
    assert clock.waits == [wait]


@pytest.mark.promise("upstream:retries:safe-calls-only", "upstream:time:budget")
@pytest.mark.parametrize("wait", [20.0, 86_400.0])
async def test_no_wait_is_begun_that_would_outlast_the_time(clock: FakeClock, wait: float) -> None:
    failure = RateLimited(retry_after_seconds=wait, status=429)
    assert await attempts(clock, failure, seconds=20) == (1, failure)
    assert clock.waits == []


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("0000000000000007", 7),
        ("86401", LONGEST_RETRY_AFTER_SECONDS),
        ("9" * 5000, LONGEST_RETRY_AFTER_SECONDS),
        (format_datetime(datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=90)), 90),
        ("Sun, 15 Jun 2025 17:08:10 +0200", 90),
        ("Sun, 15 Jun 2025 15:08:10 -0000", 90),
        ("Sun, 15 Jun 2025 15:08:10", 90),
        ("Sunday, 15-Jun-25 15:08:10 GMT", 90),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER_SECONDS),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("inf", None),
        ("\u0663", None),
        ("\u00b2", None),
        ("1, 2", None),
        ("soon", None),
        ("Mon, 99 Jan 2024 00:00:00 GMT", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_or_nothing(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, now=NOW) == seconds


@pytest.mark.promise("upstream:retries:safe-calls-only")
@pytest.mark.parametrize("zone", ["EST+5", "XST-14"])
@pytest.mark.parametrize("form", ["", " -0000", " GMT"])
def test_the_date_of_a_retry_after_is_in_utc_wherever_the_server_runs(form: str, zone: str) -> None:
    with local_zone(zone):
        assert retry_after_seconds(f"Sun, 15 Jun 2025 15:08:10{form}", now=NOW) == 90


@pytest.mark.promise("upstream:retries:safe-calls-only")
@settings(deadline=None)
@given(
    header=st.text()
    | st.from_regex(
        r"(Mon, )?[0-9]{1,30} Jan [0-9]{1,30} [0-9]{1,30}:[0-9]{2}(:[0-9]{2})? (GMT|[+-][0-9]{1,30})", fullmatch=True
    )
)
@example(header="Mon, 01 Jan 2024 00:00:00 +" + "9" * 20)
@example(header="Mon, 01 Jan " + "9" * 20 + " 00:00:00 GMT")
@example(header="Mon, " + "9" * 20 + " Jan 2024 00:00:00 GMT")
@example(header="Mon, 01 Jan 0001 00:00:00 +2359")
@example(header="Fri, 31 Dec 9999 23:59:59 -2359")
def test_no_retry_after_whatsoever_does_harm(header: str) -> None:
    seconds = retry_after_seconds(header, now=NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER_SECONDS
