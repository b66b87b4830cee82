"""``SingleFlight``: one run for all who ask, whatever becomes of any of them."""

from collections.abc import Awaitable, Callable

import anyio
import pytest
from anyio.abc import TaskGroup
from hypothesis import given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.api.budget import budget
from rememberizer_mcp.server.errors import InternalError, RateLimited, RememberizerError, UpstreamTimeout
from rememberizer_mcp.server.sessions.flight import SingleFlight

from tests.support.tiers import examples


class Run:
    """A run that a test holds mid-flight; ``ending`` is what it raises."""

    def __init__(self, ending: Exception | None = None) -> None:
        self.ending = ending
        self.starts = self.ends = 0
        self.under_way = anyio.Event()
        self.may_end = anyio.Event()

    async def __call__(self) -> None:
        self.starts += 1
        self.under_way.set()
        await self.may_end.wait()
        self.ends += 1
        if self.ending:
            raise self.ending


async def outcome(flight: SingleFlight, results: list[RememberizerError | None]) -> None:
    try:
        await flight.join()
    except RememberizerError as error:
        results.append(error)
    else:
        results.append(None)


async def all_wait(tasks: TaskGroup, flight: SingleFlight, run: Run, *, callers: int) -> list[RememberizerError | None]:
    """Start callers, and return once the run is under way and each of them waits for it."""
    results: list[RememberizerError | None] = []
    for _ in range(callers):
        tasks.start_soon(outcome, flight, results)
    await run.under_way.wait()
    await anyio.wait_all_tasks_blocked()
    return results


async def test_fifty_callers_at_once_share_one_run() -> None:
    run = Run()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            results = await all_wait(tasks, flight, run, callers=50)
            assert (run.starts, results) == (1, [])
            run.may_end.set()
    assert (run.starts, results) == (1, [None] * 50)


@pytest.mark.promise("sessions:refresh:cancelled-caller")
async def test_a_cancelled_caller_stops_neither_run_nor_others() -> None:
    run, first = Run(), anyio.CancelScope()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)

            async def impatient() -> None:
                with first:
                    await flight.join()

            tasks.start_soon(impatient)
            results = await all_wait(tasks, flight, run, callers=3)
            first.cancel()
            await anyio.wait_all_tasks_blocked()
            assert (run.ends, results) == (0, [])
            run.may_end.set()
    assert first.cancelled_caught
    assert (run.starts, run.ends, results) == (1, 1, [None] * 3)


async def test_a_failure_reaches_everybody_as_an_exception_of_their_own() -> None:
    run = Run(ending=RateLimited("Slow down.", repair="Wait.", retry_after_seconds=7, status=429))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            results = await all_wait(tasks, flight, run, callers=3)
            run.may_end.set()
    assert len({id(error) for error in (*results, run.ending)}) == 4
    assert [vars(error) for error in results if error] == [vars(run.ending)] * 3
    assert {type(error) for error in results} == {RateLimited}


async def test_when_its_time_is_over_the_caller_leaves_and_the_run_goes_on() -> None:
    run = Run()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            with budget(0.01), pytest.raises(UpstreamTimeout):
                await flight.join()
            results = await all_wait(tasks, flight, run, callers=1)
            run.may_end.set()
    assert (run.starts, run.ends, results) == (1, 1, [None])


async def test_a_crash_is_an_internal_error_and_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    run = Run(ending=ZeroDivisionError("what went wrong"))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            results = await all_wait(tasks, flight, run, callers=2)
            run.may_end.set()
    assert {type(error) for error in results} == {InternalError}
    assert "what went wrong" not in "".join(map(str, results))
    assert "what went wrong" in caplog.text


async def test_after_a_failure_the_next_caller_starts_afresh() -> None:
    run = Run(ending=RateLimited())
    run.may_end.set()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            with pytest.raises(RateLimited):
                await flight.join()
            run.ending = None
            await flight.join()
    assert run.starts == 2


async def test_a_run_cut_off_with_its_group_leaves_nobody_waiting() -> None:
    run = Run()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as callers, anyio.create_task_group() as runs:
            flight = SingleFlight(run, spawn=runs.start_soon)
            results = await all_wait(callers, flight, run, callers=2)
            runs.cancel_scope.cancel()
    assert {type(error) for error in results} == {InternalError}
    with anyio.fail_after(5):
        await flight.settled()


async def test_a_run_that_can_not_start_blocks_no_later_one() -> None:
    run = Run()
    run.may_end.set()
    closed = True

    def spawn(work: Callable[[], Awaitable[None]]) -> None:
        if closed:
            raise RuntimeError("this task group is not active")

        async def fly() -> None:
            await work()

        tasks.start_soon(fly)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=spawn)
            with pytest.raises(RuntimeError, match="not active"):
                await flight.join()
            closed = False
            with budget(0.5):
                await flight.join()
    assert run.ends == 1


async def test_settled_waits_for_the_end_of_a_run_and_no_longer_than_the_caller_s_time() -> None:
    run, seen, told = Run(), list[int](), anyio.Event()

    async def ask(seconds: float) -> None:
        with budget(seconds):
            await flight.settled()
        seen.append(run.ends)
        told.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            await flight.settled()
            await all_wait(tasks, flight, run, callers=1)
            tasks.start_soon(ask, 0)
            await told.wait()
            tasks.start_soon(ask, 5)
            await anyio.wait_all_tasks_blocked()
            run.may_end.set()
    assert seen == [0, 1]


@given(patience=st.lists(st.integers(0, 6), min_size=1, max_size=12))
@settings(max_examples=examples(50), deadline=None)
async def test_runs_never_overlap_whoever_comes_and_goes(patience: list[int]) -> None:
    active = most = finished = 0

    async def run() -> None:
        nonlocal active, most, finished
        active += 1
        most = max(most, active)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        active -= 1
        finished += 1

    async def caller(steps: int) -> None:
        with anyio.CancelScope() as scope:
            tasks.start_soon(leave, scope, steps)
            await flight.join()

    async def leave(scope: anyio.CancelScope, steps: int) -> None:
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        scope.cancel()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            for steps in patience:
                tasks.start_soon(caller, steps)
                await anyio.lowlevel.checkpoint()
    assert (active, most) == (0, 1)
    assert finished >= 1


@pytest.mark.promise("upstream:refresh:once-a-call")
async def test_within_one_call_alone_a_run_that_failed_is_not_started_again() -> None:
    run, other = Run(ending=RateLimited(status=429)), Run()
    run.may_end.set()
    other.may_end.set()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            flight, second = (SingleFlight(each, spawn=tasks.start_soon) for each in (run, other))
            for starts in (1, 2):
                with budget(100):
                    errors = list[RememberizerError]()
                    for _ in range(3):
                        with pytest.raises(RateLimited) as raised:
                            await flight.join()
                        errors.append(raised.value)
                    await second.join()
                assert (run.starts, other.starts) == (starts, starts)
                assert len({id(error) for error in errors}) == 3
                assert {error.status for error in errors} == {429}
            with pytest.raises(RateLimited):
                await flight.join()
            assert run.starts == 3


@pytest.mark.promise("upstream:refresh:once-a-call")
async def test_within_one_call_a_run_that_succeeded_can_follow_another() -> None:
    run = Run()
    run.may_end.set()
    with anyio.fail_after(5), budget(100):
        async with anyio.create_task_group() as tasks:
            flight = SingleFlight(run, spawn=tasks.start_soon)
            for _ in range(2):
                await flight.join()
    assert run.starts == 2
