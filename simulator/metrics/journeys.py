"""How single new notes fare hour by hour after they are published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.contracts.events import HOUR_S
from simulator.contracts.quotas import QuotaEvent
from simulator.results.folder import RunFolder
from simulator.results.query import Query

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "t", "note_age_s", "click", "channels", "granted_by", "position", "organic_value",
    "final_value",
)  # fmt: skip
"""Columns of the event log that tell the journey of a note."""


def exposure_by_hour(folder: RunFolder, window_s: float) -> pd.DataFrame:
    """Count impressions by note and hour since publishing, over notes younger than a window.

    Args:
        folder: a finished run whose event log was kept.
        window_s: age up to which impressions count, seconds.

    Returns:
        Columns note_id, hour (whole hours since publishing, from 0) and impressions; hours
        without impressions have no row.

    Raises:
        RunError: the event log is damaged.
    """
    with Query(folder.path, ["events"], scratch=folder.scratch) as query:
        return query.frame(f"""
            SELECT note_id, CAST(floor(note_age_s / {HOUR_S}) AS INTEGER) AS hour,
                CAST(count(*) AS INTEGER) AS impressions
            FROM events WHERE note_age_s < {float(window_s)} GROUP BY ALL ORDER BY note_id, hour""")


def promises(folder: RunFolder, note_id: int) -> pd.DataFrame:
    """Return the promises of policies to a note in order of time.

    Args:
        folder: a finished run.
        note_id: the note.

    Returns:
        One row a stage that started: policy (its place in the scenario), t and impressions at the
        start, target and deadline_t; no row where no policy made a promise.

    Raises:
        RunError: the table is damaged.
    """
    with Query(folder.path, ["quotas"], scratch=folder.scratch) as query:
        return query.frame(f"""
            SELECT policy, t, impressions, target, deadline_t FROM quotas
            WHERE note_id = {int(note_id)} AND event = {int(QuotaEvent.START)}
            ORDER BY policy, t""")
