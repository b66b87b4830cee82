from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

from tests.server.sandbox.support import EMAIL, PASSWORD, WAIT_SECONDS
from tests.support.http_sandbox import http_sandbox, shown_key

pytestmark = pytest.mark.promise("sandbox:stores:answers", "sandbox:stores:uploads")


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client with the key of a store in a sandbox that runs as a process."""
    with http_sandbox(tmp_path) as base_url, httpx.Client(base_url=base_url, trust_env=False) as session:
        account = {"email": EMAIL, "password": PASSWORD, "captcha": SANDBOX_CAPTCHA}
        assert session.post("auth/signup/", json=account).status_code == 201
        store_id = session.post("vector-stores/", json={"name": "Facts"}).json()["id"]
        key = shown_key(tmp_path, "vector_store", store_id)
        with httpx.Client(
            base_url=f"{base_url}vector-stores/{store_id}/documents/",
            headers={"X-API-Key": key},
            timeout=WAIT_SECONDS,
            trust_env=False,
        ) as documents:
            yield documents


def test_a_store_is_filled_renamed_and_emptied_through_a_socket(documents: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "tea.md"
    file.write_text("# Assam")
    with file.open("rb") as tea:
        response = documents.post("upload", files=[("files", tea), ("files", ("scan.pdf", b"%PDF"))])
    assert response.status_code == 201
    tea_id, scan_id = [document["id"] for document in response.json()["documents"]]
    assert documents.post("create", json={"name": "Green", "text": "Sencha"}).status_code == 201
    assert documents.patch(f"{tea_id}/", json={"name": "Black"}).json()["name"] == "Black"
    assert documents.delete(f"{scan_id}/").status_code == 204
    assert [document["name"] for document in documents.get("").json()] == ["Black", "Green"]


def test_who_sends_too_much_hears_so_before_the_end(documents: httpx.Client) -> None:
    response = documents.post("upload", files=[("files", ("big.txt", bytes(101 * 1024 * 1024)))])
    assert (response.status_code, response.json()) == (
        413,
        {"detail": "The files of one request are too large together."},
    )
