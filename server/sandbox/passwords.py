"""Passwords: Argon2id, off the event loop."""

import anyio
import anyio.to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

_TIME_COST = 3
_MEMORY_KIB = 65_536
_LANES = 4
_THREADS = 2  # each takes 64 MiB while it hashes
# A well-formed hash under the same costs that belongs to no password.
_NOBODY = f"$argon2id$v=19$m={_MEMORY_KIB},t={_TIME_COST},p={_LANES}${'A' * 22}${'A' * 43}"


class Passwords:
    """Hashes and compares passwords with the costs that RFC 9106 recommends where memory is scarce."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_TIME_COST, memory_cost=_MEMORY_KIB, parallelism=_LANES, type=Type.ID)
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def hash(self, password: str) -> str:
        """Give the Argon2id hash, with its salt and costs, in the PHC string format."""
        return await anyio.to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password belongs to the hash. None, for no such account, takes as long and is False."""
        return await anyio.to_thread.run_sync(self._verify, password_hash or _NOBODY, password, limiter=self._limiter)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False
