"""How much of a note is usually known when it is shown."""

from __future__ import annotations

import math

import numpy as np

from simulator.contracts.plugins import Arrays
from simulator.contracts.views import PlatformView

_EVERY_S = 600


class UsualEvidence:
    """log(1 + life impressions) of the note of an average impression, every 10 minutes.

    Attributes:
        value: the logarithm; 0 until notes have impressions.
    """

    def __init__(self) -> None:
        self.value = 0.0

    def nearline(self, view: PlatformView) -> None:
        """Recompute when it is due."""
        if self.value > 0 and view.now % _EVERY_S:
            return
        impressions = view.notes.impressions[view.live_start :].astype(np.float64)
        total = impressions.sum()
        if total > 0:
            self.value = math.log1p(np.square(impressions).sum() / total)

    def state_arrays(self) -> Arrays:
        """Return the value."""
        return {"usual_evidence": np.array([self.value])}

    def load_state(self, arrays: Arrays) -> None:
        """Take back the value."""
        self.value = float(arrays["usual_evidence"].astype(np.float64)[0])
