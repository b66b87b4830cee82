"""Upload of files: one multipart request, streamed, held to the documented limits, and never half a file (§6.7)."""

import os
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.abc import ByteStream, SocketAttribute
from pydantic import SecretStr
from rememberizer_mcp.server.api.api_key import ApiKey
from rememberizer_mcp.server.api.client import RememberizerAPI
from rememberizer_mcp.server.api.uploads import CHUNK_BYTES, TYPES, Uploaded, check, upload
from rememberizer_mcp.server.errors import InvalidArguments, UpstreamProtocolError, UpstreamUnavailable
from rememberizer_mcp.tools.vector_stores.local_files import opened

from tests.support.hints import hint
from tests.support.sessions import resync
from tests.support.stores import DOCUMENTS, STORE, STORE_KEY, filed, key_on, stocked
from tests.support.upstream import FakeUpstream, reply

UPLOAD = f"{DOCUMENTS}/upload"
MEGABYTE = 1024 * 1024
Steps = list[tuple[int, int]]


def written(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in files]


def sized(folder: Path, **sizes: int) -> list[str]:
    """Text files of these sizes that take no room."""
    paths = written(folder, {f"{name}.txt": b"" for name in sizes})
    for path, size in zip(paths, sizes.values(), strict=True):
        os.truncate(path, size)
    return paths


async def sent(
    upstream: FakeUpstream,
    folder: Path,
    paths: list[str],
    *,
    report: Callable[[int, int], Awaitable[None]] | None = None,
) -> tuple[Uploaded, Steps]:
    steps: Steps = []

    async def note(done: int, whole: int) -> None:
        steps.append((done, whole))

    async with key_on(upstream) as key:
        with opened([folder], paths) as files:
            done = await upload(key, store_id=STORE, files=files, report=report or note)
    return done, steps


def parts(request: httpx.Request) -> list[Message]:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.content)
    assert message.is_multipart()
    return [part for part in message.walk() if not part.is_multipart()]


@pytest.mark.promise("tools:uploads:limits-first")
async def test_files_are_sent_as_they_are_in_one_request(tmp_path: Path) -> None:
    files = {
        "a.txt": b"plain",
        "b.PDF": bytes(range(256)) * 5_000,
        "short.md": b"#",
        "lines.json": b'\r\n--{"a": 1}\r\n',
    }
    upstream = stocked()
    done, steps = await sent(upstream, tmp_path, written(tmp_path, files))
    assert [each.id for each in done.documents] == [10]
    (request,) = upstream.requests
    assert (request.method, request.headers["X-API-Key"]) == ("POST", STORE_KEY)
    assert int(request.headers["Content-Length"]) == len(request.content)
    assert "transfer-encoding" not in request.headers
    received = parts(request)
    assert [part.get_filename() for part in received] == list(files)
    assert {part.get_param("name", header="content-disposition") for part in received} == {"files"}
    assert [part.get_content_type() for part in received] == [
        *("text/plain", "application/pdf", "text/markdown", "application/json")
    ]
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    for part, content in zip(request.content.split(b"--" + boundary)[1:], files.values(), strict=False):
        assert part.endswith(b"\r\n\r\n" + content + b"\r\n")
    assert steps[-1] == (sum(map(len, files.values())),) * 2
    assert steps == sorted(steps)
    assert steps[1][0] - steps[0][0] == CHUNK_BYTES


@pytest.mark.promise("tools:uploads:limits-first")
async def test_a_name_can_not_break_out_of_its_header(tmp_path: Path) -> None:
    upstream = stocked()
    unsafe = 'x"; name="other"\r\nX-Evil: 1\r\n\r\n\x7f7.txt'
    await sent(upstream, tmp_path, written(tmp_path, {unsafe: b"1", "żółć 文.txt": b"2"}))
    first, second = parts(upstream.requests[0])
    assert first.keys() == ["Content-Disposition", "Content-Type"]
    assert first.get_filename() == "x%22; name=%22other%22%0D%0AX-Evil: 1%0D%0A%0D%0A%7F7.txt"
    assert 'filename="żółć 文.txt"'.encode() in upstream.requests[0].content
    assert second.get_payload() == "2"


@pytest.mark.promise("tools:uploads:limits-first")
async def test_every_documented_type_is_taken(tmp_path: Path) -> None:
    names = [f"file{ending}" for ending in TYPES]
    paths = written(tmp_path, dict.fromkeys(names, b"1"))
    upstream = stocked()
    await sent(upstream, tmp_path, paths)
    assert [part.get_content_type() for part in parts(upstream.requests[0])] == list(TYPES.values())
    assert {ending.lstrip(".") for ending in TYPES} == {
        *("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "md", "json", "html", "htm")
    }


@pytest.mark.promise("tools:uploads:limits-first")
@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        ({"a": 1, "none": 0}, "`none.txt` is empty."),
        ({"big": 50 * MEGABYTE + 1}, "`big.txt` is larger than 50 MB."),
        (
            {"a": 40 * MEGABYTE, "b": 40 * MEGABYTE, "c": 20 * MEGABYTE + 1},
            "These files are larger than 100 MB together.",
        ),
        ({f"f{number}": 1 for number in range(21)}, "These are 21 files; an upload takes 20 at most."),
    ],
)
async def test_a_broken_limit_is_told_before_a_byte_is_sent(tmp_path: Path, sizes: Any, problem: str) -> None:
    upstream = stocked()
    with pytest.raises(InvalidArguments) as caught:
        await sent(upstream, tmp_path, sized(tmp_path, **sizes))
    assert caught.value.message == problem
    assert upstream.requests == []


@pytest.mark.promise("tools:uploads:limits-first")
@pytest.mark.parametrize("name", ["program.exe", "none", ".txt", "a.txt.zip", "a\n\u202e.exe"])
async def test_another_type_is_told_before_a_byte_is_sent_and_by_the_files_name_only(tmp_path: Path, name: str) -> None:
    upstream = stocked()
    with pytest.raises(InvalidArguments, match="has none of the types") as caught:
        await sent(upstream, tmp_path, written(tmp_path, {name: b"1"}))
    assert str(tmp_path) not in str(caught.value)
    assert "\u202e" not in str(caught.value)
    assert upstream.requests == []


@pytest.mark.promise("tools:uploads:limits-first")
def test_the_limits_themselves_are_allowed(tmp_path: Path) -> None:
    paths = sized(tmp_path, a=50 * MEGABYTE, b=50 * MEGABYTE - 18, **{f"f{number}": 1 for number in range(18)})
    with opened([tmp_path], paths) as files:
        check(files)


def shorten(path: Path) -> None:
    os.truncate(path, CHUNK_BYTES)


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    os.utime(path, ns=(1, 1))


@pytest.mark.promise("tools:uploads:limits-first")
@pytest.mark.parametrize("change", [shorten, lengthen, rewrite])
async def test_a_file_that_changes_while_it_is_sent_is_a_clear_error(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (path,) = written(tmp_path, {"a.txt": b"x" * CHUNK_BYTES * 3})

    async def meddle(_: int, __: int) -> None:
        change(Path(path))

    with pytest.raises(InvalidArguments) as caught:
        await sent(stocked(), tmp_path, [path], report=meddle)
    assert caught.value.message == "`a.txt` was changed while it was sent, so the upload was broken off before its end."


@pytest.mark.promise("tools:shapes:every-documented", "sign-in:inputs:validated-and-limited")
@pytest.mark.parametrize(
    ("status", "body", "documents", "errors"),
    [
        (201, {"documents": [filed(10)], "errors": []}, [10], []),
        (201, {"documents": [{"id": "10", "name": "a.txt", "size": "5"}]}, [10], []),
        (200, {"data": {"documents": [filed(10)], "errors": None}, "message": "ok"}, [10], []),
        (207, {"documents": [filed(10)], "errors": [{"file": "b\u202e", "error": "no\nway"}]}, [10], [("b", "no way")]),
        (207, {"errors": [{"file": "b", "error": None}]}, [], [("b", "")]),
    ],
)
async def test_every_answer_says_what_became_of_each_file(
    tmp_path: Path, status: int, body: Any, documents: list[int], errors: list[tuple[str, str]]
) -> None:
    upstream = stocked({UPLOAD: reply(status, json=body)})
    done, _ = await sent(upstream, tmp_path, written(tmp_path, {"a.txt": b"1"}))
    assert [each.id for each in done.documents] == documents
    assert [(each.file, each.error) for each in done.errors] == errors


@pytest.mark.promise("tools:shapes:every-documented")
@pytest.mark.parametrize("answer", [reply(204), reply(201, json={}), reply(201, json={"documents": [{"name": "a"}]})])
async def test_an_answer_without_documents_warns_of_uploading_twice(tmp_path: Path, answer: httpx.Response) -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        await sent(stocked({UPLOAD: answer}), tmp_path, written(tmp_path, {"a.txt": b"1"}))
    assert "call `list_vector_documents` before another upload" in hint(caught.value)


@pytest.mark.promise("tools:uploads:limits-first")
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidArguments), (413, InvalidArguments), (415, InvalidArguments), (503, UpstreamUnavailable)],
)
async def test_a_refusal_is_not_tried_again(tmp_path: Path, status: int, kind: type[Exception]) -> None:
    upstream = stocked({UPLOAD: reply(status, json={"detail": "no"})})
    with pytest.raises(kind):
        await sent(upstream, tmp_path, written(tmp_path, {"a.txt": b"1"}))
    assert len(upstream.requests) == 1


@asynccontextmanager
async def swallowing() -> AsyncIterator[tuple[ApiKey, list[bytes]]]:
    """A key on a real server, which answers when the announced length came and lets go of what it read.

    Of the one request it keeps, once the connection is closed: the head, and the last bytes that came.
    """
    seen: list[bytes] = []
    closed = anyio.Event()

    async def handle(stream: ByteStream) -> None:
        head, _, end = (await stream.receive()).partition(b"\r\n\r\n")
        (length,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: "))
        missing = int(length.split()[1]) - len(end)
        async with stream:
            async for piece in stream:
                missing, end = missing - len(piece), (end + piece)[-100:]
                if missing == 0:
                    await stream.send(b'HTTP/1.1 201 Created\r\nContent-Length: 16\r\n\r\n{"documents":[]}')
        seen.extend((head, end))
        closed.set()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610 -- anyio's, not Django's
        api = RememberizerAPI(base_url=f"http://127.0.0.1:{port}/api/v1/")
        yield ApiKey(api, SecretStr(STORE_KEY), setting="X"), seen
        await api.aclose()
        with anyio.fail_after(5):
            await closed.wait()
        tasks.cancel_scope.cancel()
    await resync()


async def quiet(_: int, __: int) -> None:
    """Report nothing."""


@pytest.mark.promise("tools:uploads:limits-first")
async def test_a_large_file_is_never_held_whole(tmp_path: Path) -> None:
    paths = sized(tmp_path, a=20 * MEGABYTE)
    async with swallowing() as (key, seen):
        with opened([tmp_path], paths) as files:
            tracemalloc.start()
            await upload(key, store_id=STORE, files=files, report=quiet)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert peak < 8 * MEGABYTE
    head, end = seen
    assert b"transfer-encoding" not in head.lower()
    assert end.endswith(b"--\r\n")


@pytest.mark.promise("tools:uploads:limits-first")
async def test_a_changed_file_leaves_the_request_without_its_end(tmp_path: Path) -> None:
    (path,) = written(tmp_path, {"a.txt": b"x" * CHUNK_BYTES})

    async def meddle(_: int, __: int) -> None:
        lengthen(Path(path))

    async with swallowing() as (key, seen):
        with opened([tmp_path], [path]) as files, pytest.raises(InvalidArguments, match="was changed"):
            await upload(key, store_id=STORE, files=files, report=meddle)
    assert not seen[1].endswith(b"--\r\n")
