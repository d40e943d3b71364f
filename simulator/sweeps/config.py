"""The sweep file: which scenario, what varies, on which seeds."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from simulator.contracts.config import Config, knob

MOST_CELLS: Final = 100_000
_SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class RangeConfig(Config):
    """Range of a sampled value."""

    low: float = knob(..., "Smallest value.")
    high: float = knob(..., "Largest value.")
    scale: Literal["linear", "log"] = knob(
        "linear", "Whether values or their logarithms are spread evenly."
    )
    whole: bool = knob(False, "Whether values are whole numbers.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low or (self.scale == "log" and self.low <= 0):
            raise ValueError("low must be at most high, and above 0 on a logarithmic scale")
        return self


class SampleConfig(Config):
    """Points spread evenly over several ranges (a scrambled Sobol sequence)."""

    n: int = knob(..., "Points.", ge=1, le=10_000)
    seed: int = knob(1, "Seed of the points.", ge=0, le=2**31 - 1)
    space: dict[str, RangeConfig] = Field(
        description="Range of each value, by dotted path.", min_length=1
    )


class CaseConfig(Config):
    """One named variant."""

    name: str = knob(..., "Name in tables and charts.")
    set: dict[str, Any] = Field(
        default_factory=dict, description="Values that it changes, by dotted path."
    )

    @field_validator("name")
    @classmethod
    def _slug(cls, name: str) -> str:
        if not _SLUG.fullmatch(name):
            raise ValueError("a name is 1 to 64 lower-case letters, digits, - _ and .")
        return name


class SweepConfig(Config):
    """A sweep: every case × every point of grid, zip and sample × every seed."""

    name: str = knob(..., "Name of the sweep: lower-case letters, digits, - _ and .")
    question: str = Field("", description="What the sweep answers.", max_length=2_000)
    scenario: str = knob(..., "Path, or name of a bundled scenario.")
    seeds: int | tuple[int, ...] = Field(
        5, description="How many seeds, from the scenario's own on, or a list of them."
    )
    set: dict[str, Any] = Field(
        default_factory=dict, description="Values that every run changes, by dotted path."
    )
    cases: tuple[CaseConfig, ...] = Field(
        (), description="Named variants; the first is the baseline unless `baseline` names one."
    )
    baseline: str | None = knob(None, "Name of the case that others are compared with.")
    grid: dict[str, tuple[Any, ...]] = Field(
        default_factory=dict, description="Values by dotted path, in all combinations."
    )
    zip: dict[str, tuple[Any, ...]] = Field(
        default_factory=dict, description="Values by dotted path, taken together, of one length."
    )
    sample: SampleConfig | None = Field(None, description="Points spread over ranges.")
    metrics: tuple[str, ...] = Field((), description="Metrics to show first.")

    @field_validator("name")
    @classmethod
    def _slug(cls, name: str) -> str:
        return CaseConfig._slug(name)  # noqa: SLF001  (one rule for names)

    @field_validator("seeds")
    @classmethod
    def _some_seeds(cls, seeds: int | tuple[int, ...]) -> int | tuple[int, ...]:
        n = seeds if isinstance(seeds, int) else len(seeds)
        if not 1 <= n <= MOST_CELLS:
            raise ValueError(f"from 1 to {MOST_CELLS:,} seeds")
        if not isinstance(seeds, int) and len(set(seeds)) < n:
            raise ValueError("each seed only once")
        return seeds

    @model_validator(mode="after")
    def _agreement(self) -> Self:
        names = [case.name for case in self.cases]
        if len(set(names)) < len(names):
            raise ValueError("each case needs a name of its own")
        if self.baseline is not None and self.baseline not in names:
            raise ValueError(f"baseline: no case {self.baseline!r}; cases: {', '.join(names)}")
        if len({len(values) for values in self.zip.values()}) > 1:
            raise ValueError("zip: all lists need the same length")
        if any(not values for values in (*self.grid.values(), *self.zip.values())):
            raise ValueError("grid and zip: a list must hold a value or more")
        return self
