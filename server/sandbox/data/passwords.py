"""Passwords: Argon2id, off the event loop."""

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

COSTS = RFC_9106_LOW_MEMORY
_THREADS = 2  # each takes 64 MiB while it hashes


class Passwords:
    """Hashes and compares passwords with the costs that RFC 9106 recommends where memory is scarce."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(COSTS)
        costs = f"m={COSTS.memory_cost},t={COSTS.time_cost},p={COSTS.parallelism}"
        self.nobody = f"$argon2id$v={COSTS.version}${costs}${'A' * 22}${'A' * 43}"
        """A well-formed hash under the same costs that belongs to no password."""
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def hash(self, password: str) -> str:
        """Give the Argon2id hash, with its salt and costs, in the PHC string format."""
        return await anyio.to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password belongs to the hash. None, for no such account, takes as long and is False."""
        return await anyio.to_thread.run_sync(
            self._verify, password_hash or self.nobody, password, limiter=self._limiter
        )

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False
