"""What is believed of a note's click rate: a Beta prior fitted to the cohort, and posteriors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.contracts.events import HOUR_S, Kind
from simulator.contracts.plugins import Arrays
from simulator.contracts.views import PlatformView

Floats = NDArray[np.float64]

_BEFORE_DATA: Final = (1.0, 9.0)
_FEWEST_NOTES: Final = 20
_STRENGTHS: Final = (2.0, 1_000.0)


class CohortBelief:
    """Beta(α, β) prior of the click rates of notes, refitted every hour to logged counts.

    Args:
        min_impressions: notes with fewer are left out.
    """

    def __init__(self, min_impressions: float) -> None:
        self._min_impressions = min_impressions
        self._values = np.array([*_BEFORE_DATA, -np.inf])

    @property
    def alpha(self) -> float:
        """Clicks that the prior counts for."""
        return float(self._values[0])

    @property
    def beta(self) -> float:
        """Impressions without a click that the prior counts for."""
        return float(self._values[1])

    @property
    def mean(self) -> float:
        """Click rate of the usual note."""
        return self.alpha / (self.alpha + self.beta)

    def refresh(self, view: PlatformView) -> None:
        """Fit the prior again when an hour has passed."""
        if view.now < self._values[2]:
            return
        totals = view.notes.totals[view.live_start :]
        shown = totals[:, Kind.IMPRESSION].astype(np.float64)
        enough = shown >= max(self._min_impressions, 1.0)
        alpha, beta = self.alpha, self.beta
        if enough.sum() >= _FEWEST_NOTES:
            clicks = totals[enough, Kind.CLICK].astype(np.float64)
            alpha, beta = fit_beta(clicks, shown[enough])
        self._values = np.array([alpha, beta, view.now + HOUR_S])

    def posterior(self, view: PlatformView, rows: NDArray[np.int32]) -> tuple[Floats, Floats]:
        """Return float64[m] α and β of the notes' click rates, given their logged counts."""
        totals = view.notes.totals[rows]
        clicks = totals[:, Kind.CLICK].astype(np.float64)
        shown = totals[:, Kind.IMPRESSION].astype(np.float64)
        return self.alpha + clicks, self.beta + np.maximum(shown - clicks, 0.0)

    def state_arrays(self) -> Arrays:
        """Return the prior and when it is fitted again."""
        return {"belief": self._values.copy()}

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self._values = arrays["belief"].copy()


def fit_beta(clicks: Floats, shown: Floats) -> tuple[float, float]:
    """Return α and β of a Beta-binomial by the moments of Kleinman (JASA 1973).

    Args:
        clicks: float64[m], at most `shown`.
        shown: float64[m], at least 1; two notes or more.
    """
    total, m = shown.sum(), shown.size
    mean = float(np.clip(clicks.sum() / total, 1e-4, 1.0 - 1e-4))
    spread = float((shown * np.square(clicks / shown - mean)).sum())
    noise = mean * (1.0 - mean)
    room = total - np.square(shown).sum() / total - (m - 1)
    correlation = (spread - noise * (m - 1)) / (noise * room) if room > 0 else 0.0
    low, high = (1.0 / (1.0 + strength) for strength in reversed(_STRENGTHS))
    strength = 1.0 / float(np.clip(correlation, low, high)) - 1.0
    return mean * strength, (1.0 - mean) * strength


def probability_above(alpha: Floats, beta: Floats, threshold: ArrayLike) -> Floats:
    """Return float64[m], P(rate > threshold) under Beta(α, β)."""
    from scipy.special import betainc  # imported late: it costs start-up time of every command

    return np.asarray(1.0 - betainc(alpha, beta, np.clip(threshold, 0.0, 1.0)))


def quantile(alpha: Floats, beta: Floats, share: Floats) -> Floats:
    """Return the rate below which a share of Beta(α, β) lies."""
    from scipy.special import betaincinv

    return np.asarray(betaincinv(alpha, beta, share), np.float64)
