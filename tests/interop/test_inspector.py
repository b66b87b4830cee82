"""The MCP Inspector's command line: one process a call, so that a session ends with the call that began it."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.interop.client import COMMANDS, NODE, PACKAGES
from tests.interop.plan import ACCOUNT, SECRETS, WRONG
from tests.interop.run import LONGEST_SECONDS, environment
from tests.interop.wire import Wire
from tests.support.host import host
from tests.support.http_sandbox import newest_code

pytestmark = [pytest.mark.promise("package:clients:others"), pytest.mark.needs(*COMMANDS)]
COMMAND = (str(NODE), str(PACKAGES / "node_modules" / ".bin" / "mcp-inspector"), "--cli")
TOOL_FAILED = 5
"""The exit code of a call whose result is an error."""
REVISIONS = {"legacy": "2025-11-25", "modern": "2026-07-28"}


@dataclass(frozen=True, kw_only=True)
class Inspector:
    """The command line in one of the two protocol eras."""

    era: str
    folder: Path

    @property
    def wire(self) -> Wire:
        return Wire(self.folder)

    def call(self, tool: str, *options: str, arguments: Mapping[str, str] | None = None, **settings: str) -> Any:
        """The result of one call, and the exit code."""
        given = ["--tool-args-json", json.dumps(arguments or {})]
        done = self.run("tools/call", "--tool-name", tool, *given, options=options, **settings)
        return json.loads(done.stdout)["result"], done.returncode

    def run(self, method: str, *given: str, options: tuple[str, ...] = (), **settings: str) -> Any:
        names = {f"REMEMBERIZER_{name}": value for name, value in settings.items()}
        done = subprocess.run(
            [*COMMAND, "--protocol-era", self.era, "--format", "json", "--method", method, *given]
            + [part for name, value in names.items() for part in ("-e", f"{name}={value}")]
            + ["-e", f"XDG_RUNTIME_DIR={self.folder}", "--", *self.wire.command(*options)],
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
            env=environment(self.folder),
        )
        assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]
        return done


@pytest.fixture(params=REVISIONS)
def inspector(request: pytest.FixtureRequest, tmp_path: Path) -> Inspector:
    return Inspector(era=request.param, folder=tmp_path)


def test_the_inspector_finds_no_error_in_the_schemas_and_no_blemish_in_what_a_model_fills_in(
    inspector: Inspector,
) -> None:
    done = inspector.run("tools/list", "--strict")
    assert done.returncode == 0
    assert "\n0 errors, " in done.stderr
    assert "Path: inputSchema" not in done.stderr
    assert [tool["name"] for tool in json.loads(done.stdout)["result"]["tools"]] == inspector.wire.tools
    assert inspector.wire.protocol == REVISIONS[inspector.era]


def test_the_inspector_shows_a_result_in_both_forms(inspector: Inspector) -> None:
    result, code = inspector.call("signup", arguments=ACCOUNT)
    assert code == 0
    assert result["structuredContent"]["state"] == "unverified"
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


def test_the_inspector_tells_a_wrong_password_by_its_code_and_its_exit(inspector: Inspector) -> None:
    result, code = inspector.call("login", arguments=WRONG)
    assert code == TOOL_FAILED
    assert result["isError"]
    assert result["structuredContent"]["error"]["code"] == "invalid_credentials"


def test_the_inspector_finds_the_prompts_and_reads_the_session(inspector: Inspector) -> None:
    prompts = inspector.run("prompts/list")
    assert prompts.returncode == 0
    assert "sign_in" in [prompt["name"] for prompt in json.loads(prompts.stdout)["result"]["prompts"]]
    session = inspector.run("resources/read", "--uri", "rememberizer://session")
    assert session.returncode == 0
    (contents,) = json.loads(session.stdout)["result"]["contents"]
    assert json.loads(contents["text"])["state"] == "signed_out"


def test_a_search_in_a_process_of_its_own_signs_in_by_the_settings_first(inspector: Inspector) -> None:
    data = ("--data", str(inspector.folder / "accounts"))
    with host("--sandbox", *data, environment=environment(inspector.folder)) as ours:
        ours.call("signup", **ACCOUNT)
        ours.call("verify", verification_code=newest_code(inspector.folder))
    secret = {name.upper(): ACCOUNT[name] for name in ("email", "password", "captcha")}
    result, code = inspector.call("search", *data, arguments={"query": "why is the sky blue"}, **secret)
    assert code == 0
    assert "blue light reaches the eye" in result["structuredContent"]["matches"][0]["text"]
