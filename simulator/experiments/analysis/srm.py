"""Sample ratio mismatch: are the arms as large as the design says?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simulator.experiments.errors import AnalysisError

SRM_ALPHA = 0.001
"""p below which an assignment counts as broken."""


@dataclass(frozen=True, slots=True)
class SrmResult:
    """Check of one randomised side.

    Attributes:
        side: what was randomised, for example the name of the unit column.
        arms: labels.
        counts: units found in each arm.
        expected: units expected in each arm.
        p: p-value, chi-square, or exact binomial where a count below 5 is expected.
        flagged: whether p is below the level.
    """

    side: str
    arms: tuple[str, ...]
    counts: tuple[int, ...]
    expected: tuple[float, ...]
    p: float
    flagged: bool


def srm(
    counts: ArrayLike,
    shares: ArrayLike | None = None,
    side: str = "unit",
    arms: Sequence[str] | None = None,
    alpha: float = SRM_ALPHA,
) -> SrmResult:
    """Test whether counts of units agree with the shares of the design.

    Args:
        counts: units in each arm.
        shares: expected fractions; equal by default; scaled to sum to 1.
        side: name of the randomised side, for the result.
        arms: labels, for the result.
        alpha: level of the flag.

    Raises:
        AnalysisError: fewer than two arms, no unit, or a share that is not positive.
    """
    from scipy.stats import (  # imported late: it costs start-up time of every command
        binomtest,
        chi2,
    )

    n = np.asarray(counts, np.int64)
    p_arm = np.ones(n.size) if shares is None else np.asarray(shares, np.float64)
    if n.ndim != 1 or n.size < 2 or n.sum() == 0 or p_arm.shape != n.shape or np.any(p_arm <= 0):
        raise AnalysisError("needs counts of two arms or more, and a positive share for each")
    p_arm = p_arm / p_arm.sum()
    expected = n.sum() * p_arm
    if n.size == 2 and expected.min() < 5.0:
        p = float(binomtest(int(n[1]), int(n.sum()), float(p_arm[1])).pvalue)
    else:
        p = float(chi2.sf(((n - expected) ** 2 / expected).sum(), n.size - 1))
    names = tuple(arms) if arms is not None else tuple(str(k) for k in range(n.size))
    return SrmResult(side, names, tuple(n.tolist()), tuple(expected.tolist()), p, p < alpha)
