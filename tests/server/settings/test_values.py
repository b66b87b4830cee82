"""What each kind of value may be: addresses, and secrets in files."""

import os
import threading
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rememberizer_mcp.server.settings.settings import load_settings
from rememberizer_mcp.server.settings.values import is_loopback

from tests.server.settings.test_settings import problems_of, written

CANARY = "canary-s3cret"


@pytest.mark.promise("upstream:tls:no-plain-http")
@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://api.example.org", "https://api.example.org/"),
        (" https://api.example.org/v1 ", "https://api.example.org/v1/"),
        ("HTTPS://API.example.org/v1/", "https://API.example.org/v1/"),
        ("http://127.0.0.1:8765/api/v1/", "http://127.0.0.1:8765/api/v1/"),
        ("http://127.9.9.9/", "http://127.9.9.9/"),
        ("http://[::1]:80", "http://[::1]:80/"),
        ("http://LOCALHOST/", "http://LOCALHOST/"),
        ("https://_my-api_1._example_.org/", "https://_my-api_1._example_.org/"),
    ],
)
def test_a_usable_base_url_ends_with_a_slash(given: str, used: str) -> None:
    assert problems_of(BASE_URL=given) == ()
    assert load_settings().base_url == used


@pytest.mark.promise("upstream:tls:no-plain-http")
@pytest.mark.parametrize(
    ("given", "because"),
    [
        ("http://api.rememberizer.ai/", "plain http is allowed to this machine only"),
        ("http://127.0.0.1.example.org/", "plain http is allowed to this machine only"),
        ("http://localhost.example.org/", "plain http is allowed to this machine only"),
        ("http://app.localhost/", "plain http is allowed to this machine only"),
        ("http://notlocalhost/", "plain http is allowed to this machine only"),
        ("http://0.0.0.0/", "plain http is allowed to this machine only"),
        ("http://10.0.0.1/", "plain http is allowed to this machine only"),
        ("http://[::ffff:10.0.0.1]/", "plain http is allowed to this machine only"),
        ("http://localhost@example.org/", "must hold no user name"),
        (f"https://ada:{CANARY}@example.org/", "must hold no user name"),
        (f"https://:{CANARY}@example.org/", "must hold no user name"),
        (f"https://example.org/?key={CANARY}", "must hold no user name, password, query or fragment"),
        (f"https://example.org/#{CANARY}", "must hold no user name, password, query or fragment"),
        ("https://example.org:99999/", "port"),
        (f"https://ada:{CANARY}/x@example.org/", ""),
        (f"https://ada:{CANARY}@ex\u2100mple.org/", ""),
        (f"https://[{CANARY}]/", ""),
        ("https://[::1/", ""),
        ("api.rememberizer.ai", "must be an address that begins with https://"),
        ("https:///api/", "must be an address that begins with https://"),
        ("file:///etc/passwd", "must be an address that begins with https://"),
        ("ftp://example.org/", "must be an address that begins with https://"),
    ],
)
def test_an_unusable_base_url_is_refused_and_never_repeated(given: str, because: str) -> None:
    (problem,) = problems_of(BASE_URL=given)
    assert problem.startswith("REMEMBERIZER_BASE_URL: ")
    assert because in problem
    assert CANARY not in problem


@pytest.mark.parametrize(
    "given",
    [
        "https://exa mple.org/",
        "https://example..org/",
        "https://xn--/",
        "https://example.org[::1]/",
        "https://ho%73t/",
        "https://\N{KELVIN SIGN}iosk.example.org/",
        "https://" + "a" * 64 + ".org/",
    ],
)
def test_a_host_that_can_not_exist_is_refused_at_the_start(given: str) -> None:
    (problem,) = problems_of(BASE_URL=given)
    assert problem.startswith("REMEMBERIZER_BASE_URL: ")


@pytest.mark.promise("upstream:tls:no-plain-http")
@example(pieces=["example.org", "[::1]"])
@example(pieces=["[::1]", "example.org"])
@example(pieces=["example.org", "\\", ".localhost"])
@example(pieces=["example.org", "%2f", ".localhost"])
@settings(deadline=None)
@given(
    pieces=st.lists(
        st.sampled_from(
            ["127.0.0.1", "localhost", ".localhost", "[::1]", "example.org", "@", ":", "80", "\\", "%2f", ".", ";", "/"]
        ),
        min_size=1,
        max_size=5,
    )
)
def test_plain_http_never_leaves_this_machine_however_a_url_is_read(pieces: list[str]) -> None:
    if problems_of(BASE_URL=f"http://{''.join(pieces)}"):
        return
    host = httpx.URL(load_settings().base_url + "me/").host
    assert is_loopback(host)
    assert not set(host) & set("\\%;@")


@pytest.mark.parametrize(("name", "refused"), [("REFRESH_TOKEN", '",;\\'), ("API_TOKEN", "")])
def test_a_key_can_have_every_visible_character_that_is_sent_as_it_is(name: str, refused: str) -> None:
    visible = map(chr, range(0x21, 0x7F))
    assert [each for each in visible if problems_of(**{name: f"x{each}x"})] == list(refused)


@pytest.mark.parametrize("name", ["PASSWORD", "CAPTCHA"])
def test_a_secret_that_is_no_unicode_text_is_refused(name: str) -> None:
    (problem,) = problems_of(EMAIL="ada@example.org", **{name: f"{CANARY}\udcff"})
    assert problem.startswith(f"REMEMBERIZER_{name}: ")
    assert CANARY not in problem


@pytest.mark.promise("settings:secrets:from-files")
@pytest.mark.parametrize("content", [b"pass word", b" pass word \n", b"pass word\r\n", b"\xef\xbb\xbfpass word \r\n"])
def test_a_secret_comes_from_a_file_without_the_white_space_around_it(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "password", content)
    assert problems_of(EMAIL="ada@example.org", PASSWORD_FILE=path, CAPTCHA_FILE=path) == ()
    assert load_settings().secret_values() == ["pass word", "pass word"]


@pytest.mark.promise("settings:secrets:from-files")
@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b" \n"], ids=["no text", "empty", "an empty line"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    (problem,) = problems_of(EMAIL="ada@example.org", PASSWORD_FILE=written(tmp_path / CANARY, content))
    assert problem.startswith("REMEMBERIZER_PASSWORD_FILE names a file that ")
    assert CANARY not in problem


NOT_FILLED = "`~` is not filled in: write the whole path"


@pytest.mark.promise("settings:secrets:from-files")
def test_what_is_no_file_with_a_secret_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    paths = {"PASSWORD": tmp_path / "missing", "CAPTCHA": tmp_path, "API_TOKEN": "/dev/zero", "REFRESH_TOKEN": "~/none"}
    paths["VECTOR_STORE_TOKEN"] = tmp_path / "loop"
    assert problems_of(**{f"{name}_FILE": str(path) for name, path in paths.items()}) == (
        "REMEMBERIZER_PASSWORD_FILE names a file that does not exist",
        "REMEMBERIZER_CAPTCHA_FILE names a folder",
        f"REMEMBERIZER_REFRESH_TOKEN_FILE names a file that does not exist ({NOT_FILLED})",
        "REMEMBERIZER_API_TOKEN_FILE names a file of more than 64 KiB",
        "REMEMBERIZER_VECTOR_STORE_TOKEN_FILE names a file that can't be read as text",
    )


@pytest.mark.promise("settings:secrets:from-files")
def test_a_secret_comes_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=(f"{CANARY}\n",))
    writing.start()
    assert problems_of(CAPTCHA_FILE=str(pipe)) == ()
    writing.join()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("a.localhost", False),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("127.1", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 -- an address to refuse, nothing binds it
        ("::", False),
        ("localhost.example.org", False),
        ("xlocalhost", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local
