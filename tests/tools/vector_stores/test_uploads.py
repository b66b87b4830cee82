"""``upload_vector_files``: what the agent hears of it, and what is sent."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.agent import ERAS, Era, agent_on, server_on
from tests.support.stores import DOCUMENTS, STORE_KEY, filed, keeper, stocked
from tests.support.upstream import reply

each_era = pytest.mark.parametrize("era", ERAS)


@each_era
@pytest.mark.promise("tools:uploads:allowed-folders", "tools:uploads:limits-first")
async def test_files_are_uploaded_and_each_ones_fate_is_told(folders: Path, era: Era) -> None:
    answer = {"documents": [filed(10, name="file.txt")], "errors": [{"file": "b.txt", "error": "Too\u202e odd"}]}
    upstream = stocked({f"{DOCUMENTS}/upload": [reply(207, json=answer), reply(201, json={"documents": [filed(10)]})]})
    path = f"{folders}/allowed/file.txt"
    async with keeper(upstream, era, settings={"upload_dirs": str(folders / "allowed")}) as agent:
        some = await agent.call("upload_vector_files", paths=[path, f"{folders}/allowed/inner/file.txt"])
        every = await agent.call("upload_vector_files", paths=[path])
    assert [each["name"] for each in some["documents"]] == ["file.txt"]
    fence = some["fence"]
    assert some["errors"] == [{"file": "b.txt", "error": f"[{fence}]\nToo odd\n[/{fence}]"}]
    assert some["next"] == "The files under `errors` are not stored; tell the user why."
    assert every["next"].startswith("Each can be searched once it is indexed")
    assert upstream.paths == ["vector-stores/me", f"{DOCUMENTS}/upload", f"{DOCUMENTS}/upload"]
    assert upstream.requests[1].content.count(b"public") == 2


@each_era
async def test_an_answer_about_more_files_than_fit_is_cut_and_said(folders: Path, era: Era) -> None:
    errors = [{"file": f"{number}.txt", "error": "x" * 500} for number in range(300)]
    upstream = stocked({f"{DOCUMENTS}/upload": reply(207, json={"documents": [filed(10)], "errors": errors})})
    async with keeper(upstream, era, settings={"upload_dirs": str(folders / "allowed")}) as agent:
        done = await agent.call("upload_vector_files", paths=[f"{folders}/allowed/file.txt"])
    assert 100 < len(done["errors"]) < 150
    assert done["cut"].startswith(f"Only {len(done['errors'])} of each kind are shown")
    assert len(done["documents"]) == 1


@each_era
@pytest.mark.promise("tools:uploads:allowed-folders")
async def test_without_allowed_folders_the_error_names_the_setting(folders: Path, era: Era) -> None:
    upstream = stocked()
    async with keeper(upstream, era) as agent:
        error = await agent.fails("upload_vector_files", paths=[f"{folders}/allowed/file.txt"])
    assert (error["code"], error["message"]) == ("invalid_arguments", "No folder is allowed for uploads.")
    assert "REMEMBERIZER_UPLOAD_DIRS" in error["hint"]
    assert upstream.requests == []


@each_era
@pytest.mark.promise("tools:uploads:allowed-folders", "tools:uploads:limits-first")
async def test_a_file_that_may_not_leave_or_is_too_large_is_told_before_anybody_is_asked(
    folders: Path, era: Era
) -> None:
    upstream, allowed = stocked(), folders / "allowed"
    (allowed / "big.txt").touch()
    os.truncate(allowed / "big.txt", 50 * 1024 * 1024 + 1)
    async with keeper(upstream, era, settings={"upload_dirs": str(allowed)}) as agent:
        for path in (f"{allowed}/big.txt", f"{allowed}/file-link.txt", f"{folders}/private/secret.txt"):
            error = await agent.fails("upload_vector_files", paths=[f"{allowed}/file.txt", path])
            assert error["code"] == "invalid_arguments"
            assert str(folders) not in str(error)
    assert upstream.requests == []


@each_era
@pytest.mark.promise("tools:uploads:limits-first")
async def test_progress_is_told_in_bytes_and_equal_steps(folders: Path, era: Era) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    path, size = folders / "allowed" / "long.txt", 10_000_000
    path.write_bytes(b"x" * size)
    async with keeper(stocked(), era, settings={"upload_dirs": str(folders / "allowed")}) as agent:
        await agent.client.call_tool("upload_vector_files", {"paths": [str(path)]}, progress_callback=hear)
    assert {(whole, said) for _, whole, said in heard} == {(size, "Uploading (bytes).")}
    assert heard[-1][0] == size
    assert [done for done, _, _ in heard] == sorted({done for done, _, _ in heard})
    assert len(heard) == 20


@each_era
@pytest.mark.promise("tools:uploads:limits-first")
async def test_an_upload_has_a_minute_whatever_other_calls_have(folders: Path, era: Era) -> None:
    given_: dict[str, Any] = {
        "toolsets": "all",
        "vector_store_token": STORE_KEY,
        "upload_dirs": str(folders / "allowed"),
        "timeout_seconds": 1e-6,
    }
    async with agent_on(server_on(stocked().transport, **given_), era) as agent:
        done = await agent.call("upload_vector_files", paths=[f"{folders}/allowed/file.txt"])
    assert [each["id"] for each in done["documents"]] == [10]
