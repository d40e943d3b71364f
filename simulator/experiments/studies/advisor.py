"""Which design to choose, from a study, and how often that choice is right in unseen worlds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.random import generator
from simulator.experiments.errors import AnalysisError
from simulator.experiments.studies.cases import Case
from simulator.experiments.studies.scoring import CaseScore

Floats = NDArray[np.float64]
_DRAWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Advice:
    """A design for a question, and why.

    Attributes:
        design: the design with the least predicted root mean squared error.
        rmse: that error, relative to the level without the change.
        bias: predicted bias, relative to the level; its sign is that of estimate less truth.
        power: share of its tests that reject at 5 %.
        days, traffic: the horizon and share of the study that stood in for those asked for.
        reason: one sentence.
        ranking: design -> predicted relative error, best first.
    """

    design: str
    rmse: float
    bias: float
    power: float
    days: int
    traffic: float
    reason: str
    ranking: dict[str, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good the advice is in worlds that it was not taken from.

    Attributes:
        n: questions (world, policy, horizon, traffic, metric) with a choice of designs.
        n_worlds: worlds left out in turn.
        right: share of questions in which the design advised is the best one there.
        right_low, right_high: 95 % interval, drawing whole worlds and policies.
        regret: mean of the error of the design advised over that of the best, less 1.
        regret_low, regret_high: likewise.
        median_regret: median over questions.
        guess: share that would be right by always naming the design that is best most often.
    """

    n: int
    n_worlds: int
    right: float
    right_low: float
    right_high: float
    regret: float
    regret_low: float
    regret_high: float
    median_regret: float
    guess: float


class _Record(NamedTuple):
    rmse: float
    bias: float
    noise: float
    power: float


def advise(
    found: Sequence[CaseScore], policy: str, days: int, traffic: float, metric: str
) -> Advice:
    """Name the design with the least predicted error for a question.

    The prediction for a new world is the root mean square over the worlds of the study of the
    error relative to the level without the change; not less than the standard error that the tests
    themselves report, because few seeds make some designs look better than they can be.

    Args:
        found: scores by world.
        policy: name of the change.
        days: length of the test; the nearest of the study stands in.
        traffic: share of traffic; the nearest of the study stands in.
        metric: metric to read.

    Raises:
        AnalysisError: the study has no such policy, or no design of it reads the metric.
    """
    of_policy = [s for s in found if s.case.policy == policy]
    if not of_policy:
        names = ", ".join(dict.fromkeys(s.case.policy for s in found)) or "none"
        raise AnalysisError(f"the study has no policy {policy!r}; it has {names}")
    reads = [s for s in of_policy if s.score.metric == metric]
    if not reads:
        names = ", ".join(dict.fromkeys(s.score.metric for s in of_policy))
        raise AnalysisError(f"no design of the study reads {metric!r}; they read {names}")
    near_days = min({s.case.days for s in reads}, key=lambda d: (abs(d - days), d))
    near = min({s.case.traffic for s in reads}, key=lambda t: (abs(t - traffic), t))
    chosen = [s for s in reads if s.case.days == near_days and s.case.traffic == near]
    records = _records(chosen)
    ranking = sorted(records, key=lambda name: (records[name].rmse, name))
    best = records[ranking[0]]
    return Advice(
        ranking[0], best.rmse, best.bias, best.power, near_days, near,
        _reason(ranking, records), {name: records[name].rmse for name in ranking},
    )  # fmt: skip


def evaluate(found: Sequence[CaseScore], metrics: Sequence[str] = (), seed: int = 0) -> Evaluation:
    """Leave each world out in turn, advise from the others, and compare with what is best there.

    Args:
        found: scores by world.
        metrics: metrics that count; all by default.
        seed: seed of the intervals.

    Raises:
        AnalysisError: fewer than two worlds, or no question with a choice.
    """
    worlds = list(dict.fromkeys(s.case.world for s in found))
    if len(worlds) < 2:
        raise AnalysisError("advice can be judged in a study of two worlds or more")
    counted = [s for s in found if not metrics or s.score.metric in metrics]
    questions: dict[tuple[Case, str], dict[str, float]] = {}
    for s in counted:
        questions.setdefault((s.case, s.score.metric), {})[s.score.design] = s.score.rmse
    rows, best_names = [], []
    for (case, metric), errors in questions.items():
        others = [s for s in counted if _asks(s, case, metric) and s.case.world != case.world]
        records = {k: v for k, v in _records(others).items() if k in errors}
        if len(records) < 2 or not min(errors.values()) > 0.0:
            continue
        pick = min(records, key=lambda name: (records[name].rmse, name))
        best = min(records, key=lambda name: (errors[name], name))
        best_names.append(best)
        rows.append((case.world, case.policy, float(pick == best),
                     errors[pick] / errors[best] - 1.0))  # fmt: skip
    if not rows:
        raise AnalysisError("no question of the study leaves a choice of designs")
    return _evaluation(rows, best_names, len(worlds), seed)


def _asks(score: CaseScore, case: Case, metric: str) -> bool:
    other = score.case
    same = (other.policy, other.days, other.traffic) == (case.policy, case.days, case.traffic)
    return same and score.score.metric == metric


def _evaluation(
    rows: list[tuple[str, str, float, float]], best: list[str], n_worlds: int, seed: int
) -> Evaluation:
    right = np.array([row[2] for row in rows])
    regret = np.array([row[3] for row in rows])
    names = list(dict.fromkeys((row[0], row[1]) for row in rows))
    group = np.array([names.index((row[0], row[1])) for row in rows])
    (right_low, right_high), (low, high) = (
        _interval(values, group, len(names), seed) for values in (right, regret)
    )
    most = max(best.count(name) for name in set(best)) / len(best)
    return Evaluation(
        len(rows), n_worlds, float(right.mean()), right_low, right_high, float(regret.mean()), low,
        high, float(np.median(regret)), most,
    )  # fmt: skip


def _interval(values: Floats, group: Floats, n_groups: int, seed: int) -> tuple[float, float]:
    """Return the percentile interval of a mean when whole groups are drawn again."""
    sums = np.bincount(group, values, n_groups)
    sizes = np.bincount(group, minlength=n_groups)
    drawn = generator(seed, "advisor.interval").integers(0, n_groups, (_DRAWS, n_groups))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _records(found: Sequence[CaseScore]) -> dict[str, _Record]:
    """Return design -> error, bias and noise relative to the level, and power, over worlds."""
    groups: dict[str, list[CaseScore]] = {}
    for s in found:
        if s.score.base:
            groups.setdefault(s.score.design, []).append(s)
    n_worlds = max((len(group) for group in groups.values()), default=0)
    full = {name: group for name, group in groups.items() if len(group) == n_worlds}
    out = {}
    for name, group in full.items():
        scale = np.array([abs(s.score.base) for s in group])
        rmse = np.array([s.score.rmse for s in group]) / scale
        se = np.array([s.score.se for s in group]) / scale
        bias = np.array([s.score.bias for s in group]) / scale
        noise = np.array([s.noise for s in group]) / scale
        power = float(np.mean([s.score.power for s in group]))
        out[name] = _Record(
            math.sqrt(max(float((rmse**2).mean()), float((se**2).mean()))), float(bias.mean()),
            math.sqrt(float(np.mean(noise**2))), power,
        )  # fmt: skip
    return out


def _reason(ranking: Sequence[str], records: Mapping[str, _Record]) -> str:
    best = records[ranking[0]]
    text = f"{ranking[0]} errs by {best.rmse:.2%} of the level (bias {best.bias:+.2%}, power "
    text += f"{best.power:.0%})"
    if len(ranking) == 1:
        return f"{text}; no other design reads the metric."
    second = records[ranking[1]]
    text += f"; the next, {ranking[1]}, errs by {second.rmse:.2%}"
    parts = []
    if abs(second.bias) > abs(best.bias):
        parts.append(f"its bias is {second.bias:+.2%}")
    if second.noise > best.noise:
        parts.append(f"its estimates scatter by {second.noise:.2%} instead of {best.noise:.2%}")
    return f"{text}: {' and '.join(parts)}." if parts else f"{text}."
