"""Runs side by side, as the tables that the comparison draws; the first run is the baseline."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.frames.windows import whole_window
from simulator.app.compare import Comparison, DailyInterval, compare, share_luck
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.metrics.intervals import ClusterSums, clustered
from simulator.results.result import Result

HEADLINES: Final = (
    "new_note_impression_share",
    "quota_fulfilment",
    "notes_per_dau",
    "new_note_ctr",
    "time_spent_min_per_dau",
)
"""Metrics at the top of a comparison: who gains, and who pays."""

Runs = tuple[Result, ...]

_POINTS: Final = np.linspace(0.0, 1.0, 101)


@lru_cache(maxsize=16)
def comparison(runs: Runs) -> Comparison:
    """Return the comparison of runs with the first; kept for the same objects."""
    return compare(runs)


@lru_cache(maxsize=64)
def is_paired(baseline: Result, run: Result) -> bool:
    """Tell whether two runs have the same readers, creators, notes and luck."""
    return share_luck([baseline, run])


def same_length(runs: Sequence[Result]) -> bool:
    """Tell whether runs measured the same number of days."""
    return len({run.manifest.params.measured_days for run in runs}) <= 1


def trade(found: Comparison, x: str, y: str, size: str) -> pd.DataFrame:
    """Return one row a run with three metrics; runs that lack x or y are left out.

    The columns `x_low` to `y_high` are the baseline's value plus the ends of the interval of the
    daily differences, NaN for the baseline and where days are too few.
    """
    rows = []
    for i, values in enumerate(found.values):
        row: dict[str, object] = {"run": found.runs[i].folder.name, "size": values.get(size)}
        for axis, metric in (("x", x), ("y", y)):
            value, start = values.get(metric), found.values[0].get(metric)
            low, high = _ends(found.of(metric, i).daily if i else None)
            base = np.nan if start is None else start
            row |= {axis: value, f"{axis}_low": base + low, f"{axis}_high": base + high}
        rows.append(row)
    frame = pd.DataFrame(rows)
    numbers = frame.columns.drop("run")
    frame[numbers] = frame[numbers].astype(float)
    return frame.dropna(subset=["x", "y"], ignore_index=True)


def daily(found: Comparison, metric: str) -> pd.DataFrame:
    """Return run, day, value and difference to the baseline's value of that day."""
    frames = []
    first = found.runs[0].daily[metric]
    for run in found.runs:
        values = run.daily[metric]
        frame = pd.DataFrame({"day": values.index, "value": values.to_numpy(float)})
        gap = values.to_numpy(float) - first.reindex(values.index).to_numpy(float)
        frames.append(frame.assign(run=run.folder.name, difference=gap))
    return pd.concat(frames, ignore_index=True).dropna(subset=["value"])


def daily_intervals(found: Comparison, metric: str) -> pd.DataFrame:
    """Return run, mean, low and high of the daily differences; a run with too few days is out."""
    rows = []
    for i, run in enumerate(found.runs[1:], 1):
        interval = found.of(metric, i).daily
        if interval is not None:
            low, high = _ends(interval)
            rows.append({"run": run.folder.name, "mean": interval.mean, "low": low, "high": high})
    return pd.DataFrame(rows, columns=["run", "mean", "low", "high"])


def lorenz(run: Result) -> tuple[pd.DataFrame, float]:
    """Return the Lorenz curve of first-day impressions of new notes, and its Gini coefficient.

    The notes are those of the metric `impression_gini_new`: published on measured days, with their
    first 24 hours inside the run. Without any, or without an impression, the Gini is NaN.
    """
    seen = np.sort(whole_window(run, float(DAY_S))["impressions_24h"].to_numpy(float))
    total, n = seen.sum(), seen.size
    if total == 0:
        return pd.DataFrame({"notes": [], "impressions": []}), float("nan")
    held = np.concatenate([[0.0], np.cumsum(seen)]) / total
    curve = np.interp(_POINTS, np.arange(n + 1) / n, held)
    place = np.arange(1, n + 1)
    gini = float(2 * (place * seen).sum() / (n * total) - (n + 1) / n)
    return pd.DataFrame({"notes": _POINTS, "impressions": curve}), gini


def fulfilment(run: Result) -> pd.DataFrame:
    """Return, by hour since publishing, the share of new notes that have reached the quota.

    The ends of the 95 % interval count the notes of a creator as a cluster.
    """
    window = float(run.manifest.params.quota_window_s)
    notes = whole_window(run, window)
    hours = np.arange(0.0, window / HOUR_S + 1e-9)
    if notes.empty:
        return pd.DataFrame({"hour": [], "share": [], "low": [], "high": []})
    took = (notes["reached_target_t"] - notes["published_t"]).to_numpy(float) / HOUR_S
    has = (np.where(np.isfinite(took), took, np.inf)[:, None] <= hours).astype(float)
    sums = _by_cluster(notes["creator_id"].to_numpy(), has)
    low, high = clustered(sums)
    return pd.DataFrame({"hour": hours, "share": sums.y / sums.n, "low": low, "high": high})


def scenario_changes(baseline: Result, run: Result) -> str:
    """Return the lines of the scenario that differ from the baseline's, as a unified diff."""
    names = (baseline.folder.name, run.folder.name)
    old, new = (result.scenario.splitlines() for result in (baseline, run))
    return "\n".join(difflib.unified_diff(old, new, *names, n=1, lineterm=""))


def stacked(runs: Sequence[Result], frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the frames of several runs as one, told apart by the column `run`."""
    named = [f.assign(run=r.folder.name) for r, f in zip(runs, frames, strict=True) if len(f)]
    return pd.concat(named, ignore_index=True) if named else pd.DataFrame({"run": []})


def _by_cluster(cluster: NDArray[np.generic], has: NDArray[np.float64]) -> ClusterSums:
    _, place, n = np.unique(cluster, return_inverse=True, return_counts=True)
    y = np.zeros((n.size, has.shape[1]))
    np.add.at(y, place, has)
    size = n[:, None].astype(float)

    def total(values: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.asarray(np.broadcast_to(values, y.shape).sum(axis=0), np.float64)

    ones = np.ones((1, 1))
    sums = (total(part) for part in (ones, size, y, size**2, size * y, y**2, y > 0, y < size))
    return ClusterSums(*sums)


def _ends(interval: DailyInterval | None) -> tuple[float, float]:
    return (np.nan, np.nan) if interval is None else (interval.low, interval.high)
