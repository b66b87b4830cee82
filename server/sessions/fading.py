"""``Fading``: what is remembered of owners who may never come back: for some time, and of so many at most."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Fading(Generic[T]):
    """One value for each owner, forgotten ``seconds`` after it was kept, or as the oldest of more than ``most``.

    >>> kept = Fading[str](seconds=60, most=2, now=lambda: 0)
    >>> for owner in ("ada", "grace", "joan"):
    ...     kept.keep(owner, "tea")
    >>> kept.get("ada"), kept.get("joan")
    (None, 'tea')
    """

    def __init__(self, *, seconds: float, most: int, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._most = most
        self._now = now
        self._kept: OrderedDict[str | None, tuple[T, float]] = OrderedDict()
        """Each value with the Unix seconds at which it is over; what was kept first comes first."""

    def __contains__(self, owner: str | None) -> bool:
        return owner in self._kept and not self._is_over(owner)

    def get(self, owner: str | None) -> T | None:
        """The owner's value, if there is one."""
        return self._kept[owner][0] if owner in self else None

    def keep(self, owner: str | None, value: T, *, seconds: float | None = None) -> None:
        """Remember this of the owner from now on, for the usual seconds or for these."""
        self.forget(owner)
        self._kept[owner] = value, self._now() + (self._seconds if seconds is None else seconds)
        self.forget_old()

    def forget(self, owner: str | None) -> None:
        """Remember nothing of the owner."""
        self._kept.pop(owner, None)

    def forget_old(self) -> None:
        """Drop what is over; what is not over is not looked at, but for one."""
        while self._kept and (len(self._kept) > self._most or self._is_over(next(iter(self._kept)))):
            self._kept.popitem(last=False)

    def _is_over(self, owner: str | None) -> bool:
        return self._now() >= self._kept[owner][1]
