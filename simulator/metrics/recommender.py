"""Recommender: are predictions in the right order and of the right size, is the corpus used?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.metrics.auc import GroupedAuc, auc_by_group
from simulator.metrics.catalog import Family, Metric, Values
from simulator.results.params import MetricParams

if TYPE_CHECKING:
    from simulator.results.query import Query

_NEW: Final = "notes inside the cold-start window"
_OLD: Final = "notes past the cold-start window"
_AUC: Final = (
    "Probability that a clicked impression was predicted higher than one that was not clicked"
)
_CALIBRATION: Final = "Predicted clicks over observed clicks; 1 is right"
_RECALL_PLACES: Final = 50

METRICS: Final = (
    Metric("auc", "", "up", f"{_AUC}."),
    Metric("auc_new", "", "up", f"{_AUC}; {_NEW}."),
    Metric("auc_old", "", "up", f"{_AUC}; {_OLD}."),
    Metric(
        "gauc",
        "",
        "up",
        "AUC within a reader, averaged with the reader's impressions as weight, over a fixed "
        "sample of readers.",
    ),
    Metric(
        "log_loss",
        "nats",
        "down",
        "Mean logarithmic loss of the predicted click probability.",
        "loss",
        "predicted_impressions",
        factor=1e-9,
    ),
    *(
        Metric(
            f"calibration{suffix}",
            "",
            "none",
            f"{_CALIBRATION}{'; ' if of else ''}{of}.",
            f"expected{suffix}",
            f"observed{suffix}",
            factor=1e-9,
        )
        for suffix, of in (("", ""), ("_new", _NEW), ("_old", _OLD))
    ),
    Metric(
        "recall_at_50",
        "",
        "up",
        "Share of clicked impressions that stood among the first 50 of the organic pre-rank.",
        "early_clicks",
        "observed",
    ),
    Metric(
        "coverage",
        "",
        "up",
        "Share of the notes distributed on a day that had an impression.",
        "shown_notes",
        "live_notes",
    ),
    Metric(
        "novelty",
        "bits",
        "up",
        "Mean over impressions of -log2 of the note's share in the day's impressions.",
        "surprise",
        "surprised_impressions",
        factor=1e-6,
    ),
)


def _sums(params: MetricParams) -> tuple[str, ...]:
    start, stop = params.warm_up_days * DAY_S, params.max_age_s
    return (
        """SELECT day, sum(n) AS predicted_impressions, sum(loss) AS loss,
            sum(expected) AS expected, sum(clicks) AS observed,
            sum(expected) FILTER (is_new) AS expected_new,
            sum(clicks) FILTER (is_new) AS observed_new,
            sum(expected) FILTER (NOT is_new) AS expected_old,
            sum(clicks) FILTER (NOT is_new) AS observed_old, sum(early_clicks) AS early_clicks
        FROM levels GROUP BY day""",
        f"""SELECT day, count(note_id) AS live_notes
        FROM (SELECT unnest(range({params.measured_days})) AS day) LEFT JOIN note_outcomes
            ON published_t < {start} + (day + 1) * {DAY_S}
            AND published_t + {stop} > {start} + day * {DAY_S}
        GROUP BY day""",
        """WITH share AS (
            SELECT day, impressions, sum(impressions) OVER (PARTITION BY day) AS total
            FROM note_days WHERE day >= 0
        )
        SELECT day, count(*) AS shown_notes, sum(impressions) AS surprised_impressions,
            sum(CAST(round(-1e6 * impressions * log2(impressions / total)) AS BIGINT)) AS surprise
        FROM share GROUP BY day""",
    )


def _others(query: Query, params: MetricParams) -> Mapping[str, Values]:
    found = query.columns("SELECT day, is_new, level, n, clicks FROM levels")
    is_new = found["is_new"].astype(np.bool_)
    everything = np.ones_like(is_new)
    return {
        "auc": _auc(found, everything, params),
        "auc_new": _auc(found, is_new, params),
        "auc_old": _auc(found, ~is_new, params),
        "gauc": _gauc(query, params),
    }


def _auc(
    found: Mapping[str, NDArray[np.generic]], rows: NDArray[np.bool_], params: MetricParams
) -> Values:
    day, level, n, clicks = (
        found[name][rows].astype(np.int64) for name in ("day", "level", "n", "clicks")
    )
    by_day = auc_by_group(day, level, n, clicks)
    total = auc_by_group(np.zeros_like(day), level, n, clicks)
    daily = np.full(params.measured_days, np.nan)
    daily[by_day.group] = by_day.auc
    return Values(daily, float(total.auc[0]) if total.auc.size else float("nan"))


def _gauc(query: Query, params: MetricParams) -> Values:
    """Average AUC over readers (Zhu et al., Optimized Cost per Click in Taobao, KDD 2017)."""
    found = query.columns("SELECT day, reader_id, level, n, clicks FROM sampled_levels")
    day, reader, level, n, clicks = (
        found[name].astype(np.int64) for name in ("day", "reader_id", "level", "n", "clicks")
    )
    total = auc_by_group(reader, level, n, clicks)
    reader_day = auc_by_group(reader * params.measured_days + day, level, n, clicks)
    day_of = reader_day.group % params.measured_days
    daily = [_weighted(reader_day, day_of == d) for d in range(params.measured_days)]
    return Values(np.array(daily), _weighted(total, np.ones(total.group.size, np.bool_)))


def _weighted(found: GroupedAuc, rows: NDArray[np.bool_]) -> float:
    rows = rows & ~np.isnan(found.auc)
    weight = found.n[rows]
    return float((found.auc[rows] * weight).sum() / weight.sum()) if weight.size else float("nan")


FAMILY: Final = Family("recommender", METRICS, _sums, _others)
