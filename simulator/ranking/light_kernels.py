"""Compiled scoring of the light pre-ranker."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.ranking.vector_kernels import dot_rows


@njit(cache=True)
def score_light(
    reader_idx: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    note_form: NDArray[np.float32],
    category: NDArray[np.int16],
    embedding: NDArray[np.float32],
    vector: NDArray[np.float32],
    profile: NDArray[np.float32],
    bias: float,
    by_affinity: float,
    by_category: float,
    out: NDArray[np.float32],
) -> None:
    """Write σ(bias + note form + w_a·affinity + w_c·interest in category); 0 where padded.

    Args:
        reader_idx: int32[B].
        note_idx: int32[B, K].
        n: int32[B].
        note_form: float32[N, 1], the note's part of the linear form.
        category: int16[N].
        embedding: float32[N, D].
        vector: float32[R, D].
        profile: float32[R, C].
        bias, by_affinity, by_category: coefficients.
        out: float32[B, K].
    """
    width = embedding.shape[1]
    one = np.float32(1.0)
    constant, w_affinity = np.float32(bias), np.float32(by_affinity)
    w_category = np.float32(by_category)
    for b in range(note_idx.shape[0]):
        reader = reader_idx[b]
        for k in range(n[b]):
            note = note_idx[b, k]
            affinity = dot_rows(embedding, note, vector, reader, width)
            interest = profile[reader, category[note]]
            z = constant + note_form[note, 0] + w_affinity * affinity + w_category * interest
            z = min(max(z, np.float32(-30.0)), np.float32(30.0))
            out[b, k] = one / (one + math.exp(-z))
        for k in range(n[b], note_idx.shape[1]):
            out[b, k] = np.float32(0.0)
