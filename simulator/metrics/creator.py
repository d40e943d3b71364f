"""Creator side: do people publish, do they come back, are they seen soon?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from simulator.metrics.catalog import Family, Metric, Values, grouped_values
from simulator.results.params import MetricParams

if TYPE_CHECKING:
    from simulator.results.query import Query

_FOLLOW_UP_DAYS: Final = 7
_NO_WINDOW: Final = "null: no note has its whole window inside the run"

METRICS: Final = (
    Metric(
        "publish_penetration",
        "",
        "up",
        "Creators who published on a day, each counted once, per active reader.",
        "publishers",
        "active_readers",
    ),
    Metric(
        "notes_per_dau",
        "notes",
        "up",
        "Notes published on a day per active reader.",
        "published_notes",
        "active_readers",
    ),
    Metric(
        "creator_retention_d7",
        "",
        "up",
        "Share of a day's publishers who publish again within the next 7 days.",
        "followed_publishers_again",
        "followed_publishers",
        needs_days=_FOLLOW_UP_DAYS + 1,
        if_shorter="null: the run has no day with 7 measured days after it",
    ),
    Metric(
        "time_to_first_impression_min",
        "min",
        "down",
        "Median time from publication to the first impression. Notes with the whole cold-start "
        "window inside the run; one not seen in it counts as the whole window.",
        needs_days=2,
        if_shorter=_NO_WINDOW,
    ),
    Metric(
        "time_to_first_interaction_min",
        "min",
        "down",
        "Median time from publication to the first like, collect, comment or share. Notes with "
        "the whole cold-start window inside the run; one without counts as the whole window.",
        needs_days=2,
        if_shorter=_NO_WINDOW,
    ),
    Metric(
        "quota_fulfilment",
        "",
        "up",
        "Share of new notes that reach the target impressions within the quota window. Notes "
        "with the whole window inside the run.",
        "notes_fulfilled",
        "notes_due",
        needs_days=2,
        if_shorter=_NO_WINDOW,
    ),
)


def _sums(params: MetricParams) -> tuple[str, ...]:
    last_origin = params.measured_days - 1 - _FOLLOW_UP_DAYS
    due_before = params.end_t - params.quota_window_s
    return (
        """SELECT published_day AS day, count(*) AS published_notes,
            count(DISTINCT creator_id) AS publishers
        FROM new_notes GROUP BY day""",
        f"""WITH publishing AS (SELECT DISTINCT published_day AS day, creator_id FROM new_notes),
        spell AS (
            SELECT day, lead(day) OVER (PARTITION BY creator_id ORDER BY day) - day AS gap
            FROM publishing
        )
        SELECT day, count(*) AS followed_publishers,
            count(*) FILTER (gap <= {_FOLLOW_UP_DAYS}) AS followed_publishers_again
        FROM spell WHERE day <= {last_origin} GROUP BY day""",
        f"""SELECT published_day AS day, count(*) AS notes_due,
            count(reached_target_t) AS notes_fulfilled
        FROM new_notes WHERE published_t <= {due_before} GROUP BY day""",
    )


def _waiting(query: Query, params: MetricParams, since: str) -> Values:
    window = params.new_age_s
    waited = f"least(greatest(coalesce({since} - published_t, {window}), 0), {window})"
    return grouped_values(
        query,
        params,
        f"""SELECT published_day AS day, median({waited}::DOUBLE) / 60 AS value
        FROM new_notes WHERE published_t <= {params.end_t - window}
        GROUP BY GROUPING SETS ((published_day), ())""",
    )


def _others(query: Query, params: MetricParams) -> Mapping[str, Values]:
    return {
        "time_to_first_impression_min": _waiting(query, params, "first_impression_t"),
        "time_to_first_interaction_min": _waiting(query, params, "first_interaction_t"),
    }


FAMILY: Final = Family("creator", METRICS, _sums, _others)
