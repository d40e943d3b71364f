"""Dynamic boost: a coefficient that depends on how far a note's quota is, by one of three rules."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policies.pacing import curve_boost, formula_boost, table_boost
from policies.promises import Pace, PromiseConfig, Promises
from simulator.contracts.config import knob
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class DynamicBoostConfig(PromiseConfig):
    """What every policy with a dynamic boost has."""

    rule: Literal["table", "formula", "curve"] = knob(
        "curve",
        "How time and impressions make the boost: `table`: more for each cell of lag; `formula`: "
        "α/√(1 + βt + γx); `curve`: α·e^(gain·lag) behind the delivery curve.",
    )
    base: float = knob(
        2.0,
        "Coefficient that the boost of the rule multiplies, while it is above 1.",
        ge=1,
        le=100,
        tunable=True,
    )
    max_coefficient: float = knob(
        20.0, "Most that a note's value is multiplied by.", ge=1, le=1_000, tunable=True
    )
    pre_rank_power: float = knob(
        1.0,
        "The coefficient at pre-rank is that at rank to this power.",
        ge=0,
        le=5,
        tunable=True,
    )
    table_step: float = knob(0.1, "Boost for each cell of lag in the table.", ge=0, le=20)
    table_cells: int = knob(4, "Rows and columns of the table.", ge=1, le=100)
    formula_alpha: float = knob(4.0, "α of the formula: boost at birth.", ge=0.1, le=100)
    formula_beta: float = knob(3.0, "β of the formula: decay with age.", ge=0, le=100)
    formula_gamma: float = knob(12.0, "γ of the formula: decay with impressions.", ge=0, le=1_000)
    curve_alpha: float = knob(1.0, "α of the curve: boost on schedule.", ge=0.1, le=100)
    curve_gain: float = knob(
        3.0,
        "Rise of the logarithm of the boost for a whole target of lag.",
        ge=0,
        le=50,
        tunable=True,
    )


class DynamicBoost:
    """Coefficients of notes with open promises, computed at control steps and kept between them.

    Args:
        config: the rule.
        promises: the book; its column `coefficient` is kept here.
    """

    def __init__(self, config: DynamicBoostConfig, promises: Promises) -> None:
        self._config = config
        self._promises = promises

    def tick(self, view: PlatformView) -> None:
        """Read the clock and compute the coefficients of all notes with open promises."""
        self._promises.clock.observe(view)
        rows = self._promises.update(view)
        self._promises["coefficient"][rows] = self.coefficients(self._promises.pace(view, rows))

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support of notes with open promises."""
        promises = self._promises
        rows = promises.update(view)
        support = promises.support(view, rows)
        if support is None:
            return None
        unset = rows[promises["coefficient"][rows] == 0]
        if unset.size:
            promises["coefficient"][unset] = self.coefficients(promises.pace(view, unset))
        apply_coefficients(support, promises["coefficient"][rows], self._config.pre_rank_power)
        return support

    def coefficients(self, pace: Pace) -> NDArray[np.float32]:
        """Return float32[m] coefficients at rank, from 1 to `max_coefficient`."""
        config = self._config
        if config.rule == "table":
            boost = table_boost(pace.t, pace.x, config.table_step, config.table_cells)
        elif config.rule == "formula":
            boost = formula_boost(
                pace.t, pace.x, config.formula_alpha, config.formula_beta, config.formula_gamma
            )
        else:
            boost = curve_boost(pace.lag, config.curve_alpha, config.curve_gain)
        return np.clip(config.base * boost, 1.0, config.max_coefficient).astype(np.float32)


def apply_coefficients(
    support: NoteSupport, coefficient: NDArray[np.float32], pre_rank_power: float
) -> None:
    """Write coefficients at rank, and their power at pre-rank, into support.

    Args:
        support: changed in place.
        coefficient: float32[m], at least 1.
        pre_rank_power: exponent at pre-rank.
    """
    support.rank = coefficient
    support.pre_rank = (
        coefficient.copy()
        if pre_rank_power == 1.0
        else np.power(coefficient, np.float32(pre_rank_power))
    )
