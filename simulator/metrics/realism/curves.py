"""The curves behind the values that stylised facts are about, from the tables of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results.params import MetricParams

if TYPE_CHECKING:
    import pandas as pd

    from simulator.results.query import Query

_POINTS: Final = 101
_OLDEST_D: Final = 10
_LAST_SLOT: Final = 20


@dataclass(frozen=True, slots=True)
class Curves:
    """What a run looks like where facts say something.

    Attributes:
        hours: `hour` of the day and its `share` of impressions.
        slots: `position` in the slate from 1, `seen` relative to the first, click rate `ctr`, and
            `adjusted`, the click rate over the predicted one, relative to all slots.
        ages: `day` of a note's life, from 0, and the `share` of its first ten days' impressions;
            notes that the run followed so long.
        lorenz: `notes`, share of notes from the least seen on, and their share of `impressions`;
            notes that were distributed for a week or more.
    """

    hours: pd.DataFrame
    slots: pd.DataFrame
    ages: pd.DataFrame
    lorenz: pd.DataFrame


def curves(query: Query, params: MetricParams) -> Curves:
    """Return the curves of one run.

    Args:
        query: the tables that `measures.measure_all` takes.
        params: windows and thresholds.
    """
    return Curves(_hours(query), _slots(query), _ages(query, params), _lorenz(query, params))


def _hours(query: Query) -> pd.DataFrame:
    return query.frame(f"""
        SELECT CAST(floor((t % {DAY_S}) / {HOUR_S}) AS INTEGER) AS hour,
            count(*) / sum(count(*)) OVER () AS share
        FROM impressions GROUP BY hour ORDER BY hour""")


def _slots(query: Query) -> pd.DataFrame:
    return query.frame(f"""
        SELECT position + 1 AS position, count(*) / max(count(*)) OVER () AS seen,
            avg(click) AS ctr,
            avg(click) / nullif(avg(p_click), 0)
                / (sum(sum(click)) OVER () / nullif(sum(sum(p_click)) OVER (), 0)) AS adjusted
        FROM impressions WHERE position < {_LAST_SLOT} GROUP BY position ORDER BY position""")


def _ages(query: Query, params: MetricParams) -> pd.DataFrame:
    last = params.end_t - _OLDEST_D * DAY_S
    return query.frame(f"""
        SELECT CAST(floor(note_age_s / {DAY_S}) AS INTEGER) AS day,
            count(*) / sum(count(*)) OVER () AS share
        FROM events JOIN note_outcomes USING (note_id)
        WHERE published_t >= 0 AND published_t < {last} AND note_age_s < {_OLDEST_D * DAY_S}
        GROUP BY 1 ORDER BY 1""")


def _lorenz(query: Query, params: MetricParams) -> pd.DataFrame:
    import pandas as pd

    end = params.end_t - 7 * DAY_S
    found = query.columns(f"""SELECT impressions FROM note_outcomes
        WHERE published_t >= 0 AND published_t < {end} ORDER BY impressions""")
    x = found["impressions"].astype(np.float64)
    total = float(x.sum())
    if not total:
        return pd.DataFrame({"notes": [], "impressions": []}, dtype=float)
    below = np.concatenate([[0.0], np.cumsum(x)]) / total
    notes = np.linspace(0, 1, _POINTS)
    return pd.DataFrame(
        {"notes": notes, "impressions": np.interp(notes, np.linspace(0, 1, below.size), below)}
    )
