"""How often a creator's notes have done well so far, from logged counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.beliefs import fit_beta
from simulator.contracts.config import Config, knob
from simulator.contracts.events import Kind
from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class CreatorHistoryConfig(Config):
    """What counts as a creator's success."""

    hot_share: float = knob(
        0.1, "Share of notes, by click rate, that count as successes.", ge=0.001, le=0.999
    )
    min_impressions: int = knob(
        50,
        "Impressions from which a note counts.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
    )
    newcomer_notes: float = knob(
        5.0,
        "Notes of a creator that the platform's average counts for.",
        unit="notes",
        ge=0.1,
        le=1_000,
    )


class CreatorHistory:
    """Share of a creator's notes with a top click rate, shrunk: (hits + a)/(notes + a + b).

    Click rates of notes are shrunk to the platform's before they are compared, so that a note is
    not a success by a lucky handful of impressions; a/(a + b) is the platform's share of
    successes, which is where a newcomer starts.

    Args:
        config: what counts.
        spec: the platform.
    """

    def __init__(self, config: CreatorHistoryConfig, spec: PlatformSpec) -> None:
        self._config = config
        self._fewest = max(config.min_impressions * spec.threshold_scale, 1.0)
        self._value = np.empty(0)

    def refresh(self, view: PlatformView) -> None:
        """Count again."""
        totals = view.notes.totals
        enough = np.flatnonzero(totals[:, Kind.IMPRESSION] >= self._fewest)
        n_creators, share = view.creators.n, self._config.hot_share
        hits = notes = np.zeros(n_creators)
        if enough.size > 1:
            shown = totals[enough, Kind.IMPRESSION].astype(np.float64)
            clicks = totals[enough, Kind.CLICK].astype(np.float64)
            alpha, beta = fit_beta(clicks, shown)
            rate = (clicks + alpha) / (shown + alpha + beta)
            creator = view.notes.creator_idx[enough]
            is_hit = rate >= np.quantile(rate, 1.0 - share)
            notes = np.bincount(creator, minlength=n_creators).astype(np.float64)
            hits = np.bincount(creator[is_hit], minlength=n_creators).astype(np.float64)
        weight = self._config.newcomer_notes
        self._value = (hits + weight * share) / (notes + weight)

    def of(self, creator_idx: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return float64[m], expected share of successes; that of a newcomer for unknown ones."""
        known = creator_idx < self._value.size
        out = np.full(creator_idx.size, self._config.hot_share)
        out[known] = self._value[creator_idx[known]]
        return out

    def state_arrays(self) -> Arrays:
        """Return the shares."""
        return {"history": self._value.copy()}

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back the shares."""
        self._value = arrays["history"].copy()
