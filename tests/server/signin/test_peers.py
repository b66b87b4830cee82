"""Whose program is at the other end of a connection to the page."""

import asyncio  # noqa: TID251 -- the transports of uvicorn are asyncio's
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import anyio
import pytest
from rememberizer_mcp.server.loopback import Connections
from rememberizer_mcp.server.signin.guard import ANOTHER_USER, Guard
from rememberizer_mcp.server.signin.peers import TABLES, peer_of
from starlette.responses import PlainTextResponse

from tests.support.ports import port_with

pytestmark = pytest.mark.promise("page:person:other-users-refused")
OURS = os.getuid() or 4711
"""Root is let in whoever we are, so root becomes somebody else to look at tables."""
ANOTHER = OURS + 1
ADDRESSES = ("127.0.0.1", *["::ffff:127.0.0.1"] * Path("/proc/net/tcp6").exists())
"""Where a page can be reached; IPv6's sockets have a table of their own, and not every machine has any."""
HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ASKS_AS = """
import os, socket, sys
os.setresuid(*[int(sys.argv[1])] * 3)
with socket.socket(socket.AF_INET6 if ":" in sys.argv[3] else socket.AF_INET) as page:
    page.settimeout(10)
    page.connect((sys.argv[3], int(sys.argv[2])))
    page.sendall(b"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\nConnection: close\\r\\n\\r\\n" % page.getpeername()[1])
    sys.stdout.buffer.write(page.makefile("rb").read())
"""


class Pair(NamedTuple):
    """A connection's two ends, of the same user."""

    ours: socket.socket
    other: socket.socket
    folder: Path
    """For tables."""

    def peer(self, *tables: Path) -> Callable[[], bool]:
        """Whether the other end is another user's, by these tables."""
        transport = asyncio.Transport({"socket": self.ours, "peername": self.other.getsockname()})
        return peer_of(transport, tables=tables)["is_another_users"]

    def row(self, uid: int, *, inode: int = 12345, mapped: bool = False, reverse: bool = False) -> str:
        """The line that Linux has for the other end."""
        ends = [written(end.getsockname(), mapped=mapped) for end in (self.other, self.ours)]
        local, remote = reversed(ends) if reverse else ends
        return f"   3: {local} {remote} 01 00000000:00000000 00:00000000 00000000  {uid}        0 {inode} 1 0\n"


def written(address: tuple[str, int], *, mapped: bool) -> str:
    """As on this machine: each word of the address in its byte order."""
    (word,) = struct.unpack("=I", socket.inet_aton(address[0]))
    before = f"{'0' * 16}{struct.unpack('=I', bytes.fromhex('0000ffff'))[0]:08X}" if mapped else ""
    return f"{before}{word:08X}:{address[1]:04X}"


@pytest.fixture(params=["127.0.0.1", "127.0.0.2"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    real, effective, _ = os.getresuid()
    os.setresuid(OURS, OURS, -1)
    with TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as other:
        other.bind((request.param, 0))
        other.connect(listening.getsockname())
        ours, _ = listening.accept()
        with ours:
            yield Pair(ours, other, Path(folder))
    os.setresuid(real, effective, -1)


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize(("uid", "is_another"), [(OURS, False), (0, False), (ANOTHER, True), (65534, True)])
def test_the_table_says_whose_it_is(pair: Pair, uid: int, is_another: bool, mapped: bool) -> None:
    first, second = pair.folder / "tcp", pair.folder / "tcp6"
    first.write_text(HEADING + pair.row(ANOTHER, reverse=True))
    second.write_text(HEADING + pair.row(uid, mapped=mapped))
    assert pair.peer(first, second)() is is_another
    assert pair.peer(second)() is is_another


def test_our_own_connection_is_in_this_machines_table_if_it_has_one(pair: Pair) -> None:
    assert pair.peer(*TABLES)() is False


def test_a_socket_that_nobody_holds_any_more_is_not_let_in(pair: Pair) -> None:
    (pair.folder / "tcp").write_text(HEADING + pair.row(0, inode=0))
    assert pair.peer(pair.folder / "tcp")()


def test_what_can_not_be_looked_up_is_let_in(pair: Pair) -> None:
    (pair.folder / "tcp").write_text(HEADING)
    assert not pair.peer(pair.folder / "tcp")()
    assert not pair.peer(pair.folder / "none")()
    assert not pair.peer(pair.folder)()
    assert not pair.peer()()


def test_one_that_has_gone_is_not_let_in_unless_nothing_can_be_looked_up(pair: Pair) -> None:
    (pair.folder / "tcp").write_text(HEADING)
    present, absent = pair.peer(pair.folder / "tcp"), pair.peer(pair.folder / "none")
    pair.other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pair.other.close()
    assert present()
    assert not absent()


def test_it_is_looked_up_once(pair: Pair) -> None:
    table = pair.folder / "tcp"
    table.write_text(HEADING + pair.row(OURS))
    peer = pair.peer(table)
    assert not peer()
    table.write_text(HEADING + pair.row(ANOTHER))
    assert not peer()


async def asked_by(
    uid: int, state_of: Callable[[asyncio.Transport], Mapping[str, Any]], *, address: str = "127.0.0.1"
) -> list[str]:
    """What a process of that user is answered by a guarded page of ours."""
    app = Guard(PlainTextResponse("what the page shows"))
    async with port_with(app, Connections(most=9, state_of=state_of)) as (_, port):
        done = await anyio.run_process([sys.executable, "-c", ASKS_AS, str(uid), str(port), address])
    return done.stdout.decode().splitlines()


async def test_our_own_process_is_let_in() -> None:
    assert (await asked_by(os.getuid(), peer_of))[-1] == "what the page shows"


@pytest.mark.parametrize("address", ADDRESSES)
async def test_another_users_process_is_refused_and_shown_nothing(address: str, tmp_path: Path) -> None:
    """Root can start one. Anybody else has a table that says so of a process of their own."""

    def in_a_table(transport: asyncio.Transport) -> Mapping[str, Callable[[], bool]]:
        ours, address = (transport.get_extra_info(name) for name in ("socket", "peername"))
        ends = [written(end, mapped=False) for end in (address, ours.getsockname())]
        (tmp_path / "tcp").write_text(f"{HEADING}0: {' '.join(ends)} 01 0:0 0:0 0 {ANOTHER} 0 12345\n")
        return peer_of(transport, tables=[tmp_path / "tcp"])

    uid, state_of = (ANOTHER, peer_of) if os.getuid() == 0 else (OURS, in_a_table)
    for answer in (await asked_by(uid, state_of, address=address), await asked_by(os.getuid(), in_a_table)):
        assert (answer[0], answer[-1]) == ("HTTP/1.1 403 Forbidden", ANOTHER_USER.strip())
