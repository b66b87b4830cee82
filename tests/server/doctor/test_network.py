"""How far a request comes, on real connections: servers with and without TLS, proxies, and nothing at all."""

import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from rememberizer_mcp.server.api.probe import Probe, Stage
from rememberizer_mcp.server.api.proxies import SYSTEM, Problem, UnusableProxy
from rememberizer_mcp.server.doctor.network import findings, network
from rememberizer_mcp.server.doctor.report import Finding, Level

from tests.support.held_keyring import in_a_task
from tests.support.unusable_proxies import CANARY, UNUSABLE, without_proxies
from tests.support.way import Authority, Stop, answer, server, tunnel

HOST = "api.example.org"
YEAR = timedelta(days=365)
PASSWORD = "canary-of-the-proxy"


@pytest.fixture(autouse=True)
def no_proxies() -> None:
    """Of the machine that runs the test; ``conftest`` puts them back."""
    kept = without_proxies(dict(os.environ))
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def authority() -> Authority:
    return Authority()


async def look(url: str, *, seconds: float = 5.0) -> dict[str, Finding]:
    """The findings by name; there is never more than one of each here."""
    os.environ["REMEMBERIZER_BASE_URL"] = url
    found = await network(limit_seconds=seconds)
    assert len({finding.name for finding in found}) == len(found)
    return {finding.name: finding for finding in found}


async def look_at(stop: Stop) -> dict[str, Finding]:
    return await look(f"http://127.0.0.1:{stop.port}/api/v1/")


def levels(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.level.value for name, finding in found.items()}


def trust(authority: Authority, folder: Path) -> None:
    os.environ["SSL_CERT_FILE"] = authority.write(folder / "ca.pem")


@pytest.mark.promise("D116")
async def test_every_stage_of_the_way_has_its_time(authority: Authority, tmp_path: Path) -> None:
    trust(authority, tmp_path)
    async with server(answer(), tls=authority.context("localhost", valid_for=YEAR)) as stop:
        found = await look(f"https://localhost:{stop.port}/api/v1/")
    assert levels(found) == dict.fromkeys(["network", "certificate", "api", "clock"], "ok")
    times = [*found["network"].ms.items(), *found["certificate"].ms.items(), *found["api"].ms.items()]
    assert [name for name, _ in times] == ["resolve", "connect", "tls", "first_byte"]
    assert all(0 < took < 5000 for _, took in times)


@pytest.mark.promise("D117", "S40")
async def test_no_credential_is_sent(authority: Authority, tmp_path: Path) -> None:
    trust(authority, tmp_path)
    for name in ("PASSWORD", "CAPTCHA", "REFRESH_TOKEN", "API_TOKEN", "VECTOR_STORE_TOKEN"):
        os.environ[f"REMEMBERIZER_{name}"] = f"canary-{name}"
    os.environ["REMEMBERIZER_EMAIL"] = "ada@canary.example"
    async with server(answer(), tls=authority.context("localhost", valid_for=YEAR)) as stop:
        await look(f"https://localhost:{stop.port}/api/v1/")
    (asked,) = stop.asked
    assert asked.startswith(b"GET /api/v1/me/ HTTP/1.1\r\n")
    names = {line.partition(b":")[0].lower() for line in asked.split(b"\r\n")[1:]}
    assert names <= {b"host", b"accept", b"accept-encoding", b"connection", b"user-agent", b""}
    assert b"canary" not in asked


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A certificate that a server shows."""

    name: str = "localhost"
    valid_from: timedelta = -YEAR
    is_trusted: bool = True


@pytest.mark.promise("D116")
@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (Shown(valid_from=-2 * YEAR), "localhost's has expired."),
        (Shown(valid_from=YEAR), "localhost's is not valid yet."),
        (Shown(is_trusted=False), "localhost's comes from an issuer that this machine does not trust."),
        (Shown(name="other.example"), "The one that was shown is not for localhost."),
    ],
)
async def test_certificates_that_are_refused_are_told_apart(
    shown: Shown, said: str, authority: Authority, tmp_path: Path
) -> None:
    trust(authority if shown.is_trusted else Authority(), tmp_path)
    context = authority.context(shown.name, valid_from=shown.valid_from, valid_for=1.5 * YEAR)
    async with server(answer(), tls=context) as stop:
        found = await look(f"https://localhost:{stop.port}/")
    assert levels(found) == {"network": "ok", "certificate": "failure"}
    assert found["certificate"].text == said
    assert not stop.asked


def refused(code: int) -> Probe:
    refusal = ssl.SSLCertVerificationError("in some language")
    refusal.verify_code = code
    ms = {"resolve": 1.0, "connect": 1.0}
    return Probe(stage=Stage.TLS, peer=(HOST, 443), ms=ms, refusal=refusal)


@pytest.mark.parametrize(
    ("platform", "code", "said"),
    [
        ("darwin", -67818, "has expired"),
        ("darwin", -67819, "is not valid yet"),
        ("darwin", -67602, "is not for"),
        ("darwin", -67843, "does not trust"),
        ("win32", 0x800B0101, "has expired"),
        ("win32", 0x800B010F, "is not for"),
        ("win32", 0x800B0109, "does not trust"),
    ],
)
def test_the_codes_of_other_systems_are_known(platform: str, code: int, said: str) -> None:
    found = findings(
        refused(code), f"https://{HOST}/", environ={"SSL_CERT_FILE": "/none"}, platform=platform, now=0.0, seconds=5
    )
    assert [finding.name for finding in found] == ["network", "certificate"]
    assert said in found[1].text
    assert "SSL_CERT_FILE" not in f"{found[1].next_step}"


async def test_a_trust_store_that_is_not_there_is_pointed_out() -> None:
    os.environ["SSL_CERT_FILE"] = "/nowhere/roots.pem"
    async with server(answer()) as stop:
        found = await look_at(stop)
    assert (found["certificate"].level, found["certificate"].text) == (
        Level.WARNING,
        "SSL_CERT_FILE names nothing that exists.",
    )


async def test_what_is_meant_for_this_machine_goes_past_every_proxy() -> None:
    os.environ["HTTPS_PROXY"] = os.environ["HTTP_PROXY"] = "http://127.0.0.1:1"
    async with server(answer()) as stop:
        found = await look_at(stop)
    assert found["api"].level is Level.OK
    assert "is not used" in found["proxy"].text


@pytest.mark.promise("D116")
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


@pytest.mark.promise("D116")
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


@pytest.mark.promise("D116", "S44")
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
    os.environ["ALL_PROXY"] = "socks5://ada:{CANARY}@127.0.0.1:1080"
    found = (await look("https://api.invalid/"))["proxy"]
    assert found.text.endswith(" It says socks5://127.0.0.1:1080.")
    assert "or add api.invalid to NO_PROXY" in f"{found.next_step}"
    os.environ["NO_PROXY"] = "api.invalid"
    found = (await in_a_task(lambda: look("https://api.invalid/")))["proxy"]
    assert (found.level, found.text) == (
        Level.OK, "socks5://127.0.0.1:1080 of ALL_PROXY is not used: NO_PROXY leaves api.invalid out.",
    )  # fmt: skip


async def test_a_base_url_that_no_request_can_be_made_of_is_the_failure() -> None:
    found = await look("https://1.2.3.999/")
    assert levels(found) == {"network": "failure"}
    assert found["network"].text == "https://1.2.3.999/ is no address that can be asked."


@pytest.mark.promise("D116")
@pytest.mark.parametrize(
    ("said", "level", "text"),
    [
        (partial(answer, "403 Forbidden"), "ok", "answers 403"),
        (partial(answer, "404 Not Found"), "failure", "there is no Rememberizer API"),
        (partial(answer, "429 Too Many Requests"), "warning", "too many requests"),
        (partial(answer, "503 Service Unavailable"), "failure", "Rememberizer has trouble"),
        (partial(answer, "200 OK"), "failure", "answers 200, which Rememberizer's API does not"),
        (partial(answer, "302 Found"), "failure", "answers 302, which Rememberizer's API does not"),
        (partial(answer, kind="text/html", body=b"<h1>Sign in to the network</h1>"), "failure", "answers 401, which"),
    ],
)
async def test_an_answer_that_is_not_the_apis_is_the_failure(said: Callable[[], bytes], level: str, text: str) -> None:
    async with server(said()) as stop:  # its date is that of the test, not that of the collection
        found = await look_at(stop)
    assert levels(found) == {"network": "ok", "api": level, "clock": "ok"}
    assert text in found["api"].text


@pytest.mark.promise("D116")
@pytest.mark.parametrize(
    ("late", "level", "text"),
    [
        (0, "ok", "It agrees with the server's."),
        (-28, "ok", "It agrees with the server's."),
        (45, "warning", "It is 44 seconds ahead of the server's."),
        (-45, "warning", "seconds behind the server's."),
        (3600, "failure", "It is 60 minutes ahead of the server's."),
    ],
)
async def test_a_clock_that_is_wrong_is_pointed_out(late: float, level: str, text: str) -> None:
    now = 1_750_000_000.0
    seen = Probe(stage=Stage.DONE, peer=(HOST, 443), ms=dict.fromkeys(Stage, 1.0), status=401, date=now - late)
    *_, clock = findings(seen, f"https://{HOST}/", environ={}, platform="linux", now=now, seconds=5)
    assert (clock.name, clock.level.value) == ("clock", level)
    assert text in clock.text


@pytest.mark.parametrize("date", [None, "Date: yesterday\r\n", "Date: Thu, 32 Jan 2026 00:00:00 GMT\r\n"])
async def test_an_answer_without_a_date_says_nothing_of_the_clock(date: str | None) -> None:
    said = answer(late=None).replace(b"Connection", (date or "").encode() + b"Connection")
    async with server(said) as stop:
        assert "clock" not in await look_at(stop)


@pytest.mark.promise("D116")
async def test_a_server_that_says_nothing_is_waited_for_in_vain() -> None:
    async with server(None) as stop:
        found = await look(f"http://127.0.0.1:{stop.port}/", seconds=2)
    assert found["network"].text == f"127.0.0.1:{stop.port} does not answer within 2 s."


@pytest.mark.promise("D116")
@pytest.mark.parametrize(
    ("said", "scheme", "text"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "http", "is no HTTP"),
        (b"", "http", "is no HTTP, or with nothing"),
        (answer(), "https", "speaks no TLS"),
    ],
)
async def test_a_server_of_another_kind_is_told_apart(said: bytes, scheme: str, text: str) -> None:
    async with server(said) as stop:
        found = await look(f"{scheme}://localhost:{stop.port}/")
    assert levels(found) == {"network": "failure"}
    assert text in found["network"].text


@pytest.mark.promise("D116")
async def test_a_port_where_nobody_listens_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert (await look(f"http://127.0.0.1:{port}/"))["network"].text == f"127.0.0.1:{port} takes no connection."


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (Stage.RESOLVE, "No address is found for the name api.example.org within 5 s."),
        (Stage.CONNECT, "api.example.org:443 does not take a connection within 5 s."),
        (Stage.TLS, "api.example.org:443 does not begin to speak TLS within 5 s."),
    ],
)
def test_every_stage_can_take_too_long(stage: Stage, text: str) -> None:
    seen = Probe(stage=stage, peer=(HOST, 443), timed_out=True)
    (found,) = findings(seen, f"https://{HOST}/", environ={}, platform="linux", now=0.0, seconds=5)
    assert (found.level, found.text) == (Level.FAILURE, text)


async def test_a_name_that_is_no_hosts_is_not_found() -> None:
    """It is too long to be asked for."""
    found = await in_a_task(lambda: look(f"https://{'a' * 63}{'.b' * 130}/"))
    assert levels(found) == {"network": "failure"}
    assert found["network"].text.startswith("No address is found for the name aaa")


@pytest.mark.promise("D119")
async def test_an_unusable_base_url_is_not_asked() -> None:
    found = await look("http://ada:canary@api.example.org/")
    assert levels(found) == {"network": "warning"}
    assert "canary" not in str(found)


def test_the_systems_proxy_is_named_by_its_address() -> None:
    """On macOS and Windows, where no variable has to be set."""
    seen = Probe(stage=Stage.ANSWER, peer=("proxy.example", 3128), ms=dict.fromkeys(Stage, 1.0), timed_out=True)
    proxy, network_, *_ = findings(seen, f"https://{HOST}/", environ={}, platform="darwin", now=0.0, seconds=5)
    assert proxy.text == "Requests go through proxy.example:3128 (the system's proxy settings)."
    assert "and the system's proxy settings;" in f"{network_.next_step}"
    unusable = Probe(unusable=UnusableProxy(SYSTEM, Problem.FORM))
    (found,) = findings(unusable, f"https://{HOST}/", environ={}, platform="darwin", now=0.0, seconds=5)
    assert found.text.startswith("The proxy in the system's proxy settings can't be used")
