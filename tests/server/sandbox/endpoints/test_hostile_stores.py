import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.server.sandbox.stores import Store
from tests.server.sandbox.support import API
from tests.support.tiers import examples

pytestmark = pytest.mark.promise("sandbox:wire:shapes-of-errors", "sandbox:stores:answers")
# One store serves all examples of a test: no example depends on what another left behind.
_SETTINGS = settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FIELDS = [
    *("name", "text", "query", "n_chunks", "user_context", "memento", "add", "folder_add", "remove"),
    *("description", "embedding_model", "indexing_algorithm", "vector_dimension", "search_metric"),
]
BOUNDARY = "x-boundary"

_text = st.text(st.characters(exclude_categories=()))
_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | _text | st.sampled_from(["1", "x", "hnsw", "\ud800"])
)
_values = _scalars | st.lists(_scalars, max_size=4) | st.dictionaries(_text, _scalars, max_size=2)
_bodies = st.binary() | st.dictionaries(st.sampled_from(FIELDS), _values).map(lambda value: json.dumps(value).encode())
_pieces = st.lists(
    st.sampled_from(
        [
            f"--{BOUNDARY}\r\n",
            f"--{BOUNDARY}--",
            'Content-Disposition: form-data; name="files"; filename="tea.txt"\r\n',
            'Content-Disposition: form-data; name="files"; filename="a\0b.html"\r\n',
            'Content-Disposition: form-data; name="files"\r\n',
            "Content-Type: text/html; charset=hex\r\n",
            "\r\n",
            "<p>&#x110000;&#0;",
        ]
    ).map(str.encode)
    | st.binary(max_size=20),
    max_size=12,
).map(b"".join)


def _assert_answered(response: httpx.Response) -> None:
    assert response.status_code in {200, 201, 204, 207} or 400 <= response.status_code < 500
    json.loads(response.content or b"null")


@pytest.fixture
async def session(api: API) -> API:
    """Somebody with a memento."""
    await api.sign_up()
    assert (await api.post("mementos/", json={"name": "Teas"})).json()["id"] == 1
    return api


@pytest.mark.parametrize("path", ["mementos/", "mementos/memento_document/1/", "vector-stores/"])
@_SETTINGS
@given(body=_bodies)
async def test_no_body_breaks_what_a_session_may_call(session: API, path: str, body: bytes) -> None:
    _assert_answered(await session.post(path, content=body, headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize(("method", "path"), [("POST", "create"), ("POST", "agentic_search"), ("PATCH", "1000/")])
@_SETTINGS
@given(body=_bodies)
async def test_no_body_breaks_a_store(store: Store, method: str, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    _assert_answered(await store.request(method, f"{store.documents}/{path}", content=body, headers=headers))


@_SETTINGS
@given(query=st.dictionaries(st.sampled_from(["q", "n", "t", "prev_chunks", "next_chunks"]), st.text() | st.floats()))
async def test_no_query_breaks_a_store(store: Store, query: dict[str, Any]) -> None:
    _assert_answered(await store.get(f"{store.documents}/search", params=query))


@_SETTINGS
@example(
    body=f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n--{BOUNDARY}--'.encode(),
    charset="",
)
@given(body=_pieces, charset=st.sampled_from(["", "; charset=undefined", "; charset=idna", "; charset=utf-16"]))
async def test_no_upload_breaks_a_store(store: Store, body: bytes, charset: str) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}{charset}"}
    _assert_answered(await store.post(f"{store.documents}/upload", content=body, headers=headers))
