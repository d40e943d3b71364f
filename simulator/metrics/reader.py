"""Reader side: what readers make of new notes, by how widely a note is known."""

from __future__ import annotations

from typing import Final

from simulator.metrics.catalog import Family, Metric, no_others
from simulator.results.params import MetricParams
from simulator.results.query import INTERACTIONS

_BANDS: Final = {
    "low": "life impressions below 100 (scaled)",
    "mid": "life impressions from 100 to 999 (scaled)",
    "high": "life impressions of 1,000 (scaled) or more",
}
_CTR: Final = "Clicks per impression of notes inside the cold-start window"
_RATE: Final = (
    "Likes, collects, comments and shares per click on notes inside the cold-start window"
)

METRICS: Final = (
    Metric("new_note_ctr", "", "up", f"{_CTR}.", "new_clicks", "new_impressions"),
    *(
        Metric(
            f"new_note_ctr_{band}",
            "",
            "up",
            f"{_CTR}, with {meaning} at the time.",
            f"{band}_clicks",
            f"{band}_impressions",
        )
        for band, meaning in _BANDS.items()
    ),
    Metric("new_note_interaction_rate", "", "up", f"{_RATE}.", "new_interactions", "new_clicks"),
    *(
        Metric(
            f"new_note_interaction_rate_{band}",
            "",
            "up",
            f"{_RATE}, with {meaning} at the time.",
            f"{band}_interactions",
            f"{band}_clicks",
        )
        for band, meaning in _BANDS.items()
    ),
    Metric("hide_rate", "", "down", "Hides per impression, all notes.", "hides", "impressions"),
)


def _sums(params: MetricParams) -> tuple[str, ...]:
    mid, high = params.scaled(params.mid_impressions), params.scaled(params.high_impressions)
    bands = {
        "low": f"note_impressions < {mid}",
        "mid": f"note_impressions >= {mid} AND note_impressions < {high}",
        "high": f"note_impressions >= {high}",
    }
    columns = ", ".join(
        f"""count(*) FILTER ({band}) AS {name}_impressions,
        sum(click) FILTER ({band}) AS {name}_clicks,
        sum({INTERACTIONS}) FILTER ({band}) AS {name}_interactions"""
        for name, band in bands.items()
    )
    sql = f"""SELECT day, {columns} FROM impressions
        WHERE note_age_s < {params.new_age_s} GROUP BY day"""
    return (sql,)


FAMILY: Final = Family("reader", METRICS, _sums, no_others)
