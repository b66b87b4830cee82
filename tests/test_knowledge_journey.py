"""The toolset ``knowledge`` on the embedded sandbox: what is stored is found, and read to its end unchanged."""

import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import rememberizer_mcp.server.sandbox.data
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA, SandboxConfig, Variants
from rememberizer_mcp.server.settings.settings import Settings

from tests.support.agent import ADA, ERAS, Agent, Era, agent_on
from tests.support.clock import FakeClock

SEED = Path(rememberizer_mcp.server.sandbox.data.__file__).parent / "seed"
INDEXED_SECONDS = 3
REMOVED = {
    *chain(range(0x09), range(0x0B, 0x0D), range(0x0E, 0x20), range(0x7F, 0xA0), (0xAD,)),
    *chain(range(0x202A, 0x202F), range(0x2066, 0x206A), (0x200B, 0x2060, 0xFEFF), range(0xE0000, 0xE0080)),
}
"""The characters that no result holds, but for the tags of a flag."""
FLAGS = re.compile("(\N{WAVING BLACK FLAG}[\U000e0061-\U000e007a]+\N{CANCEL TAG})")
each_era = pytest.mark.parametrize("era", ERAS)


def cleaned(text: str) -> str:
    """What is left of a text in a result."""
    parts = FLAGS.split(text)
    parts[::2] = ["".join(character for character in part if ord(character) not in REMOVED) for part in parts[::2]]
    return "".join(parts)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path) -> None:
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path)


def stored() -> Iterator[tuple[str, str, str]]:
    """Name, kind and text of every document of the seed corpus that is no channel."""
    for file in sorted(SEED.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if "text" in entry:
                yield entry["name"], f"{file.stem} {entry['integration_type']}", entry["text"]


def some_of_each_kind() -> dict[str, str]:
    """The texts of at least thirty documents by name: three of each kind, and everything odd."""
    seen: dict[str, int] = {}
    chosen = {}
    for name, kind, text in stored():
        seen[kind] = seen.get(kind, 0) + 1
        if kind.startswith("odd") or seen[kind] <= 3:
            chosen[name] = text
    return chosen


@asynccontextmanager
async def ada(era: Era, clock: FakeClock, *variants: str) -> AsyncIterator[Agent]:
    """An agent that is signed in to a fresh sandbox."""
    config = SandboxConfig(now=clock, variants=Variants.parse(variants))
    server = build_server(Settings(sandbox=True, open_browser="never"), sandbox=config, now=clock)
    async with agent_on(server, era) as agent:
        await agent.call("signup", **ADA, captcha=SANDBOX_CAPTCHA)
        yield agent


async def listed(agent: Agent, **arguments: Any) -> list[dict[str, Any]]:
    """Every document of every page."""
    documents: list[dict[str, Any]] = []
    page: int | None = 1
    while page is not None:
        result = await agent.call("list_documents", page=page, page_size=100, **arguments)
        documents += result["documents"]
        page = result["next_page"]
    return documents


async def read_whole(agent: Agent, number: int) -> str:
    """A document, chunk by chunk, without the fences."""
    text = ""
    chunk: int | None = 0
    while chunk is not None:
        part = await agent.call("read_document", id=number, start_chunk=chunk)
        text += part["content"].removeprefix(f"[{part['fence']}]\n").removesuffix(f"\n[/{part['fence']}]")
        chunk = part["next_chunk"]
    return text


@each_era
@pytest.mark.promise("sandbox:documents:unchanged", "tools:results:one-shape-fenced-bounded")
async def test_thirty_documents_of_every_kind_are_found_and_read_to_the_end_as_they_were_stored(
    era: Era, clock: FakeClock
) -> None:
    texts = some_of_each_kind()
    assert len(texts) >= 30
    async with ada(era, clock) as agent:
        numbers = {document["name"]: document["id"] for document in await listed(agent)}
        for name, text in texts.items():
            shown = cleaned(name)
            found = await agent.call("search", query=f"{name} {text[:60]}", limit=5)
            assert numbers[shown] in [match["id"] for match in found["matches"]], name
            read = await read_whole(agent, numbers[shown])
            assert read == cleaned(text)


@pytest.mark.promise("sandbox:documents:unchanged")
async def test_the_list_holds_the_whole_corpus_and_a_source_only_its_own(clock: FakeClock) -> None:
    async with ada("2026-07-28", clock) as agent:
        everything, slack = await listed(agent), await listed(agent, source="slack")
    assert len({document["id"] for document in everything}) == len(everything) > 300
    assert slack
    assert slack == [document for document in everything if document["source"] == "slack"]


@each_era
@pytest.mark.promise("sandbox:documents:unchanged")
async def test_what_is_remembered_is_found_once_it_is_indexed_and_by_nobody_else(era: Era, clock: FakeClock) -> None:
    note = {"name": "Zeppelin", "content": "The zeppelin departs at half past nine."}
    async with ada(era, clock) as agent:
        assert "Rememberizer indexes it first" in (await agent.call("remember", **note))["next"]
        assert "Zeppelin" not in await names_found(agent)
        clock.advance(INDEXED_SECONDS)
        assert await names_found(agent) == ["Zeppelin"]
        used = await agent.call("account")
        assert used["usage"] == len(note["content"].encode())
        grace = {"email": "grace@example.org", "password": "canary-password-grace", "captcha": SANDBOX_CAPTCHA}
        await agent.call("signup", **grace)
        assert "Zeppelin" not in await names_found(agent)


async def names_found(agent: Agent) -> list[str]:
    return [match["name"] for match in (await agent.call("search", query="zeppelin"))["matches"]]


@each_era
@pytest.mark.promise("sandbox:documents:unchanged")
async def test_a_channel_is_read_by_the_id_that_a_search_gives(era: Era, clock: FakeClock) -> None:
    async with ada(era, clock) as agent:
        (first, *_) = await listed(agent, source="discord")
        found = await agent.call("search", query=first["name"])
        assert first["id"] in [match["id"] for match in found["matches"] if match["source"] == "discord"]
        said = await agent.call("read_discussion", id=first["id"], source="discord")
        assert "]: " in said["text"]
        refused = await agent.fails("read_discussion", id=first["id"], source="slack")
    assert refused["code"] == "not_found"


@each_era
@pytest.mark.promise("sandbox:documents:unchanged", "tools:results:one-shape-fenced-bounded")
async def test_a_time_of_a_channel_is_read_whichever_end_upstream_calls_from(era: Era, clock: FakeClock) -> None:
    said = []
    for variant in ("samples", "spec"):
        async with ada(era, clock, f"discussion_range={variant}") as agent:
            (channel, *_) = await listed(agent, source="slack")
            now = datetime.fromtimestamp(clock(), tz=UTC)
            day, ago = timedelta(days=1), now - timedelta(days=6)
            for times in ({"start": ago, "end": now - day}, {"start": ago}, {"end": now}, {}):
                given = {name: time.isoformat() for name, time in times.items()}
                result = await agent.call("read_discussion", id=channel["id"], source="slack", **given)
                said.append((variant, result["text"].splitlines()[1:-1]))
    samples, spec = ([text for each, text in said if each == variant] for variant in ("samples", "spec"))
    assert samples == spec
    assert all(len(text) > 1 for text in samples)


@each_era
@pytest.mark.promise("sandbox:documents:unchanged")
async def test_the_smart_search_sums_up_what_its_rounds_found(era: Era, clock: FakeClock) -> None:
    async with ada(era, clock) as agent:
        found = await agent.call("smart_search", query="How long does sourdough bread bake?", user_context="a baker")
        sources = await agent.call("list_sources")
    assert found["matches"]
    assert found["answer"].startswith(f"[{found['fence']}]\n")
    assert {source["type"] for source in sources["sources"]} >= {"slack", "discord", "google_drive", "gmail", "dropbox"}


@each_era
@pytest.mark.promise("sandbox:documents:unchanged")
async def test_an_access_token_that_ends_between_calls_is_never_the_agents_problem(era: Era, clock: FakeClock) -> None:
    async with ada(era, clock) as agent:
        for _ in range(5):
            clock.advance(SandboxConfig().access_seconds + 1)
            assert (await agent.call("search", query="bread"))["matches"]
