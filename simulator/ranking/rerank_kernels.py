"""Compiled slate assembly by maximal marginal relevance."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.ranking.slot_kernels import (
    N_STATE,
    clear_slate,
    fill_slot,
    grant,
    is_insertable,
    kind_level,
    note_flags,
    rule_level,
    supported_value,
)


@njit(cache=True)
def assemble_mmr(
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    organic: NDArray[np.float32],
    supported: NDArray[np.uint8],
    slot_kind: NDArray[np.uint8],
    support_row: NDArray[np.int32],
    rank: NDArray[np.float32],
    price: NDArray[np.float32],
    remaining: NDArray[np.int32],
    insert: NDArray[np.uint8],
    is_video: NDArray[np.uint8],
    is_promoted: NDArray[np.uint8],
    has_card: NDArray[np.uint8],
    category: NDArray[np.int16],
    embedding: NDArray[np.float32],
    new_start: int,
    theta: float,
    window: int,
    rules: NDArray[np.int64],
    column: NDArray[np.int16],
    chosen: NDArray[np.int32],
    final: NDArray[np.float32],
    granted_by: NDArray[np.uint8],
) -> None:
    """Fill slates in request order; see `Mmr` for the objective.

    Args:
        note_idx, n, organic, supported: the `Scored` batch.
        slot_kind: uint8[B, S].
        support_row, rank, price, remaining, insert: the `SupportTable`; `remaining` is changed.
        is_video, is_promoted, has_card, category, embedding: columns of the note table.
        new_start: first note row that counts as new.
        theta: weight of value against diversity.
        window: how many of the latest notes of the slate count for diversity.
        rules: int64[6], see `rule_level`.
        column, chosen, final, granted_by: [B, S], the slate to write.
    """
    n_slots, width, most = slot_kind.shape[1], embedding.shape[1], note_idx.shape[1]
    weight = np.float32(theta)
    rest = np.float32(1.0) - weight
    vectors = np.empty((width, most), np.float32)
    near = np.empty((window, most), np.float32)
    nearest, value, reward = np.empty((3, most), np.float32)
    flags, row, insertable = np.empty((3, most), np.int64)
    state, shown = np.empty(N_STATE, np.int64), np.empty(n_slots, np.int64)
    for b in range(note_idx.shape[0]):
        count = n[b]
        top = np.float32(0.0)
        for k in range(count):
            note = note_idx[b, k]
            for d in range(width):
                vectors[d, k] = embedding[note, d]
            flags[k] = note_flags(is_video[note], is_promoted[note], has_card[note])
            row[k], insertable[k], value[k] = -1, 0, organic[b, k]
            if supported[b, k] and note < support_row.shape[0] and support_row[note] >= 0:
                row[k] = support_row[note]
                value[k] = supported_value(organic[b, k], row[k], rank, price, remaining)
                insertable[k] = is_insertable(row[k], remaining, insert)
            nearest[k] = np.float32(0.0)
            top = max(top, organic[b, k])
        for k in range(count):
            reward[k] = weight * (value[k] / top if top > 0 else value[k])
        clear_slate(state)
        for s in range(n_slots):
            best, best_level, best_score = -1, 1_000, np.float32(0.0)
            for k in range(count):
                if flags[k] < 0:
                    continue
                note = note_idx[b, k]
                level = kind_level(slot_kind[b, s], note, new_start, insertable[k])
                level += rule_level(flags[k], category[note], s, state, rules, shown)
                score = reward[k] - rest * nearest[k]
                better = score > best_score or (score == best_score and note < note_idx[b, best])
                if level < best_level or (level == best_level and better):
                    best, best_level, best_score = k, level, score
            column[b, s], chosen[b, s] = best, -1
            final[b, s], granted_by[b, s] = np.float32(0.0), 0
            if best < 0:
                continue
            note = note_idx[b, best]
            chosen[b, s], final[b, s] = note, value[best]
            fill_slot(flags[best], category[note], s, state, shown)
            if row[best] >= 0:
                kind = slot_kind[b, s]
                granted_by[b, s] = grant(kind, row[best], rank, price, remaining, insert)
            flags[best] = -1
            _approach(vectors, best, count, near, s, nearest)


@njit(cache=True)
def _approach(
    vectors: NDArray[np.float32],
    best: int,
    count: int,
    near: NDArray[np.float32],
    slot: int,
    nearest: NDArray[np.float32],
) -> None:
    """Update each candidate's largest similarity to the notes in the window."""
    window = near.shape[0]
    latest = near[slot % window]
    latest[:count] = np.float32(0.0)
    for d in range(vectors.shape[0]):
        x = vectors[d, best]
        for k in range(count):
            latest[k] += x * vectors[d, k]
    filled = min(slot + 1, window)
    for k in range(count):
        nearest[k] = latest[k]
    for w in range(filled):
        for k in range(count):
            nearest[k] = max(nearest[k], near[w, k])
