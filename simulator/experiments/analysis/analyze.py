"""The public entry: a table and a dictionary of metrics in, one table of effects out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiments.analysis.aggregates import Aggregates, summarise
from simulator.experiments.analysis.correction import Method, adjust
from simulator.experiments.analysis.effects import (
    Comparison,
    concentration_effect,
    quantile_effect,
    smooth_effect,
)
from simulator.experiments.analysis.encode import Units, arms_of, codes_of, column_of, units_of
from simulator.experiments.analysis.metrics import (
    Metric,
    Quantile,
    Smooth,
    columns_of,
    declare,
)
from simulator.experiments.analysis.results import Analysis, Effect
from simulator.experiments.analysis.srm import SRM_ALPHA, SrmResult, srm
from simulator.experiments.errors import AnalysisError

Ints = NDArray[np.int64]
Arms = Ints | NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of `analyze`.

    Attributes:
        control: label of the control arm; by default "control" or the first in sorted order.
        alpha: level; intervals cover 1 - alpha.
        correction: adjustment of p-values: `holm`, `bh` or `none`.
        families: metric -> family of comparisons; metrics not named are in the family "all".
        shares: arm label -> expected share of units, equal by default.
        sides: further randomised sides to check, name -> (unit column, arm column).
        srm_alpha: p below which an assignment counts as broken.
        missing: what to do with rows that miss a metric's value: `error` or `drop`.
        on_contamination: what to do with units in several arms: `error`, or `drop` and report.
        n_bootstrap: replicates for Gini and top share.
        seed: seed of the bootstrap.
    """

    control: object | None = None
    alpha: float = 0.05
    correction: Method = "holm"
    families: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[object, float] | None = None
    sides: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    srm_alpha: float = SRM_ALPHA
    missing: Literal["error", "drop"] = "error"
    on_contamination: Literal["error", "drop"] = "error"
    n_bootstrap: int = 400
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0:
            raise AnalysisError(f"alpha must lie between 0 and 1 (got {self.alpha})")


DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class _Encoded:
    table: pd.DataFrame
    arm: Arms
    labels: list[object]
    units: Units
    clusters: list[Ints]


def analyze(
    table: pd.DataFrame,
    metrics: Mapping[str, Metric | str] | Sequence[str],
    unit: str,
    arm: str,
    cluster: str | tuple[str, str] | None = None,
    covariate: str | Mapping[str, str] | None = None,
    settings: Settings = DEFAULTS,
) -> Analysis:
    """Compare the arms of an experiment on every metric.

    Rows are read once into sufficient statistics. Standard errors are Welch's when a row is a unit;
    when units repeat, rows are clustered by unit; `cluster` names coarser independent groups, or
    two crossed ones (readers and notes of a two-sided design), whose variance is V1 + V2 - V12.
    Clustered errors carry the correction G/(G - 1) × (n - 1)/(n - 2) of Stata and statsmodels.

    Args:
        table: one row a unit, or several.
        metrics: name -> `Mean`, `Ratio`, `Quantile`, `Gini`, `TopShare` or a column name (its
            mean); or column names.
        unit: column of the randomised unit.
        arm: column of the arm.
        cluster: column or two columns of independent groups.
        covariate: pre-assignment covariate of means that declare none: one column, or metric ->
            column.
        settings: level, families, checks.

    Raises:
        AnalysisError: a column is missing or not numeric, an arm is empty or has a single unit or
            cluster, units are in several arms, values are missing.
    """
    declared = declare(metrics, covariate)
    n_rows = len(table)
    if settings.missing == "drop":
        needed = list(dict.fromkeys(c for m in declared.values() for c in columns_of(m)))
        table = table[np.logical_and.reduce([column_of(table, c).notna() for c in needed])]
    encoded = _encode(table, unit, arm, cluster, settings)
    labels = [str(label) for label in encoded.labels]
    smooth = {name: m for name, m in declared.items() if isinstance(m, Smooth)}
    aggregates = summarise(encoded.table, smooth, encoded.arm, labels, encoded.clusters)
    effects = []
    for name, metric in declared.items():
        for k in range(1, len(labels)):
            comparison = Comparison(
                0, k, labels[k], encoded.units.n, aggregates.n_clusters, settings.alpha
            )
            effects.append(_effect(name, metric, aggregates, encoded, comparison, settings))
    checks = _checks(table, unit, encoded, settings)
    remarks = _remarks(encoded, labels, unit, cluster, aggregates)
    return Analysis(
        _adjusted(effects, settings),
        checks,
        settings.alpha,
        encoded.units.n_contaminated,
        n_rows - len(table),
        tuple(remarks),
    )


def _encode(
    table: pd.DataFrame,
    unit: str,
    arm: str,
    cluster: str | tuple[str, str] | None,
    settings: Settings,
) -> _Encoded:
    if table.empty:
        raise AnalysisError("the table has no rows")
    codes, labels = arms_of(table, arm, settings.control)
    units = units_of(table, unit, codes, len(labels), settings.on_contamination)
    names = (cluster,) if isinstance(cluster, str) else cluster or ()
    if units.clean is not None:
        table, codes = table[units.clean], codes[units.clean]
        if np.bincount(codes, minlength=len(labels)).min() == 0:
            raise AnalysisError("an arm is empty once units in several arms are left out")
    clusters = [codes_of(column_of(table, n), n)[0] for n in names]
    if not clusters and units.code is not None:
        clusters = [units.code if units.clean is None else units.code[units.clean]]
    return _Encoded(table, codes, labels, units, clusters)


def _effect(
    name: str,
    metric: Metric,
    aggregates: Aggregates,
    encoded: _Encoded,
    comparison: Comparison,
    settings: Settings,
) -> Effect:
    if isinstance(metric, Smooth):
        return smooth_effect(name, metric, aggregates, comparison)
    values = column_of(encoded.table, metric.column).to_numpy(np.float64)
    if not np.isfinite(values).all():
        raise AnalysisError(f"column {metric.column!r} has missing or infinite values")
    cluster = encoded.clusters[0] if encoded.clusters else None
    if isinstance(metric, Quantile):
        return quantile_effect(name, metric, values, encoded.arm, cluster, comparison)
    groups = np.arange(values.size) if cluster is None else cluster
    draws = (settings.n_bootstrap, settings.seed)
    return concentration_effect(name, metric, values, encoded.arm, groups, comparison, draws)


def _adjusted(effects: list[Effect], settings: Settings) -> tuple[Effect, ...]:
    families = [settings.families.get(effect.metric, "all") for effect in effects]
    p = [effect.p for effect in effects]
    method = settings.correction if len(effects) > 1 else "none"
    adjusted = adjust(p, families, method)
    rows = zip(effects, families, adjusted, strict=True)
    return tuple(replace(e, family=f, p_adjusted=float(q)) for e, f, q in rows)


def _checks(
    table: pd.DataFrame, unit: str, encoded: _Encoded, settings: Settings
) -> tuple[SrmResult, ...]:
    labels = encoded.labels
    shares = None
    if settings.shares is not None:
        if set(settings.shares) != set(labels):
            raise AnalysisError(f"shares must name every arm: {labels!r}")
        shares = [settings.shares[label] for label in labels]
    names = [str(label) for label in labels]
    checks = [srm(encoded.units.n, shares, unit, names, settings.srm_alpha)]
    for side, (column, side_arm) in settings.sides.items():
        codes, found = arms_of(table, side_arm, None)
        units = units_of(table, column, codes, len(found), "drop")
        checks.append(srm(units.n, None, side, [str(x) for x in found], settings.srm_alpha))
    return tuple(checks)


def _remarks(
    encoded: _Encoded,
    labels: list[str],
    unit: str,
    cluster: str | tuple[str, str] | None,
    aggregates: Aggregates,
) -> list[str]:
    found = []
    if encoded.units.n_contaminated:
        found.append(f"{encoded.units.n_contaminated} units in several arms were left out")
    if encoded.units.code is not None and cluster is None:
        found.append(f"rows are not one a {unit}: errors are clustered by {unit}")
    if isinstance(cluster, str) and aggregates.covariance is not None:
        found.append(f"some {cluster} have rows in several arms: they were not randomised whole")
    odd = [label for label in labels if any(c in label for c in "<>&|")]
    if odd:
        found.append(f"arm names with markup characters, escape them when printing: {odd!r}")
    return found
