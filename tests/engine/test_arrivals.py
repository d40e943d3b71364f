"""Requests come in order, once, and a reader has one session at a time."""

from __future__ import annotations

import numpy as np

from simulator.engine.arrivals import Arrivals


def planned(n_readers: int, t: list[float], reader: list[int]) -> Arrivals:
    arrivals = Arrivals()
    arrivals.add_readers(n_readers)
    arrivals.plan_day(np.array(t), np.array(reader, np.int32), np.zeros(len(t), np.int32))
    return arrivals


def test_take_returns_what_is_due_in_order() -> None:
    arrivals = planned(3, [1.0, 4.0, 9.0], [2, 0, 1])
    batch = arrivals.take(5.0)
    assert batch.t.tolist() == [1.0, 4.0]
    assert batch.reader_idx.tolist() == [2, 0]
    assert arrivals.next_t() == 9.0


def test_open_session_goes_on_and_takes_up_a_second_start() -> None:
    arrivals = planned(1, [1.0, 6.0, 20.0], [0, 0, 0])
    first = arrivals.take(5.0)
    arrivals.go_on(first, np.array([7.0]))
    second = arrivals.take(10.0)
    assert second.t.tolist() == [7.0]
    assert second.request_no.tolist() == [1]
    arrivals.go_on(second, np.array([np.nan]))
    assert arrivals.take(30.0).request_no.tolist() == [0]


def test_two_starts_of_one_reader_in_a_window_are_one_session() -> None:
    batch = planned(2, [1.0, 2.0, 3.0], [1, 1, 0]).take(5.0)
    assert batch.reader_idx.tolist() == [1, 0]


def test_request_ids_are_unique_and_state_survives() -> None:
    arrivals = planned(4, [1.0, 2.0, 3.0, 4.0], [0, 1, 2, 3])
    first = arrivals.take(2.5)
    arrivals.go_on(first, np.array([3.5, np.nan]))
    copy = Arrivals()
    copy.load_state(arrivals.state_arrays())
    for pool in (arrivals, copy):
        rest = pool.take(9.0)
        assert rest.reader_idx.tolist() == [2, 0, 3]
        assert rest.request_id.tolist() == [2, 3, 4]


def test_inclusive_take_serves_one_instant() -> None:
    arrivals = planned(2, [1.0, 2.0], [0, 1])
    assert arrivals.take(arrivals.next_t(), inclusive=True).reader_idx.tolist() == [0]
