"""What a policy has promised to notes: the log of guaranteed impressions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class QuotaEvent(IntEnum):
    """What happened to the promise to a note."""

    START = 0
    """A stage begins: the note is to reach `target` life impressions by `deadline_t`."""
    MET = 1
    """The target was reached in time; another stage may follow."""
    EXPIRED = 2
    """The deadline passed below the target; another stage may follow."""
    STOPPED = 3
    """The policy gave the note up before its deadline, or ended its support early."""


@dataclass(slots=True)
class QuotaChanges:
    """Changes of n promises since the policy was last asked.

    Attributes:
        note_idx: int32[n].
        event: uint8[n], by `QuotaEvent`.
        stage: uint8[n], 0 for a note's first promise.
        target: float32[n], life impressions promised by the end of the stage.
        deadline_t: float64[n], end of the stage, seconds.
    """

    note_idx: NDArray[np.int32]
    event: NDArray[np.uint8]
    stage: NDArray[np.uint8]
    target: NDArray[np.float32]
    deadline_t: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of changes."""
        return int(self.note_idx.shape[0])
