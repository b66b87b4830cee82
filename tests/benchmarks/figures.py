"""``Figure``: what one thing costs with our server and with the bare one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Samples of both servers, taken in turn; the samples of a pair are neighbours in time."""

    group: str
    what: str
    unit: str
    ours: Sequence[float]
    bare: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios: a machine that becomes slower does so for both of a pair."""
        return median(self._ratios)

    @property
    def difference(self) -> float:
        """Of the medians, in ``unit``."""
        return median(self.ours) - median(self.bare)

    @property
    def middle_half(self) -> tuple[float, float]:
        """Between which ratios half of the pairs lie: how far the noise of the machine reaches."""
        low, _, high = quantiles(self._ratios, n=4)
        return low, high

    @property
    def _ratios(self) -> Sequence[float]:
        return [ours / bare for ours, bare in zip(self.ours, self.bare, strict=True)]

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "what": self.what,
            "unit": self.unit,
            "samples": len(self.ours),
            "ours": median(self.ours),
            "bare": median(self.bare),
            "ratio": self.ratio,
            "ratio_middle_half": self.middle_half,
            "difference": self.difference,
        }
