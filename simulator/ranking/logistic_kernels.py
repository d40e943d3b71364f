"""Compiled prediction and logging of the online logistic ranker.

Both read features through the same inlined functions, so what is logged is what was scored.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS, Head, Kind
from simulator.ranking.features import IS_NEW, N_NOTE_FEATURES
from simulator.ranking.statistics_kernels import log_odds_gap
from simulator.ranking.vector_kernels import dot_rows

_IMPRESSION, _CLICK, _DWELL = int(Kind.IMPRESSION), int(Kind.CLICK), int(Kind.DWELL)
_N_HEADS, _DWELL_HEAD = N_HEADS, int(Head.DWELL)
_IS_NEW, _N_NOTE = IS_NEW, N_NOTE_FEATURES
_ONE = np.float32(1.0)
_LIMIT = np.float32(20.0)


@njit(cache=True, inline="always")
def reader_features(
    totals: NDArray[np.float32], reader: int, request_no: int, rate: float, strength: float
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the features of one request, in the order of `READER_FEATURES`."""
    clicks = float(totals[reader, _CLICK])
    odds = math.log(rate / (1.0 - rate))
    gap = log_odds_gap(clicks, float(totals[reader, _IMPRESSION]), rate, strength, odds)
    depth = math.log(1.0 + request_no)
    return np.float32(gap), np.float32(math.log(1.0 + clicks)), np.float32(depth)


@njit(cache=True, inline="always")
def category_feature(profile: NDArray[np.float32], reader: int, category: int) -> np.float32:
    """Return the reader's interest in a category, the last of `PAIR_FEATURES`."""
    relative = profile[reader, category] * np.float32(profile.shape[1])
    return np.float32(math.log(relative + np.float32(0.1)))


@njit(cache=True)
def predict_heads(
    reader_idx: NDArray[np.int32],
    request_no: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    forms: NDArray[np.float32],
    reader_weights: NDArray[np.float32],
    pair_weights: NDArray[np.float32],
    category: NDArray[np.int16],
    embedding: NDArray[np.float32],
    vector: NDArray[np.float32],
    profile: NDArray[np.float32],
    reader_totals: NDArray[np.float32],
    rate: float,
    reader_strength: float,
    p: NDArray[np.float32],
    log_dwell: NDArray[np.float32],
) -> None:
    """Predict every head for every candidate; 0 where padded.

    Args:
        reader_idx, request_no: int32[B].
        note_idx: int32[B, K].
        n: int32[B].
        forms: float32[N, N_HEADS + 1], the note's part of each head, then whether it is new.
        reader_weights: float32[N_HEADS, N_READER_FEATURES].
        pair_weights: float32[N_HEADS, N_PAIR_FEATURES].
        category, embedding: columns of the note table.
        vector, profile, reader_totals: columns of the reader table.
        rate: the platform's clicks an impression.
        reader_strength: impressions that `rate` counts for in a reader's click rate.
        p: float32[B, K, N_HEADS], receives predictions.
        log_dwell: float32[B, K], receives log(1 + expected seconds of reading).
    """
    width = embedding.shape[1]
    base, slope = np.empty(_N_HEADS, np.float32), np.empty(_N_HEADS, np.float32)
    for b in range(note_idx.shape[0]):
        reader = reader_idx[b]
        gap, experience, depth = reader_features(
            reader_totals, reader, request_no[b], rate, reader_strength
        )
        for h in range(_N_HEADS):
            base[h] = (
                reader_weights[h, 0] * gap
                + reader_weights[h, 1] * experience
                + reader_weights[h, 2] * depth
            )
            slope[h] = pair_weights[h, 0] + pair_weights[h, 2] * experience
        for k in range(n[b]):
            note = note_idx[b, k]
            affinity = dot_rows(embedding, note, vector, reader, width)
            interest = category_feature(profile, reader, category[note])
            is_new = forms[note, _N_HEADS]
            for h in range(_N_HEADS):
                z = forms[note, h] + base[h]
                z += affinity * (slope[h] + is_new * pair_weights[h, 1])
                z += interest * pair_weights[h, 3]
                z = min(max(z, -_LIMIT), _LIMIT)
                if h == _DWELL_HEAD:
                    z = max(z, np.float32(0.0))
                    p[b, k, h] = math.exp(z) - _ONE
                    log_dwell[b, k] = z
                else:
                    p[b, k, h] = _ONE / (_ONE + math.exp(-z))
        for k in range(n[b], note_idx.shape[1]):
            log_dwell[b, k] = np.float32(0.0)
            for h in range(_N_HEADS):
                p[b, k, h] = np.float32(0.0)


@njit(cache=True)
def log_impressions(
    reader_idx: NDArray[np.int32],
    request_no: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    examined: NDArray[np.uint8],
    actions: NDArray[np.float32],
    features: NDArray[np.float32],
    category: NDArray[np.int16],
    embedding: NDArray[np.float32],
    vector: NDArray[np.float32],
    profile: NDArray[np.float32],
    reader_totals: NDArray[np.float32],
    rate: float,
    reader_strength: float,
    at: int,
    rows: NDArray[np.float32],
    labels: NDArray[np.float32],
) -> int:
    """Append one training row an impression to a ring.

    Args:
        reader_idx, request_no: int32[B].
        note_idx: int32[B, S], -1 where empty.
        examined: uint8[B, S].
        actions: float32[B, S, N_KINDS].
        features: float32[N, N_NOTE_FEATURES].
        category, embedding, vector, profile, reader_totals, rate, reader_strength: as in
            `predict_heads`.
        at: place of the next row.
        rows: float32[capacity, N_FEATURES]; changed.
        labels: float32[capacity, N_HEADS], 0 or 1, and log(1 + seconds) for dwell; changed.

    Returns:
        Number of rows appended.
    """
    width = embedding.shape[1]
    n_added = 0
    for b in range(note_idx.shape[0]):
        reader = reader_idx[b]
        gap, experience, depth = reader_features(
            reader_totals, reader, request_no[b], rate, reader_strength
        )
        for s in range(note_idx.shape[1]):
            note = note_idx[b, s]
            if note < 0 or examined[b, s] == 0:
                continue
            i = (at + n_added) % rows.shape[0]
            n_added += 1
            for f in range(_N_NOTE):
                rows[i, f] = features[note, f]
            affinity = dot_rows(embedding, note, vector, reader, width)
            rows[i, _N_NOTE] = gap
            rows[i, _N_NOTE + 1] = experience
            rows[i, _N_NOTE + 2] = depth
            rows[i, _N_NOTE + 3] = affinity
            rows[i, _N_NOTE + 4] = affinity * features[note, _IS_NEW]
            rows[i, _N_NOTE + 5] = affinity * experience
            rows[i, _N_NOTE + 6] = category_feature(profile, reader, category[note])
            for h in range(_DWELL_HEAD):
                labels[i, h] = actions[b, s, _CLICK + h]
            labels[i, _DWELL_HEAD] = math.log(_ONE + actions[b, s, _DWELL])
    return n_added
