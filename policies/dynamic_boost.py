"""Dynamic boost: a coefficient that depends on how far a note's quota is, by one of three rules."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from policies.pacing import curve_boost, formula_boost, lookup_boost, table_boost
from policies.promise_policy import PromisePolicy
from policies.promises import Pace, PromiseConfig
from simulator.contracts.config import knob
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView

Boost = Annotated[float, Field(ge=0.1, le=100)]
Cells = tuple[tuple[Boost, ...], ...]
"""Boosts by row of time and column of impressions."""

_MOST_CELLS = 24


class DynamicBoostConfig(PromiseConfig):
    """What every policy with a dynamic boost has."""

    rule: Literal["table", "formula", "curve"] = knob(
        "curve",
        "How time and impressions make the boost: `table`: more for each cell of lag; `formula`: "
        "α/√(1 + βt + γx); `curve`: α·e^(gain·lag) behind the delivery curve.",
    )
    base: float = knob(
        5.0,
        "Coefficient that the boost of the rule multiplies, while it is above 1.",
        ge=1,
        le=100,
        tunable=True,
    )
    max_coefficient: float = knob(
        30.0, "Most that a note's value is multiplied by.", ge=1, le=1_000, tunable=True
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
    table: Cells | None = Field(
        None,
        description="The table itself, a list of rows: rows are equal parts of the window, columns "
        "of the target; silent means the table of `table_step` and `table_cells`.",
        json_schema_extra={"tunable": True},
        exclude_if=lambda table: table is None,  # as in files of the time before there was one
    )
    formula_alpha: float = knob(4.0, "α of the formula: boost at birth.", ge=0.1, le=100)
    formula_beta: float = knob(3.0, "β of the formula: decay with age.", ge=0, le=100)
    formula_gamma: float = knob(12.0, "γ of the formula: decay with impressions.", ge=0, le=1_000)
    curve_alpha: float = knob(1.0, "α of the curve: boost on schedule.", ge=0.1, le=100)
    curve_gain: float = knob(
        8.0,
        "Rise of the logarithm of the boost for a whole target of lag.",
        ge=0,
        le=50,
        tunable=True,
    )

    @field_validator("table")
    @classmethod
    def _rectangle(cls, table: Cells | None) -> Cells | None:
        if table is not None:
            lengths = {len(row) for row in table}
            is_full = len(lengths) == 1 and 1 <= min(lengths) <= max(lengths) <= _MOST_CELLS
            if not is_full or len(table) > _MOST_CELLS:
                raise ValueError(
                    f"a table has 1 to {_MOST_CELLS} rows of equal length, 1 to {_MOST_CELLS} each"
                )
        return table

    @property
    def table_in_use(self) -> list[list[float]] | None:
        """Return the boosts by row of time and column of impressions, None under other rules."""
        if self.rule != "table":
            return None
        if self.table is not None:
            return [list(row) for row in self.table]
        middle = (np.arange(self.table_cells) + 0.5) / self.table_cells
        cells = table_boost(middle[:, None], middle[None, :], self.table_step, self.table_cells)
        return [[round(float(value), 6) for value in row] for row in cells]


B = TypeVar("B", bound=DynamicBoostConfig)


class DynamicBoostPolicy(PromisePolicy[B]):
    """Computes coefficients at control steps, for new stages at once, and keeps them between."""

    def on_tick(self, view: PlatformView) -> None:
        """Read the clock and compute the coefficients of all notes with open promises."""
        self.promises.clock.observe(view)
        rows = self.promises.update(view)
        self.promises["coefficient"][rows] = self.coefficients(self.promises.pace(view, rows))

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support of notes with open promises."""
        return self.coefficient_support(view, self.coefficients, self.config.pre_rank_power)

    def coefficients(self, pace: Pace) -> NDArray[np.float32]:
        """Return float32[m] coefficients at rank, from 1 to `max_coefficient`."""
        config = self.config
        if config.rule == "table" and config.table is not None:
            boost = lookup_boost(pace.t, pace.x, config.table)
        elif config.rule == "table":
            boost = table_boost(pace.t, pace.x, config.table_step, config.table_cells)
        elif config.rule == "formula":
            boost = formula_boost(
                pace.t, pace.x, config.formula_alpha, config.formula_beta, config.formula_gamma
            )
        else:
            boost = curve_boost(pace.lag, config.curve_alpha, config.curve_gain)
        return np.clip(config.base * boost, 1.0, config.max_coefficient).astype(np.float32)
