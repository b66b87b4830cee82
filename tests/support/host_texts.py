"""Texts of hosts' files, of any shape in which our entry has a place."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
import yaml
from hypothesis import strategies as st
from rememberizer_mcp.server.hosts.document import HostDocument
from rememberizer_mcp.server.hosts.files import HostFile
from rememberizer_mcp.server.hosts.table import Host

NAME = "rememberizer"
WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f\x85\u2028\u2029\ufeff", exclude_categories=["C"]), max_size=8
)
NAMES = WORDS.filter(lambda word: word not in ("", NAME, "servers"))
VALUES = st.recursive(
    st.booleans() | st.integers(-99, 99) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
FLAGS = st.booleans()
ENDS_OF_LINE = st.sampled_from(["\n", "\r\n"])
BLANKS = st.sampled_from(["", " ", "\t", "\n", "\r\n", '// c " } \n', "/* , ] \n */", "\n  "])
NOTHING = st.sampled_from(["", " ", "\n", "\n\n", "\r\n", "  \n \n"])
DOCUMENTS = st.builds(
    lambda before, servers, after: before | ({} if servers is None else {"servers": servers}) | after,
    st.dictionaries(NAMES, VALUES, max_size=2),
    st.none() | st.dictionaries(NAMES, VALUES, max_size=3),
    st.dictionaries(NAMES, VALUES, max_size=2),
)
"""Their servers stand under ``servers``."""


@st.composite
def json_texts(draw: st.DrawFn, value: Any) -> str:
    """A value as JSON with comments, trailing commas and any white space."""

    def blank() -> str:
        return draw(BLANKS)

    members: list[str]
    if isinstance(value, dict):
        members = [blank() + json.dumps(key) + blank() + ":" + draw(json_texts(one)) for key, one in value.items()]
    elif isinstance(value, list):
        members = [draw(json_texts(one)) for one in value]
    else:
        return blank() + json.dumps(value, ensure_ascii=draw(FLAGS)) + blank()
    trailing = "," if draw(FLAGS) and members else ""
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return blank() + opening + (blank() + ",").join(members) + trailing + blank() + closing + blank()


@st.composite
def json_files(draw: st.DrawFn) -> str:
    """A file of VS Code: with servers, with none, without their member, or with nothing at all."""
    return draw(DOCUMENTS.flatmap(json_texts) | NOTHING | st.just("// nothing yet"))


@st.composite
def json_with_us(draw: st.DrawFn) -> str:
    """A file of VS Code with our entry anywhere among the servers, written by somebody else."""
    before, after = (draw(st.dictionaries(NAMES, VALUES, max_size=2)) for _ in range(2))
    return draw(json_texts({"servers": before | {NAME: {"command": "x"}} | after}))


@st.composite
def toml_files(draw: st.DrawFn) -> str:
    """A file of Codex, as above; its last line may have no end."""
    document = draw(DOCUMENTS)
    servers = document.pop("servers", None)
    if servers is not None:
        document["mcp_servers"] = {name: {"command": "x", "value": value} for name, value in servers.items()}
    return _as_lines(draw, tomli_w.dumps(document))


@st.composite
def yaml_files(draw: st.DrawFn) -> str:
    """A file of Goose, as above."""
    document = draw(DOCUMENTS)
    servers = document.pop("servers", None)
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False) if document else ""
    if servers:
        text += yaml.safe_dump({"extensions": servers}, allow_unicode=True, sort_keys=False)
    elif servers is not None:
        text += "extensions:" + draw(
            st.sampled_from(
                ["", " ", " {}", " ~", " null # none", "\n  # none\n  ~", " # none", " {} # none", "\n  {}"]
            )
        )
    return _as_lines(draw, text)


def _as_lines(draw: st.DrawFn, text: str) -> str:
    text += draw(st.sampled_from(["", "\n# the end", "\n# the end\n"]))
    text = (
        draw(st.sampled_from(["", "\n"])) + draw(st.sampled_from([text, text.rstrip("\n")])) if text else draw(NOTHING)
    )
    return text.replace("\r\n", "\n").replace("\n", draw(ENDS_OF_LINE))


def parsed(host: Host, text: str) -> HostDocument:
    """A text as a file of this host, parsed."""
    return HostDocument(host, HostFile(path=Path("file"), content=text.encode()))


def held(host: Host, text: str) -> Mapping[str, Any]:
    """What a text holds, with the member of the servers in any case."""
    return parsed(host, text).value
