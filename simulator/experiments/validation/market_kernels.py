"""Compiled event loop of the validation market."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def bookings(
    rng: np.random.Generator,
    n_listings: NDArray[np.int64],
    rates: NDArray[np.float64],
    v: NDArray[np.float64],
    a_c: float,
    t0: float,
    t1: float,
) -> NDArray[np.int64]:
    """Run the continuous-time chain once, from a market where every listing is available.

    Args:
        rng: generator of this replicate.
        n_listings: listings of each arm, int64[2].
        rates: λ, τ, ε, α, float64[4].
        v: logit weights by customer arm and listing arm, float64[2, 2].
        a_c: probability that a customer is in treatment.
        t0: time from which bookings count.
        t1: time of the end.

    Returns:
        int64[2, 2], bookings in (t0, t1] by customer arm and listing arm.
    """
    total = n_listings[0] + n_listings[1]
    arrivals, tau, outside, alpha = total * rates[0], rates[1], total * rates[2], rates[3]
    free0, free1 = n_listings[0], n_listings[1]
    counts = np.zeros((2, 2), np.int64)
    t = 0.0
    while True:
        booked0, booked1 = n_listings[0] - free0, n_listings[1] - free1
        event_rate = arrivals + tau * (booked0 + booked1)
        t += rng.standard_exponential() / event_rate
        if t > t1:
            return counts
        u = rng.random() * event_rate
        if u >= arrivals:
            if u - arrivals < tau * booked0:
                free0 += 1
            else:
                free1 += 1
            continue
        i = 1 if rng.random() < a_c else 0
        seen0, seen1 = free0, free1
        if alpha < 1.0:
            seen0, seen1 = rng.binomial(free0, alpha), rng.binomial(free1, alpha)
        weight0, weight1 = seen0 * v[i, 0], seen1 * v[i, 1]
        pick = rng.random() * (outside + weight0 + weight1)
        if pick < weight0:
            free0 -= 1
            counts[i, 0] += t > t0
        elif pick < weight0 + weight1:
            free1 -= 1
            counts[i, 1] += t > t0
