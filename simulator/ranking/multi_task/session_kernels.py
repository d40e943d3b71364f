"""Compiled memory of what each reader was shown in the session that is going on."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

_MOST = 255


@njit(cache=True, inline="always")
def repetition(
    shown: NDArray[np.uint8], reader: int, category: int, is_counted: bool
) -> np.float32:
    """Return log(1 + impressions of the category earlier in the session), 0 when none counted."""
    return np.float32(math.log(1.0 + shown[reader, category])) if is_counted else np.float32(0.0)


@njit(cache=True)
def count_shown(
    reader_idx: NDArray[np.int32],
    session_no: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    examined: NDArray[np.uint8],
    category: NDArray[np.int16],
    session: NDArray[np.int32],
    shown: NDArray[np.uint8],
    out: NDArray[np.float32],
) -> None:
    """Write the repetition that each impression was served with, then count all of them.

    Args:
        reader_idx, session_no: int32[B].
        note_idx: int32[B, S], -1 where empty.
        examined: uint8[B, S].
        category: int16[N].
        session: int32[>= R], the session that `shown` counts; changed.
        shown: uint8[>= R, C], impressions of each category in that session, at most 255; changed.
        out: float32[>= impressions], receives one number an impression, in order.
    """
    at = 0
    for b in range(note_idx.shape[0]):
        is_counted = session[reader_idx[b]] == session_no[b]
        for s in range(note_idx.shape[1]):
            if note_idx[b, s] >= 0 and examined[b, s] != 0:
                out[at] = repetition(shown, reader_idx[b], category[note_idx[b, s]], is_counted)
                at += 1
    for b in range(note_idx.shape[0]):
        reader = reader_idx[b]
        for s in range(note_idx.shape[1]):
            if note_idx[b, s] >= 0 and examined[b, s] != 0:
                if session[reader] != session_no[b]:
                    session[reader] = session_no[b]
                    shown[reader] = 0
                c = category[note_idx[b, s]]
                shown[reader, c] = min(int(shown[reader, c]) + 1, _MOST)
