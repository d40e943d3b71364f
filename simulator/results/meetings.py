"""Who met whom in a test: readers and creators, for errors that both sides make."""

from __future__ import annotations

from simulator.contracts.events import DAY_S
from simulator.results.folder import RunFolder
from simulator.results.params import MetricParams
from simulator.results.query import Query

_SOURCES = ("events", "notes")


def build_meetings(folder: RunFolder, params: MetricParams, first_day: int = 0) -> None:
    """Write `meetings.parquet`.

    Args:
        folder: run whose event log is complete.
        params: days and windows.
        first_day: first measured day that counts.

    Raises:
        RunError: a source table is damaged, or the result cannot be written.
    """
    start_t = (params.warm_up_days + first_day) * DAY_S
    end_t = (params.warm_up_days + params.measured_days) * DAY_S
    new = f"note_age_s < {params.new_age_s}"
    of_test = f"published_t >= {start_t} AND published_t <= {end_t - DAY_S}"
    young = f"note_age_s < {DAY_S} AND {of_test}"
    with Query(folder.path, _SOURCES, scratch=folder.scratch) as query:
        query.store(
            "meetings",
            f"""
            SELECT events.reader_id, events.creator_id, max(events.reader_arm) AS reader_arm,
                events.note_arm, count(*) AS impressions, sum(click) AS clicks,
                count(*) FILTER ({new}) AS new_impressions,
                coalesce(sum(click) FILTER ({new}), 0) AS new_clicks,
                count(*) FILTER ({young}) AS impressions_24h,
                coalesce(sum(click) FILTER ({young}), 0) AS clicks_24h
            FROM events JOIN notes USING (note_id) WHERE day >= {first_day}
            GROUP BY events.reader_id, events.creator_id, events.note_arm
            ORDER BY events.reader_id, events.creator_id, events.note_arm""",
        )
