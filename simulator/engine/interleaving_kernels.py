"""Compiled merging of two counterfactual rankings of one request's notes."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.support import UNLIMITED

_UNLIMITED = int(UNLIMITED)


@njit(cache=True)
def unite(
    first: NDArray[np.int16],
    n_first: NDArray[np.int32],
    second: NDArray[np.int16],
    n_second: NDArray[np.int32],
    width: int,
    out: NDArray[np.int16],
    n_out: NDArray[np.int32],
    at_first: NDArray[np.int16],
    at_second: NDArray[np.int16],
) -> None:
    """Join the columns that two stages kept, those of the first in front.

    Args:
        first, second: int16[B, K], columns kept.
        n_first, n_second: int32[B], how many.
        width: columns there are.
        out: int16[B, 2K], receives every column once, -1 after the last.
        n_out: int32[B], receives their number.
        at_first, at_second: int16[B, K], receive where each kept column is in `out`, -1 after the
            last.
    """
    place = np.empty(width, np.int16)
    for b in range(first.shape[0]):
        place[:] = -1
        n = 0
        for i in range(n_first[b]):
            place[first[b, i]] = n
            out[b, n] = first[b, i]
            at_first[b, i] = n
            n += 1
        for i in range(n_second[b]):
            column = second[b, i]
            if place[column] < 0:
                place[column] = n
                out[b, n] = column
                n += 1
            at_second[b, i] = place[column]
        at_first[b, n_first[b] :] = -1
        at_second[b, n_second[b] :] = -1
        out[b, n:] = -1
        n_out[b] = n


@njit(cache=True)
def ranking(
    slate: NDArray[np.int16],
    kept: NDArray[np.int16],
    n_kept: NDArray[np.int32],
    n: NDArray[np.int32],
    out: NDArray[np.int16],
) -> None:
    """Write the whole ranking of one list of policies: its slate, what else it kept, the rest.

    Args:
        slate: int16[B, S], places in `kept` that its slate holds, -1 where empty.
        kept: int16[B, K], columns of the union that it kept, best first.
        n_kept: int32[B].
        n: int32[B], columns of the union.
        out: int16[B, W], receives all columns of the union by rank, -1 after the last.
    """
    is_placed = np.empty(out.shape[1], np.bool_)
    for b in range(slate.shape[0]):
        is_placed[:] = False
        rank = 0
        for s in range(slate.shape[1]):
            if slate[b, s] >= 0:
                out[b, rank] = kept[b, slate[b, s]]
                is_placed[out[b, rank]] = True
                rank += 1
        for i in range(n_kept[b]):
            if not is_placed[kept[b, i]]:
                out[b, rank] = kept[b, i]
                is_placed[kept[b, i]] = True
                rank += 1
        for column in range(n[b]):
            if not is_placed[column]:
                out[b, rank] = column
                rank += 1
        out[b, rank:] = -1


@njit(cache=True)
def merge_rankings(
    order0: NDArray[np.int16],
    order1: NDArray[np.int16],
    n: NDArray[np.int32],
    is_treated: NDArray[np.bool_],
    p_control: float,
    is_consistent: bool,
    draw: NDArray[np.float64],
    out: NDArray[np.int16],
) -> None:
    """Sort notes by their own rank, ties as `tie_probability` of the estimators says.

    Args:
        order0, order1: int16[B, W], columns by rank under control's and treatment's policies.
        n: int32[B], columns.
        is_treated: bool[B, W], arm of each column.
        p_control: probability with which a note is in control.
        is_consistent: the consistent rule; else both go first equally often.
        draw: float64[B, W], uniform, one a rank.
        out: int16[B, S], receives columns from the top, -1 where there are fewer.
    """
    rank0, rank1 = np.empty(order0.shape[1], np.int64), np.empty(order0.shape[1], np.int64)
    for b in range(order0.shape[0]):
        for k in range(n[b]):
            rank0[order0[b, k]] = k
            rank1[order1[b, k]] = k
        filled = 0
        for k in range(n[b]):
            i, j = order0[b, k], order1[b, k]
            first0 = 0.5
            if is_consistent:
                up0, up1 = rank1[i] < k, rank0[j] < k
                first0 = 0.0 if up0 else 1.0
                if up0 == up1:
                    first0 = p_control if up0 else 1.0 - p_control
            control_first = draw[b, k] < first0
            for turn in range(2):
                is_control = control_first == (turn == 0)
                column = i if is_control else j
                if is_treated[b, column] != is_control and filled < out.shape[1]:
                    out[b, filled] = column
                    filled += 1
        out[b, filled:] = -1


@njit(cache=True)
def settle(
    slate: NDArray[np.int16],
    note_idx: NDArray[np.int32],
    organic: NDArray[np.float32],
    acting: NDArray[np.uint8],
    row: NDArray[np.int32],
    rank: NDArray[np.float32],
    price: NDArray[np.float32],
    remaining: NDArray[np.int32],
    notes: NDArray[np.int32],
    final: NDArray[np.float32],
    granted_by: NDArray[np.uint8],
) -> None:
    """Write notes and values of merged slates, and charge the policies that acted on them.

    Args:
        slate: int16[B, S], columns.
        note_idx, organic, acting: [B, W], of the columns; `acting` holds bits of policies.
        row, rank, price, remaining: the `SupportTable`; `remaining` is counted down.
        notes, final, granted_by: [B, S], the slate to write.
    """
    for b in range(slate.shape[0]):
        for s in range(slate.shape[1]):
            column, bits = slate[b, s], 0
            notes[b, s], final[b, s], granted_by[b, s] = -1, np.float32(0.0), 0
            if column < 0:
                continue
            note = note_idx[b, column]
            value, added = organic[b, column], np.float32(0.0)
            m = row[note] if note < row.shape[0] else -1
            for p in range(rank.shape[0] if m >= 0 else 0):
                if not (acting[b, column] >> p) & 1 or remaining[p, m] <= 0:
                    continue
                value *= rank[p, m]
                added += price[p, m]
                if rank[p, m] != 1.0 or price[p, m] != 0.0:
                    bits |= 1 << p
                    if remaining[p, m] != _UNLIMITED:
                        remaining[p, m] -= 1
            notes[b, s], final[b, s], granted_by[b, s] = note, value + added, bits
