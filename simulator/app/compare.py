"""Runs side by side: differences to the first, and by day where days can be paired."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

from simulator.contracts.errors import ScenarioError
from simulator.metrics.families import metrics

if TYPE_CHECKING:
    from simulator.metrics.catalog import Metric
    from simulator.results.result import Result

Verdict = Literal["better", "worse", "same", "neutral", "unknown"]
CONFIDENCE_LEVEL: Final = 0.95
_LEAST_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class DailyInterval:
    """Mean difference over paired days with a t interval.

    Days of one run follow from one another, so the interval describes how steady the difference
    was; it is no confidence interval for another world.

    Attributes:
        days: number of days on which both values are defined.
        mean: mean daily difference.
        low, high: ends of the interval at `CONFIDENCE_LEVEL`.
    """

    days: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of one run against the first run.

    Attributes:
        metric: name.
        run: position of the run, from 1.
        baseline: value of the first run, None when not defined.
        value: value of this run, None when not defined.
        difference: value minus baseline, None when either is not defined.
        relative: difference over the baseline's size, None when that is 0 or not defined.
        verdict: what the difference means, by the metric's direction of improvement.
        daily: paired daily difference, None with too few days.
    """

    metric: str
    run: int
    baseline: float | None
    value: float | None
    difference: float | None
    relative: float | None
    verdict: Verdict
    daily: DailyInterval | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs and their differences to the first.

    Attributes:
        runs: the runs; the first is the baseline.
        metrics: metrics compared, in order of display.
        values: value by metric for each run, None where not defined.
        differences: one for each metric and each run after the first.
        is_paired: whether all runs have the same readers, creators, notes and luck.
    """

    runs: tuple[Result, ...]
    metrics: tuple[Metric, ...]
    values: tuple[Mapping[str, float | None], ...]
    differences: tuple[Difference, ...]
    is_paired: bool

    def of(self, metric: str, run: int) -> Difference:
        """Return the difference of a metric for the run at a position from 1."""
        return next(d for d in self.differences if d.metric == metric and d.run == run)

    def as_json(self) -> dict[str, object]:
        """Return the comparison in terms of JSON."""
        return {
            "paired": self.is_paired,
            "runs": [
                {
                    "run": str(run.folder),
                    "name": run.manifest.name,
                    "digest": run.digest,
                    "metrics": values,
                }
                for run, values in zip(self.runs, self.values, strict=True)
            ],
            "differences": [
                {**asdict(d), "run": str(self.runs[d.run].folder)} for d in self.differences
            ],
        }


def compare(runs: Sequence[Result], only: Sequence[str] = ()) -> Comparison:
    """Compare finished runs with the first of them.

    Args:
        runs: at least two.
        only: names of the metrics to compare; all by default.

    Returns:
        The comparison, in the order of `only` or of the metric families.
    """
    known = {metric.name: metric for metric in metrics()}
    chosen = tuple(known[name] for name in (only or known))
    values = tuple(values_of(run) for run in runs)
    daily = [daily_values(run) for run in runs]
    differences = tuple(
        _difference(metric, i, values[0], values[i], daily[0], daily[i])
        for metric in chosen
        for i in range(1, len(runs))
    )
    return Comparison(tuple(runs), chosen, values, differences, share_luck(runs))


def values_of(run: Result) -> dict[str, float | None]:
    """Return the value of each metric of a run, None where it is not defined."""
    pairs = run.metrics.to_dict().items()
    return {str(name): float(v) if math.isfinite(v) else None for name, v in pairs}


def daily_values(run: Result) -> dict[str, dict[int, float]]:
    """Return the values of each metric of a run by measured day, NaN where not defined."""
    days = [int(day) for day in run.daily.index]
    return {
        str(name): dict(zip(days, column.to_list(), strict=True))
        for name, column in run.daily.items()
    }


def share_luck(runs: Sequence[Result]) -> bool:
    """Tell whether runs differ in nothing that decides who exists and what luck they have."""
    from simulator.app.loading import load_scenario

    if len({run.manifest.seed for run in runs}) > 1:
        return False
    try:
        scenarios = [load_scenario(run.folder / "scenario.resolved.yaml", None) for run in runs]
    except ScenarioError:
        return False
    first = scenarios[0]
    same = [
        (s.world, s.content, s.warm_up_s) == (first.world, first.content, first.warm_up_s)
        for s in scenarios
    ]
    return all(same)


def verdict(metric: Metric, difference: float | None) -> Verdict:
    """Say what a difference means by the metric's direction of improvement."""
    if difference is None:
        return "unknown"
    if difference == 0:
        return "same"
    if metric.better == "none":
        return "neutral"
    return "better" if (difference > 0) == (metric.better == "up") else "worse"


def daily_interval(
    baseline: Mapping[int, float], other: Mapping[int, float]
) -> DailyInterval | None:
    """Return Student's t interval of the mean difference over the days that both runs have."""
    pairs = [(baseline[day], other[day]) for day in baseline if day in other]
    gaps = [b - a for a, b in pairs if math.isfinite(a) and math.isfinite(b)]
    n = len(gaps)
    if n < _LEAST_DAYS:
        return None
    from scipy.special import stdtrit

    mean = sum(gaps) / n
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / (n - 1) / n)
    half = float(stdtrit(n - 1, (1 + CONFIDENCE_LEVEL) / 2)) * spread
    return DailyInterval(n, mean, mean - half, mean + half)


def _difference(
    metric: Metric,
    run: int,
    first: Mapping[str, float | None],
    this: Mapping[str, float | None],
    first_daily: Mapping[str, Mapping[int, float]],
    this_daily: Mapping[str, Mapping[int, float]],
) -> Difference:
    name = metric.name
    a, b = first.get(name), this.get(name)
    gap = None if a is None or b is None else b - a
    change = None if gap is None or not a else gap / abs(a)
    daily = daily_interval(first_daily.get(name, {}), this_daily.get(name, {}))
    return Difference(name, run, a, b, gap, change, verdict(metric, gap), daily)
