"""Compiled memory of what sessions showed, and examples that are logged with it."""

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
def write_examples(
    reader_idx: NDArray[np.int32],
    session_no: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    examined: NDArray[np.uint8],
    features: NDArray[np.float32],
    labels: NDArray[np.float32],
    offset: NDArray[np.float32],
    category: NDArray[np.int16],
    vector: NDArray[np.float32],
    profile: NDArray[np.float32],
    session: NDArray[np.int32],
    shown: NDArray[np.uint8],
    row: NDArray[np.float32],
    note: NDArray[np.int32],
    request: NDArray[np.int32],
) -> None:
    """Write one example an impression as it was served, then count what was shown.

    Args:
        reader_idx, session_no: int32[B].
        note_idx: int32[B, S], -1 where empty.
        examined: uint8[B, S].
        features: float32[>= n, N_FEATURES], one row an impression, in order.
        labels: float32[>= n, N_HEADS].
        offset: float32[N_HEADS], what predictions were added to.
        category: int16[N].
        vector, profile: columns of the reader table.
        session: int32[>= R], the session that `shown` counts; changed.
        shown: uint8[>= R, C], impressions of each category in that session, at most 255; changed.
        row: float32[n, *], receives features, repetition, offset, label, vector and profile.
        note: int32[n], receives notes.
        request: int32[n], receives places in the batch.
    """
    n_features, n_heads = features.shape[1], offset.shape[0]
    at = 0
    for b in range(note_idx.shape[0]):
        reader = reader_idx[b]
        is_counted = session[reader] == session_no[b]
        for s in range(note_idx.shape[1]):
            if note_idx[b, s] < 0 or examined[b, s] == 0:
                continue
            note[at], request[at] = note_idx[b, s], b
            for f in range(n_features):
                row[at, f] = features[at, f]
            row[at, n_features] = repetition(shown, reader, category[note_idx[b, s]], is_counted)
            start = n_features + 1
            for h in range(n_heads):
                row[at, start + h] = offset[h]
                row[at, start + n_heads + h] = labels[at, h]
            start += 2 * n_heads
            for d in range(vector.shape[1]):
                row[at, start + d] = vector[reader, d]
            start += vector.shape[1]
            for c in range(profile.shape[1]):
                row[at, start + c] = profile[reader, c]
            at += 1
    for i in range(at):
        reader = reader_idx[request[i]]
        if session[reader] != session_no[request[i]]:
            session[reader] = session_no[request[i]]
            shown[reader] = 0
        c = category[note[i]]
        shown[reader, c] = min(int(shown[reader, c]) + 1, _MOST)
