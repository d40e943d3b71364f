"""From sufficient statistics, or from rows where need be, to one row of the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.analysis.aggregates import Aggregates
from simulator.experiments.analysis.bootstrap import bootstrap_concentration
from simulator.experiments.analysis.delta import Form, contrast, usable
from simulator.experiments.analysis.metrics import Concentration, Gini, Quantile, Smooth
from simulator.experiments.analysis.quantiles import quantile_with_se
from simulator.experiments.analysis.results import Effect, interval, two_sided_p
from simulator.experiments.errors import AnalysisError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms and what every metric of the comparison shares.

    Attributes:
        control: number of the control arm.
        treatment: number of the treatment arm.
        label: label of the treatment arm.
        n_units: randomised units by arm, int64[K].
        n_clusters: independent clusters by arm, int64[K].
        alpha: level of the intervals.
    """

    control: int
    treatment: int
    label: str
    n_units: Ints
    n_clusters: Ints
    alpha: float

    def effect(
        self,
        name: str,
        levels: tuple[float, float],
        se: float,
        relative_se: float,
        df: float,
        unadjusted: tuple[float, float],
        warnings: list[str],
    ) -> Effect:
        """Assemble a row from levels and standard errors."""
        control, treatment = levels
        difference = treatment - control
        relative = treatment / control - 1.0 if control != 0.0 else float("nan")
        low, high = interval(difference, se, df, self.alpha)
        relative_low, relative_high = interval(relative, relative_se, df, self.alpha)
        p = two_sided_p(difference, se, df)
        reduction = 1.0 - (se / unadjusted[1]) ** 2 if unadjusted[1] > 0.0 else 0.0
        return Effect(
            metric=name,
            arm=self.label,
            control=control,
            treatment=treatment,
            difference=difference,
            difference_low=low,
            difference_high=high,
            relative=relative,
            relative_low=relative_low,
            relative_high=relative_high,
            se=se,
            relative_se=relative_se,
            df=df,
            p=p,
            p_adjusted=p,
            family="all",
            unadjusted=unadjusted[0],
            unadjusted_se=unadjusted[1],
            variance_reduction=reduction,
            n_units_control=int(self.n_units[self.control]),
            n_units_treatment=int(self.n_units[self.treatment]),
            n_clusters_control=int(self.n_clusters[self.control]),
            n_clusters_treatment=int(self.n_clusters[self.treatment]),
            warnings=tuple(warnings),
        )


def smooth_effect(
    name: str, metric: Smooth, aggregates: Aggregates, comparison: Comparison
) -> Effect:
    """Return the effect on a mean or ratio, by the delta method."""
    pair = aggregates.pair(comparison.control, comparison.treatment)
    form = aggregates.form(metric)
    if min(t[form.value[1]] for t in (pair.totals0, pair.totals1)) == 0.0:
        raise AnalysisError(f"column {metric.value().denominator!r} sums to zero: no ratio")
    full, form = form, usable(pair, form)
    found = contrast(pair, form)
    raw = contrast(pair, Form(form.value)) if form.covariates else found
    warnings = _remarks(metric, aggregates, pair.totals0 + pair.totals1, form, found.theta)
    se, relative_se = float(np.sqrt(found.variance)), float(np.sqrt(found.relative_variance))
    if len(form.covariates) < len(full.covariates):
        warnings.append("an arm has nothing of a covariate before the test: it is left out")
    if se == 0.0:
        warnings.append("the metric does not vary, or its variance is not positive: no test")
    sizes = aggregates.n_clusters[[comparison.control, comparison.treatment]]
    df = _satterthwaite(found.shares, sizes)
    levels = (float(found.control), float(found.treatment))
    unadjusted = (float(raw.difference), float(np.sqrt(raw.variance)))
    return comparison.effect(name, levels, se, relative_se, df, unadjusted, warnings)


def _satterthwaite(shares: Floats, n: Ints) -> float:
    total = float(shares.sum())
    if not total > 0.0:
        return float("inf")
    return float(total**2 / (shares**2 / (n - 1)).sum())


def _remarks(
    metric: Smooth, aggregates: Aggregates, totals: Floats, form: Form, theta: Floats
) -> list[str]:
    found = []
    if totals[form.value[0]] == 0.0:
        found.append("the metric is zero in total: no relative lift")
    for part, slope in zip(metric.covariates(), theta, strict=False):
        if slope == 0.0:
            found.append(f"covariate {part.numerator!r} is constant: no variance reduction")
        if part.numerator in aggregates.imputed:
            found.append(f"covariate {part.numerator!r} is missing for some: zero and an indicator")
    return found


def quantile_effect(
    name: str,
    metric: Quantile,
    values: Floats,
    arm: NDArray[np.integer],
    cluster: Ints | None,
    comparison: Comparison,
) -> Effect:
    """Return the effect on a quantile; arms count as independent."""
    levels, errors = [], []
    for a in (comparison.control, comparison.treatment):
        rows = arm == a
        level, se = quantile_with_se(
            values[rows], metric.q, None if cluster is None else cluster[rows]
        )
        levels.append(level)
        errors.append(se)
    se = float(np.hypot(errors[0], errors[1]))
    relative_se = float("nan")
    if levels[0] != 0.0:
        ratio = levels[1] / levels[0]
        relative_se = float(np.hypot(errors[1], ratio * errors[0]) / abs(levels[0]))
    warnings = [] if se > 0.0 else ["the values around the quantile are tied: no test"]
    pair = (levels[0], levels[1])
    return comparison.effect(
        name, pair, se, relative_se, float("inf"), (pair[1] - pair[0], se), warnings
    )


def concentration_effect(
    name: str,
    metric: Concentration,
    values: Floats,
    arm: NDArray[np.integer],
    cluster: Ints,
    comparison: Comparison,
    draws: tuple[int, int],
) -> Effect:
    """Return the effect on a Gini coefficient or top share, by cluster bootstrap.

    Args:
        name: metric name.
        metric: declaration.
        values: float64[n], not negative.
        arm: arm of each row.
        cluster: cluster of each row.
        comparison: the two arms.
        draws: number of replicates, and seed.
    """
    if values.min() < 0.0:
        raise AnalysisError(f"metric {name!r} needs numbers that are not negative")
    rows = (arm == comparison.control) | (arm == comparison.treatment)
    top = 0.0 if isinstance(metric, Gini) else metric.top
    treated = arm[rows] == comparison.treatment
    found = bootstrap_concentration(values[rows], treated, cluster[rows], top, *draws)
    control, treatment = (float(level) for level in found.level)
    difference = found.replicates[:, 1] - found.replicates[:, 0]
    se = float(np.nanstd(difference, ddof=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative_se = float(np.nanstd(found.replicates[:, 1] / found.replicates[:, 0], ddof=1))
    warnings = ["standard errors by cluster bootstrap"]
    unadjusted = (treatment - control, se)
    return comparison.effect(
        name, (control, treatment), se, relative_se, float("inf"), unadjusted, warnings
    )
