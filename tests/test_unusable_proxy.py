"""A real server that was started with a proxy which can't be used: what an agent, its user and the doctor are told."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import StdioServerParameters
from rememberizer_mcp.server.doctor.examination import examine

from tests.support.agent import ADA, agent_on
from tests.support.person import visit
from tests.support.process import SERVE, Process, clean_environment, modern, running
from tests.support.sessions import resync
from tests.support.unusable_proxies import BESIDE, CANARY, without_proxies

SOCKS = f"socks5://ada:{CANARY}@127.0.0.1:1080"
CASES = [
    ("ALL_PROXY", SOCKS, "only http and https proxies can."),
    ("HTTPS_PROXY", f"http://ada:p#{CANARY}@host:8080", "it does not have the form of an address."),
    ("HTTPS_PROXY", f"http://ada:{CANARY}@127.0.0.1:99999", "it does not have the form of an address."),
]


def environment(variable: str, value: str, **settings: str) -> dict[str, str]:
    kept = without_proxies(clean_environment(OPEN_BROWSER="never", **settings))
    return kept | {variable: value}


def result_of(process: Process, name: str, /, **arguments: Any) -> dict[str, Any]:
    answer = process.ask(modern(1, "tools/call", name=name, arguments=arguments))
    assert CANARY not in json.dumps(answer).replace(ADA["password"], "")
    content: dict[str, Any] = answer["result"]["structuredContent"]
    return content


@pytest.mark.promise("upstream:answers:codes", "tools:errors:members", "settings:secrets:never-shown")
@pytest.mark.parametrize(("variable", "value", "said"), CASES)
def test_every_call_names_the_variable_that_the_user_has_to_correct(variable: str, value: str, said: str) -> None:
    with running(environment=environment(variable, value, API_TOKEN="key", LOG_LEVEL="debug")) as process:
        results = [
            result_of(process, "search", query="tea"),
            result_of(process, "remember", name="Tea", content="Green."),
            result_of(process, "login", **ADA),
            result_of(process, "signup", **ADA),
        ]
        for error in (result["error"] for result in results):
            assert (error["code"], error["retryable"]) == ("upstream_unreachable", False)
            assert error["message"].endswith(said)
            assert f"only the user can correct this. Have them set {variable} to" in error["hint"]
        assert result_of(process, "session_status")["state"] == "signed_out"
        assert result_of(process, "refresh")["error"]["code"] == "not_signed_in"
        assert result_of(process, "logout")["state"] == "signed_out"
        _, code, rest, noise = process.end_input()
    assert (code, rest) == (0, b"")
    assert CANARY.encode() not in noise


@pytest.mark.promise("page:forms:work-and-stay", "settings:secrets:never-shown")
async def test_the_page_tells_the_person_what_to_correct() -> None:
    command, *arguments = SERVE
    server = StdioServerParameters(command=command, args=arguments, env=environment("ALL_PROXY", SOCKS))
    async with agent_on(server) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        told = (await visit(url, form="sign_in", **ADA)).text
    await resync()
    assert "The proxy in ALL_PROXY can&#39;t be used: only http and https proxies can." in told
    assert "Correct it where this program is started, and start it again." in told
    assert CANARY not in told


@pytest.mark.promise("doctor:looks:network", "settings:secrets:never-shown")
@pytest.mark.parametrize(("variable", "value", "said"), CASES)
async def test_the_doctor_agrees(variable: str, value: str, said: str, tmp_path: Path) -> None:
    known = environment(variable, value, BASE_URL="https://api.example.org/") | {"HOME": str(tmp_path)}
    found = (await examine(["network"], environ=known, limit_seconds=40))["network"]
    (proxy,) = [finding for finding in found if finding.name == "proxy"]
    assert proxy.level == "failure"
    assert variable in proxy.text
    assert said in proxy.text
    assert CANARY not in str(found)


@pytest.mark.promise("doctor:looks:network", "settings:secrets:never-shown")
def test_the_doctors_command_tells_it_without_the_value() -> None:
    variable, value, said = CASES[0]
    done = subprocess.run(
        [sys.executable, "-m", "rememberizer_mcp.server", "doctor", "--json"],
        env=environment(variable, value, BASE_URL="https://api.example.org/") | {"HOME": os.devnull},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert (done.returncode, found["proxy"]["level"]) == (1, "failure")
    assert variable in found["proxy"]["text"]
    assert said in found["proxy"]["text"]
    assert CANARY not in done.stdout + done.stderr


@pytest.mark.promise("settings:proxy:only-the-one-on-the-way", "settings:proxy:unusable-exceptions")
@pytest.mark.parametrize("beside", [BESIDE[0], BESIDE[6]])
def test_what_is_not_on_the_way_stops_no_call(beside: dict[str, str]) -> None:
    """The proxy on the way refuses the connection."""
    with running(environment=environment("https_proxy", "http://127.0.0.1:9", API_TOKEN="key") | beside) as process:
        error = result_of(process, "search", query="tea")["error"]
    assert (error["code"], error["retryable"]) == ("upstream_unreachable", True)
    assert error["message"].startswith("Rememberizer could not be reached")
