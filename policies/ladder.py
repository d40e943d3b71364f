"""Ladder: pools of rising traffic; a note climbs while its click rate is surely good."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policies.beliefs import CohortBelief, probability_above, quantile
from policies.dynamic_boost import DynamicBoostConfig, DynamicBoostPolicy
from policies.promises import Rows, StageConfig, scaled
from simulator.contracts.config import knob
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class LadderConfig(DynamicBoostConfig):
    """Knobs of the ladder; `target` and `window` are those of the first pool."""

    type: Literal["ladder"] = "ladder"
    target: int = knob(
        200,
        "Life impressions at the end of the first pool, × thresholds.scale.",
        unit="impressions, scaled",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    later_stages: tuple[StageConfig, ...] = knob(
        (
            StageConfig(target=1_000, window=3 * DAY_S),
            StageConfig(target=5_000, window=7 * DAY_S),
            StageConfig(target=20_000, window=14 * DAY_S),
        ),
        "Further pools.",
    )
    cohort_quantile: float = knob(
        0.8, "Place among the click rates of all notes that a note must beat.", ge=0, le=1,
        tunable=True,
    )  # fmt: skip
    certainty: float = knob(
        0.5, "Posterior probability of beating it that is asked for.", ge=0, le=1, tunable=True
    )
    min_prior_impressions: int = knob(
        100,
        "Impressions of the notes that the click rates of all notes are fitted to.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
    )


class Ladder(DynamicBoostPolicy[LadderConfig]):
    """Pools of 200, 1,000, 5,000, 20,000 impressions; promoted if P(rate > quantile) ≥ certainty.

    Within a pool a note has a quota like any other. A note that fills its pool in time goes on
    when its posterior click rate beats a quantile of the cohort's with enough certainty; all
    others go back to natural distribution. The sizes are those that creators' folklore tells of
    short-video platforms; no platform has confirmed them.
    """

    Config = LadderConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start without promises and with the prior of no data."""
        super().setup(spec)
        fewest = scaled(self.config.min_prior_impressions, spec.threshold_scale)
        self._belief = CohortBelief(fewest)

    def on_tick(self, view: PlatformView) -> None:
        """Fit the cohort's click rates and compute the coefficients."""
        self._belief.refresh(view)
        super().on_tick(view)

    def next_target(
        self, view: PlatformView, rows: Rows, stage: int, met: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the size of the next pool for notes that are promoted, 0 for the others."""
        target = super().next_target(view, rows, stage, met)
        if stage == 0:
            return target
        return np.where(met & self.promoted(view, rows), target, np.float32(0.0))

    def promoted(self, view: PlatformView, rows: Rows) -> NDArray[np.bool_]:
        """Return bool[m], whether notes beat the cohort's quantile with enough certainty."""
        prior = np.array([self._belief.alpha]), np.array([self._belief.beta])
        bar = quantile(*prior, np.array([self.config.cohort_quantile]))
        alpha, beta = self._belief.posterior(view, rows)
        return probability_above(alpha, beta, bar) >= self.config.certainty

    def state_arrays(self) -> Arrays:
        """Return promises and prior."""
        return {**super().state_arrays(), **self._belief.state_arrays()}

    def load_state(self, arrays: Arrays) -> None:
        """Take back promises and prior."""
        super().load_state(arrays)
        self._belief.load_state(arrays)
