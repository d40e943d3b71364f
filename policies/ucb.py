"""UCB: each hour's budget goes to the notes that could be the best."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from policies.beliefs import CohortBelief
from policies.day_clock import DayClock
from policies.note_columns import Columns, NoteColumns
from policies.promises import Rows, scaled
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.contracts.plugins import Arrays, PluginConfig, TrafficPolicy
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class UcbConfig(PluginConfig):
    """Knobs of the allocation."""

    type: Literal["ucb"] = "ucb"
    confidence: float = knob(
        0.3, "c of the index: how much ignorance is worth.", ge=0, le=10, tunable=True
    )
    budget_share: float = knob(
        0.1,
        "Share of the impressions expected in the period that may be granted.",
        ge=0.001,
        le=1,
        tunable=True,
    )
    period: Duration = knob(HOUR_S, "Time for which a budget is shared out.", ge=600, le=DAY_S)
    grant: int = knob(
        20,
        "Most impressions granted to a note in a period.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
        tunable=True,
    )
    cap: int = knob(
        200,
        "Impressions from which a note gets no more grants.",
        unit="impressions, scaled",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    max_age: Duration = knob(
        DAY_S, "Age from which it gets none.", ge=600, le=30 * DAY_S, tunable=True
    )
    coefficient: float = knob(
        8.0, "Coefficient of a note with a grant.", ge=1, le=1_000, tunable=True
    )
    min_prior_impressions: int = knob(
        100,
        "Impressions of the notes that the prior is fitted to.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
    )
    tick: Duration = knob(300, "Time between two looks at the clock.", ge=60, le=3_600)


class Ucb(TrafficPolicy[UcbConfig]):
    """Grant each period's budget by the index μ + c·√(ln N/(n + 1)), within caps.

    μ is a note's click rate, shrunk to the cohort's, n its impressions, N those of all
    candidates. One impression of budget is worth the index of the note that gets it, so taking
    notes by falling index solves the knapsack (Auer, Cesa-Bianchi, Fischer, Machine Learning 2002).
    """

    Config = UcbConfig
    COLUMNS: ClassVar[Columns] = {"granted": (np.float32, 0.0)}

    def setup(self, spec: PlatformSpec) -> None:
        """Start without grants."""
        super().setup(spec)
        scale = spec.threshold_scale
        self._cap = scaled(self.config.cap, scale)
        self._grant = scaled(self.config.grant, scale)
        self._belief = CohortBelief(scaled(self.config.min_prior_impressions, scale))
        self._clock = DayClock()
        self._columns = NoteColumns(self.COLUMNS)
        self._chosen: Rows = np.empty(0, np.int32)
        self._next_t = -math.inf

    @property
    def tick_period_s(self) -> int:
        """Time between two looks at the clock, seconds."""
        return self.config.tick

    def on_tick(self, view: PlatformView) -> None:
        """Share out a new budget when the period is over."""
        self._clock.observe(view)
        self._columns.cover(view.notes.n)
        if view.now < self._next_t:
            return
        self._next_t = view.now + self.config.period
        self._belief.refresh(view)
        budget = self.config.budget_share * self._clock.forecast(view.now, self._next_t)
        rows = self._young(view)
        room = np.clip(self._cap - view.notes.impressions[rows], 0.0, self._grant)
        order = np.argsort(-self.index(view, rows), kind="stable")
        granted = share_out(room[order].astype(np.float64), budget)
        won = order[granted > 0]
        limit = view.notes.impressions[rows[won]] + granted[granted > 0]
        self._columns["granted"][rows[won]] = limit
        self._chosen = np.sort(rows[won])

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the notes whose grant is not used up."""
        chosen = self._chosen
        left = self._columns["granted"][chosen] - view.notes.impressions[chosen]
        is_open = (left > 0) & (chosen >= view.first_younger_than(self.config.max_age))
        rows = chosen[is_open]
        if not rows.size:
            return None
        support = NoteSupport.of(rows)
        support.remaining = np.floor(left[is_open]).astype(np.int32)
        support.rank.fill(np.float32(self.config.coefficient))
        support.pre_rank.fill(np.float32(self.config.coefficient))
        return support

    def index(self, view: PlatformView, rows: Rows) -> NDArray[np.float64]:
        """Return float64[m], what an impression of each note could be worth."""
        alpha, beta = self._belief.posterior(view, rows)
        shown = view.notes.impressions[rows].astype(np.float64)
        doubt = np.sqrt(math.log(math.e + shown.sum()) / (shown + 1.0))
        return np.asarray(alpha / (alpha + beta) + self.config.confidence * doubt)

    def state_arrays(self) -> Arrays:
        """Return grants, prior, clock and the end of the period."""
        return {
            "chosen": self._chosen.copy(),
            "next_t": np.array([self._next_t]),
            **self._columns.state_arrays(),
            **self._belief.state_arrays(),
            **self._clock.state_arrays(),
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self._chosen = arrays["chosen"].astype(np.int32)
        self._next_t = float(arrays["next_t"].tolist()[0])
        self._columns.load_state(arrays)
        self._belief.load_state(arrays)
        self._clock.load_state(arrays)

    def _young(self, view: PlatformView) -> Rows:
        first = max(view.first_younger_than(self.config.max_age), view.live_start)
        return np.arange(first, view.notes.n, dtype=np.int32)


def share_out(room: NDArray[np.float64], budget: float) -> NDArray[np.float64]:
    """Give whole impressions to the first in line up to their room, until a budget is used up.

    Args:
        room: float64[m], most that each may get, best first.
        budget: impressions in all.

    Returns:
        float64[m], whole numbers; their sum is at most the budget.
    """
    whole = np.floor(room)
    before = np.cumsum(whole) - whole
    return np.asarray(np.clip(np.floor(budget) - before, 0.0, whole))
