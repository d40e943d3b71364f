"""Compiled slate assembly: one loop for every objective of value against redundancy."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import SlotKind
from simulator.ranking.dpp_kernels import JITTER, forget_oldest, orthogonalise
from simulator.ranking.slot_kernels import (
    N_STATE,
    SUPPORTED,
    block_group,
    clear_slate,
    fill_slot,
    flags_in_slot,
    grant,
    is_insertable,
    is_moved,
    kind_level,
    note_flags,
    rule_level,
    supported_value,
)

MMR, DPP = 0, 1
"""Objectives: what `novelty` of a candidate is."""

_EXPLORE = int(SlotKind.EXPLORE)
_WORST = 1_000


@njit(cache=True)
def assemble_slates(
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    organic: NDArray[np.float32],
    supported: NDArray[np.uint8],
    explore: NDArray[np.uint8],
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
    cluster: NDArray[np.int32],
    embedding: NDArray[np.float32],
    new_start: int,
    objective: int,
    theta: float,
    window: int,
    rules: NDArray[np.int64],
    column: NDArray[np.int16],
    chosen: NDArray[np.int32],
    final: NDArray[np.float32],
    granted_by: NDArray[np.uint8],
) -> None:
    """Fill slates in request order with argmax θ·value/top + (1-θ)·novelty, within the rules.

    Novelty is minus the largest cosine to the window for `MMR` and log d² for `DPP`.

    Args:
        note_idx, n, organic, supported: the `Scored` batch.
        explore: uint8[B, K], places in the order of exploration, or of no size for none.
        slot_kind: uint8[B, S].
        support_row, rank, price, remaining, insert: the `SupportTable`; `remaining` is changed.
        is_video, is_promoted, has_card, category, embedding: columns of the note table.
        cluster: int32[N], content cluster of each note, or of no size for none.
        new_start: first note row that counts as new.
        objective: `MMR` or `DPP`.
        theta: weight of value against diversity.
        window: how many of the latest notes of the slate count for diversity.
        rules: int64[8], see `rule_level`.
        column, chosen, final, granted_by: [B, S], the slate to write.
    """
    n_slots, width, most = slot_kind.shape[1], embedding.shape[1], note_idx.shape[1]
    window = min(window, n_slots)
    weight = np.float32(theta)
    rest = np.float32(1.0) - weight
    vectors = np.empty((width, most), np.float32)
    near, latest = np.empty((window, most), np.float32), np.empty(most, np.float32)
    nearest, value, reward = np.empty((3, most), np.float32)
    factor, diagonal = np.empty((window, most)), np.empty(window)
    volume, at = np.empty(most), np.empty(window, np.int64)
    flags, row, insertable, pick = np.empty((4, most), np.int64)
    groups, free = np.empty((2, most), np.int64), np.empty((2, most), np.int64)
    state = np.empty(N_STATE, np.int64)
    for b in range(note_idx.shape[0]):
        count, filled = n[b], 0
        _values(
            note_idx[b], count, organic[b], supported[b], support_row, rank, price, remaining,
            insert, weight, row, value, reward, insertable, flags,
        )  # fmt: skip
        for k in range(count):
            note = note_idx[b, k]
            for d in range(width):
                vectors[d, k] = embedding[note, d]
            flags[k] |= note_flags(is_video[note], is_promoted[note], has_card[note])
            pick[k] = explore[b, k] if explore.shape[0] else 0
            groups[0, k] = category[note]
            groups[1, k] = cluster[note] if cluster.shape[0] else -1
            free[0, k], free[1, k] = 0, 0
            nearest[k], volume[k] = np.float32(0.0), 1.0 + JITTER
        clear_slate(state)
        for s in range(n_slots):
            kind = slot_kind[b, s]
            best = _choose(
                note_idx[b], count, kind, s, new_start, objective, rest, reward, nearest, volume,
                insertable, pick, flags, free, state, rules,
            )  # fmt: skip
            column[b, s], chosen[b, s] = best, -1
            final[b, s], granted_by[b, s] = np.float32(0.0), 0
            if best < 0:
                continue
            is_explored = kind == _EXPLORE and pick[best] > 0
            chosen[b, s] = note_idx[b, best]
            final[b, s] = organic[b, best] if is_explored else value[best]
            fill_slot(flags_in_slot(flags[best], kind, insertable[best], pick[best]), s, state)
            block_group(groups[0], best, count, s + 1 + rules[5], free[0])
            block_group(groups[1], best, count, s + 1 + rules[6], free[1])
            if row[best] >= 0 and not is_explored:
                granted_by[b, s] = grant(
                    kind, supported[b, best], row[best], rank, price, remaining, insert
                )
            flags[best] = -1
            _similarities(vectors, best, count, latest)
            if objective == DPP:
                if filled == window:
                    filled = forget_oldest(factor, diagonal, at, filled, count, volume)
                orthogonalise(latest, best, count, factor, diagonal, at, filled, volume)
                filled += 1
            else:
                _approach(latest, count, near, s, nearest)


@njit(cache=True)
def _values(
    notes: NDArray[np.int32],
    count: int,
    organic: NDArray[np.float32],
    supported: NDArray[np.uint8],
    support_row: NDArray[np.int32],
    rank: NDArray[np.float32],
    price: NDArray[np.float32],
    remaining: NDArray[np.int32],
    insert: NDArray[np.uint8],
    weight: np.float32,
    row: NDArray[np.int64],
    value: NDArray[np.float32],
    reward: NDArray[np.float32],
    insertable: NDArray[np.int64],
    flags: NDArray[np.int64],
) -> None:
    """Apply support to the candidates of a request; rewards are relative to the best organic."""
    top = np.float32(0.0)
    for k in range(count):
        note = notes[k]
        row[k], insertable[k], value[k], flags[k] = -1, 0, organic[k], 0
        if supported[k] and note < support_row.shape[0] and support_row[note] >= 0:
            row[k] = support_row[note]
            value[k] = supported_value(organic[k], supported[k], row[k], rank, price, remaining)
            insertable[k] = is_insertable(supported[k], row[k], remaining, insert)
            flags[k] = SUPPORTED if is_moved(supported[k], row[k], rank, price, remaining) else 0
        top = max(top, organic[k])
    for k in range(count):
        reward[k] = weight * (value[k] / top if top > 0 else value[k])


@njit(cache=True)
def _choose(
    notes: NDArray[np.int32],
    count: int,
    kind: int,
    slot: int,
    new_start: int,
    objective: int,
    rest: np.float32,
    reward: NDArray[np.float32],
    nearest: NDArray[np.float32],
    volume: NDArray[np.float64],
    insertable: NDArray[np.int64],
    pick: NDArray[np.int64],
    flags: NDArray[np.int64],
    free: NDArray[np.int64],
    state: NDArray[np.int64],
    rules: NDArray[np.int64],
) -> int:
    """Return the column for a slot: kind, then rules, then score, then the older note."""
    best, best_level, best_score = -1, _WORST, np.float32(0.0)
    for k in range(count):
        if flags[k] < 0:
            continue
        level = kind_level(kind, notes[k], new_start, insertable[k], pick[k])
        in_slot = flags_in_slot(flags[k], kind, insertable[k], pick[k])
        level += rule_level(in_slot, slot, free[0, k], free[1, k], state, rules)
        if level > best_level:
            continue
        novelty = np.float32(math.log(volume[k])) if objective == DPP else -nearest[k]
        score = reward[k] + rest * novelty
        if kind == _EXPLORE and pick[k] > 0:
            score = np.float32(-pick[k])
        better = score > best_score or (score == best_score and notes[k] < notes[best])
        if level < best_level or better:
            best, best_level, best_score = k, level, score
    return best


@njit(cache=True)
def _similarities(
    vectors: NDArray[np.float32], best: int, count: int, latest: NDArray[np.float32]
) -> None:
    """Write each candidate's inner product with the chosen one."""
    latest[:count] = np.float32(0.0)
    for d in range(vectors.shape[0]):
        x = vectors[d, best]
        for k in range(count):
            latest[k] += x * vectors[d, k]


@njit(cache=True)
def _approach(
    latest: NDArray[np.float32],
    count: int,
    near: NDArray[np.float32],
    slot: int,
    nearest: NDArray[np.float32],
) -> None:
    """Update each candidate's largest similarity to the notes in the window."""
    window = near.shape[0]
    near[slot % window, :count] = latest[:count]
    for k in range(count):
        nearest[k] = latest[k]
    for w in range(min(slot + 1, window)):
        for k in range(count):
            nearest[k] = max(nearest[k], near[w, k])
