"""Compiled diversity bonus of pre-ranking: what is unlike the best gets more."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def _mark_direct(
    scores: NDArray[np.float32], b: int, n: int, direct: int, is_direct: NDArray[np.uint8]
) -> tuple[np.float32, int]:
    """Mark the best `direct` of a row, with all that tie for the last place.

    Returns:
        The lowest score among them, and how many they are.
    """
    last = np.partition(scores[b, :n], n - direct)[n - direct]
    count = 0
    for k in range(n):
        is_direct[k] = 1 if scores[b, k] >= last else 0
        count += is_direct[k]
    return last, count


@njit(cache=True)
def add_category_novelty(
    scores: NDArray[np.float32],
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    category: NDArray[np.int16],
    n_categories: int,
    direct: int,
    weight: float,
    keys: NDArray[np.float32],
) -> None:
    """Add weight · (lowest direct score) · (1 - share of the note's category among direct ones).

    Direct ones get the bonus of a note unlike all of them, so none falls behind for being one.

    Args:
        scores: float32[B, K], positive.
        note_idx: int32[B, K].
        n: int32[B].
        category: int16[N].
        n_categories: number of categories.
        direct: how many of a row are direct.
        weight: size of the bonus.
        keys: float32[B, K]; changed.
    """
    is_direct = np.empty(scores.shape[1], np.uint8)
    counts = np.empty(n_categories, np.int64)
    for b in range(scores.shape[0]):
        if n[b] <= direct:
            continue
        last, n_direct = _mark_direct(scores, b, n[b], direct, is_direct)
        counts[:] = 0
        for k in range(n[b]):
            counts[category[note_idx[b, k]]] += is_direct[k]
        for k in range(n[b]):
            novelty = 1.0
            if not is_direct[k]:
                novelty -= counts[category[note_idx[b, k]]] / n_direct
            keys[b, k] += np.float32(weight * last * novelty)


@njit(cache=True)
def add_content_novelty(
    scores: NDArray[np.float32],
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    embedding: NDArray[np.float32],
    direct: int,
    weight: float,
    keys: NDArray[np.float32],
) -> None:
    """Add weight · (lowest direct score) · (1 - cosine to the centroid of direct ones, from 0 on).

    Args:
        embedding: float32[N, D], unit length.
        scores, note_idx, n, direct, weight, keys: as in `add_category_novelty`.
    """
    is_direct = np.empty(scores.shape[1], np.uint8)
    width = embedding.shape[1]
    centroid = np.empty(width, np.float32)
    for b in range(scores.shape[0]):
        if n[b] <= direct:
            continue
        last, _ = _mark_direct(scores, b, n[b], direct, is_direct)
        centroid[:] = np.float32(0.0)
        for k in range(n[b]):
            if is_direct[k]:
                for d in range(width):
                    centroid[d] += embedding[note_idx[b, k], d]
        length = 0.0
        for d in range(width):
            length += centroid[d] * centroid[d]
        length = max(np.sqrt(length), 1e-12)
        for k in range(n[b]):
            novelty = 1.0
            if not is_direct[k]:
                likeness = 0.0
                for d in range(width):
                    likeness += centroid[d] * embedding[note_idx[b, k], d]
                novelty -= min(max(likeness / length, 0.0), 1.0)
            keys[b, k] += np.float32(weight * last * novelty)
