"""What a comparison of policies shows, gathered from the runs of a sweep as frames."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.reports.policies import PolicyComparison, ShockMark
from simulator.sweeps.collect import differences, load_metrics, totals
from simulator.sweeps.paired import CONFIDENCE_LEVEL

if TYPE_CHECKING:
    import pandas as pd

    from simulator.app.sweeping import Sweep
    from simulator.sweeps.execute import Outcome

RECOVERY_METRIC: Final = "quota_fulfilment"
LOOP: Final = (
    "supported_share",
    "quota_fulfilment",
    "notes_per_dau",
    "new_note_impression_share",
    "time_spent_min_per_dau",
    "dau",
)
"""The loop from support to publishing to its price for readers, link by link."""

LONG_RUN_D: Final = 28
TOLERANCE: Final = 0.9
"""A policy has recovered when the metric is back to this part of its level before the shock."""

_QUANTILES: Final = np.linspace(0, 1, 101)


def gather(sweep: Sweep, folder: Path, outcomes: list[Outcome]) -> PolicyComparison:
    """Return everything that the report on a sweep of policies shows.

    Args:
        sweep: the sweep.
        folder: its folder, with tables collected.
        outcomes: one for each cell.
    """
    import pandas as pd

    from simulator.app.loading import load_scenario

    metrics = load_metrics(folder)
    pairs = [
        {"variant": variant, "metric": metric, **asdict(pair)}
        for variant, found in differences(metrics, sweep.baseline).items()
        for metric, pair in found.items()
    ]
    done = [
        (sweep.cells[o.index].variant.label, folder / o.run) for o in outcomes if o.status == "done"
    ]
    scenario = load_scenario(sweep.scenario, dict(sweep.config.set))
    shocks = tuple(ShockMark(s.type, s.at / DAY_S) for s in scenario.shocks)
    return PolicyComparison(
        name=sweep.config.name,
        question=sweep.config.question,
        scenario=scenario.name,
        baseline=sweep.baseline,
        n_seeds=len({cell.seed for cell in sweep.cells}),
        means=totals(metrics).groupby(level="variant", sort=False).mean(),
        differences=pd.DataFrame(pairs),
        fulfilment=_fulfilment(done),
        exposure=_exposure(done),
        daily=_daily(metrics),
        shocks=shocks,
        recovery=_recovery(metrics, shocks),
        trend=_trend(metrics),
        failed=tuple(o.message for o in outcomes if o.status == "failed"),
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return mean and ends of a t interval over seeds; NaN ends with a single one."""
    from scipy import stats

    values = values[np.isfinite(values)]
    if values.size == 0:
        return math.nan, math.nan, math.nan
    mean = float(values.mean())
    if values.size == 1:
        return mean, math.nan, math.nan
    error = float(values.std(ddof=1) / math.sqrt(values.size))
    half = float(stats.t.ppf(0.5 + CONFIDENCE_LEVEL / 2, values.size - 1)) * error
    return mean, mean - half, mean + half


def _notes(run: Path) -> tuple[pd.DataFrame, float, float]:
    """Return a run's new notes with their whole quota window in the run, window and target."""
    from simulator.results.result import Result

    result = Result.open(run)
    params = result.manifest.params
    start, end = params.warm_up_days * DAY_S, params.end_t - params.quota_window_s
    notes = result.notes
    inside = (notes["published_t"] >= start) & (notes["published_t"] <= end)
    return notes[inside], float(params.quota_window_s), float(params.scaled(100))


def _fulfilment(runs: list[tuple[str, Path]]) -> pd.DataFrame:
    """Return, by variant and hour since publishing, the share of notes that had the target."""
    import pandas as pd

    curves: dict[str, list[NDArray[np.float64]]] = {}
    hours = np.arange(0.0, 25.0)
    for variant, run in runs:
        notes, window, _ = _notes(run)
        hours = np.arange(0, window / HOUR_S + 1)
        took = (notes["reached_target_t"] - notes["published_t"]).to_numpy(float) / HOUR_S
        took = np.sort(np.where(np.isfinite(took), took, np.inf))
        share = np.searchsorted(took, hours, side="right") / max(1, took.size)
        curves.setdefault(variant, []).append(share)
    rows = []
    for variant, found in curves.items():
        table = np.stack(found)
        for i, hour in enumerate(hours[: table.shape[1]]):
            mean, *ends = _interval(table[:, i])
            low, high = np.clip(ends, 0.0, 1.0).tolist()
            rows.append(
                {"variant": variant, "hour": float(hour), "share": mean, "low": low, "high": high}
            )
    return pd.DataFrame(rows)


def _exposure(runs: list[tuple[str, Path]]) -> pd.DataFrame:
    """Return, by variant, the quantiles of impressions of new notes in their first day."""
    import pandas as pd

    found: dict[str, list[NDArray[np.float64]]] = {}
    for variant, run in runs:
        seen = _notes(run)[0]["impressions_24h"].to_numpy(float)
        if seen.size:
            found.setdefault(variant, []).append(np.quantile(seen, _QUANTILES))
    rows = []
    for variant, tables in found.items():
        means = np.mean(tables, axis=0)
        for q, impressions in zip(_QUANTILES, means, strict=True):
            rows.append({"variant": variant, "quantile": q, "impressions": float(impressions)})
    return pd.DataFrame(rows)


def _daily(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return, by variant, metric and day, the mean over seeds with its interval."""
    import pandas as pd

    days = metrics[metrics["day"].notna()]
    rows = []
    for (variant, metric, day), values in days.groupby(["variant", "metric", "day"], sort=False)[
        "value"
    ]:
        mean, low, high = _interval(values.to_numpy(float))
        rows.append(
            {
                "variant": variant,
                "metric": metric,
                "day": float(str(day)),
                "mean": mean,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def _recovery(metrics: pd.DataFrame, shocks: tuple[ShockMark, ...]) -> pd.DataFrame:
    """Return, by variant, level before the first shock, lowest level after, and days to return."""
    import pandas as pd

    rows = []
    if shocks:
        first = math.floor(min(shock.day for shock in shocks))
        days = metrics[(metrics["metric"] == RECOVERY_METRIC) & metrics["day"].notna()]
        for variant, own in days.groupby("variant", sort=False):
            by_seed = [
                _one_recovery(seed["day"].to_numpy(int), seed["value"].to_numpy(float), first)
                for _, seed in own.groupby("seed")
            ]
            rows.append({"variant": str(variant), **_mean_of(by_seed)})
    return pd.DataFrame(rows)


def _trend(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return, by variant and link of the loop, level and drift of the last third of a long run."""
    import pandas as pd

    days = metrics[metrics["day"].notna() & metrics["metric"].isin(LOOP)]
    last = int(days["day"].max() + 1) if len(days) else 0
    if last < LONG_RUN_D:
        return pd.DataFrame()
    late = days[days["day"] >= last - last // 3]
    rows = []
    for variant in dict.fromkeys(late["variant"]):
        for metric in LOOP:
            own = late[(late["variant"] == variant) & (late["metric"] == metric)]
            found = [_line(seed) for _, seed in own.groupby("seed")]
            known = np.array([pair for pair in found if np.isfinite(pair).all()], float)
            if not len(known):
                continue
            level = _interval(known[:, 0])
            drift = _interval(30 * known[:, 1] / np.abs(known[:, 0]))
            names = ("level", "level_low", "level_high", "drift", "drift_low", "drift_high")
            values = dict(zip(names, (*level, *drift), strict=True))
            rows.append({"variant": variant, "metric": metric, **values})
    return pd.DataFrame(rows)


def _line(seed: pd.DataFrame) -> tuple[float, float]:
    """Return mean and slope a day of one seed's values; NaN where they are not defined."""
    day, value = seed["day"].to_numpy(float), seed["value"].to_numpy(float)
    known = np.isfinite(value)
    if known.sum() < 5 or not value[known].mean():
        return math.nan, math.nan
    return float(value[known].mean()), float(np.polyfit(day[known], value[known], 1)[0])


def _one_recovery(
    day: NDArray[np.int64], value: NDArray[np.float64], first: int
) -> Mapping[str, float]:
    known = np.isfinite(value)
    day, value = day[known], value[known]
    before, after = value[day < first], value[day >= first]
    if not before.size or not after.size:
        return {"before": math.nan, "lowest": math.nan, "after": math.nan, "days": math.nan}
    level = float(before.mean())
    low = np.flatnonzero(after < TOLERANCE * level)
    days = 0.0 if not low.size else float(low[-1] + 1)
    if low.size and low[-1] + 1 == after.size:
        days = math.inf
    return {
        "before": level,
        "lowest": float(after.min()),
        "after": float(after[-2:].mean()),
        "days": days,
    }


def _mean_of(found: list[Mapping[str, float]]) -> dict[str, float]:
    days = np.array([item["days"] for item in found], float)
    names = ("before", "lowest", "after")
    means = {name: _interval(np.array([item[name] for item in found], float)) for name in names}
    out = {name: mean[0] for name, mean in means.items()}
    out |= {"after_low": means["after"][1], "after_high": means["after"][2]}
    out["median_days"] = float(np.median(days)) if days.size else math.nan
    out["never"] = float(np.mean(np.isinf(days))) if days.size else math.nan
    return out
