"""Uplift quota: random quotas first, then more for the creators whom they make publish more."""

from __future__ import annotations

import math
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator, model_validator

from policies.dynamic_boost import DynamicBoostConfig, DynamicBoostPolicy
from policies.promises import Rows, refuse_later_stages
from policies.uplift import Uplift, allocate, concave, estimate
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import uniform
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView

Floats = NDArray[np.float64]

_PURPOSE: Final = "policy.uplift_quota"
_N_SEGMENTS: Final = 3


class UpliftQuotaConfig(DynamicBoostConfig):
    """Knobs of the uplift quota; `target` is what every note gets when nothing was learned."""

    type: Literal["uplift_quota"] = "uplift_quota"
    target: int = knob(
        225,
        "Impressions promised to each note when no effect was found; also the mean budget a note.",
        unit="impressions, scaled",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    levels: tuple[int, ...] = knob(
        (0, 100, 300, 500), "Quotas that are drawn at random, × thresholds.scale, ascending."
    )
    learning: Duration = knob(
        7 * DAY_S, "Time for which quotas are random, from the first control step.", ge=DAY_S
    )
    settling: Duration = knob(
        DAY_S, "First part of it that is not measured: creators need time to react.", ge=0
    )
    explore_share: float = knob(
        0.1, "Share of creators whose quotas stay random for good.", ge=0, le=1
    )
    min_z: float = knob(
        1.0,
        "Standard errors that the effect of the highest quota must be above 0; below, every note "
        "gets the target.",
        ge=-100,
        le=100,
    )

    @field_validator("levels")
    @classmethod
    def _two_or_more(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if len(levels) < 2 or levels[0] < 0 or any(np.diff(levels) <= 0):
            raise ValueError("two levels or more, ascending, none below 0: for example [0, 100]")
        return levels

    @model_validator(mode="after")
    def _times(self) -> Self:
        refuse_later_stages(self, "levels")
        if self.settling >= self.learning:
            raise ValueError("settling must be shorter than learning")
        return self


class UpliftQuota(DynamicBoostPolicy[UpliftQuotaConfig]):
    """max Σ uplift of publishing subject to Σ quota ≤ budget, learned from quotas by creator.

    At first every creator's quota is drawn at random. What creators publish from then on, less
    what their past explains, gives the effect of each quota for creators of few, some and many
    notes; concave envelopes of the effects make the greedy allocation optimal.

    What it can learn: the effect of a creator's own quota on the number of that creator's notes,
    over a week, while all others keep their quotas. What it cannot: effects slower than that,
    effects of the platform's total help on each creator, and anything smaller than its noise.
    With c creators a level and a standard deviation s of notes a day the error of an effect is
    s·√(2/c): a few hundred creators cannot tell the 2 to 15 % that are likely. `facts` says how
    many standard errors the effect was; below `min_z` all notes get the same.
    """

    Config = UpliftQuotaConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start with nothing learned."""
        super().setup(spec)
        n_levels = len(self.config.levels)
        self._start_t = math.nan
        self._before = np.empty(0)
        self._at_settled = np.empty(0)
        self._edges = np.zeros(_N_SEGMENTS - 1)
        self._shares = np.zeros((0, n_levels))
        self._uplift = Uplift(np.zeros((1, n_levels)), np.zeros(n_levels), np.zeros(n_levels))

    def on_tick(self, view: PlatformView) -> None:
        """Count notes at the start, after settling and at the end of learning; then allocate."""
        published = view.creators.n_notes.astype(np.float64)
        if math.isnan(self._start_t):
            self._start_t = view.now
            self._before = published
            active = published[published > 0]
            if active.size:
                self._edges = np.quantile(active, [1 / 3, 2 / 3])
        if not self._at_settled.size and view.now >= self._start_t + self.config.settling:
            self._at_settled = published
        if not self._shares.size and view.now >= self._start_t + self.config.learning:
            self._learn(view, published)
        super().on_tick(view)

    def next_target(
        self, view: PlatformView, rows: Rows, stage: int, met: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the quotas drawn for the notes' creators, or allocated to them."""
        creator_idx = view.notes.creator_idx[rows]
        quota = self._quotas(self._levels(view, creator_idx), creator_idx, view)
        return np.ceil(quota * self.spec.threshold_scale - 1e-6).astype(np.float32)

    def facts(self) -> dict[str, float]:
        """Return what was learned; all 0 while learning goes on."""
        top = float(self._uplift.pooled[-1])
        return {
            "uplift_notes_per_creator_day": top,
            "uplift_error": float(self._uplift.error[-1]) if self._shares.size else 0.0,
            "uplift_z": self._uplift.z,
        }

    def state_arrays(self) -> Arrays:
        """Return promises, counts of notes and what was learned."""
        return {
            **super().state_arrays(),
            "start_t": np.array([self._start_t]),
            "before": self._before.copy(),
            "at_settled": self._at_settled.copy(),
            "edges": self._edges.copy(),
            "shares": self._shares.copy(),
            "effect": self._uplift.effect.copy(),
            "pooled": self._uplift.pooled.copy(),
            "error": self._uplift.error.copy(),
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        super().load_state(arrays)
        numbers = {name: np.array(arrays[name], np.float64) for name in _STATE}
        self._start_t = float(numbers["start_t"][0])
        self._before, self._at_settled = numbers["before"], numbers["at_settled"]
        self._edges, self._shares = numbers["edges"], numbers["shares"]
        self._uplift = Uplift(numbers["effect"], numbers["pooled"], numbers["error"])

    def _draw(
        self, view: PlatformView, creator_idx: NDArray[np.int32], what: str
    ) -> NDArray[np.float64]:
        reader_id = view.creators.reader_idx[creator_idx]
        return uniform(view.spec.seed, f"{_PURPOSE}.{what}", reader_id)

    def _levels(self, view: PlatformView, creator_idx: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return int64[m], the level drawn for each creator: the same for all of their notes."""
        draw = self._draw(view, creator_idx, "level")
        return np.asarray((draw * len(self.config.levels)).astype(np.int64))

    def _quotas(
        self, drawn: NDArray[np.int64], creator_idx: NDArray[np.int32], view: PlatformView
    ) -> Floats:
        levels = np.array(self.config.levels, np.float64)
        if not self._shares.size:
            return levels[drawn]
        upto = np.cumsum(self._shares[self._segment(creator_idx)], axis=1)
        u = self._draw(view, creator_idx, "share")
        chosen = np.minimum((u[:, None] >= upto).sum(axis=1), levels.size - 1)
        explores = self._draw(view, creator_idx, "explore") < self.config.explore_share
        uniformly = np.where(
            self._uplift.z >= self.config.min_z, levels[chosen], self.config.target
        )
        return np.where(explores, levels[drawn], uniformly)

    def _segment(self, creator_idx: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return int64[m], 0 to 2 by notes before learning began; newcomers are in 0."""
        before = np.zeros(creator_idx.size)
        known = creator_idx < self._before.size
        before[known] = self._before[creator_idx[known]]
        return np.digitize(before, self._edges, right=True)

    def _learn(self, view: PlatformView, published: Floats) -> None:
        config = self.config
        known = np.flatnonzero(self._before > 0).astype(np.int32)
        days = (view.now - self._start_t - config.settling) / DAY_S
        outcome = (published[known] - self._at_settled[known]) / days
        segment = self._segment(known)
        drawn = self._levels(view, known)
        self._uplift = estimate(outcome, self._before[known], drawn, segment, len(config.levels))
        levels = np.array(config.levels, np.float64)
        creators = np.bincount(segment, minlength=_N_SEGMENTS).astype(np.float64)
        notes = np.bincount(segment, outcome, minlength=_N_SEGMENTS).astype(np.float64)
        effect = np.zeros((_N_SEGMENTS, levels.size))
        effect[: self._uplift.effect.shape[0]] = self._uplift.effect
        curves = np.stack([concave(levels, row) for row in effect])
        budget = max(config.target - config.levels[0], 0) * float(notes.sum())
        self._shares = allocate(levels, curves, creators, notes, budget)


_STATE: Final = (
    "start_t", "before", "at_settled", "edges", "shares", "effect", "pooled", "error",
)  # fmt: skip
