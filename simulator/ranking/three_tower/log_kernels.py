"""Compiled logging of examples: what was shown, what passed and was not, what did not pass."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import Kind
from simulator.contracts.random import mix, unit

SHOWN: Final = 1
PASSED: Final = 2
REJECTED: Final = 3

_CLICK = int(Kind.CLICK)
_SHOWN, _PASSED, _REJECTED = SHOWN, PASSED, REJECTED


@njit(cache=True)
def _place(notes: NDArray[np.int32], n: int, note: int) -> int:
    """Return where a note stands among the first n of a row, -1 for nowhere."""
    for k in range(n):
        if notes[k] == note:
            return k
    return -1


@njit(cache=True)
def log_requests(
    request_id: NDArray[np.int64],
    slate: NDArray[np.int32],
    examined: NDArray[np.uint8],
    actions: NDArray[np.float32],
    candidates: NDArray[np.int32],
    n_candidates: NDArray[np.int32],
    ranked: NDArray[np.int32],
    n_ranked: NDArray[np.int32],
    p: NDArray[np.float32],
    features: NDArray[np.float32],
    key: np.uint64,
    share: float,
    n_passed: int,
    n_rejected: int,
    row: NDArray[np.int32],
    note: NDArray[np.int32],
    kind: NDArray[np.uint8],
    statistics: NDArray[np.float32],
    labels: NDArray[np.float32],
    taught: NDArray[np.float32],
) -> int:
    """Write down a share of requests, each with its impressions and with drawn candidates.

    A draw that hits a note written already, or one of another kind, leaves its place empty.

    Args:
        request_id: int64[B].
        slate, examined, actions: [B, S], [B, S], [B, S, N_KINDS].
        candidates, n_candidates, ranked, n_ranked, p: see `Trail`.
        features: float32[N, F], statistics of notes.
        key: of the stream of draws.
        share: share of requests to log.
        n_passed: draws among those that passed pre-rank.
        n_rejected: draws among all candidates, of which those that passed are not taken.
        row: int32[B], receives the places of logged requests in the batch.
        note: int32[B, E], with E at least S + draws; receives notes, -1 where empty.
        kind: uint8[B, E], receives `SHOWN`, `PASSED`, `REJECTED`, or 0 where empty.
        statistics: float32[B, E, F], receives statistics.
        labels: float32[B, E, H], receives actions from the click on, 0 where not shown.
        taught: float32[B, E, H], receives the ranker's predictions, NaN where there are none.

    Returns:
        Number of logged requests.
    """
    n_heads, n_slots = labels.shape[2], slate.shape[1]
    n = 0
    for b in range(slate.shape[0]):
        state = mix(key, np.uint64(request_id[b]))
        if unit(state) >= share:
            continue
        row[n] = b
        note[n, :] = -1
        kind[n, :] = 0
        e = 0
        for s in range(n_slots + n_passed + n_rejected):
            drawn = unit(mix(state, np.uint64(s + 1)))
            this, found = -1, _SHOWN
            if s < n_slots:
                this = slate[b, s] if examined[b, s] else -1
            elif s < n_slots + n_passed:
                found = _PASSED
                if n_ranked[b] > 0:
                    this = ranked[b, int(drawn * n_ranked[b])]
            elif n_candidates[b] > 0:
                found = _REJECTED
                this = candidates[b, int(drawn * n_candidates[b])]
            if this < 0 or (found != _SHOWN and _place(slate[b], n_slots, this) >= 0):
                continue
            at = _place(ranked[b], n_ranked[b], this)
            if (found == _REJECTED and at >= 0) or _place(note[n], e, this) >= 0:
                continue
            note[n, e], kind[n, e] = this, found
            statistics[n, e] = features[this]
            for h in range(n_heads):
                labels[n, e, h] = actions[b, s, _CLICK + h] if found == _SHOWN else 0.0
                taught[n, e, h] = p[b, at, h] if at >= 0 else np.nan
            e += 1
        n += 1
    return n
