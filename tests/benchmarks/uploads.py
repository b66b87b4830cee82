"""What uploads do to the memory of the server: four files of 50 MB, one a call, to a sandbox in another process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rememberizer_mcp.server.api.uploads import MOST_FILE_BYTES
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

from tests.benchmarks.exchange import Exchange
from tests.benchmarks.figures import Figure
from tests.benchmarks.starts import OURS, resident_mib
from tests.support.agent import ADA
from tests.support.http_sandbox import http_sandbox, shown_key
from tests.support.process import Process, clean_environment, running

FILES = 4


def upload_figures() -> list[Figure]:
    """Each sample is the memory after one more upload, beside that before the first."""
    with TemporaryDirectory() as folder, _uploader(Path(folder)) as process:
        files = [_file(Path(folder, f"file-{number}.pdf")) for number in range(FILES)]
        exchange = Exchange(process)
        exchange.call("vector_store_info")
        before = resident_mib(process)
        after = [_after_upload(exchange, process, file) for file in files]
        process.end_input()
    return [
        Figure(
            group="Resident memory with uploads of 50 MB; bare: ours before them",
            what=f"{FILES} files, one a call",
            unit="MiB",
            ours=after,
            bare=[before] * FILES,
        )
    ]


def _after_upload(exchange: Exchange, process: Process, file: Path) -> float:
    exchange.call("upload_vector_files", paths=[str(file)])
    assert not exchange.content["errors"], exchange.content
    return resident_mib(process)


@contextmanager
def _uploader(folder: Path) -> Iterator[Process]:
    """A server with the key of a fresh vector store, which may upload from the folder."""
    with http_sandbox(folder) as base_url:
        key = _key_of_a_store(base_url, folder)
        environment = clean_environment(
            BASE_URL=base_url, VECTOR_STORE_TOKEN=key, TOOLSETS="vector_stores", UPLOAD_DIRS=str(folder)
        )
        with running(command=OURS, environment=environment) as process:
            yield process


def _key_of_a_store(base_url: str, runtime: Path) -> str:
    with httpx.Client(base_url=base_url, trust_env=False) as http:
        account = ADA | {"name": "Ada", "captcha": SANDBOX_CAPTCHA}
        http.post("auth/signup/", json=account).raise_for_status()
        store = http.post("vector-stores/", json={"name": "Uploads"}).raise_for_status().json()
    return shown_key(runtime, "vector_store", store["id"])


def _file(path: Path) -> Path:
    """As large as may be, and without taking room on the disk."""
    with path.open("wb") as file:
        file.truncate(MOST_FILE_BYTES)
    return path
