"""Compiled smoothing of logged counters into note features."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import HOUR_S, Kind, Window

_IMPRESSION, _CLICK, _LIKE, _DWELL = (
    int(Kind.IMPRESSION),
    int(Kind.CLICK),
    int(Kind.LIKE),
    int(Kind.DWELL),
)
_DAY = int(Window.DAY)
_HOUR_S = float(HOUR_S)
_N_RATES = 4


@njit(cache=True, inline="always")
def log_odds_gap(
    events: float, trials: float, rate: float, strength: float, log_odds: float
) -> float:
    """Return the log-odds of a smoothed rate less `log_odds`, the log-odds of `rate`.

    The smoothed rate is (events + rate·strength) / (trials + strength), the posterior mean under a
    Beta prior worth `strength` trials.
    """
    misses = max(trials - events, 0.0) + (1.0 - rate) * strength
    return math.log((events + rate * strength) / misses) - log_odds


@njit(cache=True)
def sum_windows(decayed: NDArray[np.float32], window: int, start: int) -> NDArray[np.float64]:
    """Return float64[N_KINDS], decayed counts of one window summed over rows from `start` on."""
    out = np.zeros(decayed.shape[2])
    for i in range(start, decayed.shape[0]):
        for kind in range(decayed.shape[2]):
            out[kind] += decayed[i, window, kind]
    return out


@njit(cache=True)
def refresh_features(
    start: int,
    force_start: int,
    n_known: int,
    now: float,
    new_age_s: float,
    published_t: NDArray[np.float64],
    creator_idx: NDArray[np.int32],
    is_video: NDArray[np.uint8],
    totals: NDArray[np.float32],
    decayed: NDArray[np.float32],
    creator_totals: NDArray[np.float32],
    factors: NDArray[np.float32],
    rates: NDArray[np.float64],
    strengths: NDArray[np.float64],
    seen: NDArray[np.float32],
    features: NDArray[np.float32],
    changed: NDArray[np.int32],
) -> int:
    """Recompute the features of notes that were shown since, are unknown, or are forced.

    Args:
        start: first note row to look at.
        force_start: rows from here on are recomputed in any case.
        n_known: rows from here on have no features yet.
        now: seconds.
        new_age_s: age below which a note counts as new, seconds.
        published_t, creator_idx, is_video, totals, decayed: columns of the note table.
        creator_totals: float32[A, N_KINDS].
        factors: float32[3], turns `decayed` into counts as of `now`.
        rates: float64[6], the platform's clicks an impression; likes, collects, comments, shares
            and seconds of dwell a click.
        strengths: float64[3], pseudo-counts: impressions of a note, clicks of a note,
            impressions of a creator.
        seen: float32[>= N], life impressions at the last refresh; updated.
        features: float32[>= N, N_NOTE_FEATURES]; updated.
        changed: int32[>= N], receives the recomputed rows, ascending.

    Returns:
        Number of recomputed rows.
    """
    n_changed = 0
    ctr, by_impression, by_click, by_creator = rates[0], strengths[0], strengths[1], strengths[2]
    odds = np.empty(1 + _N_RATES)
    for j in range(1 + _N_RATES):
        odds[j] = math.log(rates[j] / (1.0 - rates[j]))
    for i in range(start, published_t.shape[0]):
        impressions = totals[i, _IMPRESSION]
        if i < force_start and i < n_known and impressions == seen[i]:
            continue
        seen[i] = impressions
        changed[n_changed] = i
        n_changed += 1
        clicks = float(totals[i, _CLICK])
        age_s = max(now - published_t[i], 0.0)
        features[i, 0] = 1.0
        for w in range(3):
            shown = float(decayed[i, w, _IMPRESSION] * factors[w])
            clicked = float(decayed[i, w, _CLICK] * factors[w])
            features[i, 1 + w] = log_odds_gap(clicked, shown, ctr, by_impression, odds[0])
        features[i, 4] = log_odds_gap(clicks, float(impressions), ctr, by_impression, odds[0])
        features[i, 5] = math.log(1.0 + impressions)
        features[i, 6] = math.log(1.0 + decayed[i, _DAY, _IMPRESSION] * factors[_DAY])
        features[i, 7] = math.log(1.0 + age_s / _HOUR_S)
        features[i, 8] = 1.0 if age_s < new_age_s else 0.0
        features[i, 9] = 1.0 if is_video[i] else 0.0
        features[i, 10] = 0.0
        creator = creator_idx[i]
        if creator < creator_totals.shape[0]:
            shown = float(creator_totals[creator, _IMPRESSION])
            clicked = float(creator_totals[creator, _CLICK])
            features[i, 10] = log_odds_gap(clicked, shown, ctr, by_creator, odds[0])
        for j in range(_N_RATES):
            acted = float(totals[i, _LIKE + j])
            features[i, 11 + j] = log_odds_gap(acted, clicks, rates[1 + j], by_click, odds[1 + j])
        mean_dwell = (totals[i, _DWELL] + rates[5] * by_click) / (clicks + by_click)
        features[i, 15] = math.log((1.0 + mean_dwell) / (1.0 + rates[5]))
    return n_changed


@njit(cache=True)
def project(
    features: NDArray[np.float32],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write linear forms of note features: `out[i, h] = Σ_f features[i, f]·weights[h, f]`.

    Args:
        features: float32[N, F].
        rows: int32[M], rows to write.
        weights: float32[H, F].
        out: float32[N, H].
    """
    for m in range(rows.shape[0]):
        i = rows[m]
        for h in range(weights.shape[0]):
            total = 0.0
            for f in range(weights.shape[1]):
                total += float(features[i, f]) * float(weights[h, f])
            out[i, h] = total
