"""A clock that runs with the platform's traffic, learned from logged impressions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.contracts.events import DAY_S, HOUR_S, Kind
from simulator.contracts.plugins import Arrays
from simulator.contracts.views import PlatformView

N_HOURS: Final = 24
_EDGES: Final = np.arange(N_HOURS + 1, dtype=np.float64) * HOUR_S
_BELIEF_S: Final = 60.0


class DayClock:
    """Counts the platform's impressions by hour of the day, and tells time by them.

    Exposure time passes fast when many impressions are served and slowly at night; a day is a day
    on both clocks. For a note published at k0 the exposure time from k0 to k1 is ∫f between them,
    f the normalised density of impressions over the day (course notes on cold start, where it
    takes the place of a note's age). Before anything is counted both clocks agree.

    Args:
        is_on: False for plain time.
        memory_s: time after which a count has lost all but 1/e of its weight, seconds.
    """

    def __init__(self, *, is_on: bool = True, memory_s: float = 5.0 * DAY_S) -> None:
        self._is_on = is_on
        self._memory_s = memory_s
        self._count = np.zeros(N_HOURS)
        self._seconds = np.zeros(N_HOURS)
        self._last = np.full(2, math.nan)
        self._refresh()

    def observe(self, view: PlatformView) -> float:
        """Count what was served since the last call.

        Returns:
            Impressions since then; 0 at the first call.
        """
        shown = float(view.creators.totals[:, Kind.IMPRESSION].sum(dtype=np.float64))
        since, before = self._last
        self._last = np.array([view.now, shown])
        if math.isnan(since) or view.now <= since:
            return 0.0
        self._add(since, view.now, shown - before)
        return shown - float(before)

    def exposure_days(self, t: ArrayLike) -> NDArray[np.float64]:
        """Return exposure time from time 0 to `t`, days; `t` in seconds."""
        days = np.asarray(t, np.float64) / DAY_S
        if not self._is_on:
            return days
        whole = np.floor(days)
        return np.asarray(whole + np.interp((days - whole) * DAY_S, _EDGES, self._passed))

    def elapsed(self, start: ArrayLike, end: ArrayLike, now: float) -> NDArray[np.float64]:
        """Return the share of the exposure time between two times that has passed at `now`.

        Args:
            start, end: seconds.
            now: seconds.
        """
        begun = self.exposure_days(start)
        length = self.exposure_days(end) - begun
        return np.asarray((self.exposure_days(now) - begun) / np.maximum(length, 1e-9))

    def density(self, now: float) -> float:
        """Return traffic at this hour of the day over that of the mean hour."""
        hour = int(now % DAY_S // HOUR_S)
        return float(np.diff(self._passed)[hour] * N_HOURS)

    @property
    def impressions_per_day(self) -> float:
        """Impressions of a usual day."""
        return self._per_day

    def forecast(self, start: float, end: float) -> float:
        """Return the impressions expected between two times, seconds."""
        passed = self.exposure_days(np.array([start, end]))
        return float((passed[1] - passed[0]) * self._per_day)

    def state_arrays(self) -> Arrays:
        """Return counts, seconds watched and the last reading, under `clock/`."""
        return {
            "clock/count": self._count.copy(),
            "clock/seconds": self._seconds.copy(),
            "clock/last": self._last.copy(),
        }

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self._count = arrays["clock/count"].copy()
        self._seconds = arrays["clock/seconds"].copy()
        self._last = arrays["clock/last"].copy()
        self._refresh()

    def _add(self, since: float, now: float, shown: float) -> None:
        keep = math.exp(-(now - since) / self._memory_s)
        self._count *= keep
        self._seconds *= keep
        rate = shown / (now - since)
        at = max(since, now - DAY_S)
        while at < now:
            stop = min(now, (at // HOUR_S + 1) * HOUR_S)
            hour = int(at % DAY_S // HOUR_S)
            self._count[hour] += rate * (stop - at)
            self._seconds[hour] += stop - at
            at = stop
        self._refresh()

    def _refresh(self) -> None:
        seconds = self._seconds.sum()
        mean = self._count.sum() / seconds if seconds > 0 else 0.0
        if mean <= 0:
            share = np.full(N_HOURS, 1.0 / N_HOURS)
            self._per_day = 0.0
        else:
            rate = (self._count + _BELIEF_S * mean) / (self._seconds + _BELIEF_S)
            share = rate / rate.sum()
            self._per_day = float(rate.mean() * DAY_S)
        self._passed = np.concatenate(([0.0], np.cumsum(share)))
        self._passed[-1] = 1.0
