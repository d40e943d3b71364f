"""Early stop: a quota that gives up poor notes, and passes on what they leave."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from policies.beliefs import CohortBelief, probability_above
from policies.dynamic_boost import DynamicBoostConfig, DynamicBoostPolicy
from policies.promises import Rows, refuse_later_stages, scaled
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class EarlyStopConfig(DynamicBoostConfig):
    """Knobs of early stopping."""

    type: Literal["early_stop"] = "early_stop"
    floor: int = knob(
        40,
        "Impressions that every note gets whatever its click rate, for its creator.",
        unit="impressions, scaled",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    poor_below: float = knob(
        0.8, "Click rate, × that of the usual note, below which a note is poor.", ge=0, le=10,
        tunable=True,
    )  # fmt: skip
    doubt: float = knob(
        0.3, "A note is given up when P(not poor) falls below this.", ge=0, le=1, tunable=True
    )
    bonus: int = knob(
        100,
        "Impressions promised beyond the target to a note that has met it and is surely good, "
        "out of what given-up notes leave; 0 passes nothing on.",
        unit="impressions, scaled",
        ge=0,
        le=100_000_000,
    )
    bonus_window: Duration = knob(
        3 * DAY_S, "Age by which a note is to reach target and bonus.", ge=600, le=30 * DAY_S
    )
    good_above: float = knob(
        1.0, "Click rate, × that of the usual note, above which a note is good.", ge=0, le=10
    )
    good_certainty: float = knob(
        0.7, "Posterior probability of being good that is asked for.", ge=0, le=1
    )
    min_prior_impressions: int = knob(
        100,
        "Impressions of the notes that the usual click rate is fitted to.",
        unit="impressions, scaled",
        ge=1,
        le=1_000_000,
    )

    @model_validator(mode="after")
    def _stages(self) -> Self:
        refuse_later_stages(self, "bonus and bonus_window")
        if self.bonus_window <= self.window:
            raise ValueError("bonus_window must be longer than window")
        return self


class EarlyStop(DynamicBoostPolicy[EarlyStopConfig]):
    """Give a note up when P(click rate > c0 | clicks, impressions) < doubt, above a floor.

    Beta-binomial with a prior fitted to the cohort. The worth of impressions to a creator is
    concave, so the floor buys most of it; what is left of a given-up quota goes into a pot, and
    notes that have met their target and are surely good draw a bonus from it, best first.
    """

    Config = EarlyStopConfig

    def setup(self, spec: PlatformSpec) -> None:
        """Start without promises and with an empty pot."""
        super().setup(spec)
        scale = spec.threshold_scale
        self._floor = scaled(self.config.floor, scale)
        self._bonus = scaled(self.config.bonus, scale) if self.config.bonus else 0.0
        self._belief = CohortBelief(scaled(self.config.min_prior_impressions, scale))
        self._pot = 0.0

    @property
    def windows_s(self) -> tuple[int, ...]:
        """Age of a note at the end of target and bonus, seconds."""
        return (self.config.window, self.config.bonus_window)

    @property
    def pot(self) -> float:
        """Impressions that given-up notes have left and nobody has drawn."""
        return self._pot

    def on_tick(self, view: PlatformView) -> None:
        """Give poor notes up; compute the coefficients of the others."""
        self._belief.refresh(view)
        rows = self.promises.update(view)
        rows = rows[view.notes.impressions[rows] >= self._floor]
        hope = self._chance(view, rows, self.config.poor_below)
        self._give_up(view, rows[hope < self.config.doubt])
        super().on_tick(view)

    def next_target(
        self, view: PlatformView, rows: Rows, stage: int, met: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the target; then target and bonus for the best of the good while the pot lasts."""
        first = self.config.scaled_targets(self.spec)[0]
        if stage == 0:
            return np.full(rows.size, first, np.float32)
        chance = np.where(met, self._chance(view, rows, self.config.good_above), 0.0)
        n_bonus = int(self._pot // self._bonus) if self._bonus else 0
        best = np.argsort(-chance, kind="stable")[:n_bonus]
        best = best[chance[best] >= max(self.config.good_certainty, 1e-12)]
        target = np.zeros(rows.size, np.float32)
        target[best] = first + self._bonus
        self._pot -= best.size * self._bonus
        return target

    def state_arrays(self) -> Arrays:
        """Return promises, prior and pot."""
        own = {"pot": np.array([self._pot])}
        return {**super().state_arrays(), **self._belief.state_arrays(), **own}

    def load_state(self, arrays: Arrays) -> None:
        """Take back promises, prior and pot."""
        super().load_state(arrays)
        self._belief.load_state(arrays)
        self._pot = float(arrays["pot"].tolist()[0])

    def _chance(self, view: PlatformView, rows: Rows, factor: float) -> NDArray[np.float64]:
        """Return float64[m], P(click rate > factor · usual rate)."""
        alpha, beta = self._belief.posterior(view, rows)
        return probability_above(alpha, beta, factor * self._belief.mean)

    def _give_up(self, view: PlatformView, rows: Rows) -> None:
        if rows.size:
            self._pot += float(self.promises.remaining(view, rows).sum())
            self.promises.stop(view, rows)
