"""How many measured impressions each set of recall channels found: all a channel mix needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.results.folder import RunFolder
from simulator.results.query import Query

if TYPE_CHECKING:
    import pandas as pd


def channel_masks(folder: RunFolder) -> pd.DataFrame:
    """Count measured impressions and clicks by the set of channels that found them.

    Args:
        folder: a finished run whose event log was kept.

    Returns:
        Columns channels (bit c is set for channel c), is_new (whether the note was in its
        cold-start window), impressions and clicks; one row a set that occurs.

    Raises:
        RunError: the event log is damaged.
    """
    params = folder.manifest.params
    with Query(folder.path, ["events"], scratch=folder.scratch) as query:
        return query.frame(f"""
            SELECT channels, note_age_s < {params.new_age_s} AS is_new,
                count(*) AS impressions, count(*) FILTER (click = 1) AS clicks
            FROM events WHERE day >= 0 AND day < {params.measured_days}
            GROUP BY ALL ORDER BY channels, is_new""")
