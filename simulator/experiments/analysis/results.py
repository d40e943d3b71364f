"""What an analysis returns: one row a metric and treatment arm."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from simulator.experiments.analysis.srm import SrmResult
from simulator.experiments.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Effect:
    """Effect of one treatment arm on one metric. Differences have the unit of the metric.

    Attributes:
        metric: name.
        arm: label of the treatment arm.
        control: level in control, adjusted by covariates if there are any.
        treatment: level in treatment, likewise.
        difference: treatment minus control.
        difference_low: lower end of its interval.
        difference_high: upper end.
        relative: treatment over control, minus 1.
        relative_low: lower end of its interval (delta method, baseline's variance included).
        relative_high: upper end.
        se: standard error of the difference.
        relative_se: standard error of the relative lift.
        df: degrees of freedom (Welch and Satterthwaite), infinite for the normal distribution.
        p: two-sided p-value of the difference.
        p_adjusted: the same adjusted within its family.
        family: family of comparisons.
        unadjusted: difference without covariates.
        unadjusted_se: its standard error.
        variance_reduction: share of variance that the covariates removed.
        n_units_control: randomised units in control.
        n_units_treatment: randomised units in treatment.
        n_clusters_control: independent clusters behind the error, in control.
        n_clusters_treatment: the same in treatment.
        warnings: what a reader should know before trusting the row.
    """

    metric: str
    arm: str
    control: float
    treatment: float
    difference: float
    difference_low: float
    difference_high: float
    relative: float
    relative_low: float
    relative_high: float
    se: float
    relative_se: float
    df: float
    p: float
    p_adjusted: float
    family: str
    unadjusted: float
    unadjusted_se: float
    variance_reduction: float
    n_units_control: int
    n_units_treatment: int
    n_clusters_control: int
    n_clusters_treatment: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """Result of `analyze`.

    Attributes:
        effects: one a metric and treatment arm, in the order of the metrics.
        srm: one check a randomised side.
        alpha: level of the intervals.
        n_contaminated: units found in several arms and left out.
        n_dropped: rows left out for missing values.
        warnings: what concerns the whole table.
    """

    effects: tuple[Effect, ...]
    srm: tuple[SrmResult, ...]
    alpha: float
    n_contaminated: int = 0
    n_dropped: int = 0
    warnings: tuple[str, ...] = ()

    def __getitem__(self, metric: str) -> Effect:
        """Return the effect on a metric, when there is one treatment arm."""
        return self.effect(metric)

    def effect(self, metric: str, arm: str | None = None) -> Effect:
        """Return the effect on a metric of an arm (of the only arm by default).

        Raises:
            AnalysisError: no such row, or several arms and none named.
        """
        found = [e for e in self.effects if e.metric == metric and arm in (None, e.arm)]
        if len(found) != 1:
            rows = ", ".join(f"{e.metric}/{e.arm}" for e in self.effects)
            raise AnalysisError(f"{len(found)} effects match {metric!r}, arm {arm!r}; rows: {rows}")
        return found[0]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one plain dictionary a row."""
        return [asdict(effect) for effect in self.effects]

    def to_frame(self) -> pd.DataFrame:
        """Return the table, one row a metric and treatment arm."""
        return pd.DataFrame(self.to_dicts(), columns=[f.name for f in fields(Effect)])

    def to_markdown(self) -> str:
        """Return the headline columns as a Markdown table, names escaped."""
        head = "| metric | arm | control | treatment | difference | relative | p | adjusted p |"
        lines = [head, "|---|---|---|---|---|---|---|---|"]
        lines += [
            f"| {_escape(e.metric)} | {_escape(e.arm)} | {e.control:.4g} | {e.treatment:.4g} "
            f"| {e.difference:.4g} [{e.difference_low:.4g}, {e.difference_high:.4g}] "
            f"| {e.relative:.2%} [{e.relative_low:.2%}, {e.relative_high:.2%}] "
            f"| {e.p:.4f} | {e.p_adjusted:.4f} |"
            for e in self.effects
        ]
        return "\n".join(lines)


def interval(value: float, se: float, df: float, alpha: float) -> tuple[float, float]:
    """Return value ± t quantile × standard error."""
    from scipy.special import ndtri, stdtrit  # imported late: it costs start-up time

    level = 1.0 - alpha / 2.0
    half = float(ndtri(level) if np.isinf(df) else stdtrit(df, level)) * se
    return value - half, value + half


def two_sided_p(value: float, se: float, df: float) -> float:
    """Return the p-value of value/se; missing when the standard error is zero."""
    from scipy.special import ndtr, stdtr  # imported late: it costs start-up time

    if not se > 0.0:
        return float("nan")
    z = -abs(value / se)
    return float(2.0 * (ndtr(z) if np.isinf(df) else stdtr(df, z)))


def _escape(text: str) -> str:
    return html.escape(text).replace("|", "&#124;")
