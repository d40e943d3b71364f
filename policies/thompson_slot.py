"""Thompson slot: a slot of its own for fresh notes, filled by Thompson sampling."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np

from policies.beliefs import CohortBelief, quantile
from policies.keys import note_ids
from policies.promises import Rows, scaled
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S, Kind
from simulator.contracts.plugins import Arrays, PluginConfig, TrafficPolicy
from simulator.contracts.random import uniform
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView

_PURPOSE: Final = "policy.thompson_slot"


class ThompsonSlotConfig(PluginConfig):
    """Knobs of the slot."""

    type: Literal["thompson_slot"] = "thompson_slot"
    every: int = knob(
        9, "Organic slots before each slot of fresh notes.", unit="slots", ge=1, le=100,
        tunable=True,
    )  # fmt: skip
    max_age: Duration = knob(
        DAY_S, "Age from which a note is no longer fresh.", ge=600, le=30 * DAY_S, tunable=True
    )
    cap: int = knob(
        150,
        "Impressions from which a note leaves the slot.",
        unit="impressions, scaled",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    graduate_clicks: int = knob(
        50,
        "Clicks from which a note leaves the slot: it has proven itself.",
        unit="clicks, scaled",
        ge=1,
        le=100_000_000,
    )
    nominees: float = knob(
        0.3,
        "Share of fresh notes with the best draws that may fill the slot until the next step.",
        ge=0.001,
        le=1,
        tunable=True,
    )
    min_prior_impressions: int = knob(
        100,
        "Impressions of the notes that the prior is fitted to.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
    )
    tick: Duration = knob(300, "Time between two draws.", ge=60, le=3_600)


class ThompsonSlot(TrafficPolicy[ThompsonSlotConfig]):
    """Draw r ~ Beta(α + clicks, β + impressions - clicks); the best draws may fill the slot.

    Among them the ranker chooses for each reader. The prior is fitted to notes with enough
    impressions; a note leaves at `cap` impressions, or graduates at `graduate_clicks`. After the
    dedicated slot for fresh content of Wang et al. (KDD 2023), with clicks in place of clicks of
    ten seconds or more.
    """

    Config = ThompsonSlotConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start with the prior of no data and nobody nominated."""
        super().setup(spec)
        scale = spec.threshold_scale
        self._cap = scaled(self.config.cap, scale)
        self._graduate = scaled(self.config.graduate_clicks, scale)
        self._belief = CohortBelief(scaled(self.config.min_prior_impressions, scale))
        self._nominees: Rows = np.empty(0, np.int32)

    @property
    def tick_period_s(self) -> int:
        """Time between two draws, seconds."""
        return self.config.tick

    @property
    def insert_every(self) -> int:
        """Organic slots before each slot of fresh notes."""
        return self.config.every

    def on_tick(self, view: PlatformView) -> None:
        """Draw for every fresh note, and nominate the best."""
        self._belief.refresh(view)
        first = max(view.first_younger_than(self.config.max_age), view.live_start)
        rows = self._fresh(view, np.arange(first, view.notes.n, dtype=np.int32))
        if not rows.size:
            self._nominees = rows
            return
        creator, second = note_ids(view, rows)
        u = uniform(view.spec.seed, _PURPOSE, creator, second, int(view.now))
        draw = quantile(*self._belief.posterior(view, rows), u)
        n = max(1, math.ceil(self.config.nominees * rows.size))
        best = np.argsort(-draw, kind="stable")[:n]
        self._nominees = np.sort(rows[best])

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the nominees that are still fresh, as notes that may be inserted."""
        rows = self._fresh(view, self._nominees)
        if not rows.size:
            return None
        support = NoteSupport.of(rows)
        support.remaining = np.ceil(self._cap - view.notes.impressions[rows]).astype(np.int32)
        support.insert.fill(1)
        return support

    def state_arrays(self) -> Arrays:
        """Return nominees and prior."""
        return {"nominees": self._nominees.copy(), **self._belief.state_arrays()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back nominees and prior."""
        self._nominees = arrays["nominees"].astype(np.int32)
        self._belief.load_state(arrays)

    def _fresh(self, view: PlatformView, rows: Rows) -> Rows:
        """Return the notes that are young enough, below the cap and not graduated, as a copy."""
        totals = view.notes.totals[rows]
        is_fresh = (totals[:, Kind.IMPRESSION] < self._cap) & (
            totals[:, Kind.CLICK] < self._graduate
        )
        return rows[is_fresh & (rows >= view.first_younger_than(self.config.max_age))]
