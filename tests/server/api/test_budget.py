"""``budget``: how long a call may ask, and that nothing but asking is ended by it."""

import anyio
import pytest
from rememberizer_mcp.server.api.budget import USUAL_SECONDS, begin_anew, budget, extend_to, is_over, requesting
from rememberizer_mcp.server.errors import UpstreamTimeout

from tests.support.sessions import resync


def seconds_left() -> float:
    with requesting():
        return anyio.current_effective_deadline() - anyio.current_time()


def close_to(seconds: float) -> object:
    return pytest.approx(seconds, abs=5)


async def test_outside_a_scope_a_request_has_the_usual_time() -> None:
    begin_anew()
    extend_to(1000)
    assert seconds_left() == close_to(USUAL_SECONDS)
    assert not is_over()


async def test_the_innermost_scope_counts_and_the_outer_one_again_after_it() -> None:
    with budget(100):
        with budget(1000):
            assert seconds_left() == close_to(1000)
        assert seconds_left() == close_to(100)


async def test_a_scope_of_anyio_s_shortens_the_time() -> None:
    with budget(1000), anyio.move_on_after(100):
        assert seconds_left() == close_to(100)
        await anyio.lowlevel.checkpoint()


async def test_time_that_began_anew_is_as_long_as_it_is_needed() -> None:
    with budget(0):
        assert is_over()
        begin_anew()
        extend_to(100)
        assert (is_over(), seconds_left()) == (False, close_to(100))
        extend_to(1)
        assert seconds_left() == close_to(100)


async def test_a_task_that_was_started_inside_has_the_same_time_as_its_call() -> None:
    seen: list[float] = []

    async def look() -> None:
        seen.append(seconds_left())

    async with anyio.create_task_group() as tasks:
        with budget(100):
            tasks.start_soon(look)
    assert seen == [close_to(100)]


@pytest.mark.promise("upstream:time:budget")
async def test_what_is_asked_ends_with_the_time_by_an_error_of_its_own() -> None:
    with budget(0.01), pytest.raises(UpstreamTimeout) as raised, requesting():
        await anyio.sleep_forever()
    assert raised.value.__cause__ is None


async def test_what_is_no_request_goes_on_when_the_time_is_over() -> None:
    with anyio.fail_after(5), budget(0):
        await anyio.sleep(0.01)


async def test_a_call_that_is_cancelled_is_not_taken_for_one_whose_time_is_over() -> None:
    with budget(100), anyio.CancelScope() as scope, requesting():
        scope.cancel()
        await anyio.sleep_forever()
    assert scope.cancelled_caught
    await resync()
