"""``Peer``: the other end of a connection to the page, and whether another user of this machine owns it."""

import asyncio  # noqa: TID251 -- the connections of our web server are asyncio's
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""A line for each socket; the second has those that reach IPv4 through IPv6's."""
ROOT_UID = 0
_UID, _INODE = 7, 9
_MAPPED = bytes(10) + b"\xff\xff"
_ESTABLISHED = 1
Address = tuple[str, int]


class Peer:
    """The other end of one connection. Its owner is looked up once, when the first request asks.

    Args:
        connection: Our end.
        address: Address and port of the other end.
        tables: Where Linux lists its sockets; without one that can be read, no owner is known.
    """

    def __init__(self, connection: socket.socket, *, address: Address, tables: Sequence[Path] = TABLES) -> None:
        self._connection = connection
        self._address = address
        self._tables = tables

    @cached_property
    def is_another_user(self) -> bool:
        """Whether the other end is known to be owned by another user than ours, and not by root.

        A closed end counts as another user's: Linux no longer names its owner, and nobody waits for an answer.
        """
        tables = list(self._read())
        own, other = self._connection.getsockname(), self._address
        rows = {(_written(other, mapped), _written(own, mapped)) for mapped in (b"", _MAPPED)}
        for line in b"".join(tables).decode("ascii").splitlines():
            fields = line.split()
            if tuple(fields[1:3]) in rows:
                return fields[_INODE] == "0" or int(fields[_UID]) not in (ROOT_UID, os.getuid())
        return bool(tables) and not self._is_connected()

    def _read(self) -> Iterator[bytes]:
        for table in self._tables:
            try:
                yield table.read_bytes()
            except OSError:
                continue

    def _is_connected(self) -> bool:
        """Whether the connection is open, asked after the tables were read.

        One that is open and in no table comes from where Linux can't see it, such as a container.
        """
        return self._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED


def peer_of(transport: asyncio.Transport) -> Mapping[str, Peer]:
    """Give a request's scope what the guard asks about its connection."""
    connection, address = (transport.get_extra_info(name) for name in ("socket", "peername"))
    return {"peer": Peer(connection, address=address)}


def _written(address: Address, mapped: bytes) -> str:
    """Write an IPv4 address as the tables do: in words of this machine's byte order, alone or mapped into IPv6."""
    words = mapped + socket.inet_aton(address[0])
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(words) // 4}I", words)) + f":{address[1]:04X}"
