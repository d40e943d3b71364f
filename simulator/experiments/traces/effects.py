"""What support did to notes: differences between twin runs, with errors clustered by creator.

Every outcome is a ratio of totals over notes. A ratio R = Σ a / Σ b moves with one creator's part
by (a_c - R b_c) / Σ b, and the variance of any sum of such terms is that of its parts over creators
(delta method; Deng, Knoblich, Lu, KDD 2018). Twin runs have the same creators, so the difference of
two outcomes is a difference of parts, creator by creator, and shared luck cancels in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

CONFIDENCE_LEVEL = 0.95
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic of totals, and how far each cluster moves it.

    Attributes:
        value: the statistic; NaN when it is not defined.
        parts: float64[G], influence of each cluster; they sum to 0.
    """

    value: float
    parts: Floats

    @classmethod
    def ratio(cls, over: Floats, under: Floats) -> Self:
        """Return Σ over / Σ under.

        Args:
            over: float64[G], numerator by cluster.
            under: float64[G], denominator by cluster.
        """
        total = float(under.sum())
        if total == 0.0:
            return cls(math.nan, np.full(over.shape, math.nan))
        value = float(over.sum()) / total
        return cls(value, (over - value * under) / total)

    def __sub__(self, other: Estimate) -> Estimate:
        """Return the difference of two statistics of the same clusters."""
        return Estimate(self.value - other.value, self.parts - other.parts)

    def interval(self, level: float = CONFIDENCE_LEVEL) -> tuple[float, float]:
        """Return the ends of the t interval with G - 1 degrees of freedom; NaN below 2 clusters."""
        from scipy.special import stdtrit

        n = self.parts.size
        if n < 2 or not math.isfinite(self.value):
            return math.nan, math.nan
        error = math.sqrt(n / (n - 1) * float(np.square(self.parts).sum()))
        half = float(stdtrit(n - 1, (1 + level) / 2)) * error
        return self.value - half, self.value + half
