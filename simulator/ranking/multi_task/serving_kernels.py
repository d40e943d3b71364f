"""Compiled prediction of the multi-task networks.

A network's first layer is linear in its input, so a note's part is kept by note and a reader's
part is computed once a request; what is left for a candidate are pair features, gates and towers.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS, Head
from simulator.ranking.features import IS_NEW, N_NOTE_FEATURES
from simulator.ranking.logistic_kernels import category_feature, reader_features
from simulator.ranking.multi_task.layer_kernels import (
    Scratch,
    Weights,
    exponentials,
    first_layer,
    logits,
    new_scratch,
)
from simulator.ranking.multi_task.session_kernels import repetition
from simulator.ranking.vector_kernels import dot_rows

_N_HEADS, _DWELL = N_HEADS, int(Head.DWELL)
_IS_NEW, _N_NOTE = IS_NEW, N_NOTE_FEATURES
_N_READER, _N_PAIR = 3, 5
_ONE, _ZERO = np.float32(1.0), np.float32(0.0)


@njit(cache=True)
def write_note_rows(
    rows: NDArray[np.int32],
    features: NDArray[np.float32],
    embedding: NDArray[np.float32],
    category: NDArray[np.int16],
    weights: Weights,
    out: NDArray[np.float32],
) -> None:
    """Compute the note's part of the first layer, and whether the note is new.

    Args:
        rows: int32[R], notes to compute.
        features: float32[>= N, N_NOTE_FEATURES].
        embedding, category: columns of the note table.
        weights: the network.
        out: float32[>= N, M + d + 1]; the given rows are overwritten.
    """
    width = weights.note.shape[1]
    for m in range(rows.shape[0]):
        i = rows[m]
        for o in range(width):
            out[i, o] = weights.category[category[i], o]
        for f in range(_N_NOTE):
            value = features[i, f]
            for o in range(width):
                out[i, o] += value * weights.note[f, o]
        for d in range(embedding.shape[1]):
            value = embedding[i, d]
            for o in range(width):
                out[i, o] += value * weights.note[_N_NOTE + d, o]
        out[i, width] = features[i, _IS_NEW]


@njit(cache=True)
def _reader_part(
    context: NDArray[np.float32],
    profile: NDArray[np.float32],
    vector: NDArray[np.float32],
    reader: int,
    weights: Weights,
    base: NDArray[np.float32],
    side: NDArray[np.float32],
) -> None:
    """Write the reader's part of the columns, and the reader's side of the interactions."""
    base[:] = _ZERO
    side[:] = _ZERO
    for i in range(weights.reader.shape[0]):
        value = context[i] if i < _N_READER else np.sqrt(profile[reader, i - _N_READER])
        for column in range(base.shape[0]):
            base[column] += value * weights.reader[i, column]
    for d in range(vector.shape[1]):
        value = vector[reader, d]
        for j in range(side.shape[0]):
            side[j] += value * weights.interaction[d, j]


@njit(cache=True)
def _write_heads(
    b: int,
    n: int,
    weights: Weights,
    s: Scratch,
    p: NDArray[np.float32],
    log_dwell: NDArray[np.float32],
) -> None:
    logit = s.rows[0]
    for task in range(_N_HEADS):
        logits(n, weights, task, s)
        if task == _DWELL:
            for k in range(n):
                logit[k] = max(logit[k], _ZERO)
                log_dwell[b, k] = logit[k]
            exponentials(n, s, logit)
            for k in range(n):
                p[b, k, task] = logit[k] - _ONE
        else:
            for k in range(n):
                logit[k] = -logit[k]
            exponentials(n, s, logit)
            for k in range(n):
                p[b, k, task] = _ONE / (_ONE + logit[k])


@njit(cache=True)
def predict_heads(
    reader_idx: NDArray[np.int32],
    request_no: NDArray[np.int32],
    session_no: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    note_rows: NDArray[np.float32],
    weights: Weights,
    category: NDArray[np.int16],
    embedding: NDArray[np.float32],
    vector: NDArray[np.float32],
    profile: NDArray[np.float32],
    reader_totals: NDArray[np.float32],
    session: NDArray[np.int32],
    shown: NDArray[np.uint8],
    rate: float,
    reader_strength: float,
    offset: NDArray[np.float32],
    p: NDArray[np.float32],
    log_dwell: NDArray[np.float32],
) -> None:
    """Predict every head for every candidate; 0 where padded.

    Args:
        reader_idx, request_no, session_no: int32[B].
        note_idx: int32[B, K].
        n: int32[B], candidates in each row.
        note_rows: float32[>= N, M + d + 1] by `write_note_rows`.
        weights: the network.
        category, embedding: columns of the note table.
        vector, profile, reader_totals: columns of the reader table.
        session: int32[>= R], the session that `shown` counts.
        shown: uint8[>= R, C], impressions of each category in that session.
        rate: the platform's clicks an impression.
        reader_strength: impressions that `rate` counts for in a reader's click rate.
        offset: float32[N_HEADS], added to the logits.
        p: float32[B, K, N_HEADS], receives predictions.
        log_dwell: float32[B, K], receives log(1 + expected seconds of reading).
    """
    s = new_scratch(weights, note_idx.shape[1])
    x, z = s.x, s.z
    n_columns, n_sides = weights.reader.shape[1], weights.interaction.shape[1]
    base, side = np.empty(n_columns, np.float32), np.empty(n_sides, np.float32)
    context = np.empty(_N_READER, np.float32)
    by_category = np.empty((2, profile.shape[1]), np.float32)
    for b in range(note_idx.shape[0]):
        reader = reader_idx[b]
        context[0], context[1], context[2] = reader_features(
            reader_totals, reader, request_no[b], rate, reader_strength
        )
        _reader_part(context, profile, vector, reader, weights, base, side)
        for h in range(_N_HEADS):
            base[n_columns - _N_HEADS + h] += offset[h]
        is_counted = session[reader] == session_no[b]
        for c in range(profile.shape[1]):
            by_category[0, c] = category_feature(profile, reader, c)
            by_category[1, c] = repetition(shown, reader, c, is_counted)
        for k in range(n[b]):
            note = note_idx[b, k]
            affinity = dot_rows(embedding, note, vector, reader, embedding.shape[1])
            x[0, k] = affinity
            x[1, k] = affinity * note_rows[note, n_columns + n_sides]
            x[2, k] = affinity * context[1]
            x[3, k] = by_category[0, category[note]]
            x[4, k] = by_category[1, category[note]]
            for j in range(n_sides):
                x[_N_PAIR + j, k] = note_rows[note, n_columns + j] * side[j]
            for c in range(n_columns):
                z[c, k] = note_rows[note, c] + base[c]
        first_layer(n[b], weights, s)
        _write_heads(b, n[b], weights, s, p, log_dwell)
        for k in range(n[b], note_idx.shape[1]):
            log_dwell[b, k] = _ZERO
            for h in range(_N_HEADS):
                p[b, k, h] = _ZERO
