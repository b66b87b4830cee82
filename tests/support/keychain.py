"""A Keychain in a process of its own: ``python -m tests.support.keychain`` takes calls as JSON from stdin.

The tests of the operating system's keyring need one: keyring chooses its backend once for a process.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anyio
from rememberizer_mcp.server.errors import SignInFailed
from rememberizer_mcp.server.logs.redaction import KnownSecrets, install
from rememberizer_mcp.server.sessions.keychain import Kept, Keychain

BASE_URL = "https://api.example/api/v1/"
SERVICE = f"rememberizer-mcp {BASE_URL}"
LONGEST_SECONDS = 40.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What each call gave, and what the process wrote to stderr."""

    results: list[Any]
    log: str


def calls(*steps: Sequence[str | None], environment: Mapping[str, str]) -> Outcome:
    """Make the calls in a new process; each is a method of ``Keychain``, or of ``Steps``, and its arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.keychain"],
        input=json.dumps(steps),
        capture_output=True,
        text=True,
        env=dict(environment),
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Outcome(results=json.loads(done.stdout), log=done.stderr)


class Steps:
    """What a test does to the process beside calling the Keychain."""

    @staticmethod
    async def uninstall() -> None:
        """Let every import of keyring fail from now on, as without the extra."""
        sys.modules["keyring"] = None  # type: ignore[assignment]

    @staticmethod
    async def lock() -> None:
        """Lock the Secret Service's default collection."""
        import secretstorage  # noqa: PLC0415 -- only where it can run

        secretstorage.get_default_collection(secretstorage.dbus_init()).lock()

    @staticmethod
    async def stored() -> dict[str, str]:
        """All that the Secret Service's default collection holds for the test's service, by user name."""
        import secretstorage  # noqa: PLC0415 -- as above

        collection = secretstorage.get_default_collection(secretstorage.dbus_init())
        found = list(collection.search_items({"service": SERVICE}))
        return {item.get_attributes()["username"]: item.get_secret().decode() for item in found}

    @staticmethod
    async def imported() -> bool:
        """Whether keyring is imported."""
        return "keyring" in sys.modules


async def _call(keychain: Keychain, name: str, *arguments: str | None) -> Any:
    method = getattr(Steps, name, None) or getattr(keychain, name)
    try:
        result = await method(*arguments)
    except SignInFailed as failed:
        return f"{failed} {failed.repair}"
    return asdict(result) if isinstance(result, Kept) else result


async def _main() -> None:
    secrets = KnownSecrets()
    install(level="info", secrets=secrets, stream=sys.stderr)
    keychain = Keychain(base_url=BASE_URL, secrets=secrets)
    json.dump([await _call(keychain, *step) for step in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    anyio.run(_main)
