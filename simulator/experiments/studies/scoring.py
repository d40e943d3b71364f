"""A design's record in one case: bias, errors of sign and size, decisions, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.scorecard import Reading, Score, scores
from simulator.experiments.studies.cases import Case, CaseReading

Floats = NDArray[np.float64]
ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class CaseScore:
    """A design's record on one metric in one case, over seeds (and worlds, if taken together).

    Attributes:
        case: the question.
        score: bias, root mean squared error, coverage, power, wrong signs.
        bias_ratio: bias over the size of the true effect; NaN where that is 0.
        bias_over_se: bias over the mean standard error that the tests report.
        exaggeration: mean size of the estimates of rejecting tests over that of the truth (type M);
            NaN when none rejects.
        wrong_decisions: share of tests that decide otherwise than the truth would: launch, undo, or
            leave it.
        null_rejection: rejections at 5 % where nothing is treated.
        cost: mean share of the readers' minutes lost while the test ran; cost_se: its Monte-Carlo
            standard error.
        noise: standard deviation of estimate less truth over seeds.
    """

    case: Case
    score: Score
    bias_ratio: float
    bias_over_se: float
    exaggeration: float
    wrong_decisions: float
    null_rejection: float
    cost: float
    cost_se: float
    noise: float


def case_scores(
    readings: Sequence[CaseReading], worth: float, *, together: bool = False
) -> list[CaseScore]:
    """Return one score a case, design and metric, in order of appearance.

    Args:
        readings: results of tests.
        worth: relative effect from which a change should be launched, or undone.
        together: take the worlds of a case together.
    """
    groups: dict[tuple[Case, str, str], list[CaseReading]] = {}
    for item in readings:
        case = replace(item.case, world="") if together else item.case
        key = (case, item.reading.design, item.reading.metric)
        groups.setdefault(key, []).append(item)
    return [_score(case, group, worth) for (case, _, _), group in groups.items()]


def _score(case: Case, group: list[CaseReading], worth: float) -> CaseScore:
    found = [item.reading for item in group]
    score = scores(found, ALPHA)[0]
    error = _array(found, lambda r: r.estimate - r.truth)
    cost = np.array([item.cost for item in group])
    null = np.array([item.null_rejection for item in group])
    decided = [_decision(r.estimate, r.p, 0.0) for r in found]
    right = [_decision(r.truth, 0.0, worth * abs(r.base)) for r in found]
    return CaseScore(
        case=case,
        score=score,
        bias_ratio=score.bias / abs(score.truth) if score.truth else math.nan,
        bias_over_se=score.bias / score.se if score.se > 0.0 else math.nan,
        exaggeration=_exaggeration(found),
        wrong_decisions=float(np.mean([a != b for a, b in zip(decided, right, strict=True)])),
        null_rejection=float(np.nanmean(null)) if np.isfinite(null).any() else math.nan,
        cost=float(cost.mean()),
        cost_se=float(cost.std(ddof=1) / math.sqrt(cost.size)) if cost.size > 1 else math.nan,
        noise=float(error.std(ddof=1)) if error.size > 1 else math.nan,
    )


def _decision(effect: float, p: float, least: float) -> int:
    """Return 1 to launch, -1 to undo, 0 to leave it."""
    return int(np.sign(effect)) if p < ALPHA and abs(effect) > least else 0


def _exaggeration(found: list[Reading]) -> float:
    finds = [r for r in found if r.p < ALPHA]
    truth = float(np.mean([abs(r.truth) for r in finds])) if finds else 0.0
    return float(np.mean([abs(r.estimate) for r in finds])) / truth if truth else math.nan


def _array(found: list[Reading], value: Callable[[Reading], float]) -> Floats:
    return np.array([value(r) for r in found])
