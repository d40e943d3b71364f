"""Views and grouped counts that several families read; each needs one pass over the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.results.params import MetricParams
from simulator.results.query import INTERACTIONS

if TYPE_CHECKING:
    from simulator.results.query import Query

LEVELS: Final = 65_536
_LOGIT_RANGE: Final = 16
_HASH_MULTIPLIER: Final = 2_654_435_761
"""Golden ratio of 2^32: spreads ids evenly (Knuth, The Art of Computer Programming, 6.4)."""


def clipped_sql(p: str) -> str:
    """Return SQL for a predicted probability that is kept off 0 and 1."""
    return f"least(greatest({p}::DOUBLE, 1e-7), 1 - 1e-7)"


def level_sql(p: str) -> str:
    """Return SQL for the logit of a predicted probability, cut into `LEVELS` levels from 0."""
    p = clipped_sql(p)
    return (
        f"CAST(least(greatest(floor((ln({p} / (1 - {p})) + {_LOGIT_RANGE})"
        f" * {LEVELS // (2 * _LOGIT_RANGE)}), 0), {LEVELS - 1}) AS INTEGER)"
    )


def readers_sql(params: MetricParams) -> str:
    """Return SQL for readers in hash order while their impressions fit the bound, at least one.

    Needs the view `visits`; the result has the column `reader_id`.
    """
    return f"""
        SELECT reader_id FROM (
            SELECT reader_id, sum(impressions) AS n,
                (reader_id::BIGINT * {_HASH_MULTIPLIER}) % 4294967296 AS place
            FROM visits GROUP BY reader_id HAVING sum(impressions) > 0
        ) QUALIFY sum(n) OVER (ORDER BY place, reader_id) - n < {params.gauc_impressions}"""


_P: Final = clipped_sql("p_click")
_LEVEL: Final = level_sql("p_click")


def prepare(query: Query, params: MetricParams) -> None:
    """Make the views and temporary tables that the families query.

    `impressions`, `visits` and `new_notes` hold the measured part of events, reader-days and
    notes; `note_days` counts by note and day, warm-up included; `levels` counts measured
    impressions by day, age and quantised predicted logit; `sampled_levels` does so by reader.
    Sums of real numbers are kept in billionths, so that they do not depend on their order.
    """
    measured = f"day >= 0 AND day < {params.measured_days}"
    new = f"note_age_s < {params.new_age_s}"
    published = "published_day >= 0 AND published_day < " + str(params.measured_days)
    for view, source in (
        ("impressions", f"SELECT * FROM events WHERE {measured}"),
        ("visits", f"SELECT * FROM reader_days WHERE {measured}"),
        ("new_notes", f"SELECT * FROM note_outcomes WHERE {published}"),
    ):
        query.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {source}")
    query.execute(f"""
        CREATE OR REPLACE TEMP TABLE note_days AS
        SELECT day, note_id, count(*) AS impressions,
            coalesce(sum({INTERACTIONS}) FILTER (NOT {new}), 0) AS late_interactions
        FROM events WHERE day < {params.measured_days} GROUP BY day, note_id""")
    query.execute(f"""
        CREATE OR REPLACE TEMP TABLE levels AS
        SELECT day, {new} AS is_new, {_LEVEL} AS level, count(*) AS n,
            count(*) FILTER (click = 1) AS clicks,
            count(*) FILTER (click = 1 AND pre_rank_position < 50) AS early_clicks,
            sum(CAST(round(p_click::DOUBLE * 1e9) AS BIGINT)) AS expected,
            sum(CAST(round(-1e9 * ln(CASE WHEN click = 1 THEN {_P} ELSE 1 - {_P} END)) AS BIGINT))
                AS loss
        FROM impressions GROUP BY day, is_new, level""")
    _sample_readers(query, params)


def _sample_readers(query: Query, params: MetricParams) -> None:
    query.execute(f"""
        CREATE OR REPLACE TEMP TABLE sampled_levels AS
        SELECT day, reader_id, {_LEVEL} AS level, count(*) AS n,
            count(*) FILTER (click = 1) AS clicks
        FROM impressions SEMI JOIN ({readers_sql(params)}) USING (reader_id)
        GROUP BY day, reader_id, level""")
