"""Texts of any shape that a file may have: changed in our entry alone, or refused."""

import tomllib
from typing import Any

import pytest
import tomli_w
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.host_texts import DOCUMENTS, ENDS_OF_LINE, NAME, held, json_texts, json_with_us, parsed
from tests.support.tiers import examples

JSON, TOML, YAML = HOSTS["vscode"], HOSTS["codex"], HOSTS["goose"]
ENTRY = {"command": "/a b/c", "args": ["--x", 'é"\\'], "env": {"A": "off"}}


@pytest.mark.promise("install:file:nothing-else-changed")
@settings(max_examples=examples(300))
@given(st.data(), DOCUMENTS)
def test_json_of_any_shape_is_changed_in_our_entry_alone(data: st.DataObject, document: dict[str, Any]) -> None:
    text = data.draw(json_texts(document))
    others = held(JSON, text)[JSON.key]
    added = parsed(JSON, text).with_entry(NAME, ENTRY)
    assert held(JSON, added)[JSON.key] == others | {NAME: ENTRY}
    other = {"command": "/other"}
    replaced = parsed(JSON, added).with_entry(NAME, other)
    assert held(JSON, replaced)[JSON.key] == others | {NAME: other}
    removed = parsed(JSON, replaced).without_entry(NAME)
    assert held(JSON, removed)[JSON.key] == others
    assert not others or removed == text


@pytest.mark.promise("install:file:nothing-else-changed")
@settings(max_examples=examples(300))
@given(json_with_us())
def test_an_entry_in_json_is_taken_out_wherever_comments_stand(text: str) -> None:
    """A comment in the line of our entry once swallowed what followed it."""
    others = held(JSON, text)[JSON.key]
    del others[NAME]
    removed = parsed(JSON, text).without_entry(NAME)
    assert held(JSON, removed)[JSON.key] == others
    assert removed.count("/") >= text.count("/") - text[text.index(f'"{NAME}"') :].count("/")


@pytest.mark.promise("install:file:nothing-else-changed")
@settings(max_examples=examples(150))
@given(DOCUMENTS, ENDS_OF_LINE, st.booleans())
def test_toml_of_any_shape_is_changed_in_our_entry_alone(
    document: dict[str, Any], end_of_line: str, has_comment: bool
) -> None:
    servers = {name: {"command": "x", "value": value} for name, value in document.pop("servers", {}).items()}
    text = tomli_w.dumps(document | ({"mcp_servers": servers} if servers else {})).replace("\n", end_of_line)
    text += f"# the end{end_of_line}" * has_comment
    added = parsed(TOML, text).with_entry(NAME, ENTRY)
    assert added.startswith(text)
    assert held(TOML, added)[TOML.key] == servers | {NAME: ENTRY}
    assert parsed(TOML, added).without_entry(NAME) == text


@pytest.mark.promise("install:file:nothing-else-changed")
@settings(max_examples=examples(150))
@given(DOCUMENTS, ENDS_OF_LINE, st.booleans())
def test_yaml_of_any_shape_is_changed_in_our_entry_alone(
    document: dict[str, Any], end_of_line: str, has_comment: bool
) -> None:
    servers = document.pop("servers", {})
    text = yaml.safe_dump(document | ({"extensions": servers} if servers else {}), allow_unicode=True, sort_keys=False)
    text = text.replace("\n", end_of_line) if document or servers else ""
    text += f"# the end{end_of_line}" * has_comment
    others = held(YAML, text)[YAML.key]
    added = parsed(YAML, text).with_entry(NAME, ENTRY)
    assert held(YAML, added)[YAML.key] == others | {NAME: ENTRY}
    removed = parsed(YAML, added).without_entry(NAME)
    assert held(YAML, removed)[YAML.key] == others
    assert not others or removed == text


@pytest.mark.parametrize(
    "text",
    [
        "extensions:",
        "extensions: # none",
        "extensions: {} # none",
        "extensions: {}",
        "extensions: ~",
        "extensions: null # none",
        "extensions: !!null\n",
        "extensions:\n  # none\n  ~\nb: 1\n",
        "extensions:\r\n  {}\r\nb: 1\r\n",
        "extensions:\r\nb: 1\r\n",
        f"extensions:\n  {NAME}: {{cmd: x}}",
        f"extensions:\n  {NAME}:\n    cmd: x",
        f"extensions:\n  {NAME}:\n  # nothing\nb: 1",
        f"extensions:\n    {NAME}: |\n      x\n\n\nb: 1",
    ],
)
def test_yaml_with_nothing_else_there_takes_our_entry_and_gives_it_back(text: str) -> None:
    added = parsed(YAML, text).with_entry(NAME, ENTRY)
    assert held(YAML, added)[YAML.key] == {NAME: ENTRY}
    assert held(YAML, parsed(YAML, added).without_entry(NAME))[YAML.key] == {}
    assert ("b: 1" in added) == ("b: 1" in text)
    assert ("#" in added) == ("#" in text)
    assert ("\r\n" in added) == ("\r\n" in text)


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize(
    "text",
    [
        "GOOSE_MODEL: x\n...\n",
        "# first\n---\nGOOSE_MODEL: x\n...\n# last",
        "GOOSE_HINTS: |\n  be kind",
        "a: 1\nGOOSE_HINTS: >-\n  be kind",
        "a:\n  b:\n  - |\n    be kind",
        "a: |\n  ...\n",
        "extensions: &ext\n  dev:\n    enabled: true\n",
    ],
)
def test_yaml_whose_end_is_open_or_whose_mapping_is_anchored_takes_our_entry(text: str) -> None:
    added = parsed(YAML, text).with_entry(NAME, ENTRY)
    before = held(YAML, text)
    assert held(YAML, added) == {**before, YAML.key: before[YAML.key] | {NAME: ENTRY}}
    assert held(YAML, parsed(YAML, added).without_entry(NAME)) == before


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize("merge", ["*e", "[*e, {d: {}}]"])
def test_other_merge_keys_of_yaml_stay(merge: str) -> None:
    text = f"e: &e {{c: {{}}}}\nextensions:\n  <<: {merge}\n"
    added = parsed(YAML, text).with_entry(NAME, ENTRY)
    assert held(YAML, added)[YAML.key] == held(YAML, text)[YAML.key] | {NAME: ENTRY}
    assert parsed(YAML, added).without_entry(NAME) == text


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("", '{\n  "servers": {\n    "rememberizer": {}\n  }\n}\n'),
        ("// mine\n", '// mine\n{\n  "servers": {\n    "rememberizer": {}\n  }\n}\n'),
        ("{}", '{\n  "servers": {\n    "rememberizer": {}\n  }\n}'),
        ('{"a": 1}', '{"servers": {"rememberizer": {}},"a": 1}'),
        ('{\n\t"servers": {}\n}', '{\n\t"servers": {\n\t\t"rememberizer": {}\n\t}\n}'),
        ('{\n    "servers": {\n    }\n}', '{\n    "servers": {\n        "rememberizer": {}\n    }\n}'),
    ],
)
def test_json_is_written_in_the_manner_of_the_file(text: str, added: str) -> None:
    assert parsed(JSON, text).with_entry(NAME, {}) == added


def test_the_last_member_is_taken_out_with_the_comma_before_it() -> None:
    text = f'{{"servers": {{"a": 1, // one\n"{NAME}": 2 // two\n}}}}'
    assert parsed(JSON, text).without_entry(NAME) == '{"servers": {"a": 1 // one // two\n}}'


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        (f'{{"servers": {{ // mine\n  "{NAME}": {{}}}}}}', '{"servers": { // mine\n  }}'),
        (f'{{"servers": {{ // mine\n  "{NAME}": {{}}\n}}}}', '{"servers": { // mine\n}}'),
        (f'{{"servers": {{ /* mine */ "{NAME}": {{}} }}}}', '{"servers": { /* mine */ }}'),
        (f'{{"servers": {{ // mine\n  "{NAME}": {{}}, "a": 1}}}}', '{"servers": { // mine\n  "a": 1}}'),
        (
            f'{{"servers": {{"a": 1, // one\n  "{NAME}": {{}} /* two */ }}}}',
            '{"servers": {"a": 1 // one\n  /* two */ }}',
        ),
    ],
)
def test_a_comment_before_our_entry_stays_and_swallows_nothing(text: str, removed: str) -> None:
    assert parsed(JSON, text).without_entry(NAME) == removed


def test_toml_in_the_middle_is_taken_out_with_its_tables_alone() -> None:
    text = "[mcp_servers.rememberizer]\na = 1\n[mcp_servers.rememberizer.env]\n\n# of b\n[[b]]\n[[b.c]]\n[d.'e']\n"
    assert parsed(TOML, text).without_entry(NAME) == "\n# of b\n[[b]]\n[[b.c]]\n[d.'e']\n"


def test_a_text_in_toml_that_looks_like_our_table_stays() -> None:
    text = f'a = """\n[mcp_servers.{NAME}]\n"""\nb = [\n  ["mcp_servers"]\n]\n[mcp_servers.{NAME}]\nc = 1\n'
    assert parsed(TOML, text).without_entry(NAME) == text[: text.rindex("[mcp_servers")]


@pytest.mark.parametrize("tail", ['# x = 1 """', '# x = 1\n\n# """', "\n\n  '''"], ids=["one", "two", "blank"])
def test_a_text_of_ours_in_toml_goes_whole(tail: str) -> None:
    """Its last lines once stayed where they looked like comments."""
    ours = f"[mcp_servers.{NAME}]\nc = 1\nnote = {tail[-3:]}\nkeep\n{tail}\n"
    assert parsed(TOML, f"a = 1\n{ours}# of b\n[b]\n").without_entry(NAME) == "a = 1\n# of b\n[b]\n"
    assert parsed(TOML, ours).without_entry(NAME) == ""


@pytest.mark.parametrize(
    "before",
    [
        f'a = """"x""\\"""\n[mcp_servers.{NAME}]\n"""""\n',
        f"a = ''''x\\\n[mcp_servers.{NAME}]\n'''''\n",
        f"a = [ # it's [\n  [{NAME!r}, \"[\", '[\"'],\n['mcp_servers', {NAME!r}],\n]\nb = {{c = [[1]]}}\n",
        f'[a.\'mcp_servers.{NAME}\'] # ]\n["]\\"".mcp_servers.{NAME}]\n[[{NAME}]]\n',
    ],
)
@pytest.mark.parametrize("header", [f"[mcp_servers.{NAME}]", f'  [ "mcp_servers" . "\\u0072{NAME[1:]}" ] # ours'])
def test_where_our_table_begins_is_not_mistaken_in_toml(before: str, header: str) -> None:
    assert parsed(TOML, f"{before}{header}\nc = 1\n\n[d]\n").without_entry(NAME) == f"{before}\n[d]\n"


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize("number", ["nan", "-nan", "inf", "[nan, {a = nan}]"])
def test_what_is_no_number_in_toml_is_equal_to_itself(number: str) -> None:
    """What was read before and after was compared, and `nan` is equal to nothing."""
    text = f"a = {number}\n"
    added = parsed(TOML, text).with_entry(NAME, ENTRY)
    assert added.startswith(text)
    assert parsed(TOML, added).without_entry(NAME) == text
    kept = parsed(TOML, text).with_entry(
        NAME, {"command": "x", **held(TOML, f"[mcp_servers.b]\n{text}")[TOML.key]["b"]}
    )
    assert "command" in held(TOML, kept)[TOML.key][NAME]


@pytest.mark.promise("install:file:replaced-at-once")
@pytest.mark.parametrize(
    "text",
    [
        "".join(f'[projects."/home/ada/{number}"]\ntrust_level = "trusted"\n\n' for number in range(1000)),
        'a = """\n' + f"[mcp_servers.{NAME}]\n" * 1000 + '"""\n',
    ],
    ids=["projects", "headers that are text"],
)
def test_what_is_read_of_a_long_file_in_toml_grows_as_its_length(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each header was once read together with all that stands before it."""
    read, loads = [0], tomllib.loads

    def counting(text: str, **options: Any) -> dict[str, Any]:
        read[0] += len(text)
        return loads(text, **options)

    monkeypatch.setattr(tomllib, "loads", counting)
    added = parsed(TOML, text).with_entry(NAME, ENTRY)
    assert parsed(TOML, added).without_entry(NAME) == text
    assert read[0] < 10 * len(text)


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize("end", ["note: |\n      keep\n      # ours\n", "notes:\n    - a\n    - >-\n      # ours\n"])
@pytest.mark.parametrize("after", ["", "\n  # about b\n  b: {}\n", "# about nothing\n"])
def test_a_text_of_ours_in_yaml_goes_whole(end: str, after: str) -> None:
    text = f"extensions:\n  a: {{}}\n  {NAME}:\n    cmd: x\n    {end}{after}"
    assert parsed(YAML, text).without_entry(NAME) == f"extensions:\n  a: {{}}\n{after}"


@pytest.mark.promise("install:file:nothing-else-changed")
@pytest.mark.parametrize("word", ["on", "off", "yes", "1:30", "012", "2026-11-24", "1e3", "0o17", "null", "", "1.5"])
def test_texts_in_yaml_stay_texts_as_goose_reads_them(word: str) -> None:
    written = parsed(YAML, "").with_entry(NAME, {"envs": {"A": word}})
    assert held(YAML, written)[YAML.key] == {NAME: {"envs": {"A": word}}}
    assert yaml.safe_load(written)["extensions"][NAME]["envs"]["A"] == word


@pytest.mark.promise("install:file:nothing-else-changed")
def test_plain_words_in_yaml_are_read_as_goose_reads_them() -> None:
    text = "extensions:\n  a: [on, off, 1:30, 2026-11-24, 012, true, 15, 0x1F, 1.5, 1e3, ~, null, '']\n"
    assert held(YAML, text)[YAML.key]["a"] == [
        *("on", "off", "1:30", "2026-11-24", "012"),
        *(True, 15, 31, 1.5, 1000.0, None, None, ""),
    ]
