"""Creator metrics of small tables, worked out by hand. One warm-up day comes first."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results import MetricParams
from tests.support.run_tables import published, seen

TEN = MetricParams(warm_up_days=1, measured_days=10)
THREE = MetricParams(warm_up_days=1, measured_days=3, quota_impressions=20, threshold_scale=0.1)


def note_on(params, number, creator, day, hour=0.0):
    return published(params, number, creator, (params.warm_up_days + day) * DAY_S + hour * HOUR_S)


def came(*readers_by_day):
    return [
        {"day": day, "reader_id": reader, "sessions": 1, "requests": 1}
        for day, n in enumerate(readers_by_day)
        for reader in range(n)
    ]


def test_publishing_per_active_reader(measured):
    notes = [
        note_on(THREE, 0, 7, -1),
        note_on(THREE, 1, 7, 0),
        note_on(THREE, 2, 7, 0, 5),
        note_on(THREE, 3, 8, 0, 6),
        note_on(THREE, 4, 8, 1),
    ]
    found = measured(THREE, [], notes, came(10, 4, 6))
    assert found.daily["publish_penetration"].tolist() == [2 / 10, 1 / 4, 0]
    assert found.totals["publish_penetration"] == 3 / 20
    assert found.daily["notes_per_dau"].tolist() == [3 / 10, 1 / 4, 0]
    assert found.totals["notes_per_dau"] == 4 / 20


def test_retention_needs_seven_days_after(measured):
    days_by_creator = {1: (0, 7), 2: (0, 8), 3: (1, 1, 2), 4: (2, 9), 5: (-1, 0), 6: (3, 9)}
    pairs = [(creator, day) for creator, days in days_by_creator.items() for day in days]
    notes = [note_on(TEN, i, creator, day) for i, (creator, day) in enumerate(pairs)]
    found = measured(TEN, [], notes, came(*[1] * 10))
    # Day 0: creators 1 (again on day 7), 2 (day 8, too late), 5 (never). Day 1: creator 3, again.
    # Day 2: creator 3 (not again) and 4 (again on day 9). Later days lack seven days after them.
    expected = [1 / 3, 1, 1 / 2, *[np.nan] * 7]
    np.testing.assert_array_equal(found.daily["creator_retention_d7"], expected)
    assert found.totals["creator_retention_d7"] == 3 / 6
    assert "creator_retention_d7" not in found.remarks


def test_retention_is_not_defined_in_a_short_run(measured):
    notes = [note_on(THREE, 0, 1, 0), note_on(THREE, 1, 1, 1)]
    found = measured(THREE, [], notes, came(1, 1, 1))
    assert found.totals["creator_retention_d7"] is None
    assert "null" in found.remarks["creator_retention_d7"]


def first_feedback_case():
    notes = [note_on(THREE, i, i, 0, hour=i) for i in range(3)]
    notes += [note_on(THREE, 3, 3, 1), note_on(THREE, 4, 4, 2, hour=1)]
    start = [note["published_t"] for note in notes]
    events = [
        seen(THREE, notes[0], start[0] + 120, 1),
        seen(THREE, notes[0], start[0] + 600, 1, click=1, like=1),
        seen(THREE, notes[1], start[1] + 1_800, 1, click=1),
        seen(THREE, notes[1], start[1] + 30 * HOUR_S, 1, click=1, share=1),
        seen(THREE, notes[3], start[3] + 60, 1, click=1, comment=1),
        seen(THREE, notes[4], start[4] + 6, 1, click=1, collect=1),
    ]
    return events, notes


def test_time_to_first_impression(measured):
    found = measured(THREE, *first_feedback_case())
    # Note 2 is never seen and counts 1,440 minutes; note 4 lacks its full window.
    expected = [30, 1, np.nan]
    np.testing.assert_array_equal(found.daily["time_to_first_impression_min"], expected)
    assert found.totals["time_to_first_impression_min"] == np.median([2, 30, 1_440, 1])


def test_time_to_first_interaction(measured):
    found = measured(THREE, *first_feedback_case())
    # A click is no interaction, and the share of note 1 comes after its window.
    expected = [1_440, 1, np.nan]
    np.testing.assert_array_equal(found.daily["time_to_first_interaction_min"], expected)
    assert found.totals["time_to_first_interaction_min"] == np.median([10, 1_440, 1_440, 1])


def test_quota_fulfilment(measured):
    notes = [note_on(THREE, i, i, 0) for i in range(3)]
    notes += [note_on(THREE, 3, 3, 1), note_on(THREE, 4, 4, 2, hour=1), note_on(THREE, 5, 5, -1)]
    hours = {0: (1, 2), 1: (1, 25), 2: (1,), 3: (3, 4, 5), 4: (1, 2), 5: (1, 2)}
    events = [
        seen(THREE, notes[i], notes[i]["published_t"] + hour * HOUR_S, 1)
        for i, times in hours.items()
        for hour in times
    ]
    found = measured(THREE, sorted(events, key=lambda e: e["t"]), notes)
    # The target is 20 x 0.1 = 2 impressions; note 4 lacks its window, note 5 is from warm-up.
    np.testing.assert_array_equal(found.daily["quota_fulfilment"], [1 / 3, 1, np.nan])
    assert found.totals["quota_fulfilment"] == 2 / 4


@pytest.mark.parametrize("scale", [1e-6, 0.1, 0.0101, 1, 2.5])
def test_thresholds_scale_by_one_rule(scale):
    params = MetricParams(threshold_scale=scale)
    expected = {1e-6: 1, 0.1: 10, 0.0101: 2, 1: 100, 2.5: 250}[scale]
    assert params.scaled(100) == expected
