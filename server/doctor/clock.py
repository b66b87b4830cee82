"""This machine's clock against that of the server that answered."""

from .report import Finding

WARNING_SECONDS, FAILURE_SECONDS = 30.0, 300.0
RESOLUTION_SECONDS = 1.0
"""A Date header says no more than the second."""
_STEP = "Let the system set its clock from the network (NTP); tokens and certificates are judged by it."


def clock(date: float | None, *, now: float) -> list[Finding]:
    """How far the clocks are apart; nothing, where the answer had no date.

    Args:
        date: The answer's date, in Unix seconds.
        now: This machine's.
    """
    if date is None:
        return []
    apart = max(0.0, abs(now - date) - RESOLUTION_SECONDS)
    if apart <= WARNING_SECONDS:
        return [Finding.ok("clock", "It agrees with the server's.", ms={"apart": apart * 1000})]
    text = f"It is {_duration(apart)} {'ahead of' if now > date else 'behind'} the server's."
    kind = Finding.failure if apart > FAILURE_SECONDS else Finding.warning
    return [kind("clock", text, _STEP, ms={"apart": apart * 1000})]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 2 * 60 else f"{seconds / 60:.0f} minutes"
