"""Power, minimum detectable effect and required size, from standard errors."""

from __future__ import annotations

import math

from simulator.experiments.analysis.results import Effect
from simulator.experiments.errors import AnalysisError, check_share


def power(effect: float, se: float, alpha: float = 0.05) -> float:
    """Return the probability that a two-sided test rejects.

    Args:
        effect: true difference, in the unit of the metric.
        se: standard error of the estimated difference.
        alpha: level.

    Raises:
        AnalysisError: the standard error is not positive, or alpha outside (0, 1).
    """
    from scipy.special import ndtr  # imported late: it costs start-up time

    z, shift = _z(alpha), effect / _positive(se, "se")
    return float(ndtr(shift - z) + ndtr(-shift - z))


def mde(se: float, alpha: float = 0.05, target: float = 0.8) -> float:
    """Return the smallest difference detected with the target power: (z_{1-α/2} + z_power) × se.

    Args:
        se: standard error of the difference; take `Effect.se`, which already has covariates and
            clusters in it.
        alpha: level.
        target: power.
    """
    check_share(target, "target")
    return (_z(alpha) + _z(2.0 * (1.0 - target))) * _positive(se, "se")


def required_units(
    deviation: float, effect: float, alpha: float = 0.05, target: float = 0.8, share: float = 0.5
) -> int:
    """Return the units, both arms together, that detect a difference with the target power.

    Formula: ((z_{1-α/2} + z_power) deviation / effect)² / (share (1 - share)).

    Args:
        deviation: standard deviation of the metric over units (after covariates, if any); for a
            ratio that of the linearised metric. `unit_deviation` gives it for an analysed metric.
        effect: difference to detect, in the unit of the metric.
        alpha: level.
        target: power.
        share: fraction of units in treatment.

    Raises:
        AnalysisError: a zero effect, or a value outside its range.
    """
    check_share(share, "share")
    if effect == 0.0 or not math.isfinite(effect):
        raise AnalysisError(f"the effect to detect must not be zero (got {effect})")
    ratio = mde(_positive(deviation, "deviation"), alpha, target) / effect
    return math.ceil(ratio * ratio / (share * (1.0 - share)) - 1e-9)


def unit_deviation(effect: Effect) -> float:
    """Return the standard deviation per unit implied by an analysed effect, after covariates."""
    n0, n1 = effect.n_units_control, effect.n_units_treatment
    return effect.se / math.sqrt(1.0 / n0 + 1.0 / n1)


def units_to_detect(
    effect: Effect, target_effect: float, alpha: float = 0.05, target: float = 0.8
) -> int:
    """Return the units that would detect an effect, with the variance and split found so far."""
    share = effect.n_units_treatment / (effect.n_units_control + effect.n_units_treatment)
    return required_units(unit_deviation(effect), target_effect, alpha, target, share)


def _z(alpha: float) -> float:
    from scipy.special import ndtri  # imported late: it costs start-up time

    if not 0.0 < alpha < 2.0:
        raise AnalysisError(f"alpha must lie between 0 and 1 (got {alpha})")
    return float(ndtri(1.0 - alpha / 2.0))


def _positive(value: float, name: str) -> float:
    if not value > 0.0:
        raise AnalysisError(f"{name} must be positive (got {value})")
    return value
