"""Texts in which our entry has no one place are refused in a sentence."""

import pytest
from rememberizer_mcp.server.hosts.files import CantChange
from rememberizer_mcp.server.hosts.table import HOSTS, Host

from tests.support.host_texts import NAME, held, parsed

JSON, TOML, YAML = HOSTS["vscode"], HOSTS["codex"], HOSTS["goose"]
TABLES = " (write it as tables, one line for each member below `[mcp_servers.NAME]`)"
BLOCK = " (write it as a block, one line for each member, without anchors)"
LINES = " (write it as a block, one line for each member)"
ENTRY = {"command": "/a b/c", "env": {"A": "off"}}


def refusal(host: Host, text: str) -> str:
    with pytest.raises(CantChange) as caught:
        parsed(host, text).with_entry(NAME, ENTRY)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not valid JSON (line 1, column 2)"),
        ('{"servers": {"a": 1}', "is not valid JSON (line 1, column 21)"),
        ('{"a": "x\n"}', "is not valid JSON (line 1, column 9)"),
        ("[1]", "holds no JSON object"),
        ('{"servers": []}', "holds something else where the servers should stand (`servers`)"),
        ('{"servers": null}', "holds something else where the servers should stand (`servers`)"),
        ('{"servers": {}, "servers": {}}', "names `servers` twice in one object"),
        (f'{{"servers": {{"{NAME}": 1, "{NAME}": 2}}}}', f"names `{NAME}` twice in one object"),
        ("[" * 100_000, "is JSON of a kind that can't be read"),
        ('{"a": ' + "9" * 5000 + "}", "is JSON of a kind that can't be read"),
        ("{/* no end", "is not valid JSON (line 1, column 2)"),
        ("{" + "/* " * 200_000, "is not valid JSON (line 1, column 2)"),
        ('{"' + '\\"' * 200_000, "is not valid JSON (line 1, column 2)"),
    ],
)
def test_json_that_has_no_one_place_for_us_is_refused(text: str, sentence: str) -> None:
    assert refusal(JSON, text) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("#" * 3 * 2**20 + "\n", "is larger than 3 MiB, the most that is read of TOML"),
        ("a = ?", "is not valid TOML (line 1, column 5)"),
        ("a = [", "is not valid TOML (end of document)"),
        ("a = [" + "[" * 100_000, "is TOML of a kind that can't be read"),
        ("mcp_servers = 1", "holds something else where the servers should stand (`mcp_servers`)"),
        ("mcp_servers = { a = 1 }", f"has `mcp_servers` in a form that can't be changed safely{TABLES}"),
        (f"mcp_servers.{NAME}.command = 'x'", f"has `mcp_servers` in a form that can't be changed safely{TABLES}"),
    ],
)
def test_toml_that_has_no_one_place_for_us_is_refused(text: str, sentence: str) -> None:
    assert refusal(TOML, text) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "is not valid YAML (line 1, column 5)"),
        ("a: !secret x", "holds a tag that is not known (line 1, column 4)"),
        ("? [a]\n: 1", "is not valid YAML (line 1, column 3)"),
        ("a: !!timestamp 2026-99-99", "is YAML of a kind that can't be read"),
        ("\x00", "is YAML of a kind that can't be read"),
        ("- a", "holds no YAML mapping"),
        ("a: 1\n---\nb: 2", "is not valid YAML (line 2, column 1)"),
        ("extensions: 1", "holds something else where the servers should stand (`extensions`)"),
        ("extensions: {a: {cmd: x}}", f"has `extensions` in a form that can't be added to without rewriting it{LINES}"),
        (f"extensions: {{{NAME}: 1}}", f"has `extensions` in a form that can't be changed without rewriting it{LINES}"),
        (
            "extensions: {\n  # none\n  }\n",
            f"has `extensions` in a form that can't be added to without rewriting it{LINES}",
        ),
        ("extensions: &a ~\nb: *a\n", f"has `extensions` in a form that can't be changed safely{BLOCK}"),
        (
            "a: &a {extensions: {b: {}}}\n<<: *a\n",
            "takes `extensions` from another place by a merge key (`<<`), and can be changed only there",
        ),
        ("a: " + "x" * 2**17, "is larger than 128 KiB, the most that is read of YAML"),
        ("extensions: {}\nextensions: {}", "names `extensions` twice"),
        (" a: |\n  x\n", f"has `extensions` in a form that can't be changed safely{BLOCK}"),
    ],
)
def test_yaml_that_has_no_one_place_for_us_is_refused(text: str, sentence: str) -> None:
    assert refusal(YAML, text) == sentence


MERGED = f"a: &a\n  {NAME}: {{cmd: x}}\nb: &b {{<<: *a, c: {{}}}}\n"


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize("merge", ["*a", "*b", "[*b, {d: {}}]"])
def test_an_entry_that_a_yaml_merge_key_brings_is_hidden_by_ours_and_never_taken_out(merge: str) -> None:
    """It stands in a mapping that may serve others too."""
    text = f"{MERGED}extensions:\n  <<: {merge}\n"
    added = parsed(YAML, text).with_entry(NAME, ENTRY)
    assert held(YAML, added)[YAML.key][NAME] == ENTRY
    for each in (text, added):
        with pytest.raises(CantChange, match=f"takes `{NAME}` from another place by a merge key"):
            parsed(YAML, each).without_entry(NAME)


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize(
    "text",
    [
        f"[mcp_servers]\n{NAME} = {{command = 'x'}}\n",
        f"mcp_servers.{NAME}.command = 'x'\n[mcp_servers.b]\nc = 1\n",
        f"[[mcp_servers.{NAME}.d]]\n[mcp_servers.b]\nc = {{mcp_servers = 1}}\n[mcp_servers]\n{NAME}.e = 1\n",
    ],
)
def test_an_entry_in_toml_that_is_no_table_of_its_own_is_not_taken_out_by_half(text: str) -> None:
    """Nothing, or not all of it, would go; that the rest can be read is no proof."""
    with pytest.raises(CantChange, match="has `mcp_servers` in a form that can't be changed safely"):
        parsed(TOML, text).without_entry(NAME)
