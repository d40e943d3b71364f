"""Groups of readers or creators that a test randomises whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Groups:
    """Who is in which group, and in which arm each group is.

    Attributes:
        side: who is grouped.
        unit: int32[n], readers, or the readers who are the creators; ascending.
        cluster: int32[n], their groups.
        arm: uint8[n], arms of those groups.
    """

    side: Literal["reader", "creator"]
    unit: NDArray[np.int32]
    cluster: NDArray[np.int32]
    arm: NDArray[np.uint8]
