import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig

from tests.server.sandbox.stores import Store, new_store
from tests.server.sandbox.support import API
from tests.support.clock import FakeClock

pytestmark = pytest.mark.promise("sandbox:stores:uploads")
MEGABYTE = 1024 * 1024
BOUNDARY = "x-boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
async def small(clock: FakeClock) -> AsyncIterator[Store]:
    """A store of a sandbox with low limits."""
    config = SandboxConfig(now=clock, upload_file_bytes=1000, upload_request_bytes=5000)
    with Sandbox(config) as sandbox:
        async with API(sandbox) as api:
            await api.sign_up()
            async with await new_store(sandbox, api) as store:
                yield store


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def part(name: str, disposition: str, content: bytes = b"x") -> bytes:
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{disposition}\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )


async def send(store: Store, body: Any, content_type: str = MULTIPART) -> Any:
    headers = {"Content-Type": content_type}
    return await store.post(f"{store.documents}/upload", content=body, headers=headers)


async def test_a_body_that_is_cut_off_is_refused_and_its_file_closed(store: Store) -> None:
    whole = part("files", '; filename="a.txt"')
    for chunks in ([whole], [whole[:-9]], [whole, whole[:-1]], [whole, f"--{BOUNDARY}-".encode()]):
        response = await send(store, pieces(*chunks))
        assert (response.status_code, "closing boundary is missing" in response.text) == (400, True)
    assert (await send(store, pieces(whole, f"--{BOUNDARY}".encode(), b"--"))).status_code == 201


async def test_files_are_taken_and_searched(store: Store, clock: FakeClock) -> None:
    response = await store.upload(
        ("tea.md", "# Assam"), ("page.html", "<p>Sencha<script>no"), ("data.json", '{"a": "Oolong"}')
    )
    assert response.status_code == 201
    taken = response.json()
    assert taken["errors"] == []
    assert taken["documents"][0] == {
        "id": taken["documents"][0]["id"],
        "name": "tea.md",
        "type": "text/markdown",
        "size": 7,
        "status": "processing",
        "created": "2025-06-15T15:06:40Z",
        "vector_store": store.store_id,
    }
    clock.advance(2)
    assert [await store.search(word) for word in ("assam", "sencha", "oolong", "no")] == [
        ["# Assam"],
        ["Sencha"],
        ['{"a": "Oolong"}'],
        [],
    ]


async def test_a_file_whose_text_can_not_be_read_is_kept_with_an_error(store: Store, clock: FakeClock) -> None:
    response = await store.upload(("scan.pdf", b"%PDF-1.7 Assam"), ("latin.txt", b"caf\xe9"))
    assert [document["status"] for document in response.json()["documents"]] == ["error", "error"]
    clock.advance(2)
    scan, latin = (await store.get(store.documents)).json()
    assert (scan["status"], scan["processing_status"], scan["size"], scan["indexed_on"]) == ("error", "error", 14, None)
    assert "can't read the text of this kind of file" in scan["status_error_message"]
    assert "not UTF-8" in latin["status_error_message"]
    assert await store.search("assam") == []


async def test_a_long_file_is_indexed_in_part_and_says_so(store: Store, clock: FakeClock) -> None:
    response = await store.upload(("long.txt", b"first " + b"and on " * 300_000 + b"last"))
    document_id = response.json()["documents"][0]["id"]
    clock.advance(2)
    for document in (
        (await store.get(f"{store.documents}/{document_id}")).json(),
        (await store.patch(f"{store.documents}/{document_id}/", json={"name": "new"})).json(),
        (await store.get(store.documents)).json()[0],
    ):
        assert (document["status"], document["size"]) == ("indexed", 2_100_010)
        assert document["status_error_message"] == "Only the first 2 MB of this file were indexed."
    assert len(await store.search("first")) == 1
    assert await store.search("last") == []


async def test_some_refused_files_do_not_keep_out_the_others(small: Store) -> None:
    response = await small.upload(("tea.txt", "Assam"), ("tea.exe", "Assam"), ("big.txt", "x" * 1001), ("none.txt", ""))
    assert response.status_code == 207
    answer = response.json()
    assert [document["name"] for document in answer["documents"]] == ["tea.txt"]
    assert answer["errors"] == [
        {"file": "tea.exe", "error": "Files of this kind can't be uploaded."},
        {"file": "big.txt", "error": "The file is too large."},
        {"file": "none.txt", "error": "The submitted file is empty."},
    ]
    assert len((await small.get(small.documents)).json()) == 1


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("tea.exe", "Assam")], 415),
        ([("tea.exe", "Assam"), ("README", "Assam")], 415),
        ([("big.txt", "x" * 1001)], 413),
        ([("none.txt", "")], 400),
        ([("tea.exe", "Assam"), ("big.txt", "x" * 1001)], 400),
    ],
)
async def test_when_every_file_is_refused_the_request_is(
    small: Store, files: list[tuple[str, str]], status: int
) -> None:
    response = await small.upload(*files)
    assert response.status_code == status
    assert all(name in response.json()["detail"] for name, _ in files)
    assert (await small.get(small.documents)).json() == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\ada\\tea.txt", "tea.txt"),
        ("../../tea.txt", "tea.txt"),
        ("茶 🍵.txt", "茶 🍵.txt"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
    ],
)
async def test_a_file_keeps_the_last_part_of_its_name(store: Store, sent: str, kept: str) -> None:
    (document,) = (await store.upload((sent, "Assam"))).json()["documents"]
    assert document["name"] == kept


async def test_a_file_at_the_limit_is_taken(small: Store) -> None:
    assert (await small.upload(("tea.txt", "x" * 1000))).status_code == 201


async def test_twenty_files_are_taken_and_no_more(store: Store) -> None:
    files = [(f"{number}.txt", "Assam") for number in range(21)]
    assert (await store.upload(*files[:20])).status_code == 201
    response = await store.upload(*files)
    assert response.status_code == 400
    assert "Maximum number of files is 20" in response.json()["detail"]
    assert len((await store.get(store.documents)).json()) == 20


async def test_a_request_is_refused_for_the_length_that_it_names(small: Store) -> None:
    headers = {"Content-Type": MULTIPART, "Content-Length": "5001"}
    response = await small.post(f"{small.documents}/upload", content=pieces(b"x"), headers=headers)
    assert response.status_code == 413


async def test_a_request_that_turns_out_too_large_is_refused(small: Store) -> None:
    response = await send(small, pieces(part("files", '; filename="tea.txt"', b"x" * 3000), b"y" * 3000))
    assert response.status_code == 413
    assert response.json() == {"detail": "The files of one request are too large together."}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (f"--{BOUNDARY}--\r\n".encode(), "No file was submitted."),
        (part("other", '; filename="tea.txt"') + f"--{BOUNDARY}--".encode(), "No file was submitted."),
        (
            part("files", "") + f"--{BOUNDARY}--".encode(),
            "The submitted data was not a file. Check the encoding type on the form.",
        ),
    ],
)
async def test_a_form_without_files_is_refused(store: Store, body: bytes, complaint: str) -> None:
    response = await send(store, body)
    assert (response.status_code, response.json()) == (400, {"files": [complaint]})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", MULTIPART + "; charset=none"),
        (b"Assam", MULTIPART),
        (b"Assam", "multipart/form-data"),
        (b"Assam", "multipart/form-data; boundary*=undefined''x"),
        (part("files", '; filename="tea.txt"') + f"--{BOUNDARY}--".encode(), MULTIPART + "; charset=undefined"),
        (f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--{BOUNDARY}--".encode(), MULTIPART),
    ],
)
async def test_a_body_that_is_no_form_is_refused(store: Store, body: bytes, content_type: str) -> None:
    response = await send(store, body, content_type)
    assert response.status_code == 400, response.text


async def test_half_a_character_in_a_name_is_replaced(store: Store) -> None:
    body = part("files", '; filename="+2AA-.txt"') + f"--{BOUNDARY}--".encode()
    response = await send(store, body, MULTIPART + "; charset=utf-7")
    assert (response.status_code, response.json()["documents"][0]["name"]) == (201, "?.txt")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/mixed"])
async def test_only_a_multipart_form_is_read(store: Store, content_type: str) -> None:
    response = await send(store, b"files=Assam", content_type)
    assert response.status_code == 415
    assert response.json() == {"detail": f'Unsupported media type "{content_type}" in request.'}


async def test_memory_stays_flat_while_a_large_file_comes_in(store: Store) -> None:
    start = part("files", '; filename="scan.pdf"', b"").removesuffix(b"\r\n")
    megabyte = bytes(MEGABYTE)
    body = pieces(start, *[megabyte] * 49, f"\r\n--{BOUNDARY}--\r\n".encode())
    tracemalloc.start()
    response = await send(store, body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert response.json()["documents"][0]["size"] == 49 * MEGABYTE
    assert peak < 10 * MEGABYTE
