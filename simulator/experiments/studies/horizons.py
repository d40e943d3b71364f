"""A shorter test inside a longer run: the first days of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from simulator.contracts.events import DAY_S
from simulator.experiments.errors import AnalysisError

if TYPE_CHECKING:
    from simulator.results.result import Result


def until(result: Result, days: int) -> Result:
    """Return a run as if it had ended after some measured days.

    What comes later never changes what was before, so the tables of a shorter run are those of the
    longer one without its last days.

    Args:
        result: a finished run.
        days: measured days to keep.

    Raises:
        AnalysisError: the run has fewer days, or none are asked for.
    """
    there = result.manifest.params.measured_days
    if not 1 <= days <= there:
        raise AnalysisError(f"a run of {there} days has no first {days} days")
    return result if days == there else cast("Result", _Shorter(result, days))


class _Shorter:
    """The part of a run's interface that tests are read from."""

    def __init__(self, result: Result, days: int) -> None:
        params = result.manifest.params
        self._result = result
        self._days = days
        self._end_t = (params.warm_up_days + days) * DAY_S
        shorter = params.model_copy(update={"measured_days": days})
        self.manifest = SimpleNamespace(params=shorter)

    @cached_property
    def readers(self) -> pd.DataFrame:
        table = self._result.readers
        return table[table["day"] < self._days]

    @cached_property
    def creators(self) -> pd.DataFrame:
        table = self._result.creators
        return table[table["day"] < self._days]

    @cached_property
    def notes(self) -> pd.DataFrame:
        table = self._result.notes
        kept = table[table["published_t"] < self._end_t].copy()
        kept["reached_target_t"] = kept["reached_target_t"].where(
            kept["reached_target_t"] <= self._end_t
        )
        return kept

    def events(
        self, columns: Sequence[str] | None = None, where: str | None = None
    ) -> pd.DataFrame:
        condition = f"day < {self._days}"
        both = condition if where is None else f"({where}) AND {condition}"
        return self._result.events(columns, both)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (what depends on no day)
        if name in {"folder", "scenario"}:
            return getattr(self._result, name)
        raise AttributeError(name)
