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


@njit(cache=True)
def trim(
    visible: NDArray[np.bool_],
    reader_arm: NDArray[np.uint8],
    note_arm: NDArray[np.uint8],
    places: NDArray[np.int64],
    found: NDArray[np.int32],
) -> None:
    """Keep the first finds of each channel that the reader's arm is shown, -1 in other places.

    Args:
        visible: bool[arms of readers, arms of notes].
        reader_arm: uint8[B].
        note_arm: uint8[N], by note row.
        places: int64[C, 3], first place of a channel, its places, and how many finds to keep.
        found: int32[B, J]; changed in place.
    """
    for b in range(found.shape[0]):
        for c in range(places.shape[0]):
            start, width, most = places[c]
            kept = 0
            for j in range(start, start + width):
                note = found[b, j]
                found[b, j] = -1
                is_note = kept < most and 0 <= note < note_arm.shape[0]
                if is_note and visible[reader_arm[b], note_arm[note]]:
                    found[b, start + kept] = note
                    kept += 1
