"""Compiled part of logging: clicks of a chunk, and what the funnel rejected beside them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import Kind
from simulator.contracts.random import mix, unit

_CLICK = int(Kind.CLICK)
_FIRST_STRONG, _LAST_STRONG = int(Kind.LIKE), int(Kind.SHARE)
_TRIES = 8
_FAILED, _PASSED_PRE_RANK, _PASSED_RANK = 0, 1, 2


@njit(cache=True)
def _rejected(
    state: np.uint64,
    stage: NDArray[np.uint8],
    wanted: int,
    columns: NDArray[np.int16],
    n: int,
    notes: NDArray[np.int32],
    clicked: int,
) -> int:
    """Draw one of the first n columns (all of them when `columns` is empty) at a stage."""
    for attempt in range(_TRIES if n else 0):
        at = int(unit(mix(state, np.uint64(attempt))) * n)
        if columns.shape[0]:
            at = int(columns[at])
        if stage[at] == wanted and notes[at] != clicked:
            return int(notes[at])
    return -1


@njit(cache=True)
def log_clicks(
    request_id: NDArray[np.int64],
    slate: NDArray[np.int32],
    actions: NDArray[np.float32],
    candidates: NDArray[np.int32],
    n_candidates: NDArray[np.int32],
    ranked_at: NDArray[np.int16],
    n_ranked: NDArray[np.int32],
    kept_at: NDArray[np.int16],
    n_kept: NDArray[np.int32],
    key: np.uint64,
    share: float,
    strong_weight: float,
    row: NDArray[np.int32],
    note: NDArray[np.int32],
    weight: NDArray[np.float32],
    hard: NDArray[np.int32],
) -> int:
    """Write down clicked slots, each with notes that the funnel rejected for the same request.

    Hard negatives of even places failed to pass pre-rank, those of odd places passed it and
    failed to pass rank; a place is -1 where a few draws find none.

    Args:
        request_id, slate, actions: of the requests; int64[B], int32[B, S], float32[B, S, kinds].
        candidates, n_candidates, ranked_at, n_ranked, kept_at, n_kept: see `Trail`.
        key: of the stream of draws.
        share: share of clicks to log.
        strong_weight: what a like, collect, comment or share adds to the weight of a click.
        row, note, weight, hard: int32[M], int32[M], float32[M], int32[M, H] with room for every
            slot; filled with the request of each logged click, its note, its weight, and its hard
            negatives.

    Returns:
        How many clicks were logged.
    """
    n = 0
    stage = np.zeros(candidates.shape[1], np.uint8)
    everywhere = np.empty(0, np.int16)
    for b in range(slate.shape[0]):
        is_marked = False
        for s in range(slate.shape[1]):
            if slate[b, s] < 0 or actions[b, s, _CLICK] == 0:
                continue
            state = mix(mix(key, np.uint64(request_id[b])), np.uint64(s))
            if unit(state) >= share:
                continue
            if not is_marked:
                stage[:] = _FAILED
                for r in range(n_ranked[b]):
                    stage[ranked_at[b, r]] = _PASSED_PRE_RANK
                for r in range(n_kept[b]):
                    stage[ranked_at[b, kept_at[b, r]]] = _PASSED_RANK
                is_marked = True
            row[n], note[n], weight[n] = b, slate[b, s], 1.0
            if actions[b, s, _FIRST_STRONG : _LAST_STRONG + 1].any():
                weight[n] += strong_weight
            for h in range(hard.shape[1]):
                drawn = mix(state, np.uint64(h + 1))
                if h % 2 == 0:
                    hard[n, h] = _rejected(
                        drawn, stage, _FAILED, everywhere, n_candidates[b], candidates[b], note[n]
                    )
                else:
                    hard[n, h] = _rejected(
                        drawn, stage, _PASSED_PRE_RANK, ranked_at[b], n_ranked[b], candidates[b],
                        note[n],
                    )  # fmt: skip
            n += 1
    return n
