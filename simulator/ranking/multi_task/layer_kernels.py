"""Compiled layers of the multi-task networks, for the candidates of one request.

Arrays are laid out with candidates inside, and every loop over candidates adds in one fixed order:
the processor's vector lanes compute several candidates at a time, and none depends on another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS

_N_HEADS = N_HEADS

_ONE, _ZERO, _HALF = np.float32(1.0), np.float32(0.0), np.float32(0.5)
_LIMIT, _EXP_LIMIT = np.float32(20.0), np.float32(80.0)
_LOG2_E = np.float32(1.44269504)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_C5, _C4, _C3 = np.float32(1.98756915e-4), np.float32(1.39819995e-3), np.float32(8.33345191e-3)
_C2, _C1, _C0 = np.float32(4.16657959e-2), np.float32(1.66666655e-1), np.float32(5.00000012e-1)


class Weights(NamedTuple):
    """A network laid out for serving: E experts of width W, P pairs of a task and an expert.

    A column is one output of the first layer: E·W expert outputs, then one gate a pair where tasks
    choose among experts, then the linear part of each task; M columns in all.

    Attributes:
        note: float32[N_NOTE_FEATURES + D, M + d], statistics and embedding of a note to columns,
            and to the note's side of d interactions.
        category: float32[C, M + d], what a note's category adds.
        reader: float32[N_READER_FEATURES + C, M], features and profile of a reader to columns.
        interaction: float32[D, d], a reader's vector to the reader's side of interactions.
        pair: float32[X, M], pair features and interactions to columns; X is a multiple of 8.
        tower: float32[N_HEADS, W], expert outputs to a task's logit; W is a multiple of 4.
        first: int64[N_HEADS + 1], first pair of each task.
        expert: int64[P], expert of each pair.
        n_gates: P where tasks choose among experts, else 0.
    """

    note: NDArray[np.float32]
    category: NDArray[np.float32]
    reader: NDArray[np.float32]
    interaction: NDArray[np.float32]
    pair: NDArray[np.float32]
    tower: NDArray[np.float32]
    first: NDArray[np.int64]
    expert: NDArray[np.int64]
    n_gates: int


class Scratch(NamedTuple):
    """Working memory for K candidates.

    Attributes:
        x: float32[X, K], pair features and interactions, zeros below them.
        z: float32[M, K], columns.
        rows: float32[5, K]; row 0 receives logits.
        bits, power: int32[K] and float32[K], the same memory.
    """

    x: NDArray[np.float32]
    z: NDArray[np.float32]
    rows: NDArray[np.float32]
    bits: NDArray[np.int32]
    power: NDArray[np.float32]


@njit(cache=True)
def new_scratch(weights: Weights, width: int) -> Scratch:
    """Reserve working memory for `width` candidates."""
    bits = np.empty(width, np.int32)
    return Scratch(
        np.zeros((weights.pair.shape[0], width), np.float32),
        np.empty((weights.pair.shape[1], width), np.float32),
        np.empty((5, width), np.float32),
        bits,
        bits.view(np.float32),
    )


@njit(cache=True)
def exponentials(n: int, s: Scratch, x: NDArray[np.float32]) -> None:
    """Replace the first `n` numbers of float32[K] by their exponentials, to about 1e-7.

    Range reduction and polynomial of the Cephes library, written out because a call for each
    number would cost four times as much.
    """
    bits, power = s.bits, s.power
    for k in range(n):
        value = min(max(x[k], -_EXP_LIMIT), _EXP_LIMIT)
        whole = np.floor(value * _LOG2_E + _HALF)
        rest = value - whole * _LN2_HIGH
        rest -= whole * _LN2_LOW
        series = _C5 * rest + _C4
        series = series * rest + _C3
        series = series * rest + _C2
        series = series * rest + _C1
        series = series * rest + _C0
        x[k] = series * rest * rest + rest + _ONE
        bits[k] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    for k in range(n):
        x[k] *= power[k]


@njit(cache=True)
def first_layer(n: int, weights: Weights, s: Scratch) -> None:
    """Add what pairs contribute to the columns of `n` candidates, and rectify expert outputs."""
    x, z, pair = s.x, s.z, weights.pair
    n_outputs = z.shape[0] - weights.n_gates - _N_HEADS
    for c in range(z.shape[0]):
        for j in range(0, x.shape[0], 8):
            w0, w1, w2, w3 = pair[j, c], pair[j + 1, c], pair[j + 2, c], pair[j + 3, c]
            w4, w5, w6, w7 = pair[j + 4, c], pair[j + 5, c], pair[j + 6, c], pair[j + 7, c]
            for k in range(n):
                z[c, k] += (
                    (x[j, k] * w0 + x[j + 1, k] * w1) + (x[j + 2, k] * w2 + x[j + 3, k] * w3)
                ) + ((x[j + 4, k] * w4 + x[j + 5, k] * w5) + (x[j + 6, k] * w6 + x[j + 7, k] * w7))
        if c < n_outputs:
            for k in range(n):
                z[c, k] = max(z[c, k], _ZERO)


@njit(cache=True)
def _read_expert(
    n: int, weights: Weights, task: int, pair: int, s: Scratch, out: NDArray[np.float32]
) -> None:
    z, tower = s.z, weights.tower
    start = weights.expert[pair] * tower.shape[1]
    for k in range(n):
        out[k] = _ZERO
    for w in range(0, tower.shape[1], 4):
        at = start + w
        t0, t1, t2, t3 = tower[task, w], tower[task, w + 1], tower[task, w + 2], tower[task, w + 3]
        for k in range(n):
            out[k] += (z[at, k] * t0 + z[at + 1, k] * t1) + (z[at + 2, k] * t2 + z[at + 3, k] * t3)


@njit(cache=True)
def logits(n: int, weights: Weights, task: int, s: Scratch) -> None:
    """Write a task's logits for `n` candidates to row 0 of `s.rows`, cut at ±20."""
    z = s.z
    linear = z.shape[0] - _N_HEADS + task
    gates = z.shape[0] - _N_HEADS - weights.n_gates
    first, last = weights.first[task], weights.first[task + 1]
    logit, top, gate, read, total = s.rows[0], s.rows[1], s.rows[2], s.rows[3], s.rows[4]
    if weights.n_gates == 0:
        _read_expert(n, weights, task, first, s, logit)
    else:
        for k in range(n):
            top[k] = z[gates + first, k]
            logit[k] = total[k] = _ZERO
        for pair in range(first + 1, last):
            for k in range(n):
                top[k] = max(top[k], z[gates + pair, k])
        for pair in range(first, last):
            for k in range(n):
                gate[k] = z[gates + pair, k] - top[k]
            exponentials(n, s, gate)
            _read_expert(n, weights, task, pair, s, read)
            for k in range(n):
                total[k] += gate[k]
                logit[k] += gate[k] * read[k]
        for k in range(n):
            logit[k] /= total[k]
    for k in range(n):
        logit[k] = min(max(logit[k] + z[linear, k], -_LIMIT), _LIMIT)
