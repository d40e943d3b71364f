"""Tables by unit of analysis, derived from the event log: reader-days, creator-days, notes."""

from __future__ import annotations

from typing import Final

from simulator.contracts.events import DAY_S
from simulator.results.folder import RunFolder
from simulator.results.params import MetricParams
from simulator.results.query import INTERACTIONS, TIME_MS, Query
from simulator.results.tables import FEEDBACK_COUNTS

_FEEDBACK: Final = """
    count(*) AS impressions, sum(click) AS clicks, sum("like") AS likes,
    sum("collect") AS collects, sum("comment") AS comments, sum("share") AS shares,
    sum("follow") AS follows, sum("hide") AS hides"""


def build_unit_tables(folder: RunFolder, params: MetricParams) -> None:
    """Write `reader_days.parquet`, `creator_days.parquet` and `notes.parquet`.

    Args:
        folder: run whose event log is complete.
        params: windows and thresholds.

    Raises:
        RunError: a source table is damaged, or a result cannot be written.
    """
    sources = ("events", "notes", "activity")
    with Query(folder.path, sources, scratch=folder.scratch) as query:
        query.store("reader_days", _reader_days(params))
        query.store("creator_days", _creator_days(params))
        _number_quota_impressions(query, params)
        query.store("note_outcomes", _note_outcomes())


def _or_zero(names: tuple[str, ...]) -> str:
    return ", ".join(f"coalesce({name}, 0) AS {name}" for name in names)


def _new(params: MetricParams) -> str:
    return f"note_age_s < {params.new_age_s}"


def _reader_days(params: MetricParams) -> str:
    new = _new(params)
    counts = _or_zero((*FEEDBACK_COUNTS, "new_impressions", "new_clicks", "new_interactions"))
    return f"""
        WITH seen AS (
            SELECT day, reader_id, any_value(reader_arm) AS seen_arm, {_FEEDBACK},
                sum({TIME_MS}) AS time_ms,
                count(*) FILTER ({new}) AS new_impressions,
                sum(click) FILTER ({new}) AS new_clicks,
                sum({INTERACTIONS}) FILTER ({new}) AS new_interactions
            FROM events GROUP BY day, reader_id
        )
        SELECT day, reader_id, coalesce(reader_arm, seen_arm) AS reader_arm,
            {_or_zero(("sessions", "requests"))}, {counts},
            coalesce(time_ms, 0) / 1000.0::DOUBLE AS time_spent_s
        FROM activity FULL JOIN seen USING (day, reader_id)
        ORDER BY day, reader_id"""


def _creator_days(params: MetricParams) -> str:
    names = ("published", "impressions", "clicks", "interactions", "new_impressions")
    return f"""
        WITH seen AS (
            SELECT day, creator_id, count(*) AS impressions, sum(click) AS clicks,
                sum({INTERACTIONS}) AS interactions,
                count(*) FILTER ({_new(params)}) AS new_impressions
            FROM events GROUP BY day, creator_id
        ), made AS (
            SELECT published_day AS day, creator_id, count(*) AS published
            FROM notes WHERE published_t >= 0 GROUP BY published_day, creator_id
        )
        SELECT day, creator_id, {_or_zero(names)}
        FROM made FULL JOIN seen USING (day, creator_id)
        ORDER BY day, creator_id"""


def _number_quota_impressions(query: Query, params: MetricParams) -> None:
    """Find the impression that fulfils each note's quota; sorting needs only the young rows."""
    query.execute(f"""
        CREATE OR REPLACE TEMP TABLE reached AS
        SELECT note_id, t AS reached_target_t FROM events
        WHERE note_age_s < {params.quota_window_s}
        QUALIFY row_number() OVER (PARTITION BY note_id ORDER BY t, request_id, position)
            = {params.scaled(params.quota_impressions)}""")


def _note_outcomes() -> str:
    young = f"note_age_s < {DAY_S}"
    counts = _or_zero(
        (*FEEDBACK_COUNTS, "grants", "impressions_24h", "clicks_24h", "interactions_24h")
    )
    return f"""
        WITH seen AS (
            SELECT note_id, {_FEEDBACK}, sum({TIME_MS}) AS time_ms,
                count(*) FILTER (granted_by <> 0) AS grants,
                min(t) AS first_impression_t,
                min(t) FILTER ({INTERACTIONS} > 0) AS first_interaction_t,
                count(*) FILTER ({young}) AS impressions_24h,
                sum(click) FILTER ({young}) AS clicks_24h,
                sum({INTERACTIONS}) FILTER ({young}) AS interactions_24h
            FROM events GROUP BY note_id
        )
        SELECT notes.*, {counts}, coalesce(time_ms, 0) / 1000.0::DOUBLE AS time_spent_s,
            first_impression_t, first_interaction_t, reached_target_t
        FROM notes LEFT JOIN seen USING (note_id) LEFT JOIN reached USING (note_id)
        ORDER BY note_id"""
