"""Compiled drawing of what readers had read before the start."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.random import mix, unit
from simulator.world.behavior_kernels import Coefficients, NoteColumns, ReaderColumns, _react

_START, _STEP, _AGE, _ERROR = 1, 2, 1, 2
_BLOCK = 64
"""Neighbouring notes looked at together: memory is read in order."""

_PART = np.uint64(0xFFFF)
_SHIFT = np.uint64(16)


@njit(cache=True)
def _coprime_step(u: float, n: int) -> int:
    """Return a stride that visits all of n places before it repeats one."""
    step = 1 + int(u * (n - 1)) if n > 1 else 1
    while math.gcd(step, n) != 1:
        step += 1
    return step


@njit(cache=True, inline="always")
def _bell(state: np.uint64) -> float:
    """Return the sum of four uniform numbers, centred, of spread 1: near normal, without a log."""
    total = 0.0
    for _ in range(4):
        total += float(state & _PART)
        state >>= _SHIFT
    return (total / 65_536.0 - 2.0) * 1.7320508


@njit(cache=True, inline="always")
def _dot(a: NDArray[np.float32], i: int, b: NDArray[np.float32], j: int) -> np.float32:
    """Return the inner product of row i of a and row j of b, in a fixed order of sums."""
    s0, s1, s2, s3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    whole = a.shape[1] // 4 * 4
    for d in range(0, whole, 4):
        s0 += a[i, d] * b[j, d]
        s1 += a[i, d + 1] * b[j, d + 1]
        s2 += a[i, d + 2] * b[j, d + 2]
        s3 += a[i, d + 3] * b[j, d + 3]
    for d in range(whole, a.shape[1]):
        s0 += a[i, d] * b[j, d]
    return (s0 + s1) + (s2 + s3)


@njit(cache=True)
def _gather(
    r: int,
    n_reach: int,
    within: NDArray[np.float64],
    stream: np.uint64,
    error_sd: float,
    readers: ReaderColumns,
    notes: NoteColumns,
    quality_coefficient: float,
    row: NDArray[np.int32],
    luck: NDArray[np.float64],
    worth: NDArray[np.float32],
) -> int:
    """List the notes that came within a reader's reach, with what they were worth; count them."""
    n_notes = within.shape[0]
    n_blocks = (n_notes + _BLOCK - 1) // _BLOCK
    block = int(unit(mix(stream, np.uint64(_START))) * n_blocks)
    step = _coprime_step(unit(mix(stream, np.uint64(_STEP))), n_blocks)
    found = 0
    looked = 0
    while looked < n_reach:
        block = (block + step) % n_blocks
        for place in range(block * _BLOCK, min((block + 1) * _BLOCK, n_notes)):
            looked += 1
            if looked > n_reach:
                break
            pair = mix(stream, notes.key[place])
            u = unit(mix(pair, np.uint64(_AGE)))
            if u >= within[place]:
                continue
            row[found] = place
            luck[found] = u
            worth[found] = (
                _dot(readers.taste, r, notes.appeal, place)
                + quality_coefficient * notes.quality[place]
                + error_sd * _bell(mix(pair, np.uint64(_ERROR)))
            )
            found += 1
    return found


@njit(cache=True)
def read_past(
    first_reader: int,
    wanted: NDArray[np.int64],
    within_reach: NDArray[np.int64],
    within: NDArray[np.float64],
    history_key: np.uint64,
    error_sd: float,
    scale_s: float,
    shape: float,
    readers: ReaderColumns,
    notes: NoteColumns,
    c: Coefficients,
    t: NDArray[np.float64],
    reader_idx: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    actions: NDArray[np.float32],
) -> int:
    """Pick the best notes within reach of each reader, let the reader act, and list them by time.

    A note is within reach from a random age on (Weibull), so notes of the last hours are hardly
    read yet. What counts as best is the true click logit plus a bell-shaped error.

    Args:
        first_reader: first row of the block.
        wanted: int64[R], notes that each reader of the block has read.
        within_reach: int64[R], notes among which they were picked.
        within: float64[N], probability that a note has come within reach before the start.
        history_key: stream of the picks.
        error_sd: spread of the error.
        scale_s: Weibull scale of the age at reading, seconds.
        shape: Weibull shape.
        readers, notes: truth, not changed.
        c: coefficients of behaviour.
        t, reader_idx, note_idx, actions: filled from the front; actions start at 0.

    Returns:
        Number of impressions.
    """
    longest = max(1, within_reach.max())
    row = np.empty(longest, np.int32)
    luck = np.empty(longest, np.float64)
    worth = np.empty(longest, np.float32)
    n = 0
    for i in range(wanted.shape[0]):
        r = first_reader + i
        stream = mix(history_key, np.uint64(r))
        found = _gather(
            r,
            within_reach[i],
            within,
            stream,
            error_sd,
            readers,
            notes,
            c.quality,
            row,
            luck,
            worth,
        )
        take = min(found, wanted[i])
        if take == 0:
            continue
        threshold = np.partition(worth[:found], found - take)[found - take]
        chosen = np.flatnonzero(worth[:found] >= threshold)[:take]
        age = scale_s * (-np.log(1.0 - luck[chosen])) ** (1.0 / shape)
        when = notes.published_t[row[chosen]] + age
        reader_key = mix(c.pair_key, np.uint64(r))
        for j in np.argsort(when, kind="mergesort"):
            note = row[chosen[j]]
            dot = 0.0
            for d in range(readers.taste.shape[1]):
                dot += readers.taste[r, d] * notes.appeal[note, d]
            affinity, quality = dot - c.affinity_mean, notes.quality[note]
            logit = c.base + affinity + c.quality * quality + readers.propensity[r]
            logit -= c.staleness_per_s * age[j]
            _react(mix(reader_key, notes.key[note]), affinity, quality, logit, c, actions[n])
            t[n], reader_idx[n], note_idx[n] = min(when[j], -1.0), r, note
            n += 1
    return n
