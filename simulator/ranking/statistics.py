"""Smoothed, windowed statistics of notes from logged counters, refreshed near-line.

Windows of 1 h, 24 h and 7 d decay exponentially; the 30-day window is the life total, because no
note is distributed for longer. Every rate is shrunk towards the platform's own running average
(empirical Bayes with a Beta prior), so a note that nobody has seen sits at the average.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import Config, Duration, knob
from simulator.contracts.events import HOUR_S, Kind, Window
from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.ranking.features import N_NOTE_FEATURES
from simulator.ranking.statistics_kernels import project, refresh_features, sum_windows

DEFAULT_RATES = np.array([0.1, 0.08, 0.06, 0.01, 0.01, 25.0])
"""Believed before anything is logged: clicks an impression; likes, collects, comments, shares and
seconds of dwell a click."""

_BELIEF = 500.0
_PER_CLICK = [Kind.LIKE, Kind.COLLECT, Kind.COMMENT, Kind.SHARE, Kind.DWELL]


class StatisticsConfig(Config):
    """How logged counters become statistics."""

    prior_impressions: float = knob(
        30.0,
        "Impressions that the platform's average counts for in a note's click rate.",
        unit="impressions",
        ge=0.1,
        le=100_000,
    )
    prior_clicks: float = knob(
        30.0,
        "Clicks that the platform's average counts for in a note's rates per click.",
        unit="clicks",
        ge=0.1,
        le=100_000,
    )
    prior_creator_impressions: float = knob(
        100.0,
        "Impressions that the platform's average counts for in a creator's click rate.",
        unit="impressions",
        ge=0.1,
        le=100_000,
    )
    refresh_every: Duration = knob(
        600, "Time after which statistics of new notes are recomputed in any case.", ge=1
    )
    refresh_all_every: Duration = knob(
        HOUR_S,
        "Time after which platform averages and all statistics are recomputed in any case; notes "
        "that were shown are recomputed at every near-line update.",
        ge=1,
    )


class NoteStatistics:
    """Features of all live notes and linear forms of them.

    Args:
        config: smoothing and refresh times.
        spec: the platform.
        weights: float32[H, N_NOTE_FEATURES], linear forms to keep current.

    Attributes:
        features: float32[>= N, N_NOTE_FEATURES].
        forms: float32[>= N, H], `features @ weights.T`.
        rates: float64[6], platform averages, ordered as `DEFAULT_RATES`.
    """

    def __init__(
        self, config: StatisticsConfig, spec: PlatformSpec, weights: NDArray[np.float32]
    ) -> None:
        self._config = config
        self._new_age_s = float(spec.new_age_s)
        self._strengths = np.array(
            [config.prior_impressions, config.prior_clicks, config.prior_creator_impressions]
        )
        self._weights = np.ascontiguousarray(weights, np.float32)
        self.rates = DEFAULT_RATES.copy()
        self._n = 0
        self._due_new = self._due_all = -math.inf
        self.features = np.zeros((0, N_NOTE_FEATURES), np.float32)
        self.forms = np.zeros((0, weights.shape[0]), np.float32)
        self._seen = np.zeros(0, np.float32)
        self._changed = np.zeros(0, np.int32)

    def nearline(self, view: PlatformView) -> NDArray[np.int32]:
        """Recompute notes shown since the last call, brand-new ones, and those that are due.

        Returns:
            int32[M], the recomputed rows, ascending; good until the next call.
        """
        force_start = view.notes.n
        if view.now >= self._due_all:
            self.rates = platform_rates(view)
            self._due_all = view.now + self._config.refresh_all_every
            self._due_new = view.now + self._config.refresh_every
            force_start = view.live_start
        elif view.now >= self._due_new:
            self._due_new = view.now + self._config.refresh_every
            force_start = view.new_start
        return self._refresh(view, view.live_start, force_start)

    def extend(self, view: PlatformView) -> NDArray[np.int32]:
        """Take in notes published since the last call; cheap when there are none.

        Returns:
            int32[M], their rows, ascending; good until the next call.
        """
        if view.notes.n <= self._n:
            return self._changed[:0]
        return self._refresh(view, max(self._n, view.live_start), view.notes.n)

    def reweigh(self, weights: NDArray[np.float32], live_start: int) -> None:
        """Replace the linear forms and recompute them from `live_start` on."""
        self._weights = np.ascontiguousarray(weights, np.float32)
        self._project(np.arange(live_start, self._n, dtype=np.int32))

    def state_arrays(self) -> Arrays:
        """Return features, averages and due times."""
        return {
            "features": self.features[: self._n].copy(),
            "seen": self._seen[: self._n].copy(),
            "rates": self.rates.copy(),
            "due": np.array([self._due_new, self._due_all]),
        }

    def load_state(self, arrays: Arrays, weights: NDArray[np.float32]) -> None:
        """Take back what `state_arrays` returned, with the linear forms in use then."""
        features = arrays["features"]
        self._n = 0
        self._reserve(features.shape[0])
        self._n = features.shape[0]
        self.features[: self._n] = features
        self._seen[: self._n] = arrays["seen"]
        self.rates = np.array(arrays["rates"], np.float64)
        self._due_new, self._due_all = (float(t) for t in arrays["due"].tolist())
        self.reweigh(weights, 0)

    def _refresh(self, view: PlatformView, start: int, force_start: int) -> NDArray[np.int32]:
        notes = view.notes
        self._reserve(notes.n)
        n_changed = refresh_features(
            start,
            force_start,
            self._n,
            float(view.now),
            self._new_age_s,
            notes.published_t,
            notes.creator_idx,
            notes.is_video,
            notes.totals,
            notes.decayed,
            view.creators.totals,
            notes.decay_factors(view.now),
            self.rates,
            self._strengths,
            self._seen,
            self.features,
            self._changed,
        )
        self._n = notes.n
        changed = self._changed[:n_changed]
        self._project(changed)
        return changed

    def _project(self, rows: NDArray[np.int32]) -> None:
        project(self.features, rows, self._weights, self.forms)

    def _reserve(self, n: int) -> None:
        if n <= self._changed.shape[0]:
            return
        capacity = max(n, 2 * self._changed.shape[0], 1_024)
        for name in ("features", "forms", "_seen", "_changed"):
            old = getattr(self, name)
            grown = np.zeros((capacity, *old.shape[1:]), old.dtype)
            grown[: self._n] = old[: self._n]
            setattr(self, name, grown)


def platform_rates(view: PlatformView) -> NDArray[np.float64]:
    """Return the platform's running averages over about the last week.

    Args:
        view: the platform; live notes are read.

    Returns:
        float64[6] ordered as `DEFAULT_RATES`, which count for 500 impressions and 50 clicks.
    """
    sums = sum_windows(view.notes.decayed, int(Window.WEEK), view.live_start)
    sums *= float(view.notes.decay_factors(view.now)[Window.WEEK])
    believed_clicks = _BELIEF * DEFAULT_RATES[0]
    clicks = sums[Kind.CLICK] + believed_clicks
    rates = np.empty(6)
    rates[0] = clicks / (sums[Kind.IMPRESSION] + _BELIEF)
    rates[1:] = (sums[_PER_CLICK] + believed_clicks * DEFAULT_RATES[1:]) / clicks
    rates[:5] = np.clip(rates[:5], 1e-4, 0.99)
    return rates
