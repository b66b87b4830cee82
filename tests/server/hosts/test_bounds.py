"""Small texts that would take for ever, or nest so deep that a parser's successors break: refused in a sentence."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from rememberizer_mcp.server.cli.commands import main
from rememberizer_mcp.server.doctor.entries import entries
from rememberizer_mcp.server.doctor.report import Finding
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.host_texts import held
from tests.support.systems import a_system
from tests.support.tiers import matrix

AT_ONCE_SECONDS = 20.0
"""Of computing, so a busy machine takes no more of them; unbounded, each takes longer than anybody waits."""
REPEATS = "repeats too much by its aliases, or something inside of itself"
DEEP = "holds values in more than 100 levels"


def laughs(first: str, each: str, levels: int = 40) -> str:
    """Each level holds the one before it nine times."""
    inside = [each.format(", ".join([f"*a{level}"] * 9)) for level in range(levels)]
    return "".join(f"a{level}: &a{level} {value}\n" for level, value in enumerate([first, *inside]))


YAML = {
    "lists": (laughs("[x, x]", "[{}]"), REPEATS),
    "merge keys": (laughs("{k: v}", "{{<<: [{}]}}"), REPEATS),
    "in our entry": ("extensions:\n  rememberizer:\n    cmd: x\n    envs: &e {A: *e}\n", REPEATS),
    "itself in a list": ("a: &a [*a]\n", REPEATS),
    "itself in a mapping": ("extensions: &a\n  b: *a\n", REPEATS),
    "itself by a merge key": ("a: &a\n  <<: *a\n", REPEATS),
    "itself as a key": ("? &a [*a]\n: 1\n", REPEATS),
    "a chain": ("".join(f"a{n}: &a{n} [{f'*a{n - 1}' if n else ''}]\n" for n in range(3000)), REPEATS),
    "deep": ("a: " + "[" * 120 + "]" * 120, DEEP),
    "a deep chain": ("".join(f"a{n}: &a{n} [{f'*a{n - 1}' if n else ''}]\n" for n in range(110)), DEEP),
    "very deep": ("a: " + "[" * 5000, "is YAML of a kind that can't be read"),
    "a long number": ("a: " + "9" * 5000, "is YAML of a kind that can't be read"),
}
OTHERS = {
    "claude-code": ('{"a": ' + "[" * 101 + "]" * 101 + "}", DEEP),
    "cursor": ('{"mcpServers": {"rememberizer": {"command": "x", "a": ' + '{"b": ' * 900 + "1" + "}" * 902 + "}", DEEP),
    "codex": ("a = " + "[" * 100 + "]" * 100 + "\n", DEEP),
}
PARTS = "holds a key of more than 100 parts"
TOML = {
    "a key": ".".join(["a"] * 40_000) + " = 1\n",
    "a quoted key": " . ".join(["a", '"b.\\"c"', "'d'"] * 34) + " = 1\n",
    "a key in a table's name": f"b = '''\n'''\n[{'.'.join('a' * 101)}]\n",
    "a key in a table of one line": f"c = {{ {'.'.join('a' * 101)} = 1 }}\n",
    "a key behind strings": f'c = """x\\"""""\n{".".join("a" * 101)} = 1\n',
}
CASES = [("goose", *case) for case in YAML.values()] + [(name, *case) for name, case in OTHERS.items()]
CASES += [("codex", text, PARTS) for text in TOML.values()]


@pytest.mark.promise("install:file:bounded")
@pytest.mark.parametrize(("name", "text", "why"), CASES, ids=[*YAML, *OTHERS, *TOML])
@pytest.mark.parametrize("command", matrix({each: each for each in ("install", "uninstall")}, usual=["install"]))
def test_it_is_refused_at_once_and_left_alone(name: str, text: str, why: str, command: str, tmp_path: Path) -> None:
    system = a_system(tmp_path)
    path = HOSTS[name].path(system)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    begun = time.process_time()
    unset = dict.fromkeys(("XDG_CONFIG_HOME", "CODEX_HOME", "GOOSE_PATH_ROOT", "CLAUDE_CONFIG_DIR"))
    result = CliRunner().invoke(main, (command, name), env=unset | {"HOME": str(system.home)})
    assert (result.exit_code, result.output) == (1, f"Error: {path} {why}; it was left alone.\n")
    assert [each.text for each in entries(lambda: system) if isinstance(each, Finding)] == [
        f"{HOSTS[name].title}: {path} {why}."
    ]
    assert path.read_text() == text
    assert time.process_time() - begun < AT_ONCE_SECONDS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("goose", "a: &a {x: 1}\nb: {<<: *a}\nc: [*a, *a]\nd: !!set {e}\nf: !!omap [g: 1]\n"),
        ("goose", "a: " + "[" * 98 + "]" * 98),
        ("claude-code", '{"a": ' + "[" * 99 + "]" * 99 + "}"),
        ("codex", "a = " + "[" * 99 + "]" * 99 + "\n"),
        ("codex", f"{'.'.join('a' * 99)} = 1\n"),
        ("codex", f"a = '{'x.' * 200}'\nb = \"{'x.' * 200}\"\nc = '''\n{'x.' * 200}\n'''\n# {'x.' * 200}\n"),
        ("codex", f'a = """\n\\"{"x." * 200}"""""\n"{"." * 200}" = [1.5, 1979-05-27T07:32:00.5]\n'),
    ],
)
def test_what_people_write_is_read(name: str, text: str) -> None:
    assert held(HOSTS[name], text)[HOSTS[name].key] == {}


HEX = "0x" + "F" * 5000
LONG = (
    ("goose", f"extensions:\n  rememberizer:\n    cmd: x\n    args: [{HEX}]\n"),
    ("codex", f"[mcp_servers.rememberizer]\ncommand = 'x'\nargs = [{HEX}]\n"),
    ("codex", f"[mcp_servers.rememberizer]\ncommand = 'x'\nenv = {{A = {HEX}}}\n"),
)


@pytest.mark.promise("install:file:bounded")
@pytest.mark.parametrize(("name", "text"), LONG)
def test_a_number_that_python_does_not_write_is_no_argument(name: str, text: str, tmp_path: Path) -> None:
    system = a_system(tmp_path)
    path = HOSTS[name].path(system)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    (finding,) = entries(lambda: system)
    assert isinstance(finding, Finding)
    assert finding.text == f"{HOSTS[name].title}: our entry in {path} holds no command."
    unset = dict.fromkeys(("XDG_CONFIG_HOME", "CODEX_HOME", "GOOSE_PATH_ROOT"))
    result = CliRunner().invoke(main, ("uninstall", name), env=unset | {"HOME": str(system.home)})
    assert (result.exit_code, f"Removed `rememberizer` from {path}." in result.output) == (0, True)
    assert path.with_name(path.name + ".rememberizer-replaced").read_text() == text


def test_a_number_of_many_digits_is_no_trouble_elsewhere() -> None:
    said = held(HOSTS["goose"], f"a: {HEX}\n")
    assert said["a"] == int(HEX, 16)
    assert json.dumps(held(HOSTS["cursor"], '{"a": 12345678901234567890}')["a"]) == "12345678901234567890"
