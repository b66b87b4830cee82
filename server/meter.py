"""``Meter``: is told what the server does, for whoever counts it. This one counts nothing."""

from collections.abc import Callable

from .errors import RememberizerError


class Meter:
    """What it is told has few values: no name, address or id of a person, and nothing that a client or upstream wrote.

    ``http/metrics.py`` has the one that counts.
    """

    def now(self) -> float:
        """Seconds that never jump."""
        return 0.0

    def called(self, tool: str, code: str, *, since: float) -> None:
        """A call of one of our tools ended.

        Args:
            tool: Its name.
            code: ``ok``, ``input_required`` if the client is to ask its user first, ``cancelled``, or an error's.
            since: When it began, by ``now``.
        """

    def requested(self, family: str, result: str) -> None:
        """A request to Rememberizer ended.

        Args:
            family: That of its endpoint.
            result: The class of its status, such as ``2xx``; without an answer ``timeout``, ``unreachable``,
                ``protocol`` if what came is no answer, or ``cancelled`` if nobody waited for one any longer.
        """

    def refreshed(self, error: RememberizerError | None) -> None:
        """A sign-in was renewed, or could not be."""

    def store_failed(self) -> None:
        """What several processes share could not be reached."""

    def watch_sessions(self, count: Callable[[], int]) -> None:
        """How many sessions are held can be asked from now on."""
