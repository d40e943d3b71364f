"""Recommender metrics of small tables, worked out by hand."""

import math

import numpy as np
import pytest

from simulator.contracts.events import DAY_S
from simulator.results import MetricParams
from tests.support.run_tables import published, seen

PARAMS = MetricParams(warm_up_days=1, measured_days=2)
OLD = published(PARAMS, 0, 1, -3.0 * DAY_S)
NEW = published(PARAMS, 1, 1, 0.9 * DAY_S)
EXPIRED = published(PARAMS, 2, 1, -29.0 * DAY_S - 10)
LATER = published(PARAMS, 3, 1, 2.5 * DAY_S)


def at(day, note, reader, p, click, **fields):
    return seen(PARAMS, note, (1 + day) * DAY_S + 60, reader, p_click=p, click=click, **fields)


EVENTS = [
    at(-1, OLD, 1, 0.9, 0),
    at(0, OLD, 1, 0.5, 1, pre_rank_position=49),
    at(0, OLD, 1, 0.25, 0),
    at(0, NEW, 1, 0.5, 0),
    at(0, NEW, 2, 0.125, 1, pre_rank_position=50),
    at(0, NEW, 2, 0.125, 0),
    at(0, OLD, 2, 0.25, 0),
    at(1, OLD, 2, 0.5, 1, pre_rank_position=3),
    at(1, OLD, 3, 0.25, 1, pre_rank_position=120),
]


@pytest.fixture(scope="module")
def found(measured):
    return measured(PARAMS, EVENTS, [EXPIRED, OLD, NEW, LATER])


def test_auc(found):
    # Day 0: 0.5 clicked against .25 .5 .125 .25 wins 3.5; 0.125 clicked wins only half a tie.
    np.testing.assert_array_equal(found.daily["auc"], [4 / 8, np.nan])
    # In total 0.5 (twice) wins 3.5 each, 0.25 wins 1 + 2 ties, 0.125 wins half.
    assert found.totals["auc"] == (3.5 + 3.5 + 2.0 + 0.5) / 16


def test_auc_by_age(found):
    # New: .125 clicked, .5 and .125 not. Old: .5 .5 .25 clicked, .25 .25 not.
    assert found.totals["auc_new"] == 0.5 / 2
    assert found.totals["auc_old"] == (2 + 2 + 1) / 6
    np.testing.assert_array_equal(found.daily["auc_old"], [1, np.nan])


def test_gauc_weighs_readers_by_impressions(found):
    # Reader 1: .5 clicked against .25 and .5: 1.5 of 2. Reader 2 on day 0: .125 clicked
    # against .125 and .25: 0.5 of 2; with day 1 also .5 clicked: 2.5 of 4. Reader 3: all clicks.
    assert found.daily["gauc"][0] == pytest.approx((3 * 0.75 + 3 * 0.25) / 6)
    assert np.isnan(found.daily["gauc"][1])
    assert found.totals["gauc"] == pytest.approx((3 * 0.75 + 4 * 0.625) / 7)


def test_gauc_keeps_to_its_bound(measured):
    params = PARAMS.model_copy(update={"gauc_impressions": 1})
    found = measured(params, EVENTS, [OLD, NEW])
    # Only the first reader in hash order is taken: number 2 of 1, 2, 3.
    places = {reader: reader * 2_654_435_761 % 2**32 for reader in (1, 2, 3)}
    expected = {1: 0.75, 2: 0.625, 3: None}[min(places, key=places.get)]
    assert found.totals["gauc"] == expected


def test_log_loss(found):
    terms = [0.5, 0.75, 0.5, 0.125, 0.875, 0.75]
    expected = -sum(map(math.log, terms)) / 6
    assert found.daily["log_loss"][0] == pytest.approx(expected, rel=1e-8)
    total = -sum(map(math.log, [*terms, 0.5, 0.25])) / 8
    assert found.totals["log_loss"] == pytest.approx(total, rel=1e-8)


def test_log_loss_survives_certainty(measured):
    found = measured(PARAMS, [at(0, OLD, 1, 1.0, 0), at(0, OLD, 1, 0.0, 1)], [OLD])
    assert found.totals["log_loss"] == pytest.approx(-math.log(1e-7), rel=1e-6)
    assert found.totals["auc"] == 0


def test_extreme_predictions_stay_with_their_reader(measured):
    # Reader 1 is predicted perfectly, readers 0 and 2 the wrong way round, at both ends.
    events = [at(0, OLD, r, p, int((p == 1.0) == (r == 1))) for r in (0, 1, 2) for p in (0.0, 1.0)]
    found = measured(PARAMS, events, [OLD])
    assert found.totals["gauc"] == pytest.approx(1 / 3)
    assert found.totals["auc"] == (2 + 0.5 + 0.5) / 9


def test_calibration(found):
    assert found.daily["calibration"] == pytest.approx([1.75 / 2, 0.75 / 2])
    assert found.totals["calibration"] == pytest.approx(2.5 / 4)
    assert found.totals["calibration_new"] == pytest.approx(0.75 / 1)
    assert found.totals["calibration_old"] == pytest.approx(1.75 / 3)
    np.testing.assert_array_equal(found.daily["calibration_new"], [0.75, np.nan])


def test_recall_at_50(found):
    assert found.daily["recall_at_50"].tolist() == [1 / 2, 1 / 2]
    assert found.totals["recall_at_50"] == 2 / 4


def test_coverage(found):
    # Day 0: OLD, NEW and, for its first seconds, nothing else: EXPIRED ended before it.
    # Day 1: OLD, NEW, and LATER from noon; only OLD is seen.
    assert found.daily["coverage"].tolist() == [2 / 2, 1 / 3]
    assert found.totals["coverage"] == 3 / 5


def test_a_note_counts_as_live_until_its_last_second(measured):
    until = published(PARAMS, 4, 1, -29.0 * DAY_S + 10)
    found = measured(PARAMS, [at(0, OLD, 1, 0.5, 1)], [until, OLD])
    assert found.daily["coverage"].tolist() == [1 / 2, 0]


def test_novelty(found):
    # Day 0: two notes with three of six impressions each: 1 bit. Day 1: one note: 0 bits.
    assert found.daily["novelty"].tolist() == [1, 0]
    assert found.totals["novelty"] == 6 / 8
