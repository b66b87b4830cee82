"""A call that was sent twice, because a kept connection stayed silent: which of the two answers or failures counts."""

import anyio
import httpx
import pytest
from rememberizer_mcp.server.api.kept_connections import Trace, first_answer
from rememberizer_mcp.server.errors import AccountChanged


async def on_a_silent_one(trace: Trace) -> None:
    """As httpcore does on a kept connection that doesn't answer at once."""
    await trace("http11.receive_response_headers.started", {})


async def raced(first: str | Exception, second: str | Exception) -> str:
    """Both are under way when the first ends, and the second ends last."""
    silent, over = anyio.Event(), anyio.Event()

    async def send(trace: Trace) -> str:
        await on_a_silent_one(trace)
        await silent.wait()
        over.set()
        return outcome(first)

    async def again() -> str:
        silent.set()
        await over.wait()
        await anyio.lowlevel.checkpoint()
        return outcome(second)

    with anyio.fail_after(2):  # a quarter of it is how long the first one may be silent
        return await first_answer(send, again)


def outcome(value: str | Exception) -> str:
    if isinstance(value, Exception):
        raise value
    return value


CUT, REFUSED = httpx.ReadError("cut"), httpx.ConnectError("no route")


@pytest.mark.promise("upstream:kept-connection:slow")
@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [("one", "two", "one"), (CUT, "two", "two"), ("one", AccountChanged(), "one"), (CUT, REFUSED, REFUSED)],
)
async def test_a_failure_of_one_does_not_end_the_other(
    first: str | Exception, second: str | Exception, answer: str | Exception
) -> None:
    if isinstance(answer, Exception):
        with pytest.raises(type(answer)) as raised:
            await raced(first, second)
        assert raised.value is answer
    else:
        assert await raced(first, second) == answer
    await anyio.lowlevel.checkpoint()


@pytest.mark.promise("upstream:kept-connection:slow")
@pytest.mark.parametrize("failure", [CUT, AccountChanged()])
async def test_a_failure_before_the_patience_ends_is_final(failure: Exception) -> None:
    async def send(trace: Trace) -> str:
        await on_a_silent_one(trace)
        return outcome(failure)

    with anyio.fail_after(5), pytest.raises(type(failure)):
        await first_answer(send, lambda: pytest.fail("sent again"))
