"""The body of an answer: how much of it is read and unpacked, and in what memory."""

import gzip
import tracemalloc

import httpx
import pytest
from rememberizer_mcp.server.api.client import MOST_BODY_BYTES
from rememberizer_mcp.server.errors import ResponseTooLarge, UpstreamError, UpstreamProtocolError

from tests.support.rest import Parts, api_of, send
from tests.support.upstream import reply


@pytest.mark.promise("upstream:answers:bounded")
async def test_a_body_is_read_up_to_five_megabytes() -> None:
    full = b'"' + b"x" * (MOST_BODY_BYTES - 2) + b'"'
    api, _ = api_of([reply(200, content=full), reply(200, content=full + b" ")])
    assert (await send(api)).body.raw == full
    with pytest.raises(ResponseTooLarge) as raised:
        await send(api)
    assert raised.value.status == 200


@pytest.mark.promise("upstream:answers:bounded")
async def test_an_endless_body_is_left_at_the_cap() -> None:
    parts = Parts(*[b"x" * 1_000_000] * 6, endless=True)
    api, _ = api_of(lambda _: httpx.Response(200, stream=parts))
    with pytest.raises(ResponseTooLarge):
        await send(api)


@pytest.mark.promise("upstream:answers:bounded")
@pytest.mark.parametrize(
    ("layers", "expected"), [(1, ResponseTooLarge), (2, UpstreamProtocolError)], ids=["one layer", "two layers"]
)
async def test_a_body_that_unpacks_without_end_takes_no_memory(layers: int, expected: type[UpstreamError]) -> None:
    bomb = b"\0" * 30_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb, compresslevel=1)
    headers = {"Content-Encoding": ", ".join(["gzip"] * layers)}
    api, _ = api_of(lambda _: httpx.Response(200, headers=headers, stream=Parts(bomb)))
    tracemalloc.start()
    try:
        with pytest.raises(expected):
            await send(api)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_can_not_be_unpacked_is_a_broken_protocol(encoding: str) -> None:
    api, _ = api_of(
        lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Parts(b"\x1f\x8bjunk"))
    )
    with pytest.raises(UpstreamProtocolError):
        await send(api)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
async def test_a_packed_body_is_unpacked(encoding: str) -> None:
    packed = gzip.compress(b'{"a": 1}')
    parts = Parts(packed[:15], packed[15:], b"what stands behind it", b"is nothing")
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=parts))
    assert (await send(api)).body.fields == {"a": 1}


@pytest.mark.promise("upstream:answers:bounded")
async def test_a_packed_body_is_read_up_to_five_megabytes_as_well() -> None:
    full = b'"' + b"x" * (MOST_BODY_BYTES - 2) + b'"'
    bodies = [full, full + b" "]

    def answer(_: httpx.Request) -> httpx.Response:
        packed = gzip.compress(bodies.pop(0))
        parts = Parts(*(packed[at : at + 1_000] for at in range(0, len(packed), 1_000)))
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=parts)

    api, _ = api_of(answer)
    assert (await send(api)).body.raw == full
    with pytest.raises(ResponseTooLarge):
        await send(api)


@pytest.mark.promise("upstream:answers:bounded")
async def test_what_stands_behind_a_packed_body_takes_no_memory() -> None:
    parts = Parts(gzip.compress(b'{"a": 1}'), *[b"x" * 1_000_000] * 30)
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=parts))
    tracemalloc.start()
    try:
        assert (await send(api)).is_success
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, identity"])
async def test_an_encoding_that_was_not_asked_for_is_a_broken_protocol(encoding: str) -> None:
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Parts(b"{}")))
    with pytest.raises(UpstreamProtocolError):
        await send(api)


async def test_a_body_said_to_be_as_it_is_is_read() -> None:
    api, _ = api_of(lambda _: httpx.Response(200, headers={"Content-Encoding": "identity"}, stream=Parts(b"{}")))
    assert (await send(api)).is_success
