"""Compiled filter of candidates by the arms of reader and note."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def hide(
    visible: NDArray[np.bool_],
    reader_arm: NDArray[np.uint8],
    note_arm: NDArray[np.uint8],
    note: NDArray[np.int32],
    bits: NDArray[np.uint32],
    n: NDArray[np.int32],
) -> None:
    """Drop candidates whose arm the reader's arm is not shown, keeping the order of the rest.

    Args:
        visible: bool[arms of readers, arms of notes].
        reader_arm: uint8[B].
        note_arm: uint8[N], by note row.
        note, bits: [B, J], packed to the left; changed in place.
        n: int32[B], number of candidates; changed in place.
    """
    for b in range(note.shape[0]):
        kept = 0
        for j in range(n[b]):
            if visible[reader_arm[b], note_arm[note[b, j]]]:
                note[b, kept] = note[b, j]
                bits[b, kept] = bits[b, j]
                kept += 1
        for j in range(kept, n[b]):
            note[b, j] = -1
        n[b] = kept
