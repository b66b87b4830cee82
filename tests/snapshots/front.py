"""What the front says: the SDK's answers to what hosts ask at their start, for every combination of settings.

``python -m tests.snapshots.front FILE`` writes them; toolsets behind the file's name limit them to those choices. Where
they are what the file already says, the packages' versions join those that it names, else they replace them.
"""

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import anyio
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.settings.values import TOOLSETS

from tests.support.conversation import conversation
from tests.support.process import ENVELOPE, initialize

MADE_WITH = ("mcp", "mcp_types", "pydantic", "pydantic_core")
VERSIONS = (*HANDSHAKE_PROTOCOL_VERSIONS, *MODERN_PROTOCOL_VERSIONS)
LISTS = ("tools/list", "resources/list", "resources/templates/list", "prompts/list")
HEAD = '{"jsonrpc":"2.0","id":0,"result":'
SEAMS = re.compile(
    r"""(?<=\[)(?={"(?:annotations|arguments|description)":)   # the first entry of a list begins
      | (?<=},)(?={"(?:annotations|arguments|description)":)    # another one
      | (?<=})(?=,{"(?:annotations|arguments|description)":)    # one ends
      | (?<=})(?=\](?:,"|}$))                                   # the last one""",
    re.VERBOSE,
)
"""Where an answer is taken apart, so that those of many settings can share its pieces."""


SUBSETS = [
    ",".join(name for name, is_in in zip(TOOLSETS, each, strict=True) if is_in)
    for each in product((True, False), repeat=len(TOOLSETS))
][:-1]
"""All choices of toolsets but none."""


def combinations(subsets: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each combination of the settings on which the answers depend, by the name of its row."""
    for toolsets, read_only, secrets, sandbox in product(subsets, ("off", "on"), ("on", "off"), (False, True)):
        settings = {"toolsets": toolsets, "read_only": read_only, "secret_arguments": secrets, "sandbox": sandbox}
        yield f"{toolsets} {read_only} {secrets} {sandbox}", settings


def questions(spoken: str) -> list[dict[str, Any]]:
    """What a host asks at its start, in a conversation in this protocol version."""
    if spoken in MODERN_PROTOCOL_VERSIONS:
        methods = ("server/discover", *LISTS)
        return [{"jsonrpc": "2.0", "id": 0, "method": name, "params": {"_meta": ENVELOPE}} for name in methods]
    opening = initialize()
    opening["params"]["protocolVersion"] = spoken
    return [opening, *({"jsonrpc": "2.0", "id": 0, "method": name} for name in LISTS)]


async def answers(settings: dict[str, Any]) -> AsyncIterator[tuple[str, str]]:
    """The SDK's result for each question in each version."""
    server = build_server(Settings(**settings))
    for spoken in VERSIONS:
        async with conversation(server) as talk:
            for question in questions(spoken):
                talk.send(json.dumps(question).encode() + b"\n")
                answer = (await talk.line()).decode()
                assert answer.startswith(HEAD)
                yield f"{spoken} {question['method']}", answer.removeprefix(HEAD).removesuffix("}\n")


async def made(subsets: Sequence[str]) -> dict[str, Any]:
    """What is said with these toolsets, with what is alike kept once: rows of results, and results of pieces."""
    asked = [f"{spoken} {question['method']}" for spoken in VERSIONS for question in questions(spoken)]
    pieces: dict[str, int] = {}
    results: dict[tuple[int, ...], int] = {}
    rows: dict[str, list[int]] = {}
    for row, settings in combinations(subsets):
        rows[row] = []
        async for _, result in answers(settings):
            parts = tuple(pieces.setdefault(piece, len(pieces)) for piece in SEAMS.split(result))
            rows[row].append(results.setdefault(parts, len(results)))
    return {
        "made_with": [{package: version(package) for package in MADE_WITH}],
        "toolsets": TOOLSETS,
        "questions": asked,
        "rows": rows,
        "results": list(results),
        "pieces": list(pieces),
    }


def also(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What is made now, with the other versions that were seen to make the same before."""
    same = {**before, "made_with": now["made_with"]} == json.loads(json.dumps(now))
    both = [*before["made_with"], *now["made_with"]] if same else now["made_with"]
    return now | {"made_with": sorted({tuple(each.items()): each for each in both}.values(), key=_newest_last)}


def _newest_last(versions: dict[str, str]) -> list[list[int]]:
    return [[int(number) for number in re.findall(r"\d+", each)] for each in versions.values()]


def write(path: Path, now: dict[str, Any]) -> None:
    """Write what is made now, beside the versions that the file names if they made the same."""
    data = also(json.loads(path.read_text(encoding="utf-8")), now) if path.exists() else now
    path.write_text(as_text(data), encoding="utf-8")


def as_text(data: dict[str, Any]) -> str:
    """JSON in which a diff shows what changed: one row, one result and one piece to a line."""
    return "{" + ",".join(f"\n{_compact(name)}: {_in_lines(value)}" for name, value in data.items()) + "\n}\n"


def _in_lines(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"\n{_compact(name)}: {_compact(each)}" for name, each in value.items()) + "}"
    return "[" + ",".join(f"\n{_compact(each)}" for each in value) + "]"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    path, *subsets = sys.argv[1:]
    write(Path(path), anyio.run(made, subsets or SUBSETS))
