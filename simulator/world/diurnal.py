"""The rhythm of the day, by inverting the cumulative share of each hour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, HOUR_S

_LAST_INSTANT = DAY_S - 1e-3


class DiurnalCurve:
    """Turns uniform numbers into times of day.

    Args:
        hourly_weights: 24 relative numbers of events by hour; uniform within an hour.
    """

    def __init__(self, hourly_weights: tuple[float, ...]) -> None:
        total = np.cumsum(np.asarray(hourly_weights, np.float64))
        self._cumulative = np.concatenate(([0.0], total / total[-1]))
        self._seconds = np.arange(25, dtype=np.float64) * HOUR_S

    def times(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return seconds since midnight for uniform numbers in [0, 1)."""
        seconds = np.interp(u, self._cumulative, self._seconds)
        return np.asarray(np.minimum(seconds, _LAST_INSTANT))

    def share_before(self, seconds: float) -> float:
        """Return the share of the day's events before a time of day."""
        return float(np.interp(seconds, self._seconds, self._cumulative))
