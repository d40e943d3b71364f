"""The truth, for plug-ins that say `oracle` in their name: upper bounds, never a platform."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Oracle(Protocol):
    """Answers that no platform has."""

    def oracle_click_probability(
        self, reader_idx: NDArray[np.int32], note_idx: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Return true click probabilities of examined pairs, without fatigue and age."""
