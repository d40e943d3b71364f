"""Sufficient statistics of an experiment: everything the analysis needs, without the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiments.analysis.delta import Form, Pair
from simulator.experiments.analysis.encode import arms_of, codes_of, column_of, numeric
from simulator.experiments.analysis.metrics import (
    ROWS,
    Mean,
    Metric,
    Smooth,
    columns_of,
    covariates_of,
)
from simulator.experiments.analysis.moments import Arms, cluster_totals, row_moments
from simulator.experiments.errors import AnalysisError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_MISSING = " is missing"


@dataclass(frozen=True, slots=True)
class Aggregates:
    """Totals of columns by arm, with the variance of those totals.

    Attributes:
        columns: column names, `ROWS` first.
        totals: float64[K, C].
        variance: variance of totals within each arm, float64[K, C, C].
        covariance: covariance of totals across arms, float64[K, K, C, C], or None when no cluster
            has rows in two arms.
        scatter: cross-products of units (clusters) about the mean of their arm, float64[K, C, C].
        n_clusters: independent units or clusters in each arm, int64[K].
        imputed: covariate columns whose missing values were read as zero, with an indicator.
    """

    columns: tuple[str, ...]
    totals: Floats
    variance: Floats
    covariance: Floats | None
    scatter: Floats
    n_clusters: Ints
    imputed: tuple[str, ...] = ()

    def form(self, metric: Smooth) -> Form:
        """Return a metric in column numbers, with indicators of missing covariates."""
        at = {name: j for j, name in enumerate(self.columns)}
        parts = list(metric.covariates())
        if isinstance(metric, Mean):
            flags = [part.numerator + _MISSING for part in parts if part.numerator in self.imputed]
            covariates = [(at[p.numerator], at[p.denominator]) for p in parts]
            covariates += [(at[flag], 0) for flag in flags]
        else:
            covariates = [(at[p.numerator], at[p.denominator]) for p in parts]
        value = metric.value()
        return Form((at[value.numerator], at[value.denominator]), tuple(covariates))

    def pair(self, control: int, treatment: int) -> Pair:
        """Return the statistics of two arms, ready for `contrast`."""
        both = [control, treatment]
        n, totals = self.n_clusters[both].astype(np.float64), self.totals[both]
        mean = totals / n[:, None]
        offset = mean - totals.sum(axis=0) / n.sum()
        between = np.einsum("k,ki,kj->ij", n, offset, offset)
        cross = None if self.covariance is None else self.covariance[control, treatment]
        return Pair(
            totals[0],
            totals[1],
            self.variance[control],
            self.variance[treatment],
            cross,
            self.scatter[both].sum(axis=0) + between,
        )


def aggregate(
    table: pd.DataFrame,
    metrics: Mapping[str, Metric],
    arm: str,
    cluster: str | tuple[str, str] | None = None,
    control: object | None = None,
) -> Aggregates:
    """Read a table once into sufficient statistics.

    Args:
        table: one row a unit, or several when `cluster` names the unit.
        metrics: metrics by name; means and ratios are aggregated, others ignored.
        arm: column of the arm.
        cluster: column of the independent units, two for two-way clustering, None for rows.
        control: label of the control arm; by default "control" or the first in sorted order.

    Raises:
        AnalysisError: a column is missing or not numeric, a value is missing or infinite, or an arm
            has fewer than two independent units.
    """
    codes, labels = arms_of(table, arm, control)
    names = (cluster,) if isinstance(cluster, str) else cluster or ()
    clusters = [codes_of(column_of(table, name), name)[0] for name in names]
    return summarise(table, metrics, codes, [str(label) for label in labels], clusters)


def summarise(
    table: pd.DataFrame,
    metrics: Mapping[str, Metric],
    arm: Arms,
    labels: Sequence[str],
    clusters: Sequence[Ints] = (),
) -> Aggregates:
    """Aggregate with arms and clusters already encoded; see `aggregate`."""
    smooth = [metric for metric in metrics.values() if isinstance(metric, Smooth)]
    values = list(dict.fromkeys(name for metric in smooth for name in columns_of(metric)))
    before = dict.fromkeys(name for metric in smooth for name in covariates_of(metric))
    extra = [name for name in before if name not in values]
    arrays = {name: numeric(table, name) for name in [*values, *extra]}
    out = _summarise(arrays, arm, labels, clusters)
    bad = [
        n for n, t in zip(out.columns, out.totals.sum(axis=0), strict=True) if not np.isfinite(t)
    ]
    if not bad:
        return out
    flags = {}
    for name in bad:
        missing = np.isnan(arrays[name])
        if name in values or np.isinf(arrays[name]).any():
            n_bad = int((~np.isfinite(arrays[name])).sum())
            raise AnalysisError(
                f"column {name!r} has {n_bad} missing or infinite values: fill them, or drop "
                "their rows (missing='drop')"
            )
        arrays[name] = np.where(missing, 0.0, arrays[name])
        flags[name + _MISSING] = missing.astype(np.float64)
    return _summarise(arrays | flags, arm, labels, clusters, tuple(bad))


def _summarise(
    arrays: Mapping[str, NDArray[np.generic]],
    arm: Arms,
    labels: Sequence[str],
    clusters: Sequence[Ints],
    imputed: tuple[str, ...] = (),
) -> Aggregates:
    columns, n_arms = (ROWS, *arrays), len(labels)
    if not clusters:
        totals, scatter = row_moments(list(arrays.values()), arm, n_arms)
        n = totals[:, 0].astype(np.int64)
        _check_size(n, labels, "row")
        correction = (n / np.maximum(n - 1, 1))[:, None, None]
        return Aggregates(columns, totals, scatter * correction, None, scatter, n, imputed)
    first = _clustered(arrays, arm, labels, clusters[0])
    if len(clusters) == 1:
        totals, joint, scatter, n = first
    else:
        totals, joint, scatter, n = _two_way(arrays, arm, labels, clusters, first)
    spans = bool(np.any(joint[~np.eye(n_arms, dtype=np.bool_)]))
    own = joint[np.arange(n_arms), np.arange(n_arms)]
    return Aggregates(columns, totals, own, joint if spans else None, scatter, n, imputed)


_Blocks = tuple[Floats, Floats, Floats, Ints]


def _two_way(
    arrays: Mapping[str, NDArray[np.generic]],
    arm: Arms,
    labels: Sequence[str],
    clusters: Sequence[Ints],
    first: _Blocks,
) -> _Blocks:
    """Combine one-way variances: V1 + V2 - V12 (Cameron, Gelbach, Miller, JBES 2011)."""
    second = _clustered(arrays, arm, labels, clusters[1])
    pair_code = clusters[0] * (int(clusters[1].max()) + 1) + clusters[1]
    both = _clustered(arrays, arm, labels, np.unique(pair_code, return_inverse=True)[1])
    joint = first[1] + second[1] - both[1]
    return first[0], joint, first[2], np.minimum(first[3], second[3])


def _clustered(
    arrays: Mapping[str, NDArray[np.generic]], arm: Arms, labels: Sequence[str], code: Ints
) -> _Blocks:
    n_arms, n_clusters = len(labels), int(code.max()) + 1
    sums = cluster_totals(list(arrays.values()), code * n_arms + arm, n_clusters * n_arms)
    sums = sums.reshape(n_clusters, n_arms, -1)
    present = sums[:, :, 0] > 0
    n = present.sum(axis=0)
    _check_size(n, labels, "cluster")
    totals = sums.sum(axis=0)
    centred = np.where(present[:, :, None], sums - totals / n[:, None], 0.0)
    flat = centred.reshape(n_clusters, -1)
    cross = (flat.T @ flat).reshape(n_arms, sums.shape[2], n_arms, sums.shape[2])
    joint = cross.transpose(0, 2, 1, 3)
    own = joint[np.arange(n_arms), np.arange(n_arms)]
    used = int(present.any(axis=1).sum())
    rows = arm.size
    correction = used / (used - 1) * (rows - 1) / max(rows - n_arms, 1)
    return totals, joint * correction, own, n


def _check_size(n: Ints, labels: Sequence[str], what: str) -> None:
    for size, label in zip(n, labels, strict=True):
        if size < 2:
            raise AnalysisError(
                f"arm {label!r} has {int(size)} {what}: a standard error needs at least two"
            )
