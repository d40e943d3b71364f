"""What is compared between twin runs: ratios of totals over notes, by cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.experiments.traces.worlds import Worlds

Floats = NDArray[np.float64]
Kind = Literal["count", "share", "value"]
Ratio = tuple[Floats, Floats]
"""Numerator and denominator, float64[boosts, clusters] each."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A ratio of totals over notes.

    Attributes:
        name: name in tables.
        kind: how it reads: a count a note, a share, or a plain value.
        description: what it is.
    """

    name: str
    kind: Kind
    description: str


OUTCOMES: Final = (
    Outcome("window_impressions", "count", "impressions a note while support may act"),
    Outcome("granted_share", "share", "share of those that support acted on"),
    Outcome("window_ctr", "share", "clicks per impression while support may act"),
    Outcome("window_rank", "value", "mean place in the organic order when shown then, from 0"),
    Outcome("smoothed_ctr", "share", "smoothed click rate of a note when the window ends"),
    Outcome("evidence", "value", "log(1 + impressions) of a note when the window ends"),
    Outcome("later_impressions", "count", "natural impressions a note after the window"),
    Outcome("later_fresh", "count", "those by readers whom the note met in neither window"),
    Outcome("later_clicks", "count", "clicks a note on natural impressions after the window"),
    Outcome("later_ctr", "share", "clicks per natural impression after the window"),
    Outcome("later_p_click", "share", "predicted click probability of those impressions"),
    Outcome("later_value", "value", "organic value of those impressions"),
    Outcome("later_rank", "value", "place in the organic order of those impressions, from 0"),
    Outcome("same_pair_p_click", "share", "predicted, for readers that a note meets in both runs"),
    Outcome("final_smoothed_ctr", "share", "smoothed click rate of a note at the last age"),
    Outcome("life_impressions", "count", "impressions a note up to the last age"),
    Outcome("life_clicks", "count", "clicks a note up to the last age"),
    Outcome("later_per_gained", "value", "natural impressions later for one gained in the window"),
)
"""Outcomes of a life; natural impressions are those that no support acted on.

The smoothed click rate and the evidence count every note once, shown or not. A note that met more
readers in its window has fewer left: `later_fresh` compares the readers who are left in both runs.
What is predicted depends on who the readers are: `same_pair_p_click` compares the same readers.
"""

CURVES: Final = (
    Outcome("impressions_per_day", "count", "impressions a note and day"),
    Outcome("natural_per_day", "count", "natural impressions a note and day"),
    Outcome("clicks_per_day", "count", "clicks a note and day"),
    Outcome("granted_share", "share", "share of impressions that support acted on"),
    Outcome("ctr", "share", "clicks per impression"),
    Outcome("smoothed_ctr", "share", "smoothed click rate of a note when the band ends"),
    Outcome("p_click", "share", "predicted click probability when shown"),
    Outcome("value", "value", "organic value when shown"),
    Outcome("rank", "value", "place in the organic order when shown, from 0"),
)
"""Outcomes that are followed over the age of notes."""

_PARTS: Final = {
    "window_impressions": ("window_impressions", "notes"),
    "granted_share": ("window_granted", "window_impressions"),
    "window_ctr": ("window_clicks", "window_impressions"),
    "window_rank": ("window_rank", "window_impressions"),
    "smoothed_ctr": ("smoothed", "notes"),
    "evidence": ("evidence", "notes"),
    "later_impressions": ("later_impressions", "notes"),
    "later_clicks": ("later_clicks", "notes"),
    "later_ctr": ("later_clicks", "later_impressions"),
    "later_p_click": ("later_p_click", "later_impressions"),
    "later_value": ("later_value", "later_impressions"),
    "later_rank": ("later_rank", "later_impressions"),
    "final_smoothed_ctr": ("final_smoothed", "notes"),
    "life_impressions": ("life_impressions", "notes"),
    "life_clicks": ("life_clicks", "notes"),
}


def outcome_ratios(worlds: Worlds) -> dict[str, Ratio]:
    """Return numerator and denominator of the outcomes of a life that do not compare readers.

    `later_per_gained` of the control is 0 / 1; of a boost it is the natural impressions after the
    window over the impressions in it, both less those of the control.
    """
    notes = note_totals(worlds)
    sums = {name: worlds.by_cluster(values) for name, values in notes.items()}
    found = {name: (sums[over], sums[under]) for name, (over, under) in _PARTS.items()}
    later, gained = (sums[name] - sums[name][0] for name in
                     ("later_impressions", "window_impressions"))  # fmt: skip
    gained[0] = 1.0
    return {**found, "later_per_gained": (later, gained)}


def note_totals(worlds: Worlds) -> dict[str, Floats]:
    """Return float64[boosts, N] totals of each note in the window, after it, and over its life."""
    during, after = slice(0, worlds.window), slice(worlds.window, None)
    shown = worlds.count("impressions")
    totals = {
        "notes": np.ones(shown.shape[:2]),
        "window_granted": worlds.count("granted")[..., during].sum(-1),
        "smoothed": worlds.smoothed[..., worlds.window - 1],
        "evidence": np.log1p(shown[..., during].sum(-1)),
        "final_smoothed": worlds.smoothed[..., -1],
        "life_impressions": shown.sum(-1),
        "life_clicks": worlds.count("clicks").sum(-1),
    }
    for name in ("impressions", "clicks", "rank"):
        totals[f"window_{name}"] = worlds.count(name)[..., during].sum(-1)
    for name in ("impressions", "clicks", "rank", "p_click", "value"):
        totals[f"later_{name}"] = worlds.natural(name)[..., after].sum(-1)
    return totals


def band_ratios(worlds: Worlds, band: int) -> dict[str, Ratio]:
    """Return numerator and denominator of every outcome of `CURVES` in an age band."""
    edges = worlds.span.edges_s
    days = (edges[band + 1] - edges[band]) / DAY_S

    def total(values: Floats) -> Floats:
        return worlds.by_cluster(values[..., band])

    notes = worlds.by_cluster(np.ones(worlds.counts.shape[:2]))
    shown, clicks = total(worlds.count("impressions")), total(worlds.count("clicks"))
    return {
        "impressions_per_day": (shown, notes * days),
        "natural_per_day": (total(worlds.natural("impressions")), notes * days),
        "clicks_per_day": (clicks, notes * days),
        "granted_share": (total(worlds.count("granted")), shown),
        "ctr": (clicks, shown),
        "smoothed_ctr": (total(worlds.smoothed), notes),
        "p_click": (total(worlds.count("p_click")), shown),
        "value": (total(worlds.count("value")), shown),
        "rank": (total(worlds.count("rank")), shown),
    }
