"""What one line of the log costs beside many sessions: a secret learnt, a line redacted, the secret forgotten."""

import secrets
import time

from rememberizer_mcp.server.logs.redaction import KnownSecrets

from tests.benchmarks.figures import Figure

MANY, FEW = 10_000, 100
SECRETS_OF_A_SESSION = 2
LINES_PER_SAMPLE = 200
LINE = "session rs_AbCdEf12… was refreshed; https://api.rememberizer.ai/api/v1/auth/custom-refresh/ answered {secret}"


def log_figures(runs: int) -> list[Figure]:
    """The same lines with the secrets of many sessions and of few, in turn, in CPU time."""
    many, few = _known(MANY), _known(FEW)
    pairs = [(_microseconds(many), _microseconds(few)) for _ in range(runs)]
    return [
        Figure(
            group=f"One line of the log; bare: with {FEW} sessions",
            what=f"with {MANY:,} sessions",
            unit="µs",
            ours=[ours for ours, _ in pairs],
            bare=[bare for _, bare in pairs],
        )
    ]


def _known(sessions: int) -> KnownSecrets:
    known = KnownSecrets()
    known.learn(secrets.token_urlsafe(200) for _ in range(sessions * SECRETS_OF_A_SESSION))
    return known


def _microseconds(known: KnownSecrets) -> float:
    fresh = [secrets.token_urlsafe(32) for _ in range(LINES_PER_SAMPLE)]
    begun = time.process_time()
    for secret in fresh:
        with known.during([secret]):
            known.redact(LINE.format(secret=secret))
    return (time.process_time() - begun) / LINES_PER_SAMPLE * 1e6
