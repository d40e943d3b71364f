"""Looking at an experiment before its planned end, without more false positives."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.experiments.errors import AnalysisError

Floats = NDArray[np.float64]
Spending = Literal["obrien_fleming", "pocock"]
_GRID = 801


class Looks(NamedTuple):
    """Boundaries of a group-sequential test.

    Attributes:
        z: reject at a look when |difference / se| reaches this, float64[L].
        spent: probability of a false rejection up to each look, float64[L].
    """

    z: Floats
    spent: Floats


class AlwaysValid(NamedTuple):
    """Intervals that hold at every look together, float64[L] each."""

    low: Floats
    high: Floats
    p: Floats


def spent_alpha(fraction: ArrayLike, alpha: float, spending: Spending) -> Floats:
    """Return the error spent up to a fraction of the planned information (Lan and DeMets, 1983).

    Formula: O'Brien-Fleming 2(1 - Φ(z_{1-α/2} / √t)) with both tails spent alike, Pocock
    α ln(1 + (e - 1) t).

    Args:
        fraction: information so far over information planned, in (0, 1].
        alpha: two-sided level.
        spending: `obrien_fleming` or `pocock`.

    Raises:
        AnalysisError: unknown spending function, or fractions that do not rise within (0, 1].
    """
    from scipy.special import ndtr, ndtri  # imported late: it costs start-up time

    t = np.atleast_1d(np.asarray(fraction, np.float64))
    if np.any(t <= 0) or np.any(t > 1 + 1e-12) or np.any(np.diff(t) <= 0):
        raise AnalysisError("information fractions must rise within (0, 1]")
    if spending == "pocock":
        return np.asarray(alpha * np.log1p((np.e - 1.0) * t))
    if spending != "obrien_fleming":
        raise AnalysisError(f"unknown spending {spending!r}: 'obrien_fleming' or 'pocock'")
    one_sided = alpha / 2.0
    return np.asarray(2.0 * 2.0 * (1.0 - ndtr(ndtri(1.0 - one_sided / 2.0) / np.sqrt(t))))


def group_sequential(
    fraction: ArrayLike, alpha: float = 0.05, spending: Spending = "obrien_fleming"
) -> Looks:
    """Return boundaries for looks at given fractions of the planned information.

    The density of the score process among paths not yet stopped is carried from look to look by
    numerical integration (Armitage, McPherson, Rowe, 1969); each boundary spends its share of α.

    Args:
        fraction: information fraction of each look, rising, in (0, 1].
        alpha: two-sided level.
        spending: `obrien_fleming` or `pocock`.

    Raises:
        AnalysisError: see `spent_alpha`.
    """
    from scipy.optimize import brentq  # imported late: it costs start-up time
    from scipy.special import ndtr

    t = np.atleast_1d(np.asarray(fraction, np.float64))
    spent = spent_alpha(t, alpha, spending)
    step = np.diff(t, prepend=0.0)
    z = np.empty(t.size)
    points, mass = np.zeros(1), np.ones(1)
    for k in range(t.size):
        target = spent[k] - (spent[k - 1] if k else 0.0)
        root_step, root_t = np.sqrt(step[k]), np.sqrt(t[k])

        def crossing(
            bound: float,
            points: Floats = points,
            mass: Floats = mass,
            root_step: float = root_step,
            root_t: float = root_t,
            target: float = target,
        ) -> float:
            edge = bound * root_t
            outside = ndtr((-edge - points) / root_step) + ndtr((points - edge) / root_step)
            return float((mass * outside).sum()) - target

        z[k] = brentq(crossing, 0.0, 40.0, xtol=1e-10) if crossing(40.0) < 0.0 else 40.0
        points, mass = _carry(points, mass, z[k] * root_t, root_step)
    return Looks(z, spent)


def peeking_error(n_looks: int, alpha: float = 0.05) -> float:
    """Return how often a null effect is rejected at some of many looks, each at level alpha.

    Looks are spaced evenly in information; the density of paths not yet stopped is carried from
    look to look, as in `group_sequential`.

    Args:
        n_looks: number of looks, 1 or more.
        alpha: two-sided level of each look.

    Raises:
        AnalysisError: no look.
    """
    from scipy.special import ndtr, ndtri  # imported late: it costs start-up time

    if n_looks < 1:
        raise AnalysisError(f"n_looks must be 1 or more (got {n_looks})")
    bound, step = float(ndtri(1.0 - alpha / 2.0)), float(np.sqrt(1.0 / n_looks))
    points, mass = np.zeros(1), np.ones(1)
    total = 0.0
    for k in range(1, n_looks + 1):
        edge = bound * float(np.sqrt(k / n_looks))
        outside = ndtr((-edge - points) / step) + ndtr((points - edge) / step)
        total += float((mass * outside).sum())
        points, mass = _carry(points, mass, edge, step)
    return total


def _carry(points: Floats, mass: Floats, edge: float, root_step: float) -> tuple[Floats, Floats]:
    """Return Simpson points and masses of the process among paths still inside ±edge."""
    limit = min(edge, float(np.abs(points).max()) + 9.0 * root_step)
    grid = np.linspace(-limit, limit, _GRID)
    weight = np.full(_GRID, 2.0)
    weight[1::2], weight[[0, -1]] = 4.0, 1.0
    gap = (grid[:, None] - points) / root_step
    density = (np.exp(-0.5 * gap * gap) * mass).sum(axis=1) / (root_step * np.sqrt(2.0 * np.pi))
    return grid, density * weight * (grid[1] - grid[0]) / 3.0


def always_valid(
    difference: ArrayLike,
    se: ArrayLike,
    n: ArrayLike,
    n_planned: float,
    alpha: float = 0.05,
) -> AlwaysValid:
    """Return an asymptotic confidence sequence: intervals that hold however often one looks.

    Formula: half-width = se √(2 (n ρ² + 1) / (n ρ²) × ln(√(n ρ² + 1) / α)), with ρ² chosen to make
    it narrowest at the planned size, n ρ² = -2 ln α + ln(1 - 2 ln α). At that size it is 1.55 times
    the fixed-size interval for α = 0.05. Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas,
    Time-uniform Central Limit Theory and Asymptotic Confidence Sequences, Annals of Statistics,
    2024.

    Args:
        difference: estimate at each look, float[L].
        se: its standard error.
        n: units at each look.
        n_planned: units at which the interval should be narrowest.
        alpha: level, over all looks together.

    Returns:
        Ends of the interval, and always-valid p-values (the smallest level whose sequence excludes
        zero at the look; take the running minimum to stop at any time).

    Raises:
        AnalysisError: a size that is not positive.
    """
    x, s, size = (np.asarray(v, np.float64) for v in (difference, se, n))
    if np.any(size <= 0) or n_planned <= 0:
        raise AnalysisError("n and n_planned must be positive")
    log_alpha = np.log(alpha)
    scaled = size / n_planned * (-2.0 * log_alpha + np.log(1.0 - 2.0 * log_alpha))
    factor = 2.0 * (scaled + 1.0) / scaled
    half = s * np.sqrt(factor * (0.5 * np.log(scaled + 1.0) - log_alpha))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = 0.5 * np.log(scaled + 1.0) - (x / s) ** 2 / factor
    return AlwaysValid(x - half, x + half, np.minimum(np.exp(np.minimum(log_p, 0.0)), 1.0))
