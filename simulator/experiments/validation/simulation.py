"""Finite validation market: exact simulation, event by event."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.contracts.random import generator
from simulator.experiments.errors import AnalysisError
from simulator.experiments.validation.market import Market
from simulator.experiments.validation.market_kernels import bookings


def simulate_market(
    market: Market,
    n_listings: int,
    a_c: float,
    a_l: float,
    t0: float,
    t1: float,
    seed: int,
    n_replicates: int = 1,
) -> NDArray[np.int64]:
    """Simulate the market as a continuous-time Markov chain and count bookings.

    Customers arrive at rate λ N and are treated with probability a_c; round(a_l N) listings are
    treated. Each available listing is considered with probability α; a listing of weight v_ij is
    booked with probability v_ij / (ε N + weights considered). All listings start available.

    Args:
        market: parameters λ, τ, v0, v1, ε, α.
        n_listings: N, listings of the market.
        a_c: fraction of customers in treatment, in [0, 1].
        a_l: fraction of listings in treatment, in [0, 1].
        t0: start of counting, in the unit of time of λ and τ; before it the market settles.
        t1: end of the run, later than t0.
        seed: replication seed; replicate r depends on (seed, r) alone.
        n_replicates: independent runs.

    Returns:
        int64[n_replicates, 2, 2]: bookings in (t0, t1] by customer arm and listing arm. Divide with
        `per_listing` to compare with `mean_field`.

    Raises:
        AnalysisError: a fraction outside [0, 1], no listing, or t1 not after t0 ≥ 0.
    """
    if not (0.0 <= a_c <= 1.0 and 0.0 <= a_l <= 1.0):
        raise AnalysisError(f"a_c and a_l must lie between 0 and 1 (got {a_c} and {a_l})")
    if n_listings < 1 or n_replicates < 1 or not 0.0 <= t0 < t1:
        raise AnalysisError("needs n_listings ≥ 1, n_replicates ≥ 1 and 0 ≤ t0 < t1")
    treated = round(a_l * n_listings)
    listings = np.array([n_listings - treated, treated], np.int64)
    rates = np.array([market.lam, market.tau, market.epsilon, market.alpha])
    weights = market.weights()
    out = np.empty((n_replicates, 2, 2), np.int64)
    for r in range(n_replicates):
        rng = generator(seed, f"validation market {r}")
        out[r] = bookings(rng, listings, rates, weights, float(a_c), float(t0), float(t1))
    return out


def per_listing(totals: ArrayLike, n_listings: int, t0: float, t1: float) -> NDArray[np.float64]:
    """Turn bookings in (t0, t1] into bookings per listing and unit of time."""
    return np.asarray(totals, np.float64) / (n_listings * (t1 - t0))
