"""A whole life over stdio at debug level, against a real HTTP service: no secret is in any byte that comes out."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import Process, clean_environment, initialize, legacy, modern, running

SECRETS = {"password": "canary-password", "captcha": "canary-captcha"}
CODE = "canary-code"
PROFILE = b'{"email": "ada@example.org", "name": "Ada", "email_verified": true}'
BROKEN = b'{"detail": "canary-of-upstream refuses canary-password"}'


class Service(ThreadingHTTPServer):
    """Answers as documented, with tokens that can be recognised; refuses what it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.numbers = itertools.count()
        self.refuse = False


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self._answer(200, PROFILE)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.refuse:
            self._answer(401, BROKEN)
        elif self.path.endswith(("signup/", "verify-email/")):
            self._answer(200, b"{}", tokens=True)
        else:
            self._answer(204, b"", tokens=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the signature is http.server's
        """Print nothing."""

    def _answer(self, status: int, body: bytes, *, tokens: bool = False) -> None:
        self.send_response(status)
        if tokens:
            number = next(self.server.numbers)
            self.send_header("Set-Cookie", f"access_token=canary-access-{number}; Path=/; HttpOnly")
            self.send_header("Set-Cookie", f"refresh_token=canary-refresh-{number}; Path=/; HttpOnly")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(timeout=10)


class Host:
    """A host in one of the two eras."""

    def __init__(self, process: Process, era: str) -> None:
        self._process = process
        self._request = legacy if era == "2025-11-25" else modern
        self._numbers = itertools.count(1)
        if era == "2025-11-25":
            process.ask(initialize())
            process.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, tool: str, **arguments: str) -> str:
        """The state, or the error's code."""
        request = self._request(next(self._numbers), "tools/call", name=tool, arguments=arguments)
        content = self._process.ask(request)["result"]["structuredContent"]
        return str(content["error"]["code"] if "error" in content else content["state"])


@pytest.mark.promise("settings:secrets:never-shown", "arguments:rejected:no-echo", "settings:logs:one-redacted-line")
@pytest.mark.parametrize(
    "secret",
    [
        "canary-of-a-size " * 10_000,
        ["canary-of-a-list"] * 1_000,
        {f"canary-{number}": "canary" for number in range(1_000)},
    ],
    ids=["long", "list", "names"],
)
def test_what_is_too_large_to_be_learnt_is_logged_nowhere(secret: Any) -> None:
    with running(environment=clean_environment(LOG_LEVEL="debug")) as process:
        for number, tool in enumerate(("login", "signup", "verify", "refresh", "logout", "session_status")):
            given = {"email": "ada@example.org", "password": secret, "captcha": secret, "verification_code": secret}
            answer = process.ask(modern(number, "tools/call", name=tool, arguments=given))
            assert answer["result"]["structuredContent"]["error"]["code"] == "invalid_arguments"
        _, code, rest, noise = process.end_input()
    assert (code, rest) == (0, b"")
    assert noise.count(b" failed: invalid_arguments\n") == 6
    assert b"canary" not in b"".join(process.lines) + noise


@pytest.mark.promise(
    "settings:secrets:never-shown",
    "process:stdout:protocol-only",
    "settings:logs:one-redacted-line",
    "process:eras:same",
    "upstream:answers:codes",
)
@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
def test_no_secret_is_in_any_byte_of_a_whole_life(era: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("canary-of-the-settings\n", encoding="utf-8")
    with service() as upstream:
        environment = clean_environment(
            BASE_URL=f"http://127.0.0.1:{upstream.server_address[1]}/api/v1/",
            LOG_LEVEL="debug",
            EMAIL="grace@example.org",
            PASSWORD_FILE=str(tmp_path / "password"),
            CAPTCHA="canary-of-the-captcha-setting",
        )
        with running(environment=environment) as process:
            host = Host(process, era)
            account = {"email": "ada@example.org", **SECRETS}
            assert host.call("signup", **account, name="Ada") == "unverified"
            assert host.call("verify", verification_code=CODE) == "signed_in"
            assert host.call("refresh") == "signed_in"
            assert host.call("login", email="grace@example.org") == "signed_in"
            upstream.refuse = True
            assert host.call("login", **account) == "invalid_credentials"
            assert host.call("verify", verification_code=CODE) == "session_expired"
            assert host.call("refresh") == "session_expired"
            assert host.call("login", **account, passwrd="canary-of-a-slip") == "invalid_arguments"
            assert host.call("logout") == "signed_out"
            assert host.call("login") == "invalid_credentials"
            _, code, rest, noise = process.end_input()
    assert code == 0
    assert rest == b""
    assert b"INFO rememberizer_mcp.server.sessions.session: session rs_" in noise
    assert b"canary" not in b"".join(process.lines) + noise
