"""The part of an error that the other randomised side makes: readers for notes, notes for readers.

An arm of a test of both sides has its own readers and its own notes. A difference of its readers
then varies with the draw of notes as well, and one of its notes with the draw of readers. Two-way
clustering adds both and takes off what they share: V1 + V2 - V12 (Cameron, Gelbach, Miller, JBES
2011). An effect that already has V1, covariates and all, needs V2 - V12 more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.experiments.analysis.results import Effect, interval, two_sided_p

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TWO_WAY = "errors are two-way: by reader and by creator"
"""Said of every effect that carries both parts."""


class Scores(NamedTuple):
    """What each meeting of two units adds to the level of its arm, beyond the expected.

    Attributes:
        value: float64[n], linearised contribution; summed over an arm it is the level's error.
        arm: int64[n], 0 control, 1 treatment.
        other: int64[n], unit of the other side, any integers.
        missing: float64[2], by arm: what a unit of the other side without any meeting would add.
        n_other: int64[2], units of the other side by arm, those without meetings included; 0 where
            totals need no centre.
    """

    value: Floats
    arm: Ints
    other: Ints
    missing: Floats
    n_other: Ints


def ratio_scores(numerator: Floats, denominator: Floats, arm: Ints, other: Ints) -> Scores:
    """Return scores of a ratio of totals: (n - R d) / D, with R and D those of the arm."""
    above, below = (np.bincount(arm, x, 2).astype(np.float64) for x in (numerator, denominator))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (numerator - (above / below)[arm] * denominator) / below[arm]
    return Scores(value, arm, other, np.zeros(2), np.zeros(2, np.int64))


def mean_scores(
    total: Floats, arm: Ints, other: Ints, n_units: Ints, n_other: Ints | None = None
) -> Scores:
    """Return scores of a mean over the units of one side.

    Args:
        total: float64[n], outcome of each meeting.
        arm: int64[n].
        other: int64[n], unit of the other side.
        n_units: int64[2], units that the mean is over.
        n_other: int64[2], units of the other side in each arm, where the mean is for a given number
            of them; by default their number is part of the draw.
    """
    value = total / n_units[arm]
    if n_other is None:
        return Scores(value, arm, other, np.zeros(2), np.zeros(2, np.int64))
    return Scores(value, arm, other, -np.bincount(arm, value, 2) / n_other, n_other)


def further_variance(scores: Scores, toward: tuple[float, float]) -> float:
    """Return V2 - V12 of `toward` · levels, at least 0.

    Args:
        scores: contributions of the meetings.
        toward: derivative of the result by the levels of control and of treatment.
    """
    weight = np.asarray(toward, np.float64)
    value = scores.value * weight[scores.arm]
    unit, of_row = np.unique(scores.other, return_inverse=True)
    by_unit = np.bincount(of_row, value, unit.size).astype(np.float64)
    total, n = 0.0, float(unit.size)
    if scores.n_other.any():
        arm_of = np.zeros(unit.size, np.int64)
        arm_of[of_row] = scores.arm
        centre = scores.missing * weight
        by_unit += centre[arm_of]
        absent = scores.n_other - np.bincount(arm_of, minlength=2)
        total, n = float((absent * centre**2).sum()), float(scores.n_other.sum())
    total += float((by_unit**2).sum())
    return max(total * n / max(n - 1.0, 1.0) - float((value**2).sum()), 0.0)


def widened(effect: Effect, scores: Scores, alpha: float) -> Effect:
    """Return an effect whose error also holds what the other side adds.

    Args:
        effect: effect with the errors of its own side.
        scores: contributions of the meetings of both sides.
        alpha: level of the intervals.
    """
    if not effect.se > 0.0:
        return effect
    se = float(np.hypot(effect.se, np.sqrt(further_variance(scores, (-1.0, 1.0)))))
    plain = float(np.hypot(effect.unadjusted_se, np.sqrt(se**2 - effect.se**2)))
    relative_se = effect.relative_se
    if effect.control:
        toward = (-effect.treatment / effect.control**2, 1.0 / effect.control)
        relative_se = float(np.hypot(relative_se, np.sqrt(further_variance(scores, toward))))
    low, high = interval(effect.difference, se, effect.df, alpha)
    relative_low, relative_high = interval(effect.relative, relative_se, effect.df, alpha)
    p = two_sided_p(effect.difference, se, effect.df)
    return replace(
        effect, se=se, relative_se=relative_se, difference_low=low, difference_high=high,
        relative_low=relative_low, relative_high=relative_high, p=p, p_adjusted=p,
        unadjusted_se=plain, warnings=(*effect.warnings, TWO_WAY),
        variance_reduction=1.0 - (se / plain) ** 2 if plain > 0.0 else 0.0,
    )  # fmt: skip
