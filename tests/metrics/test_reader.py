"""Reader metrics of small tables, worked out by hand."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results import MetricParams
from tests.support.run_tables import published, seen

PARAMS = MetricParams(warm_up_days=1, measured_days=2, threshold_scale=0.1)
OLD = published(PARAMS, 0, 1, -5.0 * DAY_S)
NEW = published(PARAMS, 1, 1, 1.0 * DAY_S)


def of_new(hour, before, **actions):
    t = DAY_S + hour * HOUR_S
    return seen(PARAMS, NEW, t, 1, note_impressions=before, **actions)


EVENTS = [
    seen(PARAMS, OLD, 0.5 * DAY_S, 1, click=1, like=1, hide=1),
    seen(PARAMS, OLD, 1.1 * DAY_S, 1, click=1, like=1, hide=1),
    of_new(1, 0, click=1, like=1, collect=1),
    of_new(2, 9),
    of_new(3, 9, click=1),
    of_new(4, 9, hide=1),
    of_new(5, 10, click=1, share=1, follow=1),
    of_new(6, 99),
    of_new(7, 100, click=1, comment=1),
    of_new(24, 101, click=1, like=1),
    seen(PARAMS, OLD, 2.2 * DAY_S, 1),
]


@pytest.fixture(scope="module")
def found(measured):
    return measured(PARAMS, EVENTS, [OLD, NEW])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("new_note_ctr", 4 / 7),
        ("new_note_ctr_low", 2 / 4),
        ("new_note_ctr_mid", 1 / 2),
        ("new_note_ctr_high", 1),
        ("new_note_interaction_rate", 4 / 4),
        ("new_note_interaction_rate_low", 2 / 2),
        ("new_note_interaction_rate_mid", 1),
        ("new_note_interaction_rate_high", 1),
    ],
)
def test_new_notes_by_exposure_band(found, name, value):
    # All new impressions fall on day 0: at 24 hours the note is new no more.
    np.testing.assert_array_equal(found.daily[name], [value, np.nan])
    assert found.totals[name] == value


def test_hide_rate_counts_all_measured_impressions(found):
    assert found.daily["hide_rate"].tolist() == [2 / 8, 0]
    assert found.totals["hide_rate"] == 2 / 10


def test_no_new_impression_no_value(measured):
    found = measured(PARAMS, EVENTS[:2], [OLD])
    assert found.totals["new_note_ctr"] is None
    assert np.isnan(found.daily["new_note_ctr"]).all()
    assert found.totals["hide_rate"] == 1
