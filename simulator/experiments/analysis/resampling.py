"""Re-split the units of a table at random: false positives and coverage of an analysis, fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.contracts.random import generator
from simulator.experiments.analysis.delta import Contrast, Form, Pair, contrast
from simulator.experiments.analysis.encode import codes_of, column_of, numeric
from simulator.experiments.analysis.metrics import (
    ROWS,
    Metric,
    Smooth,
    columns_of,
    covariates_of,
    declare,
)
from simulator.experiments.analysis.moments import cluster_totals
from simulator.experiments.errors import AnalysisError, check_share

Floats = NDArray[np.float64]
_CHUNK = 128


@dataclass(frozen=True, slots=True)
class UnitTotals:
    """Sufficient statistics of every independent unit, ready to be split again and again.

    Attributes:
        columns: column names, `ROWS` first.
        values: totals of each unit or cluster, float64[G, C].
    """

    columns: tuple[str, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class Replicates:
    """Results of the replicates on one metric, float64[R] each.

    Attributes:
        difference: treatment minus control.
        se: its standard error.
        relative: relative lift.
        relative_se: its standard error.
        p: p-value of the difference.
        half: half-width of the interval of the difference, in standard errors.
        truth: true difference, a number.
        relative_truth: true relative lift, a number.
    """

    difference: Floats
    se: Floats
    relative: Floats
    relative_se: Floats
    p: Floats
    half: Floats
    truth: float
    relative_truth: float

    def rejection(self, alpha: float = 0.05) -> float:
        """Return the share of replicates with p below alpha."""
        return float((self.p < alpha).mean())

    def coverage(self) -> float:
        """Return the share of intervals of the difference that hold the truth."""
        return float((np.abs(self.difference - self.truth) <= self.half * self.se).mean())

    def relative_coverage(self) -> float:
        """Return the share of intervals of the relative lift that hold the truth."""
        gap = np.abs(self.relative - self.relative_truth)
        return float((gap <= self.half * self.relative_se).mean())


@dataclass(frozen=True, slots=True)
class Resplit:
    """How to split units.

    Attributes:
        n_replicates: number of splits.
        seed: replication seed.
        share: probability that a unit is in treatment.
        alpha: level of the intervals.
        lift: column -> factor minus 1 applied to it in treatment, to plant a known effect; a
            metric's numerator in control plus this lift is its truth. Leave covariates alone.
    """

    n_replicates: int = 1_000
    seed: int = 0
    share: float = 0.5
    alpha: float = 0.05
    lift: Mapping[str, float] = field(default_factory=dict)


def unit_totals(
    table: pd.DataFrame, metrics: Mapping[str, Metric], unit: str | None = None
) -> UnitTotals:
    """Sum the columns of mean and ratio metrics over each independent unit.

    Args:
        table: rows; without missing values.
        metrics: metrics by name; others than means and ratios are ignored.
        unit: column of the independent unit (cluster); None when a row is one.

    Raises:
        AnalysisError: a column is missing, not numeric, or has missing values.
    """
    smooth = [metric for metric in metrics.values() if isinstance(metric, Smooth)]
    names = dict.fromkeys(
        name for metric in smooth for name in (*columns_of(metric), *covariates_of(metric))
    )
    arrays = [numeric(table, name).astype(np.float64) for name in names]
    if unit is None:
        values = np.column_stack([np.ones(len(table)), *arrays])
    else:
        code, labels = codes_of(column_of(table, unit), unit)
        values = cluster_totals(arrays, code, len(labels))
    if not np.isfinite(values).all():
        raise AnalysisError("resampling needs columns without missing or infinite values")
    return UnitTotals((ROWS, *names), values)


def resample_aa(
    units: UnitTotals, metrics: Mapping[str, Metric | str], split: Resplit
) -> dict[str, Replicates]:
    """Split the units at random many times and analyse every split.

    Nothing is read again: totals and cross-products of the treatment arm are a product of the
    random 0/1 matrix with the units' sums and products, and control is the rest.

    Args:
        units: from `unit_totals`.
        metrics: means and ratios by name.
        split: number of replicates, seed, share, planted lift.

    Returns:
        Replicates of every metric.

    Raises:
        AnalysisError: a metric that is neither mean nor ratio, or a share outside (0, 1).
    """
    check_share(split.share, "share")
    declared = declare(metrics, None)
    pair, counts = _split(units, split)
    at = {name: j for j, name in enumerate(units.columns)}
    out = {}
    for name, metric in declared.items():
        if not isinstance(metric, Smooth):
            raise AnalysisError(f"metric {name!r} cannot be resampled from sums")
        parts = [metric.value(), *metric.covariates()]
        pairs = [(at[part.numerator], at[part.denominator]) for part in parts]
        found = contrast(pair, Form(pairs[0], tuple(pairs[1:])))
        total = units.values.sum(axis=0)
        base = float(total[pairs[0][0]] / total[pairs[0][1]])
        lift = 1.0 + split.lift.get(parts[0].numerator, 0.0)
        lift /= 1.0 + split.lift.get(parts[0].denominator, 0.0)
        out[name] = _replicates(found, counts, split.alpha, base * (lift - 1.0), lift - 1.0)
    return out


def _split(units: UnitTotals, split: Resplit) -> tuple[Pair, Floats]:
    mean = units.values.mean(axis=0)
    centred = units.values - mean
    width = mean.size
    left, right = np.triu_indices(width)
    products = np.hstack(
        [np.ones((centred.shape[0], 1)), centred, centred[:, left] * centred[:, right]]
    )
    moved = np.empty((split.n_replicates, products.shape[1]))
    rng = generator(split.seed, "resample")
    for start in range(0, split.n_replicates, _CHUNK):
        stop = min(start + _CHUNK, split.n_replicates)
        draw = rng.random((stop - start, centred.shape[0]), np.float32) < split.share
        moved[start:stop] = draw.astype(np.float64) @ products
    whole = products.sum(axis=0)
    scale = np.array([1.0 + split.lift.get(name, 0.0) for name in units.columns])
    treatment = _moments(moved, mean, left, right)
    control = _moments(whole - moved, mean, left, right)
    count1, totals1, scatter1 = treatment
    count0, totals0, scatter0 = control
    totals1, scatter1 = totals1 * scale, scatter1 * scale[:, None] * scale
    counts = np.stack([count0, count1], axis=-1)
    if counts.min() < 2:
        raise AnalysisError("too few units: a split leaves an arm with fewer than two")
    pooled = scatter0 + scatter1 + _between(totals0, totals1, counts)
    fix0, fix1 = (n / (n - 1) for n in (count0, count1))
    variance0, variance1 = scatter0 * fix0[:, None, None], scatter1 * fix1[:, None, None]
    return Pair(totals0, totals1, variance0, variance1, None, pooled), counts


def _moments(
    sums: Floats, mean: Floats, left: NDArray[np.intp], right: NDArray[np.intp]
) -> tuple[Floats, Floats, Floats]:
    width = mean.size
    count, centred = sums[:, 0], sums[:, 1 : 1 + width]
    cross = np.empty((sums.shape[0], width, width))
    cross[:, left, right] = cross[:, right, left] = sums[:, 1 + width :]
    cross -= centred[:, :, None] * centred[:, None, :] / count[:, None, None]
    return count, centred + count[:, None] * mean, cross


def _between(totals0: Floats, totals1: Floats, counts: Floats) -> Floats:
    gap = totals1 / counts[:, 1:] - totals0 / counts[:, :1]
    weight = counts.prod(axis=1) / counts.sum(axis=1)
    return np.asarray(weight[:, None, None] * gap[:, :, None] * gap[:, None, :])


def _replicates(
    found: Contrast, counts: Floats, alpha: float, truth: float, relative_truth: float
) -> Replicates:
    from scipy.special import stdtr, stdtrit  # imported late: it costs start-up time

    se = np.sqrt(found.variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = found.shares.sum(axis=-1) ** 2 / (found.shares**2 / (counts - 1)).sum(axis=-1)
        p = 2.0 * stdtr(df, -np.abs(found.difference / se))
    return Replicates(
        found.difference,
        se,
        found.relative,
        np.sqrt(found.relative_variance),
        p,
        stdtrit(df, 1.0 - alpha / 2.0),
        truth,
        relative_truth,
    )
