"""Tables of experiments with known properties, for the tests of the analysis."""

import numpy as np
import pandas as pd


def readers(n=4_000, seed=0, lift=0.0):
    """Return one row a reader: activity before and during, clicks out of impressions, arm."""
    rng = np.random.default_rng(seed)
    heat = rng.gamma(2.0, 1.0, n)
    arm = rng.integers(0, 2, n)
    before, during = rng.poisson(20 * heat) + 1, rng.poisson(20 * heat) + 1
    rate = np.clip(0.1 * rng.gamma(20.0, 0.05, n), 0.0, 0.5)
    return pd.DataFrame(
        {
            "reader": np.arange(n),
            "arm": np.where(arm == 1, "treatment", "control"),
            "impressions": during,
            "clicks": rng.binomial(during, rate * (1 + lift * arm)),
            "impressions_before": before,
            "clicks_before": rng.binomial(before, rate),
            "minutes": 5 * heat * (1 + lift * arm) + rng.exponential(2.0, n),
            "minutes_before": 5 * heat + rng.exponential(2.0, n),
            "region": rng.integers(0, 60, n),
        }
    )


def clustered(n_clusters=150, seed=1):
    """Return notes of creators, whole creators randomised, with a shared creator effect."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 25, n_clusters)
    creator = np.repeat(np.arange(n_clusters), size)
    arm = rng.permutation(n_clusters) % 2
    effect = rng.normal(0, 1, n_clusters)
    n = creator.size
    return pd.DataFrame(
        {
            "note": np.arange(n),
            "creator": creator,
            "arm": arm[creator],
            "quality": rng.normal(0, 1, n),
            "views": 10 + effect[creator] + rng.normal(0, 2, n),
            "impressions": rng.poisson(30, n) + 1.0,
        }
    )
