"""How right a design is: bias, error, coverage and wrong signs of its tests against the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from simulator.experiments.reading import Read


@dataclass(frozen=True, slots=True)
class Reading:
    """What one test says of one metric, and the truth in the same world.

    Attributes:
        seed: replication seed.
        design: name of the design.
        metric: name of the metric.
        estimate: treatment less control.
        se: its standard error.
        low, high: interval.
        p: p-value, not adjusted.
        truth: level with everybody treated less the level with nobody treated.
        base: level with nobody treated.
        relative, relative_low, relative_high: relative lift and its interval.
    """

    seed: int
    design: str
    metric: str
    estimate: float
    se: float
    low: float
    high: float
    p: float
    truth: float
    base: float
    relative: float
    relative_low: float
    relative_high: float


@dataclass(frozen=True, slots=True)
class Score:
    """A design's record on one metric over seeds.

    Attributes:
        design, metric: names.
        n: seeds.
        truth: mean true effect; truth_se: its Monte-Carlo standard error.
        estimate: mean estimate.
        bias: mean of estimate less truth; bias_se: its Monte-Carlo standard error.
        rmse: root of the mean squared error.
        se: mean standard error that the tests report.
        coverage: share of intervals that hold the truth.
        power: share of tests that reject at 5 %.
        wrong_sign: share of rejecting tests whose sign is not the truth's, where the truth has
            one; NaN when there is no such test.
        base: mean level without treatment.
        luck_removed: share of the variance of the truth that twin worlds removed by sharing their
            luck, against worlds of different seeds; NaN for one seed.
    """

    design: str
    metric: str
    n: int
    truth: float
    truth_se: float
    estimate: float
    bias: float
    bias_se: float
    rmse: float
    se: float
    coverage: float
    power: float
    wrong_sign: float
    base: float
    luck_removed: float


def readings_of(
    seed: int, design: str, test: Read, levels: Mapping[str, tuple[float, float]]
) -> list[Reading]:
    """Pair each effect of a test with the truth.

    Args:
        seed: replication seed.
        design: name of the design.
        test: what the test says.
        levels: metric -> level with nobody and with everybody treated.
    """
    out = []
    for name, effect in test.effects.items():
        before, after = levels[name]
        out.append(
            Reading(
                seed, design, name, effect.difference, effect.se, effect.difference_low,
                effect.difference_high, effect.p, after - before, before, effect.relative,
                effect.relative_low, effect.relative_high,
            )
        )  # fmt: skip
    return out


def scores(readings: Sequence[Reading], alpha: float = 0.05) -> list[Score]:
    """Return one score a design and metric, in order of appearance.

    Args:
        readings: results of tests.
        alpha: level at which tests reject.
    """
    groups: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings:
        groups.setdefault((reading.design, reading.metric), []).append(reading)
    return [_score(*key, group, alpha) for key, group in groups.items()]


def _score(design: str, metric: str, group: list[Reading], alpha: float) -> Score:
    estimate = np.array([r.estimate for r in group])
    truth = np.array([r.truth for r in group])
    error = estimate - truth
    n = len(group)
    covered = np.array([r.low <= r.truth <= r.high for r in group])
    rejects = np.array([r.p < alpha for r in group])
    wrong = np.sign(estimate) != np.sign(truth)
    has_sign = rejects & (truth != 0.0)
    return Score(
        design=design,
        metric=metric,
        n=n,
        truth=float(truth.mean()),
        truth_se=_standard_error(truth),
        estimate=float(estimate.mean()),
        bias=float(error.mean()),
        bias_se=_standard_error(error),
        rmse=float(np.sqrt(np.mean(error**2))),
        se=float(np.mean([r.se for r in group])),
        coverage=float(covered.mean()),
        power=float(rejects.mean()),
        wrong_sign=float(wrong[has_sign].mean()) if has_sign.any() else math.nan,
        base=float(np.mean([r.base for r in group])),
        luck_removed=_luck_removed(np.array([r.base for r in group]), truth),
    )


def _luck_removed(base: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    if base.size < 2:
        return math.nan
    apart = base.var(ddof=1) + (base + truth).var(ddof=1)
    return float(1.0 - truth.var(ddof=1) / apart) if apart > 0 else math.nan


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan


def advice(found: Sequence[Score]) -> dict[str, str]:
    """Return metric -> the design with the least root mean squared error that reads it."""
    best: dict[str, Score] = {}
    for score in found:
        other = best.get(score.metric)
        if other is None or score.rmse < other.rmse:
            best[score.metric] = score
    return {metric: score.design for metric, score in best.items()}
