"""The two-sided validation market and its mean-field solution.

Listings (items) and customers (users). A customer arrives, considers each available listing with a
probability, and books one of them or nothing by a logit choice; a booked listing comes back after
an exponential time. Source: Johari, Li, Liskovich, Weintraub, Management Science 68(10), 2022, with
one customer type and one listing type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.errors import AnalysisError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Market:
    """Parameters of the validation market.

    Attributes:
        lam: λ, customers that arrive per listing and unit of time; positive.
        tau: τ, rate at which a booked listing becomes available again, 1/time; positive.
        v0: logit weight of an available listing without treatment; positive.
        v1: the same for a treated customer facing a treated listing; positive.
        epsilon: logit weight of booking nothing, per listing of the market; positive.
        alpha: probability that a customer considers an available listing, in (0, 1].
    """

    lam: float = 1.0
    tau: float = 1.0
    v0: float = 0.315
    v1: float = 0.39375
    epsilon: float = 1.0
    alpha: float = 1.0

    def __post_init__(self) -> None:
        for name in ("lam", "tau", "v0", "v1", "epsilon", "alpha"):
            value = getattr(self, name)
            if not (value > 0.0 and math.isfinite(value)):
                raise AnalysisError(f"{name} must be positive and finite (got {value})")
        if self.alpha > 1.0:
            raise AnalysisError(f"alpha is a probability (got {self.alpha})")

    def weights(self) -> Floats:
        """Return the logit weights float64[2, 2]: customer arm, listing arm."""
        return np.array([[self.v0, self.v0], [self.v0, self.v1]])


def balance(market: Market) -> float:
    """Return b = exp(-λ/τ), the market balance that `tsri` and `allocation_rule` take."""
    return math.exp(-market.lam / market.tau)


def mean_field(market: Market, a_c: float, a_l: float) -> Floats:
    """Return the steady-state bookings of a market with infinitely many listings.

    With s_j the mass of available listings of arm j and ρ = (1 - a_l, a_l), solves for j = 0, 1

        τ (ρ_j - s_j) = λ Σ_i φ_i α s_j v_ij / (ε + α Σ_k s_k v_ik),   φ = (1 - a_c, a_c),

    by root finding in log s_j. A customer-side experiment is a_l = 1, a listing-side experiment is
    a_c = 1, everybody treated is a_c = a_l = 1.

    Args:
        market: parameters.
        a_c: fraction of customers in treatment, in [0, 1].
        a_l: fraction of listings in treatment, in [0, 1].

    Returns:
        float64[2, 2]: bookings per listing of the market and unit of time, by customer arm and
        listing arm.

    Raises:
        AnalysisError: a fraction outside [0, 1], or no solution found.
    """
    for name, value in (("a_c", a_c), ("a_l", a_l)):
        if not 0.0 <= value <= 1.0:
            raise AnalysisError(f"{name} must lie between 0 and 1 (got {value})")
    rho = np.array([1.0 - a_l, a_l])
    phi = np.array([1.0 - a_c, a_c])
    present = rho > 0.0
    available = np.zeros(2)
    available[present] = _steady_state(market, rho[present], phi, market.weights()[:, present])
    weight = market.alpha * available * market.weights()
    rates: Floats = (
        market.lam * phi[:, None] * weight / (market.epsilon + weight.sum(axis=1))[:, None]
    )
    return rates


def gte(market: Market) -> float:
    """Return the global effect: bookings per listing and time, all treated minus none treated."""
    return float(mean_field(market, 1.0, 1.0).sum() - mean_field(market, 0.0, 0.0).sum())


def _steady_state(market: Market, rho: Floats, phi: Floats, v: Floats) -> Floats:
    from scipy.optimize import root  # imported late: it costs start-up time of every command

    def gap(log_s: Floats) -> Floats:
        chosen = market.alpha * v
        denominator = market.epsilon + chosen @ np.exp(log_s)
        booking = market.lam * (phi / denominator) @ chosen
        log_target: Floats = np.log(market.tau * rho) - np.log(market.tau + booking)
        return log_target - log_s

    found = root(gap, np.log(rho), method="hybr", tol=1e-13)
    if np.abs(gap(found.x)).max() > 1e-9:
        raise AnalysisError(f"the mean field of {market} has no solution: {found.message}")
    solution: Floats = np.exp(found.x)
    return solution
