"""What happened to each note of a run, by age; the same note found in runs of one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results.query import Query

TWIN: Final = ["creator_id", "published_t", "copy"]
"""Columns that name a note in every run of a seed.

Rows, and so `note_id`, shift when creators publish more in one run than in another. The creator
and the time of publication do not: both are keyed by creator, day and serial number. `copy` tells
notes apart that a creator publishes at the same instant.
"""

COUNTS: Final = (
    "impressions",
    "granted",
    "clicks",
    "granted_clicks",
    "rank",
    "granted_rank",
    "p_click",
    "granted_p_click",
    "value",
    "granted_value",
)
"""Sums over the impressions of a note at some age, and over those that support acted on.

`impressions` and `granted` count impressions, `clicks` clicks; `rank` sums places in the organic
order of the ranker (from 0), `p_click` predicted click probabilities, `value` organic values.
"""

EDGES_S: Final = tuple(
    float(h * HOUR_S) for h in (0, 1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 72, 96, 120, 144, 168)
)
"""Ages between which lives are counted, seconds."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which notes are followed, and how.

    Attributes:
        first_t, last_t: notes published from here on, up to but not including; seconds.
        edges_s: ages between which impressions are counted, ascending from 0, seconds.
        window_s: age at which support has ended, one of `edges_s`; impressions after it that no
            support acted on are natural traffic.
    """

    first_t: float
    last_t: float
    edges_s: tuple[float, ...] = EDGES_S
    window_s: float = float(DAY_S)

    @property
    def n_bands(self) -> int:
        """Number of age bands."""
        return len(self.edges_s) - 1


def note_lives(folder: Path, span: Span) -> pd.DataFrame:
    """Count the impressions of every note of a run by age.

    Args:
        folder: finished run that has kept its event log.
        span: notes and ages.

    Returns:
        One row a note and age band, also where nothing happened: the columns of `TWIN`, `band`
        (from 0) and those of `COUNTS`.

    Raises:
        RunError: a table is missing or damaged.
    """
    with Query(folder, ["events", "notes"]) as query:
        query.execute(_chosen(span))
        notes = query.frame("SELECT creator_id, published_t, copy, note_id FROM chosen")
        counts = query.frame(_counts(span.edges_s))
    grid = notes.merge(pd.DataFrame({"band": range(span.n_bands)}), how="cross")
    lives = grid.merge(counts, on=["note_id", "band"], how="left").fillna(0.0)
    return lives.drop(columns="note_id")


def meetings(folder: Path, span: Span) -> pd.DataFrame:
    """Return which readers every note of a run met, and what was predicted of them.

    A reader sees a note once, so a reader and a note are at most once in each run.

    Args:
        folder: finished run that has kept its event log.
        span: notes and ages.

    Returns:
        One row an impression: the columns of `TWIN`, `reader_id`, `p_click`, `in_window` (True
        while support may act) and `is_later` (True for natural traffic after that).
    """
    with Query(folder, ["events", "notes"]) as query:
        query.execute(_chosen(span))
        return query.frame(f"""
            SELECT c.creator_id, c.published_t, c.copy, e.reader_id, e.p_click::DOUBLE AS p_click,
                e.note_age_s < {span.window_s} AS in_window,
                e.note_age_s >= {span.window_s} AND e.granted_by = 0 AS is_later
            FROM events e JOIN chosen c USING (note_id) WHERE e.note_age_s < {span.edges_s[-1]}
            ORDER BY c.note_id, e.t, e.reader_id""")


def click_rate(folder: Path) -> float:
    """Return clicks per impression of a whole run, warm-up included."""
    with Query(folder, ["events"]) as query:
        found = query.columns("SELECT sum(click) AS clicks, count(*) AS n FROM events")
    return float(found["clicks"][0]) / max(1.0, float(found["n"][0]))


def _chosen(span: Span) -> str:
    return f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT note_id, creator_id, published_t, row_number() OVER (
            PARTITION BY creator_id, published_t ORDER BY note_id) - 1 AS copy
        FROM notes WHERE published_t >= {span.first_t!r} AND published_t < {span.last_t!r}
        ORDER BY note_id"""


def _counts(edges_s: Sequence[float]) -> str:
    band = " + ".join(f"(e.note_age_s >= {edge})::INTEGER" for edge in edges_s[1:-1]) or "0"
    sums = {
        "impressions": "1",
        "clicks": "e.click",
        "rank": "e.organic_rank",
        "p_click": "e.p_click::DOUBLE",
        "value": "e.organic_value::DOUBLE",
    }
    granted = {name: f"granted_{name}" for name in sums} | {"impressions": "granted"}
    parts = [
        f"sum({value}) AS {name}, "
        f"coalesce(sum({value}) FILTER (e.granted_by <> 0), 0) AS {granted[name]}"
        for name, value in sums.items()
    ]
    return f"""
        SELECT note_id, {band} AS band, {", ".join(parts)}
        FROM events e JOIN chosen USING (note_id)
        WHERE e.note_age_s < {edges_s[-1]} GROUP BY note_id, band"""
