"""Content side: is good new content found, and is exposure spent well?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.contracts.events import DAY_S
from simulator.metrics.catalog import Family, Metric, Values, grouped_values, last_day
from simulator.results.params import MetricParams

if TYPE_CHECKING:
    from simulator.results.query import Query

_WEEK_DAYS: Final = 7
_NO_WINDOW: Final = "null: no note has its first 24 hours inside the run"

METRICS: Final = (
    Metric(
        "high_heat_share",
        "",
        "up",
        "Share of a day's notes that reach 1,000 clicks (scaled) within the 30 days in which "
        "they are distributed. Only notes with all of that time inside the run, if there are any.",
        "hot_notes",
        "ripe_notes",
        needs_days=31,
        if_shorter="clicks up to the end of the run; reads low, because no note has had 30 days",
    ),
    Metric(
        "high_exposure_low_conversion_share",
        "",
        "down",
        "Among notes with more than 1,000 impressions (scaled) at hour 24, the share with a "
        "click rate under 5 % by then.",
        "low_conversion_notes",
        "high_exposure_notes",
        needs_days=2,
        if_shorter=_NO_WINDOW,
    ),
    Metric(
        "impression_gini_new",
        "",
        "down",
        "Gini coefficient of the impressions that notes receive in their first 24 hours.",
        needs_days=2,
        if_shorter=_NO_WINDOW,
    ),
    Metric(
        "new_note_impression_share",
        "",
        "none",
        "Share of impressions that go to notes inside the cold-start window.",
        "new_impressions",
        "impressions",
    ),
    Metric(
        "discoverable_corpus",
        "notes",
        "up",
        "Notes with at least 10 likes, collects, comments and shares (scaled) in the last 7 "
        "days, earned after their cold-start window; as of the last day.",
        needs_days=_WEEK_DAYS,
        if_shorter="counts from the start of warm-up where that is less than 7 days ago",
    ),
)


def _sums(params: MetricParams) -> tuple[str, ...]:
    exposed = f"impressions_24h > {params.scaled(params.high_impressions)}"
    low = f"clicks_24h < {params.low_conversion_ctr} * impressions_24h"
    ripe = f"published_t <= {params.end_t - params.max_age_s}"
    ripe_in_time = params.measured_days * DAY_S > params.max_age_s
    return (
        f"""SELECT published_day AS day, count(*) AS ripe_notes,
            count(*) FILTER (clicks >= {params.scaled(params.hot_clicks)}) AS hot_notes
        FROM new_notes {f"WHERE {ripe}" if ripe_in_time else ""} GROUP BY day""",
        f"""SELECT published_day AS day, count(*) AS high_exposure_notes,
            count(*) FILTER ({low}) AS low_conversion_notes
        FROM new_notes WHERE {exposed} AND published_t <= {params.end_t - DAY_S}
        GROUP BY day""",
    )


def _others(query: Query, params: MetricParams) -> Mapping[str, Values]:
    return {
        "impression_gini_new": _gini(query, params),
        "discoverable_corpus": _discoverable(query, params),
    }


def _gini(query: Query, params: MetricParams) -> Values:
    """Apply G = 2 sum(i x_i) / (n sum(x)) - (n + 1) / n to the sorted impressions x."""
    ranked = "row_number() OVER ({} ORDER BY impressions_24h) AS place, impressions_24h AS x"
    gini = """CASE WHEN sum(x) > 0 THEN
        2 * sum(place * x)::DOUBLE / (count(*) * sum(x)::DOUBLE) - (count(*) + 1) / count(*)
        END AS value"""
    return grouped_values(
        query,
        params,
        f"""WITH ripe AS (
            SELECT published_day AS day, impressions_24h FROM new_notes
            WHERE published_t <= {params.end_t - DAY_S}
        )
        SELECT day, {gini} FROM (SELECT day, {ranked.format("PARTITION BY day")} FROM ripe)
        GROUP BY day
        UNION ALL SELECT NULL, {gini} FROM (SELECT {ranked.format("")} FROM ripe)""",
    )


def _discoverable(query: Query, params: MetricParams) -> Values:
    """Count by day the notes whose week of late interactions is large enough.

    After discoverable corpus @X, 7 days: Su et al., Long-Term Value of Exploration, WSDM 2024.
    """
    found = query.columns(f"""
        WITH today AS (SELECT unnest(range({params.measured_days})) AS day),
        weekly AS (
            SELECT today.day, note_id FROM note_days JOIN today
                ON note_days.day BETWEEN today.day - {_WEEK_DAYS - 1} AND today.day
            WHERE late_interactions > 0
            GROUP BY today.day, note_id
            HAVING sum(late_interactions) >= {params.scaled(params.discoverable_interactions)}
        )
        SELECT day, count(*) AS notes FROM weekly GROUP BY day""")
    daily = np.zeros(params.measured_days)
    daily[found["day"].astype(np.int64)] = found["notes"]
    return last_day(daily)


FAMILY: Final = Family("content", METRICS, _sums, _others)
