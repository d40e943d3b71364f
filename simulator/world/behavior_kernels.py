"""What readers do with slates, one request after the other.

A pair's luck depends on the reader and the note alone, so two policies that show a note to the
same reader share it. How far a reader scrolls and whether the session goes on depend on the
reader, the day, the session and the request.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.random import mix, unit

N_ACTIONS = 5
"""Like, collect, comment, share, follow: the kinds after a click, in the order of `Kind`."""

_CLICK, _HIDE, _VIEW, _DWELL, _ACTION = 1, 2, 3, 5, 7
_SCROLL, _CONTINUE, _GAP = 1, 2, 3
_IMPRESSION_KIND, _CLICK_KIND, _LIKE_KIND, _HIDE_KIND, _DWELL_KIND = 0, 1, 2, 7, 8
_DAY_S = 86_400.0
_TWO_PI = 2.0 * math.pi


class ReaderColumns(NamedTuple):
    """Columns of `ReaderTruth` that the kernel reads and changes."""

    taste: NDArray[np.float32]
    propensity: NDArray[np.float32]
    expected: NDArray[np.float32]
    patience: NDArray[np.float32]
    surplus: NDArray[np.float32]
    day_impressions: NDArray[np.float32]
    day_surplus: NDArray[np.float32]
    category_counts: NDArray[np.uint8]


class NoteColumns(NamedTuple):
    """Columns of `NoteTruth` that the kernel reads."""

    appeal: NDArray[np.float32]
    quality: NDArray[np.float32]
    category: NDArray[np.int16]
    published_t: NDArray[np.float64]
    key: NDArray[np.uint64]


class Coefficients(NamedTuple):
    """Knobs of behaviour and sessions in the form that the kernel uses."""

    pair_key: np.uint64
    request_key: np.uint64
    start_day: int
    base: float
    affinity_mean: float
    quality: float
    staleness_per_s: float
    screen_slots: int
    screen_decay: float
    view_log: float
    view_sd: float
    dwell_log: float
    dwell_sd: float
    dwell_affinity: float
    dwell_quality: float
    dwell_max_s: float
    hide_base: float
    hide_aversion: float
    continue_logit: float
    surplus_weight: float
    surplus_memory: float
    like_value: float
    hide_cost: float
    gap_mean_s: float
    max_requests: int
    fatigue: NDArray[np.float64]
    actions: NDArray[np.float64]


@njit(cache=True, inline="always")
def _draw(state: np.uint64, tag: int) -> float:
    return unit(mix(state, np.uint64(tag)))


@njit(cache=True, inline="always")
def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@njit(cache=True)
def _lognormal(state: np.uint64, tag: int, log_median: float, sd: float) -> float:
    radius = math.sqrt(-2.0 * math.log(1.0 - _draw(state, tag)))
    return math.exp(log_median + sd * radius * math.cos(_TWO_PI * _draw(state, tag + 1)))


@njit(cache=True)
def _examined_depth(u: float, n_slots: int, c: Coefficients) -> int:
    depth = c.screen_slots
    reached = c.screen_decay
    while depth < n_slots and u < reached:
        depth += c.screen_slots
        reached *= c.screen_decay
    return min(depth, n_slots)


@njit(cache=True)
def _react(
    pair: np.uint64,
    affinity: float,
    quality: float,
    logit: float,
    c: Coefficients,
    row: NDArray[np.float32],
) -> float:
    """Fill the actions of one examined slot and return its worth in clicks."""
    row[_IMPRESSION_KIND] = 1.0
    worth = 0.0
    if _draw(pair, _CLICK) < _sigmoid(logit):
        row[_CLICK_KIND] = 1.0
        worth = 1.0
        for k in range(N_ACTIONS):
            chance = c.actions[k, 0] + c.actions[k, 1] * affinity + c.actions[k, 2] * quality
            if _draw(pair, _ACTION + k) < _sigmoid(chance):
                row[_LIKE_KIND + k] = 1.0
                if k < 2:
                    worth += c.like_value
        log_dwell = c.dwell_log + c.dwell_affinity * affinity + c.dwell_quality * quality
        dwell = _lognormal(pair, _DWELL, log_dwell, c.dwell_sd)
        row[_DWELL_KIND] = min(dwell, c.dwell_max_s)
    if worth <= 1.0:
        aversion = c.hide_base - c.hide_aversion * (affinity + c.quality * quality)
        if _draw(pair, _HIDE) < _sigmoid(aversion):
            row[_HIDE_KIND] = 1.0
            worth -= c.hide_cost
    return worth


@njit(cache=True)
def respond(
    t: NDArray[np.float64],
    reader_idx: NDArray[np.int32],
    session_no: NDArray[np.int32],
    request_no: NDArray[np.int32],
    slates: NDArray[np.int32],
    readers: ReaderColumns,
    notes: NoteColumns,
    c: Coefficients,
    examined: NDArray[np.uint8],
    actions: NDArray[np.float32],
    view_s: NDArray[np.float32],
    next_t: NDArray[np.float64],
) -> None:
    """Answer requests in order and fill the last four arrays, which start at 0.

    Args:
        t: float64[B], seconds.
        reader_idx, session_no, request_no: int32[B].
        slates: int32[B, S], note rows, -1 where empty.
        readers, notes: truth; session state and sums of the day are changed in place.
        c: coefficients.
        examined: uint8[B, S].
        actions: float32[B, S, N_KINDS].
        view_s: float32[B, S].
        next_t: float64[B], NaN where the session ends.
    """
    n_slots = slates.shape[1]
    for b in range(t.shape[0]):
        r = reader_idx[b]
        counts = readers.category_counts[r]
        if request_no[b] == 0:
            readers.surplus[r] = 0.0
            counts[:] = 0
        day = c.start_day + math.floor(t[b] / _DAY_S)
        request = mix(mix(c.request_key, np.uint64(r)), np.uint64(day))
        request = mix(mix(request, np.uint64(session_no[b])), np.uint64(request_no[b]))
        reader_key = mix(c.pair_key, np.uint64(r))
        depth = _examined_depth(_draw(request, _SCROLL), n_slots, c)
        n_seen, worth, spent = 0, 0.0, 0.0
        for s in range(depth):
            note = slates[b, s]
            if note < 0:
                continue
            dot = 0.0
            for d in range(readers.taste.shape[1]):
                dot += readers.taste[r, d] * notes.appeal[note, d]
            affinity = dot - c.affinity_mean
            quality = notes.quality[note]
            category = notes.category[note]
            logit = c.base + affinity + c.quality * quality + readers.propensity[r]
            logit -= c.fatigue[counts[category]]
            logit -= c.staleness_per_s * max(t[b] - notes.published_t[note], 0.0)
            pair = mix(reader_key, notes.key[note])
            worth += _react(pair, affinity, quality, logit, c, actions[b, s])
            view = _lognormal(pair, _VIEW, c.view_log, c.view_sd)
            view_s[b, s] = view
            examined[b, s] = 1
            spent += view + actions[b, s, _DWELL_KIND]
            n_seen += 1
            if counts[category] < 255:
                counts[category] += 1
        gain = worth - readers.expected[r] * n_seen
        readers.surplus[r] = c.surplus_memory * readers.surplus[r] + gain
        readers.day_impressions[r] += n_seen
        readers.day_surplus[r] += gain
        go_on = c.continue_logit + readers.patience[r] + c.surplus_weight * readers.surplus[r]
        stays = _draw(request, _CONTINUE) < _sigmoid(go_on)
        if n_seen == 0 or request_no[b] + 1 >= c.max_requests or not stays:
            next_t[b] = np.nan
        else:
            pause = -c.gap_mean_s * math.log(1.0 - _draw(request, _GAP))
            next_t[b] = t[b] + spent + pause
