"""Metrics as declarations: which columns they need, and how a number is made of their totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from simulator.experiments.errors import AnalysisError

ROWS = "rows"
"""Name of the column of ones that counts rows."""


class Part(NamedTuple):
    """A ratio of totals: column over column; the denominator `ROWS` makes it a mean."""

    numerator: str
    denominator: str = ROWS


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of a column over rows.

    Attributes:
        column: column name.
        covariate: column measured before assignment, or several, to reduce variance (CUPED).
            Missing values count as zero and get an indicator as a further covariate.
    """

    column: str
    covariate: str | tuple[str, ...] | None = None

    def value(self) -> Part:
        """Return what is measured."""
        return Part(self.column)

    def covariates(self) -> tuple[Part, ...]:
        """Return what reduces its variance."""
        names = (self.covariate,) if isinstance(self.covariate, str) else self.covariate or ()
        return tuple(Part(name) for name in names)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Total of one column over the total of another, for example clicks over impressions.

    Attributes:
        numerator: column name.
        denominator: column name.
        covariate: the same ratio before assignment, (numerator, denominator); or one column, whose
            mean then serves.
    """

    numerator: str
    denominator: str
    covariate: tuple[str, str] | str | None = None

    def value(self) -> Part:
        """Return what is measured."""
        return Part(self.numerator, self.denominator)

    def covariates(self) -> tuple[Part, ...]:
        """Return what reduces its variance."""
        if self.covariate is None:
            return ()
        return (Part(self.covariate) if isinstance(self.covariate, str) else Part(*self.covariate),)


@dataclass(frozen=True, slots=True)
class Quantile:
    """Quantile of a column over rows.

    Attributes:
        column: column name.
        q: level in (0, 1).
    """

    column: str
    q: float


@dataclass(frozen=True, slots=True)
class Gini:
    """Gini coefficient of a column over rows, by cluster bootstrap.

    Attributes:
        column: column of non-negative numbers, for example impressions a note.
    """

    column: str


@dataclass(frozen=True, slots=True)
class TopShare:
    """Share of a column's total held by its largest rows, by cluster bootstrap.

    Attributes:
        column: column of non-negative numbers.
        top: fraction of rows, in (0, 1).
    """

    column: str
    top: float


Smooth = Mean | Ratio
Concentration = Gini | TopShare
Metric = Mean | Ratio | Quantile | Gini | TopShare


def columns_of(metric: Metric) -> tuple[str, ...]:
    """Return the columns of the table that a metric reads, without covariates."""
    if isinstance(metric, Smooth):
        return tuple(name for name in metric.value() if name != ROWS)
    return (metric.column,)


def covariates_of(metric: Metric) -> tuple[str, ...]:
    """Return the covariate columns that a metric reads."""
    if not isinstance(metric, Smooth):
        return ()
    return tuple(name for part in metric.covariates() for name in part if name != ROWS)


def declare(
    metrics: Mapping[str, Metric | str] | Sequence[str], covariate: str | Mapping[str, str] | None
) -> dict[str, Metric]:
    """Turn what a caller gives into metrics by name.

    Args:
        metrics: name -> metric, or name -> column, or column names; a column stands for its mean.
        covariate: one covariate for every mean without its own, or metric name -> covariate.

    Raises:
        AnalysisError: no metric, a quantile or top share outside (0, 1), or a covariate for a
            metric that does not exist.
    """
    given = metrics if isinstance(metrics, Mapping) else {name: name for name in metrics}
    named = {k: Mean(m) if isinstance(m, str) else m for k, m in given.items()}
    if not named:
        raise AnalysisError("no metric was given")
    for name, metric in named.items():
        level = getattr(metric, "q", None) or getattr(metric, "top", None)
        if level is not None and not 0.0 < level < 1.0:
            raise AnalysisError(f"metric {name!r} needs a level in (0, 1) (got {level})")
    if isinstance(covariate, Mapping) and (unknown := sorted(set(covariate) - set(named))):
        raise AnalysisError(f"covariate for an unknown metric: {', '.join(unknown)}")
    return {name: _with_covariate(name, metric, covariate) for name, metric in named.items()}


def _with_covariate(name: str, metric: Metric, covariate: str | Mapping[str, str] | None) -> Metric:
    if not isinstance(metric, Smooth) or metric.covariate is not None:
        return metric
    if isinstance(covariate, Mapping):
        return replace(metric, covariate=covariate.get(name))
    return replace(metric, covariate=covariate) if isinstance(metric, Mean) else metric
