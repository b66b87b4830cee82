"""What is quoted of a program's words."""

from pathlib import Path

import pytest
from rememberizer_mcp.server.doctor.quoting import MOST_CHARACTERS, Quoting

from tests.server.doctor.starting import failure_of, start

CANARY = "canary-of-the-words"


@pytest.mark.promise("doctor:safe:only-reads", "settings:secrets:never-shown")
@pytest.mark.parametrize(
    "value",
    [
        f"https://ada:{CANARY}@example.org/",
        f"https://example.org/?key={CANARY}",
        f"first\n{CANARY}\nlast",
        f"name={CANARY}",
    ],
)
def test_a_value_and_its_telling_parts_are_redacted(value: str) -> None:
    quoting = Quoting({"REMEMBERIZER_EMIAL": value, "HOME": "/home/ada"})
    assert CANARY not in quoting.last_words(f"{value}\n{CANARY} in /home/ada".encode())
    assert quoting.plain("in /home/ada") == "in /home/ada"
    told = Quoting({})
    told.learn(environ={}, arguments=[value, "--sandbox", "rememberizer-mcp"])
    assert CANARY not in told.last_words(value.encode())
    assert told.plain("rememberizer-mcp --sandbox") == "rememberizer-mcp --sandbox"


@pytest.mark.promise("doctor:safe:only-reads", "settings:secrets:never-shown")
@pytest.mark.parametrize(
    ("argument", "word"),
    [
        (f"echo tok {CANARY} >&2; exit 3", CANARY),
        (f"TOKEN={CANARY}", CANARY),
        (f"-p{CANARY}", CANARY),
        (f"echo '{CANARY}'", CANARY),
        (f"echo {CANARY};exit", CANARY),
        (f"Authorization:{CANARY}", CANARY),
        (f"fetch https://ada:{CANARY}@example.org/ now", CANARY),
        ("correcthorse", "correcthorse"),
    ],
)
def test_every_word_of_an_argument_is_redacted_but_plain_ones(argument: str, word: str) -> None:
    quoting = Quoting({})
    quoting.learn(environ={}, arguments=["tool", "run", "--from", "rememberizer-mcp==1.2.0", argument])
    assert quoting.plain(f"tok {word}") == "tok [redacted]"
    plain = "uv tool run --from rememberizer-mcp==1.2.0 rememberizer-mcp --sandbox"
    assert quoting.plain(plain) == plain


def test_an_address_that_is_none_is_redacted_whole() -> None:
    value = f"http://[{CANARY}"
    assert Quoting({"HTTPS_PROXY": value}).plain(f"at {value}") == "at [redacted]"


@pytest.mark.promise("doctor:safe:only-reads")
def test_a_secret_of_a_file_is_redacted_and_what_is_no_such_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"\ufeff{CANARY}\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "huge").write_text("x" * 20_000)
    files = {"A_FILE": "secret", "B_FILE": "bytes", "C_FILE": "huge", "D_FILE": ".", "E_FILE": "none"}
    quoting = Quoting({})
    quoting.learn(environ={name: str(tmp_path / file) for name, file in files.items()})
    assert quoting.plain(f"It is {CANARY} {'x' * 20}") == f"It is [redacted] {'x' * 20}"


@pytest.mark.promise("doctor:safe:only-reads")
def test_the_words_that_settings_take_stay_readable() -> None:
    quoting = Quoting({"REMEMBERIZER_TOOLSETS": "auth, knowledge,mementos", "REMEMBERIZER_LOG_LEVEL": "debug"})
    assert quoting.plain("must be `debug`, not auth") == "must be `debug`, not auth"


@pytest.mark.promise("doctor:safe:redacted-by-form")
async def test_what_a_runner_prints_of_its_index_is_redacted_by_its_form() -> None:
    script = (
        "echo 'error: GET https://build:canary-1@index.example/simple?sig=canary-2 failed' >&2;"
        "echo '> Authorization: Bearer canary-3' >&2; echo 'Cookie: a=canary-4; b=canary-5' >&2;"
        "echo 'ran: publish --password canary-6 --token=canary-7' >&2; exit 3"
    )
    seen = await start("/bin/sh", "-c", script)
    said = Quoting({}).last_words(seen.stderr)
    assert said == (
        "error: GET https://[redacted]@index.example/simple?[redacted] failed > Authorization: [redacted] "
        "Cookie: [redacted] ran: publish --password [redacted] --token=[redacted]"
    )


@pytest.mark.promise("doctor:safe:redacted-by-form")
@pytest.mark.parametrize("between", ["\n", "\r\n   ", " "])
def test_what_was_wrapped_or_holds_a_space_is_redacted_whole(between: str) -> None:
    wrapped = f"error: can't fetch https://build:canary-1{between}canary-2@index.example/simple\n"
    assert Quoting({}).last_words(wrapped.encode()) == "error: can't fetch https://[redacted]@index.example/simple"


@pytest.mark.promise("doctor:safe:redacted-by-form")
async def test_the_doctor_shows_nothing_that_looks_like_a_secret(tmp_path: Path) -> None:
    """What is printed stands in a file, so that nothing of it is known from the entry."""
    script = tmp_path / "script"
    script.write_text("echo ftp://ada:canary@x >&2\necho 'token: canary' >&2\nexit 1\n")
    text, step = await failure_of("/bin/sh", str(script))
    assert text.endswith("It says: ftp://[redacted]@x token: [redacted]")
    assert "canary" not in text + step


def test_only_the_last_lines_are_quoted_and_cut() -> None:
    assert Quoting({}).last_words(b"1\n2\n\n3\r\n\xff\x1b[0m 4\n5\n") == "2 3 \ufffd [0m 4 5"
    long = Quoting({}).plain("x" * 1000)
    assert (len(long), long[-2:]) == (MOST_CHARACTERS, " …")
