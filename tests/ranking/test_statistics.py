import dataclasses

import numpy as np
import pytest

from simulator.contracts.events import DAY_S, N_KINDS, WINDOW_S, Kind
from simulator.ranking.features import N_NOTE_FEATURES, NOTE_FEATURES
from simulator.ranking.statistics import (
    DEFAULT_RATES,
    NoteStatistics,
    StatisticsConfig,
    platform_rates,
)
from tests.support.platform import freeze, make_view

IDENTITY = np.eye(N_NOTE_FEATURES, dtype=np.float32)
CTR = NOTE_FEATURES.index("ctr_30d")


def build(view, weights=IDENTITY, **config):
    return NoteStatistics(StatisticsConfig(**config), view.spec, weights)


def logit(p):
    return np.log(p / (1 - p))


def later(view, seconds, **notes):
    """The same platform some time later, with some note columns replaced."""
    changed = freeze(dataclasses.replace(view.notes, **notes))
    out = dataclasses.replace(view, now=view.now + seconds, notes=changed)
    out.live_start = out.first_younger_than(view.spec.max_age_s)
    out.new_start = out.first_younger_than(view.spec.new_age_s)
    return out


def shown(view, row, impressions, clicks):
    """Note totals after some more impressions and clicks of one note."""
    totals = view.notes.totals.copy()
    totals[row, Kind.IMPRESSION] += impressions
    totals[row, Kind.CLICK] += clicks
    return totals


@pytest.fixture(scope="module")
def view():
    return make_view(800, 60, seed=3)


def test_features_follow_their_definitions(view):
    statistics = build(view)
    statistics.nearline(view)
    row = view.new_start - 5
    notes, rates = view.notes, statistics.rates
    counts = notes.totals[row].astype(float)
    factors = notes.decay_factors(view.now)
    by_window = notes.decayed[row].astype(float) * factors[:, None]
    ctr = [
        logit((w[Kind.CLICK] + 30 * rates[0]) / (w[Kind.IMPRESSION] + 30)) - logit(rates[0])
        for w in (*by_window, counts)
    ]
    made = view.creators.totals[notes.creator_idx[row]].astype(float)
    by_creator = (made[Kind.CLICK] + 100 * rates[0]) / (made[Kind.IMPRESSION] + 100)
    per_click = [
        logit((counts[Kind.LIKE + j] + 30 * rates[1 + j]) / (counts[Kind.CLICK] + 30))
        - logit(rates[1 + j])
        for j in range(4)
    ]
    dwell = (counts[Kind.DWELL] + 30 * rates[5]) / (counts[Kind.CLICK] + 30)
    age_h = (view.now - notes.published_t[row]) / 3_600
    expected = [
        1.0,
        *ctr,
        np.log1p(counts[Kind.IMPRESSION]),
        np.log1p(by_window[1, Kind.IMPRESSION]),
        np.log1p(age_h),
        0.0,
        float(notes.is_video[row]),
        logit(by_creator) - logit(rates[0]),
        *per_click,
        np.log((1 + dwell) / (1 + rates[5])),
    ]
    np.testing.assert_allclose(statistics.features[row], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(statistics.forms[row], statistics.features[row])


def test_an_unseen_note_sits_at_the_average(view):
    zeros = np.zeros_like(view.notes.totals)
    unseen = later(view, 0, totals=zeros, decayed=np.zeros_like(view.notes.decayed))
    statistics = build(unseen)
    statistics.nearline(unseen)
    live = statistics.features[unseen.live_start : unseen.notes.n]
    at = [NOTE_FEATURES.index(name) for name in ("ctr_1h", "ctr_24h", "ctr_7d", "ctr_30d")]
    np.testing.assert_allclose(live[:, at], 0, atol=1e-6)
    np.testing.assert_allclose(live[:, 11:], 0, atol=1e-6)
    np.testing.assert_allclose(statistics.rates, DEFAULT_RATES)


def test_between_due_times_only_notes_that_were_shown_move(view):
    statistics = build(view)
    statistics.nearline(view)
    before = statistics.features.copy()
    row = view.live_start + 7
    after = later(view, 60, totals=shown(view, row, 500, 250))
    statistics.nearline(after)
    moved = np.flatnonzero((statistics.features != before).any(axis=1))
    assert moved.tolist() == [row]
    assert statistics.features[row, CTR] > before[row, CTR]


def test_new_notes_age_after_ten_minutes_and_all_notes_after_an_hour(view):
    statistics = build(view)
    statistics.nearline(view)
    age = NOTE_FEATURES.index("age")
    for seconds, first in ((599, None), (600, "new"), (1_200, "new"), (3_600, "live")):
        before = statistics.features.copy()
        after = later(view, seconds)
        statistics.nearline(after)
        moved = np.flatnonzero(statistics.features[:, age] != before[:, age])
        starts = {"new": after.new_start, "live": after.live_start}
        expected = np.arange(starts[first], after.notes.n) if first else []
        np.testing.assert_array_equal(moved, expected)


def test_published_notes_get_features_at_once(view):
    fields = {
        field.name: getattr(view.notes, field.name)[:-20]
        for field in dataclasses.fields(view.notes)
        if field.name != "epoch_t"
    }
    statistics = build(view)
    statistics.nearline(later(view, 0, **fields))
    known = statistics.features[: view.notes.n - 20].copy()
    statistics.extend(view)
    fresh = statistics.features[view.notes.n - 20 : view.notes.n]
    assert (fresh[:, 0] == 1).all()
    np.testing.assert_array_equal(statistics.features[: view.notes.n - 20], known)


def test_state_survives(view):
    weights = np.random.default_rng(0).standard_normal((3, N_NOTE_FEATURES)).astype(np.float32)
    original, copy = build(view, weights), build(view, weights)
    original.nearline(view)
    copy.load_state(original.state_arrays(), weights)
    after = later(view, 700, totals=shown(view, view.live_start + 1, 9, 3))
    for statistics in (original, copy):
        statistics.nearline(after)
    n, live = view.notes.n, view.live_start
    np.testing.assert_array_equal(original.features[:n], copy.features[:n])
    np.testing.assert_array_equal(original.forms[live:n], copy.forms[live:n])
    np.testing.assert_array_equal(original.rates, copy.rates)


def test_platform_rates_follow_the_last_week(view):
    n = 4_000
    totals = np.zeros((n, N_KINDS), np.float32)
    counts = {"IMPRESSION": 1_000, "CLICK": 200, "LIKE": 50, "COLLECT": 20, "COMMENT": 4,
              "SHARE": 2, "DWELL": 8_000}  # fmt: skip
    for kind, count in counts.items():
        totals[:, Kind[kind]] = count
    big = make_view(n, 0, seed=1, span_s=DAY_S)
    grown = np.exp((big.now - big.notes.epoch_t) / WINDOW_S)[None, :, None]
    decayed = (totals[:, None, :] * grown).astype(np.float32)
    rates = platform_rates(later(big, 0, totals=totals, decayed=decayed))
    np.testing.assert_allclose(rates, [0.2, 0.25, 0.1, 0.02, 0.01, 40], rtol=0.001)
