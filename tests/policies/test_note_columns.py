"""Columns of a policy grow with the notes and survive a checkpoint."""

import math

import numpy as np

from policies.note_columns import NoteColumns


def columns():
    return NoteColumns({"price": (np.float64, math.nan), "hopeless": (np.uint16, 3)})


def test_new_rows_start_as_declared_and_old_ones_stay():
    mine = columns()
    assert mine.cover(2).tolist() == [0, 1]
    mine["hopeless"][0] = 9
    assert mine.cover(5_000).tolist() == list(range(2, 5_000))
    assert mine.n == 5_000
    assert mine["hopeless"][:3].tolist() == [9, 3, 3]
    assert np.isnan(mine["price"]).all()
    assert mine["hopeless"].dtype == np.uint16


def test_covering_fewer_notes_adds_nothing():
    mine = columns()
    mine.cover(4)
    assert not mine.cover(4).size
    assert not mine.cover(1).size
    assert mine.n == 4


def test_state_round_trip():
    mine, copy = columns(), columns()
    mine.cover(7)
    mine["price"][:] = np.arange(7)
    copy.load_state(mine.state_arrays())
    np.testing.assert_array_equal(copy["price"], mine["price"])
    assert copy.cover(9).tolist() == [7, 8]


def test_a_policy_without_columns_has_no_state():
    mine = NoteColumns({})
    assert mine.state_arrays() == {}
    mine.load_state({})
    assert mine.cover(3).tolist() == [0, 1, 2]
