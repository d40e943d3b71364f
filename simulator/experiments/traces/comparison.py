"""Levels by boost, and differences between boosts with intervals clustered by creator."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.contracts.events import HOUR_S
from simulator.experiments.traces.effects import Estimate
from simulator.experiments.traces.outcomes import (
    CURVES,
    OUTCOMES,
    band_ratios,
    note_totals,
    outcome_ratios,
)
from simulator.experiments.traces.worlds import Worlds

Floats = NDArray[np.float64]
_KEPT = (
    "window_impressions",
    "window_granted",
    "window_clicks",
    "smoothed",
    "later_impressions",
    "later_clicks",
    "final_smoothed",
)


@dataclass(frozen=True, slots=True)
class Effect:
    """One outcome of one boost against a smaller one.

    Attributes:
        outcome: name from `OUTCOMES`.
        boost, against: coefficients.
        value, base: the outcome of each.
        difference: value less base.
        low, high: ends of its 95 % interval, clustered by creator.
        relative: difference over the base's size, NaN when that is 0.
        seeds_up: seeds in which the difference is above 0.
        seeds: seeds in which it is defined.
    """

    outcome: str
    boost: float
    against: float
    value: float
    base: float
    difference: float
    low: float
    high: float
    relative: float
    seeds_up: int
    seeds: int


@dataclass(frozen=True, slots=True)
class _Side:
    """One boost's part in a comparison: numerator and denominator by cluster."""

    boost: float
    over: Floats
    under: Floats

    def estimate(self, own: NDArray[np.bool_] | slice = slice(None)) -> Estimate:
        return Estimate.ratio(self.over[own], self.under[own])


def effects(worlds: Worlds) -> list[Effect]:
    """Compare every boost with each smaller one, outcome by outcome."""
    seeds = _seed_of_cluster(worlds)
    found = [
        _effect(name, other, base, seeds)
        for name, (over, under) in outcome_ratios(worlds).items()
        for base, other in _pairs_of(worlds.boosts, over, under)
    ]
    for base_boost, boost in itertools.combinations(worlds.boosts, 2):
        for name, sides in _met(worlds, boost, base_boost).items():
            found.append(_effect(name, *sides, seeds))
    order = {outcome.name: i for i, outcome in enumerate(OUTCOMES)}
    return sorted(found, key=lambda e: (order[e.outcome], e.against, e.boost))


def curves(worlds: Worlds) -> pd.DataFrame:
    """Follow notes over their age.

    Returns:
        One row an outcome of `CURVES`, boost and age band: `outcome`, `boost`, `from_h`, `to_h`,
        `value`, `difference` to the control and the ends `low` and `high` of its 95 % interval.
    """
    edges_h = [edge / HOUR_S for edge in worlds.span.edges_s]
    rows: list[dict[str, object]] = []
    for band in range(worlds.span.n_bands):
        place = {"from_h": edges_h[band], "to_h": edges_h[band + 1]}
        for name, (over, under) in band_ratios(worlds, band).items():
            found = [Estimate.ratio(o, u) for o, u in zip(over, under, strict=True)]
            for boost, estimate in zip(worlds.boosts, found, strict=True):
                rows.append(
                    {"outcome": name, "boost": boost, **place, **_point(estimate, found[0])}
                )
    table = pd.DataFrame(rows)
    names = [outcome.name for outcome in CURVES]
    table["outcome"] = pd.Categorical(table["outcome"], names)
    ordered = table.sort_values(["outcome", "boost", "from_h"], ignore_index=True)
    return ordered.astype({"outcome": str})


def per_note(worlds: Worlds) -> pd.DataFrame:
    """Return one row a boost and note with its totals in the window and after it."""
    totals = note_totals(worlds)
    tables = [
        worlds.notes.assign(boost=boost, **{name: totals[name][i] for name in _KEPT})
        for i, boost in enumerate(worlds.boosts)
    ]
    return pd.concat(tables, ignore_index=True)


def _point(estimate: Estimate, control: Estimate) -> dict[str, float]:
    gap = estimate - control
    low, high = gap.interval()
    return {"value": estimate.value, "difference": gap.value, "low": low, "high": high}


def _pairs_of(
    boosts: tuple[float, ...], over: Floats, under: Floats
) -> Iterator[tuple[_Side, _Side]]:
    """Yield (smaller boost, larger boost) of every pair."""
    sides = [_Side(*side) for side in zip(boosts, over, under, strict=True)]
    return itertools.combinations(sides, 2)


def _met(worlds: Worlds, boost: float, against: float) -> dict[str, tuple[_Side, _Side]]:
    """Return the outcomes that compare readers: by name, the boost's side and the other's."""
    table = worlds.meetings
    rows = table[(table["boost"] == boost) & (table["against"] == against)]
    cluster = rows["cluster"].to_numpy(np.int64)
    notes = worlds.by_cluster(np.ones(len(worlds.notes)))

    def total(name: str) -> Floats:
        values = rows[name].to_numpy(np.float64)
        return np.bincount(cluster, values, worlds.n_clusters).astype(np.float64)

    both = total("both")
    return {
        "later_fresh": (
            _Side(boost, total("fresh"), notes),
            _Side(against, total("base_fresh"), notes),
        ),
        "same_pair_p_click": (
            _Side(boost, total("p_click"), both),
            _Side(against, total("base_p_click"), both),
        ),
    }


def _effect(name: str, other: _Side, base: _Side, seeds: NDArray[np.int64]) -> Effect:
    own = [seeds == seed for seed in np.unique(seeds)]
    by_seed = [other.estimate(rows).value - base.estimate(rows).value for rows in own]
    known = [gap for gap in by_seed if math.isfinite(gap)]
    value, level = other.estimate(), base.estimate()
    gap = value - level
    low, high = gap.interval()
    return Effect(
        outcome=name,
        boost=other.boost,
        against=base.boost,
        value=value.value,
        base=level.value,
        difference=gap.value,
        low=low,
        high=high,
        relative=gap.value / abs(level.value) if level.value else math.nan,
        seeds_up=sum(gap > 0 for gap in known),
        seeds=len(known),
    )


def _seed_of_cluster(worlds: Worlds) -> NDArray[np.int64]:
    first = worlds.notes.drop_duplicates("cluster").sort_values("cluster")
    return first["seed"].to_numpy(np.int64)
