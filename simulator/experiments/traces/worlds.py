"""Twin runs of several seeds laid side by side: one row a note, one layer a boost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiments.errors import AnalysisError
from simulator.experiments.traces.lives import COUNTS, TWIN, Span
from simulator.experiments.traces.meetings import compare_meetings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Told:
    """What the study reads of one run.

    Attributes:
        lives: see `note_lives`, of the notes to compare.
        meetings: see `lives.meetings`, of the same notes.
        click_rate: clicks per impression of the run.
    """

    lives: pd.DataFrame
    meetings: pd.DataFrame
    click_rate: float


@dataclass(frozen=True, slots=True)
class Worlds:
    """Notes that are in the runs of every boost, over all seeds.

    Attributes:
        boosts: coefficients, ascending; the first is the control.
        span: which notes, and ages.
        notes: N rows with the columns of `TWIN`, `seed` and `cluster` (a creator in a seed).
        counts: float64[boosts, N, bands, COUNTS].
        smoothed: float64[boosts, N, bands], click rate of each note at the end of a band as the
            platform sees it: (clicks + r·m) / (impressions + m), with the run's own click rate r
            and m pseudo-impressions.
        meetings: see `compare_meetings`; one row a `cluster`, `boost` and smaller boost `against`.
        unmatched: notes left out because the run of some boost does not have them.
    """

    boosts: tuple[float, ...]
    span: Span
    notes: pd.DataFrame
    counts: Floats
    smoothed: Floats
    meetings: pd.DataFrame
    unmatched: int

    @property
    def n_clusters(self) -> int:
        """Number of creators, each counted once a seed."""
        return int(self.notes["cluster"].max()) + 1 if len(self.notes) else 0

    @property
    def window(self) -> int:
        """First age band after the window."""
        return self.span.edges_s.index(self.span.window_s)

    def count(self, name: str) -> Floats:
        """Return one of `COUNTS`, float64[boosts, N, bands]."""
        return self.counts[..., COUNTS.index(name)]

    def natural(self, name: str) -> Floats:
        """Return the part of one of `COUNTS` that no support acted on."""
        granted = "granted" if name == "impressions" else f"granted_{name}"
        return self.count(name) - self.count(granted)

    def by_cluster(self, values: Floats) -> Floats:
        """Sum values of notes by cluster: float64[..., N] -> float64[..., clusters]."""
        cluster = self.notes["cluster"].to_numpy()
        flat = values.reshape(-1, values.shape[-1])
        sums = [np.bincount(cluster, row, self.n_clusters) for row in flat]
        return np.array(sums, np.float64).reshape(*values.shape[:-1], self.n_clusters)


def side_by_side(
    told: Mapping[tuple[int, float], Told],
    boosts: Sequence[float],
    span: Span,
    prior_impressions: float,
) -> Worlds:
    """Find every note in the runs of all boosts of its seed.

    Args:
        told: what was read, by seed and boost; every seed needs every boost.
        boosts: coefficients, the control first.
        span: which notes, and ages.
        prior_impressions: pseudo-impressions m of `Worlds.smoothed`.

    Raises:
        AnalysisError: no note is in the runs of all boosts.
    """
    seeds = sorted({seed for seed, _ in told})
    notes, counts, smoothed, met, unmatched = [], [], [], [], 0
    for seed in seeds:
        runs = [told[seed, boost] for boost in boosts]
        shared, left_out = _shared([run.lives for run in runs])
        unmatched += left_out
        seen = np.stack([_counts(run.lives, shared, span) for run in runs])
        rates = np.array([run.click_rate for run in runs])
        notes.append(shared.reset_index()[TWIN].assign(seed=seed))
        counts.append(seen)
        smoothed.append(_smoothed(seen, rates, prior_impressions))
        met.append(_meetings(runs, boosts).assign(seed=seed))
    table = pd.concat(notes, ignore_index=True)
    if not len(table):
        raise AnalysisError("no note of the cohort is in the runs of every boost")
    codes = table.groupby(["seed", "creator_id"], sort=True).ngroup()
    table["cluster"] = codes
    of_creator = table.drop_duplicates("cluster")[["seed", "creator_id", "cluster"]]
    return Worlds(
        tuple(boosts),
        span,
        table,
        np.concatenate(counts, axis=1),
        np.concatenate(smoothed, axis=1),
        pd.concat(met, ignore_index=True).merge(of_creator, on=["seed", "creator_id"]),
        unmatched,
    )


def _shared(lives: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, int]:
    """Return the notes that all tables have, as an index, and how many some table lacks."""
    indexes = [pd.MultiIndex.from_frame(table[TWIN].drop_duplicates()) for table in lives]
    shared = indexes[0]
    every = indexes[0]
    for index in indexes[1:]:
        shared, every = shared.intersection(index), every.union(index)
    shared = shared.sort_values()
    return pd.DataFrame(index=shared), len(every) - len(shared)


def _counts(lives: pd.DataFrame, shared: pd.DataFrame, span: Span) -> Floats:
    table = lives.set_index([*TWIN, "band"]).sort_index()
    cells = pd.MultiIndex.from_frame(
        shared.reset_index().merge(pd.DataFrame({"band": range(span.n_bands)}), how="cross")
    )
    values = table[list(COUNTS)].reindex(cells).to_numpy(np.float64)
    return values.reshape(len(shared), span.n_bands, len(COUNTS))


def _smoothed(counts: Floats, rates: Floats, prior: float) -> Floats:
    life = counts.cumsum(axis=2)
    shown, clicked = (life[..., COUNTS.index(name)] for name in ("impressions", "clicks"))
    return np.asarray((clicked + prior * rates[:, None, None]) / (shown + prior))


def _meetings(runs: Sequence[Told], boosts: Sequence[float]) -> pd.DataFrame:
    tables = [
        compare_meetings(runs[j].meetings, runs[i].meetings).assign(
            boost=boosts[j], against=boosts[i]
        )
        for i in range(len(boosts))
        for j in range(i + 1, len(boosts))
    ]
    return pd.concat(tables, ignore_index=True)
