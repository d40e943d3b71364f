"""The book of promises: what begins, what ends how, and what is written down."""

import dataclasses

import numpy as np
import pytest

from policies.promises import PromiseConfig, Promises, scaled
from policies.quota import Quota, QuotaConfig
from simulator.contracts.events import DAY_S, HOUR_S, Kind
from simulator.contracts.quotas import QuotaEvent
from tests.support.platform import freeze, make_spec, make_view

STAGES = {"target": 100, "window": "24h", "later_stages": [{"target": 200, "window": "72h"}]}
PLAIN = {"day_clock": False}


def book_of(targets=(100,), windows_s=(DAY_S,), theta=0.0):
    def next_target(view, rows, stage, met):
        return np.full(rows.size, targets[stage], np.float32)

    return Promises(PromiseConfig(type="any", theta=theta, **PLAIN), next_target, windows_s)


def platform(ages_h, shown, now=20.0 * DAY_S):
    """Notes of given ages with given impressions, oldest first."""
    base = make_view(len(ages_h), 40, seed=2, spec=make_spec(2), now=now)
    totals = np.zeros_like(base.notes.totals)
    totals[:, Kind.IMPRESSION] = shown
    published = now - np.array(ages_h, float) * HOUR_S
    notes = dataclasses.replace(base.notes, totals=totals, published_t=published)
    view = dataclasses.replace(base, notes=freeze(notes))
    view.live_start = view.first_younger_than(view.spec.max_age_s)
    view.new_start = view.first_younger_than(view.spec.new_age_s)
    return view


def after(view, hours, shown):
    totals = np.zeros_like(view.notes.totals)
    totals[:, Kind.IMPRESSION] = shown
    notes = freeze(dataclasses.replace(view.notes, totals=totals))
    return dataclasses.replace(view, now=view.now + hours * HOUR_S, notes=notes)


def logged(book):
    changes = book.take_changes()
    if changes is None:
        return []
    columns = (changes.note_idx, changes.event, changes.stage, changes.target, changes.deadline_t)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_notes_younger_than_the_window_are_promised_something():
    view = platform([30, 25, 10, 1], [0, 0, 0, 0])
    book = book_of()
    assert book.update(view).tolist() == [2, 3]
    ends = view.notes.published_t + DAY_S
    assert logged(book) == [(2, 0, 0, 100, ends[2]), (3, 0, 0, 100, ends[3])]
    assert book.take_changes() is None


def test_a_target_reached_in_time_is_met_and_one_that_is_not_expires():
    view = platform([20, 20, 20], [0, 99, 0])
    book = book_of()
    book.update(view)
    logged(book)
    assert book.update(after(view, 3, [0, 100, 40])).tolist() == [0, 2]
    assert [line[:2] for line in logged(book)] == [(1, QuotaEvent.MET)]
    assert book.update(after(view, 4, [99, 500, 100])).tolist() == []
    assert [line[:2] for line in logged(book)] == [(0, QuotaEvent.EXPIRED), (2, QuotaEvent.MET)]
    assert book.update(after(view, 5, [100, 500, 100])).tolist() == []
    assert logged(book) == []


def test_a_second_stage_begins_when_the_first_is_met_or_over():
    view = platform([12, 23], [0, 60])
    book = book_of((100, 200), (DAY_S, 3 * DAY_S))
    book.update(view)
    logged(book)
    book.update(after(view, 0.5, [100, 60]))
    assert [line[:4] for line in logged(book)] == [(0, QuotaEvent.MET, 0, 100), (0, 0, 1, 200)]
    book.update(after(view, 1, [100, 60]))
    assert [line[:4] for line in logged(book)] == [(1, QuotaEvent.EXPIRED, 0, 100), (1, 0, 1, 200)]
    assert book["deadline_t"].tolist() == (view.notes.published_t + 3 * DAY_S).tolist()
    book.update(after(view, 49, [150, 200]))
    assert [line[:3] for line in logged(book)] == [(1, QuotaEvent.MET, 1)]


def test_an_impression_too_many_can_end_two_stages_at_once():
    view = platform([2], [0])
    book = book_of((100, 150), (DAY_S, 3 * DAY_S))
    book.update(view)
    book.update(after(view, 1, [180]))
    assert [line[1:3] for line in logged(book)] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert not book.rows.size


@pytest.mark.parametrize(
    ("hour", "shown", "due_at_start", "theta_a_day"),
    [(12.0, 100.0, 1.0, 2 * np.log(5 / 3)), (24.0, 20.0, 1.0, np.log(4 / 3))],
)
def test_later_stages_start_at_the_first_target_even_for_a_late_note(
    hour, shown, due_at_start, theta_a_day
):
    view = platform([0.1], [0])
    book = book_of((100, 200), (DAY_S, 3 * DAY_S))
    book.update(view)
    begun = after(view, hour - 0.1, [shown])
    rows = book.update(begun)
    pace = book.pace(begun, rows)
    assert pace.lag[0] == pytest.approx(due_at_start - shown / 100, abs=0.002)
    later = after(view, 48 - 0.1, [shown])
    due = 2 - (2 - 2 * 2 / 3) * np.exp(-theta_a_day * 2)
    assert book.pace(later, rows).lag[0] == pytest.approx(due - shown / 100, abs=0.002)


def test_lags_are_in_units_of_the_first_target():
    view = platform([12], [20])
    book = book_of((100,), (DAY_S,))
    rows = book.update(view)
    pace = book.pace(view, rows)
    assert (pace.t[0], pace.x[0], pace.lag[0]) == pytest.approx((0.5, 0.2, 0.3))


def test_a_policy_can_give_a_note_up():
    view = platform([5, 4], [0, 0])
    book = book_of((100, 200), (DAY_S, 3 * DAY_S))
    book.update(view)
    logged(book)
    book.stop(view, np.array([0], np.int32))
    assert [line[:2] for line in logged(book)] == [(0, QuotaEvent.STOPPED)]
    assert book.update(view).tolist() == [1]
    assert book.update(after(view, 30, [0, 0])).tolist() == [1]


def test_no_target_means_no_promise_and_no_word_of_it():
    view = platform([5, 4], [0, 0])
    book = book_of((0,))
    assert not book.update(view).size
    assert logged(book) == []


def test_what_is_open_can_be_asked_for_any_place():
    view = platform([30, 5, 4], [0, 0, 100])
    book = book_of()
    assert not book.is_open(np.array([1, -1])).any()
    book.update(view)
    places = np.array([[-1, 0, 1], [2, 1, 99]], np.int32)
    assert book.is_open(places).tolist() == [[False, False, True], [False, True, False]]


def test_what_remains_counts_down_exactly():
    view = platform([5, 4], [0, 37])
    book = book_of()
    rows = book.update(view)
    assert book.remaining(view, rows).tolist() == [100, 63]
    support = book.support(view, rows)
    assert support.remaining.tolist() == [100, 63]
    assert (support.rank == 1).all()
    assert not support.price.any()
    assert book.support(view, rows[:0]) is None


def test_its_state_is_all_it_knows():
    view = platform([23, 12, 1], [50, 100, 0])
    book = book_of((100, 200), (DAY_S, 3 * DAY_S))
    book.update(view)
    copy = book_of((100, 200), (DAY_S, 3 * DAY_S))
    copy.load_state(book.state_arrays())
    later = after(view, 6, [90, 200, 10])
    assert copy.update(later).tolist() == book.update(later).tolist()
    logged(book)
    assert copy.pace(later, copy.rows).lag.tolist() == book.pace(later, book.rows).lag.tolist()


@pytest.mark.parametrize(
    "stage", [{"target": 100, "window": "72h"}, {"target": 200, "window": "24h"}]
)
def test_stages_must_ascend(stage):
    with pytest.raises(ValueError, match="must ascend in target and window"):
        QuotaConfig(later_stages=[stage])


def test_targets_are_scaled_and_rounded_up():
    spec = make_spec(threshold_scale=0.033)
    assert QuotaConfig(**STAGES).scaled_targets(spec) == (4, 7)
    assert scaled(1, 1e-4) == 1
    assert scaled(300, 0.1) == 30
    policy = Quota(QuotaConfig())
    policy.setup(spec)
    view = dataclasses.replace(make_view(500, 40, seed=1), spec=spec)
    policy.support(view)
    assert set(policy.promises["target"][policy.promises.rows]) == {4.0}
