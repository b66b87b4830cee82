"""Whether another user of this machine owns the other end of a connection to the page."""

import asyncio  # noqa: TID251 -- the connections of our web server are asyncio's
import os
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""A line for each socket; the second has those that reach IPv4 through IPv6's."""
ROOT_UID = 0
_UID, _INODE = 7, 9
_MAPPED = bytes(10) + b"\xff\xff"
_ESTABLISHED = 1
Address = tuple[str, int]


def is_another_users(connection: socket.socket, *, address: Address, tables: Sequence[Path]) -> bool:
    """Whether the other end of a connection is known to be owned by another user than ours, and not by root.

    A closed end counts as another user's: Linux no longer names its owner, and nobody waits for an answer. An open one
    that is in no table comes from where Linux can't see it, such as a container.

    Args:
        connection: Our end.
        address: Address and port of the other end.
        tables: Where Linux lists its sockets; without one that can be read, no owner is known.
    """
    contents: list[bytes] = []
    for table in tables:
        with suppress(OSError):
            contents.append(table.read_bytes())
    own = connection.getsockname()
    rows = {(_written(address, mapped), _written(own, mapped)) for mapped in (b"", _MAPPED)}
    for line in b"".join(contents).decode("ascii").splitlines():
        fields = line.split()
        if tuple(fields[1:3]) in rows:
            return fields[_INODE] == "0" or int(fields[_UID]) not in (ROOT_UID, os.getuid())
    # Asked after the tables were read: a connection that was closed meanwhile is in none of them.
    return bool(contents) and connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _ESTABLISHED


def peer_of(transport: asyncio.Transport, *, tables: Sequence[Path] = TABLES) -> Mapping[str, Callable[[], bool]]:
    """Give a request's scope what the guard asks about its connection; it is looked up once, for the first request."""
    connection, address = (transport.get_extra_info(name) for name in ("socket", "peername"))
    return {"is_another_users": cache(partial(is_another_users, connection, address=address, tables=tables))}


def _written(address: Address, mapped: bytes) -> str:
    """Write an IPv4 address as the tables do: in words of this machine's byte order, alone or mapped into IPv6."""
    words = mapped + socket.inet_aton(address[0])
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(words) // 4}I", words)) + f":{address[1]:04X}"
