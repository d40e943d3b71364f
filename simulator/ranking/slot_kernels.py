"""Compiled rules of a slate and bookkeeping of support, shared by every reranker.

Small functions that are inlined into a reranker's loop; the reranker brings the objective.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import SlotKind
from simulator.contracts.support import UNLIMITED

VIDEO, PROMOTED, CARD, SUPPORTED = 1, 2, 4, 8
"""Bits of a note's flags."""

N_STATE = 5
"""Length of the state of a slate: type of the last note, length of its run, slot of the last
promoted note, cards so far, slot of the last note placed by support."""

FALLBACK = 8
"""Level added when a note is not of the kind that the slot asks for."""

_OLD, _NEW = int(SlotKind.OLD), int(SlotKind.NEW)
_INSERT, _EXPLORE = int(SlotKind.INSERT), int(SlotKind.EXPLORE)
_UNLIMITED = int(UNLIMITED)
_LONG_AGO = -1_000_000


@njit(cache=True, inline="always")
def clear_slate(state: NDArray[np.int64]) -> None:
    """Reset the state of a slate."""
    state[0] = -1
    state[1] = 0
    state[2] = _LONG_AGO
    state[3] = 0
    state[4] = _LONG_AGO


@njit(cache=True, inline="always")
def note_flags(is_video: int, is_promoted: int, has_card: int) -> int:
    """Pack what the rules need to know of a note."""
    flags = VIDEO if is_video else 0
    if is_promoted:
        flags |= PROMOTED
    if has_card:
        flags |= CARD
    return flags


@njit(cache=True, inline="always")
def flags_in_slot(flags: int, kind: int, is_insertable: int, pick: int) -> int:
    """Return a note's flags in a slot: insertion is support, exploration is not."""
    if kind == _INSERT and is_insertable:
        return flags | SUPPORTED
    if kind == _EXPLORE and pick > 0:
        return flags & ~SUPPORTED
    return flags


@njit(cache=True, inline="always")
def rule_level(
    flags: int,
    slot: int,
    category_free: int,
    cluster_free: int,
    state: NDArray[np.int64],
    rules: NDArray[np.int64],
) -> int:
    """Return how far the rules must be relaxed for a note to fill a slot.

    Args:
        flags: from `note_flags`, with `SUPPORTED`, and `flags_in_slot`.
        slot: 0-based.
        category_free, cluster_free: first slot in which the note's category and cluster may
            stand again.
        state: int64[N_STATE].
        rules: int64[8]: longest run of one type, slots between promoted notes, first slots
            without card, slots of the first screen, cards in it, slots between notes of one
            category, of one cluster, and between supported notes; 0 switches a rule off.

    Returns:
        0 when every rule holds; otherwise 1 cluster, 2 category, 3 type, 4 supported, 5 promoted,
        6 card, the highest that is broken. Rules are given up in this order.
    """
    if flags & CARD and (slot < rules[2] or (slot < rules[3] and state[3] >= rules[4])):
        return 6
    if flags & PROMOTED and slot - state[2] < rules[1]:
        return 5
    if flags & SUPPORTED and slot - state[4] < rules[7]:
        return 4
    if 0 < rules[0] <= state[1] and state[0] == (flags & VIDEO):
        return 3
    if slot < category_free:
        return 2
    return 1 if slot < cluster_free else 0


@njit(cache=True, inline="always")
def fill_slot(flags: int, slot: int, state: NDArray[np.int64]) -> None:
    """Take note of what fills a slot."""
    is_video = flags & VIDEO
    state[1] = state[1] + 1 if state[0] == is_video else 1
    state[0] = is_video
    if flags & PROMOTED:
        state[2] = slot
    if flags & CARD:
        state[3] += 1
    if flags & SUPPORTED:
        state[4] = slot


@njit(cache=True, inline="always")
def block_group(
    group: NDArray[np.int64], best: int, count: int, until: int, free: NDArray[np.int64]
) -> None:
    """Keep the candidates of the chosen note's group out of the slots before `until`.

    Args:
        group: int64[K], category or cluster of each candidate, negative for none.
        best: column of the chosen note.
        count: candidates.
        until: first slot that is free again.
        free: int64[K], first free slot of each candidate; changed.
    """
    if group[best] < 0:
        return
    for k in range(count):
        if group[k] == group[best]:
            free[k] = until


@njit(cache=True, inline="always")
def kind_level(kind: int, note: int, new_start: int, is_insertable: int, pick: int) -> int:
    """Return 0 when a note is of the kind that a slot asks for, otherwise `FALLBACK`."""
    if (kind == _EXPLORE) != (pick > 0):
        return FALLBACK
    if kind == _OLD and note >= new_start:
        return FALLBACK
    if kind == _NEW and note < new_start:
        return FALLBACK
    if kind == _INSERT and not is_insertable:
        return FALLBACK
    return 0


@njit(cache=True, inline="always")
def supported_value(
    organic: np.float32,
    acting: int,
    row: int,
    rank: NDArray[np.float32],
    price: NDArray[np.float32],
    remaining: NDArray[np.int32],
) -> np.float32:
    """Return organic·Π rank + Σ price over the `acting` policies with `remaining` for this note."""
    value, added = organic, np.float32(0.0)
    for p in range(rank.shape[0]):
        if (acting >> p) & 1 and remaining[p, row] > 0:
            value *= rank[p, row]
            added += price[p, row]
    return value + added


@njit(cache=True, inline="always")
def is_insertable(
    acting: int, row: int, remaining: NDArray[np.int32], insert: NDArray[np.uint8]
) -> int:
    """Return 1 when an `acting` policy with `remaining` may insert this note into a slot."""
    for p in range(insert.shape[0]):
        if (acting >> p) & 1 and insert[p, row] and remaining[p, row] > 0:
            return 1
    return 0


@njit(cache=True, inline="always")
def is_moved(
    acting: int,
    row: int,
    rank: NDArray[np.float32],
    price: NDArray[np.float32],
    remaining: NDArray[np.int32],
) -> int:
    """Return 1 when an `acting` policy with `remaining` changes the value of this note."""
    for p in range(rank.shape[0]):
        if not (acting >> p) & 1:
            continue
        if remaining[p, row] > 0 and (rank[p, row] != 1.0 or price[p, row] != 0.0):
            return 1
    return 0


@njit(cache=True, inline="always")
def grant(
    kind: int,
    acting: int,
    row: int,
    rank: NDArray[np.float32],
    price: NDArray[np.float32],
    remaining: NDArray[np.int32],
    insert: NDArray[np.uint8],
) -> int:
    """Charge a placement to every policy that acted on it, and return their bits.

    A policy acted when it is among the `acting` ones, has `remaining` and a coefficient other
    than 1, a price other than 0, or the note fills an insertion slot that it may be put into.
    """
    bits = 0
    for p in range(rank.shape[0]):
        if not (acting >> p) & 1 or remaining[p, row] <= 0:
            continue
        inserted = kind == _INSERT and insert[p, row] > 0
        if rank[p, row] != 1.0 or price[p, row] != 0.0 or inserted:
            bits |= 1 << p
            if remaining[p, row] != _UNLIMITED:
                remaining[p, row] -= 1
    return bits
