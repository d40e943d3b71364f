"""Compiled scoring with three towers.

Candidates are taken in blocks of 32, one lane each: every loop over lanes becomes vector
instructions, and within a lane all sums have one fixed order, so a candidate's score does not
depend on what else is in its block, its request or its batch.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import Kind
from simulator.ranking.statistics_kernels import log_odds_gap

LANES = 32
"""Candidates in a block."""

_IMPRESSION, _CLICK = int(Kind.IMPRESSION), int(Kind.CLICK)
_ZERO, _ONE, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_LIMIT = np.float32(30.0)
_LOG2_E, _LN_2 = np.float32(math.log2(math.e)), np.float32(math.log(2.0))
_C3, _C4, _C5, _C6 = (np.float32(1.0 / math.factorial(n)) for n in (3, 4, 5, 6))


@njit(cache=True)
def reader_inputs(
    reader_idx: NDArray[np.int32],
    request_no: NDArray[np.int32],
    vector: NDArray[np.float32],
    profile: NDArray[np.float32],
    totals: NDArray[np.float32],
    rate: float,
    strength: float,
    out: NDArray[np.float32],
) -> None:
    """Write what the reader tower reads.

    Args:
        reader_idx, request_no: int32[B].
        vector: float32[R, D].
        profile: float32[R, C].
        totals: float32[R, N_KINDS].
        rate: the platform's clicks an impression.
        strength: impressions that `rate` counts for in a reader's click rate.
        out: float32[B, D + C + 3]: √D·vector; log(0.1 + C·interest) by category; log-odds of the
            smoothed click rate less the platform's, log(1 + clicks) / 5, log(1 + requests earlier
            in the session).
    """
    width, n_categories = vector.shape[1], profile.shape[1]
    scale = np.float32(math.sqrt(width))
    odds = math.log(rate / (1.0 - rate))
    for b in range(reader_idx.shape[0]):
        reader = reader_idx[b]
        for i in range(width):
            out[b, i] = scale * vector[reader, i]
        for c in range(n_categories):
            relative = profile[reader, c] * np.float32(n_categories)
            out[b, width + c] = math.log(relative + np.float32(0.1))
        clicks = float(totals[reader, _CLICK])
        shown = float(totals[reader, _IMPRESSION])
        at = width + n_categories
        out[b, at] = log_odds_gap(clicks, shown, rate, strength, odds)
        out[b, at + 1] = 0.2 * math.log(1.0 + clicks)
        out[b, at + 2] = math.log(1.0 + request_no[b])


@njit(cache=True)
def find_misses(
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    new_start: int,
    is_cached: NDArray[np.uint8],
    missing: NDArray[np.int32],
    counts: NDArray[np.int64],
) -> int:
    """List the candidates whose note vector is not cached, each once, and mark them as cached.

    Args:
        note_idx: int32[B, K].
        n: int32[B].
        new_start: first note row that counts as new.
        is_cached: uint8[N]; changed.
        missing: int32[>= N], receives the rows.
        counts: int64[4]: look-ups, look-ups of new notes, misses, misses of new notes; added to.

    Returns:
        Number of missing rows.
    """
    n_missing = 0
    for b in range(note_idx.shape[0]):
        counts[0] += n[b]
        for k in range(n[b]):
            note = note_idx[b, k]
            is_new = 1 if note >= new_start else 0
            counts[1] += is_new
            if is_cached[note] == 0:
                is_cached[note] = 1
                missing[n_missing] = note
                n_missing += 1
                counts[3] += is_new
    counts[2] += n_missing
    return n_missing


@njit(cache=True)
def _gather(
    notes: NDArray[np.int32],
    start: int,
    n_lanes: int,
    vectors: NDArray[np.float32],
    forms: NDArray[np.float32],
    category: NDArray[np.int16],
    by_category: NDArray[np.float32],
    x: NDArray[np.float32],
    skip: NDArray[np.float32],
) -> None:
    """Bring the notes of a block into lanes: vectors, the cross tower's units, its skip terms."""
    width, n_cross = vectors.shape[1], by_category.shape[1] - 1
    for lane in range(n_lanes):
        note = notes[start + lane]
        c = category[note]
        for i in range(width):
            x[i, lane] = vectors[note, i]
        for q in range(n_cross):
            x[width + q, lane] = max(forms[note, q] + by_category[c, q], _ZERO)
        skip[0, lane] = forms[note, n_cross] + by_category[c, n_cross]
        skip[1, lane] = forms[note, n_cross + 1]


@njit(cache=True)
def _upper(
    x: NDArray[np.float32],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    hidden: NDArray[np.float32],
) -> None:
    """Write `bias + weights @ x` for each lane, the inputs taken in fours; the last is linear."""
    for j in range(weights.shape[0]):
        for lane in range(LANES):
            hidden[j, lane] = bias[j]
    for i in range(0, x.shape[0], 4):
        for j in range(weights.shape[0]):
            w0, w1, w2, w3 = weights[j, i], weights[j, i + 1], weights[j, i + 2], weights[j, i + 3]
            for lane in range(LANES):
                near = (hidden[j, lane] + w0 * x[i, lane]) + w1 * x[i + 1, lane]
                hidden[j, lane] = (near + w2 * x[i + 2, lane]) + w3 * x[i + 3, lane]
    for j in range(weights.shape[0] - 1):
        for lane in range(LANES):
            hidden[j, lane] = max(hidden[j, lane], _ZERO)


@njit(cache=True)
def _probabilities(
    z: NDArray[np.float32], exponent: NDArray[np.int32], power: NDArray[np.float32]
) -> None:
    """Replace z by 1 / (1 + exp(-z)); exp is 2^k times a polynomial of degree 6."""
    for h in range(z.shape[0]):
        for lane in range(LANES):
            y = min(max(z[h, lane], -_LIMIT), _LIMIT) * -_LOG2_E
            k = np.floor(y + _HALF)
            f = (y - k) * _LN_2
            exponent[lane] = (np.int32(k) + np.int32(127)) << np.int32(23)
            rest = _C3 + f * (_C4 + f * (_C5 + f * _C6))
            z[h, lane] = _ONE + f * (_ONE + f * (_HALF + f * rest))
        for lane in range(LANES):
            z[h, lane] = _ONE / (_ONE + z[h, lane] * power[lane])


@njit(cache=True)
def score_towers(
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    reader_idx: NDArray[np.int32],
    reader: NDArray[np.float32],
    vectors: NDArray[np.float32],
    forms: NDArray[np.float32],
    category: NDArray[np.int16],
    profile: NDArray[np.float32],
    inputs: NDArray[np.float32],
    pair: NDArray[np.float32],
    product: NDArray[np.float32],
    cross: NDArray[np.float32],
    upper_bias: NDArray[np.float32],
    heads: NDArray[np.float32],
    head_bias: NDArray[np.float32],
    fusion: NDArray[np.float32],
    usual_evidence: float,
    by_evidence: float,
    out: NDArray[np.float32],
) -> None:
    """Write p_click·(1 + Σ w·p) for each candidate; 0 where padded.

    With D the width of vectors, Q the units of the cross tower, U of the upper net, and H heads:

    Args:
        note_idx: int32[B, K].
        n, reader_idx: int32[B].
        reader: float32[B, D + Q + 1], reader vectors, and what readers add to the cross tower.
        vectors: float32[N, D], note vectors.
        forms: float32[N, Q + 2], what statistics add to the cross tower, then log(1 + impressions).
        category: int16[N].
        profile: float32[R, C].
        inputs: float32[B, D + C + 3], see `reader_inputs`.
        pair: float32[2, Q + 1], weights of interest in the category and of its logarithm.
        product: float32[U + 1, D], upper net on the product of vectors; the last row is a part of
            the click's log-odds.
        cross: float32[U, Q], upper net on the cross tower.
        upper_bias: float32[U].
        heads: float32[H, U], click first.
        head_bias: float32[H].
        fusion: float32[H], weights in the score; the first is not read.
        usual_evidence: log(1 + impressions) of the note of an average impression.
        by_evidence: weight of what is missing to that.
        out: float32[B, K].
    """
    width, n_categories = vectors.shape[1], profile.shape[1]
    n_cross, n_upper, n_heads = pair.shape[1] - 1, cross.shape[0], heads.shape[0]
    x = np.zeros(((width + n_cross + 3) // 4 * 4, LANES), np.float32)
    weights = np.zeros((n_upper + 1, x.shape[0]), np.float32)
    bias = np.zeros(n_upper + 1, np.float32)
    bias[:n_upper] = upper_bias
    weights[:n_upper, width : width + n_cross] = cross
    hidden, skip = np.empty((n_upper + 1, LANES), np.float32), np.zeros((2, LANES), np.float32)
    z, total = np.empty((n_heads, LANES), np.float32), np.empty(LANES, np.float32)
    exponent = np.empty(LANES, np.int32)
    power = exponent.view(np.float32)
    by_category = np.empty((n_categories, n_cross + 1), np.float32)
    usual, w_evidence = np.float32(usual_evidence), np.float32(by_evidence)
    for b in range(note_idx.shape[0]):
        for j in range(n_upper + 1):
            for i in range(width):
                weights[j, i] = product[j, i] * reader[b, i]
        for c in range(n_categories):
            interest, log_interest = profile[reader_idx[b], c], inputs[b, width + c]
            for q in range(n_cross + 1):
                part = interest * pair[0, q] + log_interest * pair[1, q]
                by_category[c, q] = reader[b, width + q] + part
        for start in range(0, n[b], LANES):
            n_lanes = min(LANES, n[b] - start)
            _gather(note_idx[b], start, n_lanes, vectors, forms, category, by_category, x, skip)
            _upper(x, weights, bias, hidden)
            for h in range(n_heads):
                for lane in range(LANES):
                    z[h, lane] = head_bias[h]
                for j in range(n_upper):
                    w = heads[h, j]
                    for lane in range(LANES):
                        z[h, lane] += w * hidden[j, lane]
            for lane in range(LANES):
                missing = min(skip[1, lane] - usual, _ZERO)
                z[0, lane] += skip[0, lane] + hidden[n_upper, lane] + w_evidence * missing
            _probabilities(z, exponent, power)
            total[:] = _ONE
            for h in range(1, n_heads):
                for lane in range(LANES):
                    total[lane] += fusion[h] * z[h, lane]
            for lane in range(n_lanes):
                out[b, start + lane] = z[0, lane] * total[lane]
        out[b, n[b] :] = _ZERO
