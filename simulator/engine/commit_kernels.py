"""Compiled writers of platform counters and reader profiles."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import Kind

_CLICK = int(Kind.CLICK)
_LIKE = int(Kind.LIKE)
_COLLECT = int(Kind.COLLECT)
_SHARE = int(Kind.SHARE)


@njit(cache=True, inline="always")
def _count_one(
    reader: int,
    note: int,
    actions: NDArray[np.float32],
    weight: NDArray[np.floating],
    note_creator: NDArray[np.int32],
    note_totals: NDArray[np.float32],
    note_decayed: NDArray[np.float32],
    reader_totals: NDArray[np.float32],
    creator_totals: NDArray[np.float32],
    head: NDArray[np.int32],
    fresh_note: NDArray[np.int32],
    fresh_prev: NDArray[np.int32],
    n_fresh: int,
) -> int:
    """Add one impression, of the given weight by window, everywhere; return the pool's length."""
    creator = note_creator[note]
    for k in range(actions.shape[0]):
        amount = actions[k]
        if amount != 0:
            note_totals[note, k] += amount
            reader_totals[reader, k] += amount
            creator_totals[creator, k] += amount
            for w in range(weight.shape[0]):
                note_decayed[note, w, k] += np.float32(amount * weight[w])
    fresh_note[n_fresh] = note
    fresh_prev[n_fresh] = head[reader]
    head[reader] = n_fresh
    return n_fresh + 1


@njit(cache=True)
def count(
    reader_idx: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    examined: NDArray[np.uint8],
    actions: NDArray[np.float32],
    growth: NDArray[np.float32],
    note_creator: NDArray[np.int32],
    note_totals: NDArray[np.float32],
    note_decayed: NDArray[np.float32],
    reader_totals: NDArray[np.float32],
    creator_totals: NDArray[np.float32],
    head: NDArray[np.int32],
    fresh_note: NDArray[np.int32],
    fresh_prev: NDArray[np.int32],
    n_fresh: int,
) -> int:
    """Add the feedback of one window to every counter and to the seen store.

    Args:
        reader_idx: int32[B].
        note_idx: int32[B, S], -1 where empty.
        examined: uint8[B, S].
        actions: float32[B, S, N_KINDS].
        growth: float32[3], forward-decay weight of an event now, by window.
        note_creator: int32[N].
        note_totals, note_decayed, reader_totals, creator_totals: counters, changed in place.
        head, fresh_note, fresh_prev: seen store, changed in place.
        n_fresh: entries in the seen pool.

    Returns:
        Entries in the seen pool afterwards.
    """
    for b in range(note_idx.shape[0]):
        reader = reader_idx[b]
        for s in range(note_idx.shape[1]):
            note = note_idx[b, s]
            if note < 0 or examined[b, s] == 0:
                continue
            n_fresh = _count_one(
                reader,
                note,
                actions[b, s],
                growth,
                note_creator,
                note_totals,
                note_decayed,
                reader_totals,
                creator_totals,
                head,
                fresh_note,
                fresh_prev,
                n_fresh,
            )
    return n_fresh


@njit(cache=True)
def learn_profiles(
    reader_idx: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    actions: NDArray[np.float32],
    clicks_so_far: NDArray[np.int32],
    note_category: NDArray[np.int16],
    embedding: NDArray[np.float32],
    category_profile: NDArray[np.float32],
    vector: NDArray[np.float32],
    recent: NDArray[np.int32],
    slowest: float,
    strong_weight: float,
) -> None:
    """Move reader profiles towards the notes they clicked, one interaction after the other.

    The step is `1 / (2 + clicks)`, so that a profile is a plain mean at first, and never below
    `slowest`, so that it follows interests that move. Likes, collects and shares weigh
    `strong_weight` times a click.
    """
    dim = embedding.shape[1]
    for e in range(reader_idx.shape[0]):
        reader, note = reader_idx[e], note_idx[e]
        clicks_so_far[reader] += 1
        step = max(1.0 / (2.0 + clicks_so_far[reader]), slowest)
        if actions[e, _LIKE] + actions[e, _COLLECT] + actions[e, _SHARE] > 0:
            step = min(0.5, step * strong_weight)
        for c in range(category_profile.shape[1]):
            category_profile[reader, c] *= np.float32(1.0 - step)
        category_profile[reader, note_category[note]] += np.float32(step)
        norm = 0.0
        for d in range(dim):
            value = (1.0 - step) * vector[reader, d] + step * embedding[note, d]
            vector[reader, d] = value
            norm += value * value
        if norm > 0:
            scale = np.float32(1.0 / np.sqrt(norm))
            for d in range(dim):
                vector[reader, d] *= scale
        for i in range(recent.shape[1] - 1, 0, -1):
            recent[reader, i] = recent[reader, i - 1]
        recent[reader, 0] = note


@njit(cache=True)
def count_past(
    t: NDArray[np.float64],
    reader_idx: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    actions: NDArray[np.float32],
    window_s: NDArray[np.float64],
    note_creator: NDArray[np.int32],
    note_totals: NDArray[np.float32],
    note_decayed: NDArray[np.float32],
    reader_totals: NDArray[np.float32],
    creator_totals: NDArray[np.float32],
    head: NDArray[np.int32],
    fresh_note: NDArray[np.int32],
    fresh_prev: NDArray[np.int32],
    n_fresh: int,
) -> int:
    """Add impressions from before the start, decayed to time 0; see `count`."""
    weight = np.empty(window_s.shape[0], np.float64)
    for e in range(t.shape[0]):
        for w in range(window_s.shape[0]):
            weight[w] = np.exp(t[e] / window_s[w])
        n_fresh = _count_one(
            reader_idx[e],
            note_idx[e],
            actions[e],
            weight,
            note_creator,
            note_totals,
            note_decayed,
            reader_totals,
            creator_totals,
            head,
            fresh_note,
            fresh_prev,
            n_fresh,
        )
    return n_fresh
