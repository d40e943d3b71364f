"""Why notes failed to reach their quota: where in the funnel they fell behind those that did.

The impressions of a note in its window are a product: traffic of its first hours, traffic of its
category for each note that competes for it, requests that found it for so much traffic, and the
shares that went on from stage to stage. Beside the geometric mean of the notes that reached the
quota, the logarithm of the shortfall is the sum of one term for each factor; the largest term is
the note's dominant reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results.params import MetricParams

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from simulator.results.query import Query

REASONS: Final = {
    "night": "published at night: little traffic in its first hours",
    "category": "too little traffic in its category for the notes that compete for it",
    "recall": "not recalled: channels found it too rarely",
    "pre_rank": "lost at pre-rank",
    "rank": "lost at rank",
    "rerank": "lost at rerank",
    "view": "placed where readers did not scroll to",
}
"""Reasons in the order of the funnel, by name."""

STAGES: Final = ("recalled", "passed_pre_rank", "passed_rank", "placed", "examined")
_EARLY_H: Final = 6
_HALF: Final = 0.5
_TOP_SHARE: Final = 0.1
_FEWEST_REFERENCES: Final = 5


@dataclass(frozen=True, slots=True)
class Failures:
    """Reasons for unfulfilled quotas in one run.

    Attributes:
        notes: one row a measured new note whose window is over: note_id, creator_id, category,
            published_t, `reached`, counts by stage, one column `lag_<reason>` for each factor (the
            logarithm by which it falls behind, positive is worse), and `reason`, empty when
            reached.
        reasons: one row a reason: notes, share of the failed ones, mean lag.
        funnel: mean counts by stage of notes that reached the quota and of those that did not.
        reference: whether `reached` notes are the yardstick, or, where fewer than 5 of them exist,
            the tenth of notes with most impressions.
    """

    notes: pd.DataFrame
    reasons: pd.DataFrame
    funnel: pd.DataFrame
    reference: str


def find_failures(folder: Path, params: MetricParams) -> Failures:
    """Find the dominant reason of every new note that missed its quota.

    Args:
        folder: folder of a finished run whose event log was kept.
        params: windows and thresholds of the run.

    Raises:
        RunError: a table is missing or damaged.
    """
    from simulator.results.query import Query

    with Query(folder, ("events", "note_outcomes", "note_funnel")) as query:
        notes = query.frame(_notes(params))
        n_categories = int(notes["category"].max()) + 1 if len(notes) else 1
        hourly, by_category = _traffic(query, params, n_categories)
    start = np.floor((notes["published_t"].to_numpy(np.float64)) / HOUR_S).astype(np.int64)
    category = notes["category"].to_numpy(np.int64)
    early = _sum_from(hourly[:, None], start, np.zeros_like(start), _EARLY_H)
    window_h = max(1, params.quota_window_s // HOUR_S)
    demand = _sum_from(by_category, start, category, window_h)
    rivals = _rivals(notes["published_t"].to_numpy(np.float64), category)
    return _explain(notes, early, demand / rivals)


def _notes(params: MetricParams) -> str:
    start, days = params.warm_up_days * DAY_S, params.measured_days
    end = start + days * DAY_S - max(params.quota_window_s, params.new_age_s)
    stages = ", ".join(STAGES)
    return f"""
        SELECT note_id, creator_id, category, published_t,
            reached_target_t IS NOT NULL AS reached, {stages}
        FROM note_outcomes JOIN note_funnel USING (note_id)
        WHERE published_t >= {start} AND published_t < {end} ORDER BY note_id"""


def _traffic(
    query: Query, params: MetricParams, n_categories: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return impressions by hour, float64[H], and by hour and category, float64[H, C]."""
    found = query.columns(f"""
        SELECT CAST(floor(events.t / {HOUR_S}) AS BIGINT) AS hour, category, count(*) AS n
        FROM events JOIN note_outcomes USING (note_id) GROUP BY ALL""")
    hours = (params.warm_up_days + params.measured_days) * 24 + 1
    hour, category = (found[name].astype(np.int64) for name in ("hour", "category"))
    table = np.zeros((hours, max(n_categories, int(category.max(initial=0)) + 1)))
    table[hour, category] = found["n"].astype(np.float64)
    return table.sum(axis=1), table


def _sum_from(
    table: NDArray[np.float64], hour: NDArray[np.int64], column: NDArray[np.int64], n_hours: int
) -> NDArray[np.float64]:
    """Return float64[m], sums of `n_hours` rows from each hour on, one column each."""
    running = np.concatenate([np.zeros((1, table.shape[1])), np.cumsum(table, axis=0)])
    stop = np.minimum(hour + n_hours, table.shape[0])
    start = np.minimum(hour, table.shape[0])
    return np.asarray(running[stop, column] - running[start, column])


def _rivals(t: NDArray[np.float64], category: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return float64[m], notes of the category published within a day, the note itself too."""
    found = np.ones(t.size)
    for c in np.unique(category):
        rows = np.flatnonzero(category == c)
        own = np.sort(t[rows])
        low = np.searchsorted(own, t[rows] - DAY_S)
        found[rows] = np.searchsorted(own, t[rows] + DAY_S, side="right") - low
    return found


def _explain(
    notes: pd.DataFrame, early: NDArray[np.float64], demand: NDArray[np.float64]
) -> Failures:
    import pandas as pd

    counts = notes[list(STAGES)].to_numpy(np.float64) + _HALF
    traffic = np.stack([early + _HALF, demand + _HALF], axis=1)
    found = counts[:, :1] / (traffic[:, :1] * traffic[:, 1:])
    factors = np.log(np.concatenate([traffic, found, counts[:, 1:] / counts[:, :-1]], axis=1))
    reached = notes["reached"].to_numpy(bool)
    yardstick, reference = _yardstick(notes, reached)
    usual = factors[yardstick].mean(axis=0) if yardstick.any() else np.zeros(len(REASONS))
    lags = usual - factors
    names = np.array(list(REASONS))
    out = notes.copy()
    for i, name in enumerate(REASONS):
        out[f"lag_{name}"] = lags[:, i]
    out["reason"] = np.where(reached, "", names[lags.argmax(axis=1)] if len(notes) else "")
    funnel = pd.DataFrame(
        {label: notes.loc[rows, list(STAGES)].mean() for label, rows in
         (("reached", reached), ("missed", ~reached))}
    )  # fmt: skip
    return Failures(out, _reasons(out, reached), funnel, reference)


def _yardstick(notes: pd.DataFrame, reached: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], str]:
    if reached.sum() >= _FEWEST_REFERENCES:
        return reached, "notes that reached the quota"
    seen = notes["examined"].to_numpy(np.float64)
    limit = np.quantile(seen, 1 - _TOP_SHARE) if seen.size else 0.0
    return seen >= limit, "the tenth of new notes with most impressions"


def _reasons(notes: pd.DataFrame, reached: NDArray[np.bool_]) -> pd.DataFrame:
    import pandas as pd

    failed = notes[~reached]
    rows = []
    for name, text in REASONS.items():
        own = failed[failed["reason"] == name]
        share = len(own) / len(failed) if len(failed) else float("nan")
        lag = float(failed[f"lag_{name}"].mean()) if len(failed) else float("nan")
        rows.append(
            {"reason": name, "meaning": text, "notes": len(own), "share": share, "mean_lag": lag}
        )
    return pd.DataFrame(rows)
