"""Content metrics of small tables, worked out by hand."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results import MetricParams
from tests.support.run_tables import published, seen


def repeated(params, note, n, clicks=0, after_h=1.0, **fields):
    t = note["published_t"] + after_h * HOUR_S
    return [seen(params, note, t, 1, click=int(i < clicks), **fields) for i in range(n)]


def note_on(params, number, day, hour=0.0):
    t = (params.warm_up_days + day) * DAY_S + hour * HOUR_S
    return published(params, number, number, t)


def test_hot_notes_of_a_short_run_count_clicks_so_far(measured):
    params = MetricParams(measured_days=3, threshold_scale=0.003)
    notes = [note_on(params, i, day) for i, day in enumerate((0, 0, 1, 2))]
    events = [
        *repeated(params, notes[0], 4, clicks=3),
        *repeated(params, notes[1], 9, clicks=2),
        *repeated(params, notes[2], 3, clicks=3),
    ]
    found = measured(params, events, notes)
    assert found.daily["high_heat_share"].tolist() == [1 / 2, 1, 0]
    assert found.totals["high_heat_share"] == 2 / 4
    assert "clicks up to the end of the run" in found.remarks["high_heat_share"]


def test_hot_notes_of_a_long_run_have_had_their_thirty_days(measured):
    params = MetricParams(measured_days=32, threshold_scale=0.002)
    notes = [note_on(params, i, day) for i, day in enumerate((0, 2, 5))]
    events = [
        *repeated(params, notes[0], 2, clicks=2, after_h=29 * 24),
        *repeated(params, notes[1], 2, clicks=1),
        *repeated(params, notes[2], 2, clicks=2),
    ]
    found = measured(params, sorted(events, key=lambda e: e["t"]), notes)
    assert found.totals["high_heat_share"] == 1 / 2
    np.testing.assert_array_equal(found.daily["high_heat_share"][[0, 2, 5]], [1, 0, np.nan])
    assert "high_heat_share" not in found.remarks


def test_high_exposure_low_conversion(measured):
    params = MetricParams(measured_days=3, threshold_scale=0.02)
    notes = [note_on(params, i, 0) for i in range(3)]
    notes += [note_on(params, 3, 1), note_on(params, 4, 2, hour=1)]
    events = [
        *repeated(params, notes[0], 21, clicks=1),
        *repeated(params, notes[0], 5, clicks=5, after_h=25),
        *repeated(params, notes[1], 40, clicks=2),
        *repeated(params, notes[2], 20, clicks=0),
        *repeated(params, notes[3], 21, clicks=2),
        *repeated(params, notes[4], 30, clicks=0),
    ]
    found = measured(params, sorted(events, key=lambda e: e["t"]), notes)
    # More than 20 impressions at hour 24: notes 0 (1 of 21 clicked, below 5 %), 1 (2 of 40,
    # not below) and 3; note 2 has only 20, note 4 lacks its 24 hours.
    expected = [1 / 2, 0, np.nan]
    np.testing.assert_array_equal(found.daily["high_exposure_low_conversion_share"], expected)
    assert found.totals["high_exposure_low_conversion_share"] == 1 / 3


def test_gini_of_first_day_impressions(measured):
    params = MetricParams(measured_days=3)
    notes = [note_on(params, i, 0) for i in range(4)]
    notes += [note_on(params, 4, 1), note_on(params, 5, 1), note_on(params, 6, 2, hour=1)]
    events = [
        event
        for note, n in zip(notes, (0, 1, 2, 5, 3, 3, 50), strict=True)
        for event in repeated(params, note, n)
    ]
    events += repeated(params, notes[0], 7, after_h=24)
    found = measured(params, sorted(events, key=lambda e: e["t"]), notes)
    # Day 0: the 6 pairs differ by 16 in all, so 2 * 16 / (2 * 4 * 4 * 2) = 0.5.
    values = {0: [0, 1, 2, 5], 1: [3, 3]}
    expected = [gini(values[0]), gini(values[1]), np.nan]
    assert expected[:2] == [0.5, 0]
    np.testing.assert_allclose(found.daily["impression_gini_new"], expected, atol=1e-12)
    assert found.totals["impression_gini_new"] == pytest.approx(gini(values[0] + values[1]))


def gini(values):
    """Half of the relative mean absolute difference."""
    x = np.array(values, float)
    return float(np.abs(x[:, None] - x).sum() / (2 * x.size**2 * x.mean()))


def test_gini_is_not_defined_without_impressions(measured):
    params = MetricParams(measured_days=3)
    found = measured(params, [], [note_on(params, 0, 0)])
    assert found.totals["impression_gini_new"] is None


def test_new_note_share(measured):
    params = MetricParams(warm_up_days=1, measured_days=2)
    old, new = published(params, 0, 1, -3.0 * DAY_S), note_on(params, 1, 0)
    events = [
        seen(params, old, 0.5 * DAY_S, 1),
        *(seen(params, old, 1.1 * DAY_S + i, 1) for i in range(3)),
        seen(params, new, 1.2 * DAY_S, 1),
        seen(params, new, 2.0 * DAY_S - 1, 1),
        seen(params, new, 2.0 * DAY_S, 1),
    ]
    found = measured(params, events, [old, new])
    assert found.daily["new_note_impression_share"].tolist() == [2 / 5, 0]
    assert found.totals["new_note_impression_share"] == 2 / 6


def test_discoverable_corpus(measured):
    params = MetricParams(warm_up_days=1, measured_days=9, threshold_scale=0.2)
    a, b, c = (published(params, i, i, -2.0 * DAY_S) for i in range(3))
    d = note_on(params, 3, 0)
    day = [(1 + k) * DAY_S for k in range(9)]
    events = [
        # Two interactions (10 x 0.2) in 7 days: note 0 in warm-up, until day 5.
        seen(params, a, 0.5 * DAY_S, 1, click=1, like=1, collect=1),
        # Note 1 on days 0 and 6; then day 0 falls out of the week.
        seen(params, b, day[0], 1, click=1, share=1),
        seen(params, b, day[6], 1, click=1, comment=1),
        # Note 2 on days 0 and 7: never both in one week; a follow is no interaction here.
        seen(params, c, day[0] + 9, 1, click=1, like=1, follow=1),
        seen(params, c, day[7], 1, click=1, like=1),
        # Note 3: interactions before 24 hours do not count.
        seen(params, d, day[0] + 10 * HOUR_S, 1, click=1, like=1, collect=1),
        seen(params, d, day[8], 1, click=1, like=1, collect=1),
    ]
    found = measured(params, sorted(events, key=lambda e: e["t"]), [a, b, c, d])
    assert found.daily["discoverable_corpus"].tolist() == [1, 1, 1, 1, 1, 1, 1, 0, 1]
    assert found.totals["discoverable_corpus"] == 1
