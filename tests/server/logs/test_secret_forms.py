"""What looks like a secret is redacted by its form, and ordinary words are not."""

import time

import pytest
from rememberizer_mcp.server.logs.secret_forms import redacted, shown_name

LONGEST_SECONDS = 10.0
"""On a busy machine. What grows with the square of the length takes minutes."""
TOKEN = "c4n4ryc4n4ryc4n4ry"


@pytest.mark.promise("doctor:safe:redacted-by-form")
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("at https://build:{}@index/simple/", "at https://[redacted]@index/simple/"),
        ("at git+ssh://{}@git.example/r", "at git+ssh://[redacted]@git.example/r"),
        ("at https://ada:a/{}@x/ and b@example.org", "at https://[redacted]@x/ and b@example.org"),
        ("https://x/y?a=1&key={}#z", "https://x/y?[redacted]"),
        ("Authorization: Basic {}==", "Authorization: [redacted]"),
        ("'proxy-authorization': 'Digest x, {}'", "'proxy-authorization': [redacted]"),
        ("set-cookie: a=1; b={}", "set-cookie: [redacted]"),
        ("X-Api-Key: {}", "X-Api-Key: [redacted]"),
        ("x-auth={} y", "x-auth=[redacted]"),
        ("x-functions-key: {} y", "x-functions-key: [redacted]"),
        ("X-Token: {} y", "X-Token: [redacted]"),
        ("sent bearer {} to x", "sent bearer [redacted] to x"),
        ("sent Basic {}= to x", "sent Basic [redacted] to x"),
        ("token={} x", "token=[redacted] x"),
        ("GITHUB_TOKEN={}", "GITHUB_TOKEN=[redacted]"),
        ("REMEMBERIZER_API_TOKEN={}", "REMEMBERIZER_API_TOKEN=[redacted]"),
        ("client_secret = '{} and more' x", "client_secret = [redacted] x"),
        ('{{"password": "{} and more", "a": 1}}', '{{"password": [redacted], "a": 1}}'),
        ("passwd => {}", "passwd => [redacted]"),
        ("db.passphrase: {}", "db.passphrase: [redacted]"),
        ("api-key={},b", "api-key=[redacted],b"),
        ("apikey={}", "apikey=[redacted]"),
        ("accessKey={}", "accessKey=[redacted]"),
        ("private_key={}", "private_key=[redacted]"),
        ("api_key_2={}, ACCESS_KEY_2={}", "api_key_2=[redacted], ACCESS_KEY_2=[redacted]"),
        ("private-key-pem: {}", "private-key-pem: [redacted]"),
        ("credentials={}", "credentials=[redacted]"),
        ("session-id={}", "session-id=[redacted]"),
        ("sessionid={}", "sessionid=[redacted]"),
        ("signature={}&a", "signature=[redacted]&a"),
        ("bearer={}", "bearer=[redacted]"),
        ("x --password {} y", "x --password [redacted] y"),
        ("x -token {} y", "x -token [redacted] y"),
        ("--api-key {}", "--api-key [redacted]"),
        ("got eyJ{}.eyJ.x-_ here", "got [redacted] here"),
        ("got sk-{} here", "got [redacted] here"),
        ("got ghp_{} here", "got [redacted] here"),
        ("got github_pat_{} here", "got [redacted] here"),
        ("got glpat-{} here", "got [redacted] here"),
        ("got xoxb-{} here", "got [redacted] here"),
        ("got pypi-{} here", "got [redacted] here"),
        ("got npm_{} here", "got [redacted] here"),
        ("got hf_{} here", "got [redacted] here"),
        ("got pk_{}, rk_{}", "got [redacted], [redacted]"),
        ("got mem_{}", "got [redacted]"),
        ("at https://build:{} 2@index/simple", "at https://[redacted]@index/simple"),
        ("at https://build:{} and\n  more 3@index", "at https://[redacted]@index"),
        ("at https://build:80{} 4@index", "at https://[redacted]@index"),
        ("at amqp:{}@index", "at amqp:[redacted]@index"),
        ("at https%3A%2F%2Fbuild%3A{}%40index", "at https%3A%2F%2F[redacted]%40index"),
        ("https://x/y#access={} z", "https://x/y#[redacted] z"),
        ("MYSQL_PWD={}", "MYSQL_PWD=[redacted]"),
        ('{{"pwd": "{}"}}', '{{"pwd": [redacted]}}'),
        ("pass={} pass: {}", "pass=[redacted] pass: [redacted]"),
        ("x --pass {} --db-key {} --auth {}", "x --pass [redacted] --db-key [redacted] --auth [redacted]"),
        ("//reg/:_auth={}== b", "//reg/:_auth=[redacted] b"),
        ("auth={}, key={}, ssh_key: {}", "auth=[redacted], key=[redacted], ssh_key: [redacted]"),
        ('"key": "{}"', '"key": [redacted]'),
        ("('password', '{}')", "('password', [redacted])"),
        ('password="{}\nerror: x', "password=[redacted]\nerror: x"),
        ("password='{}\nerror: x", "password=[redacted]\nerror: x"),
        ("x -u build:{} y", "x -u build:[redacted] y"),
        ("x -ubuild:{} --user=ada:{}", "x -ubuild:[redacted] --user=ada:[redacted]"),
        ("x --proxy-user ada:{} -U :{}", "x --proxy-user ada:[redacted] -U :[redacted]"),
        ("machine index login build password {} x", "machine index login build password [redacted] x"),
        ("machine index\n  password {}\nx", "machine index\n  password [redacted]\nx"),
        ("got AIza{} here", "got [redacted] here"),
        ("got SG.{}.{} here", "got [redacted] here"),
        ("got dckr_pat_{} here", "got [redacted] here"),
        ("got dckr_oat_{}, dop_v1_{}", "got [redacted], [redacted]"),
        ("got ATATT3{}=A, ya29.{}", "got [redacted], [redacted]"),
        ("got hvs.{}, shpat_{}", "got [redacted], [redacted]"),
        ("got shpca_{}, shppa_{}", "got [redacted], [redacted]"),
        ("got lin_api_{}, glrt-{}", "got [redacted], [redacted]"),
        ("got AKIAABCDEFGHIJKLMNOP here", "got [redacted] here"),
        ("got ASIAABCDEFGHIJKLMNOP here", "got [redacted] here"),
    ],
)
def test_each_form_is_redacted_and_the_words_around_it_stay(line: str, shown: str) -> None:
    assert redacted(line.format(*[TOKEN] * 3)) == shown.format()


@pytest.mark.parametrize(
    "line",
    [
        "REMEMBERIZER_API_TOKEN_FILE: there is no such file",
        "rememberizer_password: must not be empty",
        "Installed 44 packages in 100ms",
        "error: No solution found when resolving tool dependencies",
        "see https://docs.example/a/b and mail to ada@example.org",
        "a basic mistake, the bearer of bad news",
        "npm_config_userconfig_of_somebody, sk-, pypi-package",
        "the password is wrong; check your token",
        "AKIA is short, eyJ too",
        "-m rememberizer_mcp.server --sandbox",
        "key: value, author: ada",
        "at https://index.example:8080/simple, ask ada@example.org",
        "at https://index.example:443 or ask ada@example.org",
        "see https://docs.example/a#part, pass it on, key by key",
        "the password of ada, password is asked for",
        "SG. is a place, AIza, -u ada, uvx --user x",
    ],
)
def test_ordinary_words_stay(line: str) -> None:
    assert redacted(line) == line


@pytest.mark.promise("doctor:safe:redacted-by-form")
@pytest.mark.parametrize(
    "part",
    [
        "x",
        "token",
        "://",
        "a://",
        "x-",
        "sk-",
        "'token'",
        "a.eyJ-",
        "bearer ",
        "x@",
        "-token ",
        "://a:b ",
        "a:b ",
        "%3A%2F%2F",
        "-u ",
        "login ",
        "login x password ",
        "password\n",
        "'key',",
        "SG.a",
        "pass",
        "https://a#",
    ],
)
def test_a_long_line_takes_no_long_time(part: str) -> None:
    begun = time.monotonic()
    redacted(part * (2**16 // len(part)))
    assert time.monotonic() - begun < LONGEST_SECONDS


@pytest.mark.promise("install:secrets:names")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("TOKEN=sk_canary", "TOKEN…"),
        ("Authorization: Bearer canary", "Authorization…"),
        ("--token canary", "…"),
        ("A\ncanary", "A…"),
        ("A\ncanary\ncanary", "A…"),
        (f"sk_{TOKEN}", "[redacted]"),
        ("REMEMBERIZER_EMAIL", "REMEMBERIZER_EMAIL"),
        ("größe", "größe"),
    ],
)
def test_of_a_name_that_holds_more_than_a_name_only_the_beginning_is_shown(name: str, shown: str) -> None:
    assert shown_name(name) == shown
