"""Platform side: the guardrails that support for new notes must not break."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.metrics.catalog import Family, Metric, Values, last_day
from simulator.results.params import MetricParams

if TYPE_CHECKING:
    from simulator.results.query import Query

_MONTH_DAYS: Final = 30
_LIFE_DAYS: Final = 7

METRICS: Final = (
    Metric(
        "time_spent_min_per_dau",
        "min",
        "up",
        "Time in view and reading, per active reader and day.",
        "time_ms",
        "active_readers",
        factor=1 / 60_000,
    ),
    Metric(
        "dau",
        "readers",
        "up",
        "Readers who came on a day; mean over days.",
        "active_readers",
        "days",
    ),
    Metric(
        "mau",
        "readers",
        "up",
        "Readers who came in the last 30 days, warm-up included; as of the last day.",
    ),
    Metric(
        "lt7",
        "days",
        "up",
        "Days with a visit among a reader's active day and the 6 after it.",
        "life_days",
        "life_origins",
        needs_days=_LIFE_DAYS,
        if_shorter="null: the run has no day with 6 measured days after it",
    ),
    Metric(
        "impressions_per_dau",
        "impressions",
        "up",
        "Impressions per active reader and day.",
        "impressions",
        "active_readers",
    ),
    Metric("ctr", "", "up", "Clicks per impression, all notes.", "clicks", "impressions"),
)


def _sums(params: MetricParams) -> tuple[str, ...]:
    return (
        f"SELECT unnest(range({params.measured_days})) AS day, 1 AS days",
        """SELECT day, count(*) AS active_readers, sum(impressions) AS impressions,
            sum(clicks) AS clicks, sum(hides) AS hides,
            sum(CAST(round(time_spent_s * 1000) AS BIGINT)) AS time_ms,
            sum(new_impressions) AS new_impressions, sum(new_clicks) AS new_clicks,
            sum(new_interactions) AS new_interactions
        FROM visits GROUP BY day""",
        f"""WITH life AS (
            SELECT day, count(*) OVER (
                PARTITION BY reader_id ORDER BY day
                RANGE BETWEEN CURRENT ROW AND {_LIFE_DAYS - 1} FOLLOWING
            ) AS active_days
            FROM visits
        )
        SELECT day, count(*) AS life_origins, sum(active_days) AS life_days
        FROM life WHERE day <= {params.measured_days - _LIFE_DAYS} GROUP BY day""",
    )


def _others(query: Query, params: MetricParams) -> Mapping[str, Values]:
    return {"mau": _mau(query, params)}


def _mau(query: Query, params: MetricParams) -> Values:
    """Count each visit from its day until the reader's next visit, at most 30 days."""
    spells = query.columns(f"""
        WITH spell AS (
            SELECT day AS start, least(
                day + {_MONTH_DAYS},
                coalesce(lead(day) OVER (PARTITION BY reader_id ORDER BY day), 32767)
            ) AS stop
            FROM reader_days WHERE day < {params.measured_days}
        )
        SELECT day, sum(change) AS change FROM (
            SELECT start AS day, 1 AS change FROM spell
            UNION ALL SELECT stop AS day, -1 AS change FROM spell
        ) GROUP BY day""")
    day = spells["day"].astype(np.int64)
    changes = np.zeros(params.measured_days)
    inside = day < params.measured_days
    np.add.at(changes, np.maximum(day[inside], 0), spells["change"][inside].astype(np.float64))
    return last_day(np.cumsum(changes))


FAMILY: Final = Family("platform", METRICS, _sums, _others)
