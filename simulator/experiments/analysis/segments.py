"""Effects by segment, with one test of whether they differ at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiments.analysis.aggregates import summarise
from simulator.experiments.analysis.analyze import DEFAULTS, Settings
from simulator.experiments.analysis.correction import adjust
from simulator.experiments.analysis.delta import Contrast, Form, Pair, contrast, usable
from simulator.experiments.analysis.encode import arms_of, column_of, encode, units_of
from simulator.experiments.analysis.metrics import Metric, Smooth, declare
from simulator.experiments.analysis.results import interval, two_sided_p
from simulator.experiments.errors import AnalysisError

Floats = NDArray[np.float64]

MIN_UNITS = 10
"""Units of an arm below which the normal approximation inside a segment is not to be trusted."""


@dataclass(frozen=True, slots=True)
class SegmentEffect:
    """Effect inside one segment.

    Attributes:
        segment: label.
        difference: treatment minus control.
        se: its standard error.
        low: lower end of the interval.
        high: upper end.
        p: p-value.
        p_adjusted: the same, adjusted over segments (Holm).
        n_control: rows of control in the segment.
        n_treatment: rows of treatment.
    """

    segment: str
    difference: float
    se: float
    low: float
    high: float
    p: float
    p_adjusted: float
    n_control: int
    n_treatment: int


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Effects of all segments and whether they differ.

    Attributes:
        segments: in sorted order of the label.
        interaction_p: p-value of "the effect is the same in every segment" (Cochran's Q,
            chi-square); read this one before any single segment.
        mix_p: p-value of "the arms have the same mix of segments"; a small one says that treatment
            moved units between segments, so that comparisons inside them are not causal.
        warnings: what a reader should know.
    """

    segments: tuple[SegmentEffect, ...]
    interaction_p: float
    mix_p: float
    warnings: tuple[str, ...]


def segment_effects(
    table: pd.DataFrame,
    metric: Metric | str,
    unit: str,
    arm: str,
    segment: str,
    settings: Settings = DEFAULTS,
) -> Heterogeneity:
    """Estimate the effect in every segment of a two-armed experiment.

    A unit belongs to one segment. Segments must be fixed before assignment (new or old reader, tier
    of a creator); a split by realised exposure is a result of the treatment.

    Args:
        table: one row a unit, or several, then clustered by unit.
        metric: a mean or ratio, or a column name.
        unit: column of the randomised unit.
        arm: column of the arm.
        segment: column of the segment.
        settings: control label and level.

    Raises:
        AnalysisError: a metric that is neither mean nor ratio, more than two arms, one segment
            only, units in several segments, or an arm of a segment with fewer than two units.
    """
    declared = declare({"metric": metric}, None)["metric"]
    if not isinstance(declared, Smooth):
        raise AnalysisError("segments need a mean or a ratio")
    arm_code, arm_labels = arms_of(table, arm, settings.control)
    segment_code, names = encode(column_of(table, segment), "segment")
    if len(arm_labels) != 2 or len(names) < 2:
        raise AnalysisError("segments need two arms and at least two segments")
    cell = segment_code.astype(np.int64) * 2 + arm_code
    units = units_of(table, unit, cell, 2 * len(names), "error")
    labels = [f"{name}/{side}" for name in names for side in arm_labels]
    clusters = [] if units.code is None else [units.code]
    found = summarise(table, {"metric": declared}, cell, labels, clusters)
    form = found.form(declared)
    warnings: list[str] = []
    pairs = [
        _contrast(found.pair(2 * k, 2 * k + 1), form, str(name), warnings)
        for k, name in enumerate(names)
    ]
    difference = np.array([float(pair.difference) for pair in pairs])
    se = np.sqrt([float(pair.variance) for pair in pairs])
    p = [two_sided_p(d, s, np.inf) for d, s in zip(difference, se, strict=True)]
    adjusted = adjust(p)
    rows = []
    for k, name in enumerate(names):
        low, high = interval(difference[k], se[k], np.inf, settings.alpha)
        n0, n1 = (int(found.totals[2 * k + side, 0]) for side in (0, 1))
        values = (float(difference[k]), float(se[k]), low, high, p[k], float(adjusted[k]))
        rows.append(SegmentEffect(str(name), *values, n0, n1))
    sizes = units.n.reshape(-1, 2)
    warnings += [
        f"segment {name!r} has {int(n.min())} units in an arm: its interval and the test of "
        "whether segments differ are not to be trusted"
        for name, n in zip(names, sizes, strict=True)
        if n.min() < MIN_UNITS
    ]
    mix = _mix_p(sizes)
    if mix < 0.001:
        warnings.append("the arms differ in their mix of segments: not causal")
    return Heterogeneity(tuple(rows), _cochran_p(difference, se), mix, tuple(warnings))


def _contrast(pair: Pair, form: Form, name: str, warnings: list[str]) -> Contrast:
    """Compare the arms of a segment; what it lacks is a warning."""
    there = usable(pair, form)
    if len(there.covariates) < len(form.covariates):
        warnings.append(f"segment {name!r} has no past to adjust by: its plain difference is given")
    if min(totals[form.value[1]] for totals in (pair.totals0, pair.totals1)) == 0.0:
        warnings.append(f"segment {name!r} has an arm without any of the metric: no effect")
        there = Form(form.value)
    found = contrast(pair, there)
    if np.isfinite(found.difference) and not found.variance > 0.0:
        warnings.append(f"the metric does not vary in segment {name!r}: no test")
    return found


def _cochran_p(difference: Floats, se: Floats) -> float:
    from scipy.stats import chi2  # imported late: it costs start-up time

    usable = se > 0.0
    if usable.sum() < 2:
        return float("nan")
    weight = 1.0 / se[usable] ** 2
    centre = (weight * difference[usable]).sum() / weight.sum()
    q = (weight * (difference[usable] - centre) ** 2).sum()
    return float(chi2.sf(q, int(usable.sum()) - 1))


def _mix_p(counts: NDArray[np.int64]) -> float:
    from scipy.stats import chi2_contingency  # imported late: it costs start-up time

    return float(chi2_contingency(counts, correction=False).pvalue)
