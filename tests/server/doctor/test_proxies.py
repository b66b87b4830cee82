"""Proxies on the way: one that works, each kind of trouble, and none that can be used."""

import os
from pathlib import Path

import pytest
from rememberizer_mcp.server.api.probe import Probe, Stage
from rememberizer_mcp.server.api.proxies import SYSTEM, NamedProxy, Problem, UnusableProxy
from rememberizer_mcp.server.doctor.network import findings, network

from tests.server.doctor.looking import HOST, YEAR, levels, look, look_at, trust
from tests.support.held_keyring import in_a_task
from tests.support.unusable_proxies import BESIDE, CANARY, UNUSABLE
from tests.support.way import Authority, answer, server, tunnel

PASSWORD = "canary-of-the-proxy"


async def test_what_is_meant_for_this_machine_goes_past_every_proxy() -> None:
    os.environ["HTTPS_PROXY"] = os.environ["HTTP_PROXY"] = "http://127.0.0.1:1"
    async with server(answer()) as stop:
        found = await look_at(stop)
    assert found["api"].level == "ok"
    assert found["proxy"].text.endswith(" of HTTPS_PROXY is not used: 127.0.0.1 is this machine.")


@pytest.mark.promise("doctor:looks:network")
@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
async def test_a_proxy_is_named_by_its_variable_and_without_its_password(
    variable: str, authority: Authority, tmp_path: Path
) -> None:
    trust(authority, tmp_path)
    async with (
        server(answer(), tls=authority.context(HOST, valid_for=YEAR)) as stop,
        tunnel(stop.port) as proxy,
    ):
        os.environ[variable] = f"http://ada:{PASSWORD}@127.0.0.1:{proxy.port}"
        found = await look(f"https://{HOST}/api/v1/")
    assert levels(found) == dict.fromkeys(["proxy", "network", "certificate", "api", "clock"], "ok")
    assert found["proxy"].text == f"Requests go through http://127.0.0.1:{proxy.port} ({variable})."
    assert found["proxy"].ms["proxy"] > 0
    assert PASSWORD not in str(found)
    assert proxy.asked[0].startswith(f"CONNECT {HOST}:443 ".encode())


@pytest.mark.promise("doctor:looks:network")
@pytest.mark.parametrize(
    ("said", "text"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "asks for a user name"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "refuses the way through, with 403."),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "refuses the way through, without an answer in HTTP."),
        (None, "takes the connection and then does not answer."),
    ],
)
async def test_a_proxy_that_lets_nothing_through_is_the_failure(said: bytes | None, text: str) -> None:
    async with server(said) as proxy:
        os.environ["HTTPS_PROXY"] = f"http://ada:{PASSWORD}@127.0.0.1:{proxy.port}"
        found = await look(f"https://{HOST}/", seconds=5 if said else 2)
    assert levels(found) == {"proxy": "failure", "network": "ok"}
    assert text in found["proxy"].text
    assert "HTTPS_PROXY" in f"{found['proxy'].next_step}"
    assert PASSWORD not in str(found)


@pytest.mark.promise("doctor:looks:network", "settings:secrets:never-shown")
@pytest.mark.parametrize(("environ", "source", "problem"), UNUSABLE)
async def test_a_proxy_that_can_not_be_used_is_the_failure(
    environ: dict[str, str], source: str, problem: Problem
) -> None:
    os.environ.update(environ)
    found = await look(f"https://{HOST}/")
    assert levels(found) == {"proxy": "failure"}
    assert found["proxy"].text.startswith(problem.format(source=source))
    assert (source in f"{found['proxy'].next_step}") is (problem is not Problem.KIND)
    assert CANARY not in str(found)


async def test_a_proxy_of_another_kind_is_shown_and_its_next_step_helps() -> None:
    os.environ["ALL_PROXY"] = f"socks5://ada:{CANARY}@127.0.0.1:1080"
    found = (await look("https://api.invalid/"))["proxy"]
    assert found.text.endswith(" It says socks5://127.0.0.1:1080.")
    assert "or add api.invalid to NO_PROXY" in f"{found.next_step}"
    os.environ["NO_PROXY"] = "api.invalid"
    found = (await in_a_task(lambda: look("https://api.invalid/")))["proxy"]
    assert (found.level, found.text) == (
        "ok", "socks5://127.0.0.1:1080 of ALL_PROXY is not used: NO_PROXY leaves api.invalid out.",
    )  # fmt: skip


def test_the_systems_proxy_is_named_by_its_address() -> None:
    """On macOS and Windows, where no variable has to be set."""
    way = NamedProxy(source=SYSTEM, address="ada:secret@proxy.example:3128")
    seen = Probe(
        stage=Stage.ANSWER, way=way, peer=("proxy.example", 3128), ms=dict.fromkeys(Stage, 1.0), timed_out=True
    )
    proxy, network_, *_ = findings(seen, f"https://{HOST}/", environ={}, platform="darwin", now=0.0, seconds=5)
    assert proxy.text == "Requests go through http://proxy.example:3128 (the system's proxy settings)."
    assert "and the system's proxy settings;" in f"{network_.next_step}"
    unusable = Probe(way=way, unusable=UnusableProxy(SYSTEM, Problem.FORM))
    (found,) = findings(unusable, f"https://{HOST}/", environ={}, platform="darwin", now=0.0, seconds=5)
    assert found.text.startswith("The proxy in the system's proxy settings can't be used")
    assert "proxy.example" not in found.text


@pytest.mark.promise(
    "settings:proxy:only-the-one-on-the-way", "settings:proxy:unusable-exceptions", "settings:secrets:never-shown"
)
@pytest.mark.parametrize("beside", BESIDE)
async def test_what_stands_beside_the_proxy_on_the_way_is_no_failure(
    beside: dict[str, str], authority: Authority, tmp_path: Path
) -> None:
    trust(authority, tmp_path)
    async with (
        server(answer(), tls=authority.context(HOST, valid_for=YEAR)) as stop,
        tunnel(stop.port) as proxy,
    ):
        os.environ.update(
            {"https_proxy": f"http://127.0.0.1:{proxy.port}", "REMEMBERIZER_BASE_URL": f"https://{HOST}/"}
        )
        os.environ.update(beside)
        found = await network(limit_seconds=5)
    assert {finding.level for finding in found} <= {"ok", "warning"}
    assert f"Requests go through http://127.0.0.1:{proxy.port} (https_proxy)." in [each.text for each in found]
    assert CANARY not in str(found)


@pytest.mark.promise("settings:proxy:unusable-exceptions", "doctor:looks:network")
@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"localhost,{CANARY}:port", "Entry 2 of NO_PROXY is left out: "),
        (f"{CANARY}:port,localhost,[{CANARY}", "Entries 1, 3 of NO_PROXY are left out: "),
    ],
)
async def test_entries_of_no_proxy_without_effect_are_a_warning(value: str, told: str) -> None:
    os.environ.update({"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": f"{value},api.invalid"})
    os.environ["REMEMBERIZER_BASE_URL"] = "https://api.invalid/"
    warned, unused, *_ = await network(limit_seconds=5)
    assert (warned.name, warned.level, unused.level) == ("proxy", "warning", "ok")
    assert warned.text.startswith(told)
    assert "Correct or remove" in f"{warned.next_step}"
    assert CANARY not in str(warned)


async def test_without_a_proxy_nothing_is_said_of_no_proxy() -> None:
    os.environ.update({"NO_PROXY": "host:port", "REMEMBERIZER_BASE_URL": "https://api.invalid/"})
    assert "proxy" not in {finding.name for finding in await network(limit_seconds=5)}


def test_of_a_proxy_nothing_is_said_where_no_connection_was_tried() -> None:
    os.environ["HTTPS_PROXY"] = "http://127.0.0.1:1"
    seen = Probe()
    (found,) = findings(seen, "https://x/", environ=os.environ, platform="linux", now=0.0, seconds=5)
    assert found.name == "network"
