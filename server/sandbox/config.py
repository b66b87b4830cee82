"""What can be chosen about a sandbox: its lifetimes, its limits, its clock, and the variants of the contract."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

from .oauth_apps import SANDBOX_APP, RegisteredApp
from .variants import Variants

__all__ = ["SandboxConfig", "Variants"]

_MOST = 10**9  # some thirty years, so that every time can be shown as a date


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """How a sandbox behaves. Lifetimes are in seconds; limits are counts per minute.

    Raises:
        ValueError: a lifetime, count or limit is not above zero, or beyond reason.
    """

    data: Path | None = None
    """The SQLite file that keeps everything; None keeps it in memory."""
    access_seconds: float = 300
    refresh_seconds: float = 7 * 24 * 3600
    code_seconds: float = 900
    code_attempts: int = 5
    """Wrong tries after which a verification code is dead."""
    sign_in_attempts_per_minute: int = 30
    """Counted per login name, and per client address."""
    sign_up_attempts_per_minute: int = 30
    """Counted per client address."""
    verify_attempts_per_minute: int = 30
    """Counted per account."""
    embed_quota: int = 10_000_000
    """Bytes that an account's own documents may have together."""
    indexing_seconds: float = 2
    """How long a new document is not searched yet, and seems empty."""
    upload_file_bytes: int = 50 * 1024 * 1024
    upload_request_bytes: int = 100 * 1024 * 1024
    """What an upload to a vector store may have, each file and all together with what surrounds them."""
    now: Callable[[], float] = time.time
    """Seconds since the epoch; everything that depends on time asks this clock."""
    variants: Variants = field(default_factory=Variants)
    apps: tuple[RegisteredApp, ...] = (SANDBOX_APP,)
    """Who may ask for an OAuth grant."""

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, int | float) and not 0 < value <= _MOST:
                raise ValueError(f"{option.name} must be above 0 and at most {_MOST}, not {value!r}.")
