"""Cluster bootstrap of concentration: Gini coefficient and top share."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.random import generator
from simulator.experiments.analysis.bootstrap_kernels import concentration

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Scheme = Literal["poisson", "multinomial"]


class Resampled(NamedTuple):
    """Concentration in two arms and its bootstrap replicates.

    Attributes:
        level: control and treatment, float64[2].
        replicates: the same for every replicate, float64[R, 2].
    """

    level: Floats
    replicates: Floats


def bootstrap_concentration(
    values: Floats,
    treated: NDArray[np.bool_],
    cluster: Ints,
    top: float,
    n_replicates: int,
    seed: int,
    scheme: Scheme = "poisson",
) -> Resampled:
    """Resample whole clusters and recompute the Gini coefficient or the top share of each arm.

    Args:
        values: non-negative numbers, float64[n].
        treated: arm of each row, bool[n].
        cluster: cluster of each row, integers from 0; a cluster keeps its weight in both arms.
        top: 0 for Gini, else the fraction of rows whose share of the total is measured.
        n_replicates: R.
        seed: replication seed.
        scheme: `poisson` gives each cluster Poisson(1) copies, `multinomial` draws as many clusters
            as there are in each arm, with replacement.
    """
    n_clusters = int(cluster.max()) + 1
    rng = generator(seed, "cluster bootstrap")
    if scheme == "poisson":
        weight = rng.poisson(1.0, (n_replicates, n_clusters)).astype(np.uint8)
    else:
        weight = _multinomial(rng, treated, cluster, n_clusters, n_replicates)
    one = np.ones((1, n_clusters), np.uint8)
    level, replicates = np.empty(2), np.empty((n_replicates, 2))
    for k, rows in enumerate((~treated, treated)):
        order = np.argsort(values[rows], kind="stable")
        ordered, code = values[rows][order], cluster[rows][order]
        level[k] = concentration(ordered, code, one, top)[0]
        replicates[:, k] = concentration(ordered, code, weight, top)
    return Resampled(level, replicates)


def _multinomial(
    rng: np.random.Generator,
    treated: NDArray[np.bool_],
    cluster: Ints,
    n_clusters: int,
    n_replicates: int,
) -> NDArray[np.uint8]:
    stratum = np.bincount(cluster, treated, n_clusters) > 0
    weight = np.empty((n_replicates, n_clusters), np.uint8)
    for group in (np.flatnonzero(stratum), np.flatnonzero(~stratum)):
        if group.size:
            share = np.full(group.size, 1.0 / group.size)
            weight[:, group] = rng.multinomial(group.size, share, n_replicates)
    return weight
