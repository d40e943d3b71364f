"""Places of scores among the scores of others, which need no calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Places:
    """Turns scores into places from 0 to 1 among a reference; equal scores share the middle.

    Attributes:
        reference: float64[n], scores of the reference, ascending; may be empty.
    """

    def __init__(self) -> None:
        self.reference: Floats = np.empty(0)

    def refresh(self, scores: Floats) -> None:
        """Replace the reference."""
        self.reference = np.sort(scores)

    def of(self, scores: Floats) -> Floats:
        """Return float64[m], share of the reference below each score; 0.5 without reference."""
        if not self.reference.size:
            return np.full(scores.size, 0.5)
        below = np.searchsorted(self.reference, scores, side="left")
        upto = np.searchsorted(self.reference, scores, side="right")
        return np.asarray(0.5 * (below + upto) / self.reference.size)
