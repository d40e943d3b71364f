"""The platform's state: views cannot be written, windows decay, checkpoints hold everything."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S, HOUR_S, N_KINDS, WINDOW_S, Kind, Window
from simulator.engine.state import PlatformState
from tests.support.platform import make_spec

DAY_AGES = np.array([40.0, 30.0, 29.99, 2.0, 1.0, 0.999, 0.0])
"""Ages of the notes in days, seen from `NOW`."""

NOW = 50.0 * DAY_S


@pytest.fixture
def state() -> PlatformState:
    """Return a platform of seven notes, three readers and a creator."""
    state = PlatformState(make_spec())
    n = DAY_AGES.size
    state.notes.append(n, {"published_t": NOW - DAY_AGES * DAY_S, "category": np.arange(n)})
    state.readers.append(3, {"joined_t": np.array([0.0, 1.0, 2.0]), "recent": -1})
    state.creators.append(1, {"reader_idx": 2})
    state.seen.add_readers(3)
    return state


def test_views_start_live_and_new_notes_where_their_age_falls_below(state):
    view = state.view(NOW)
    assert (view.live_start, view.new_start) == (2, 5)
    assert (view.notes.n, view.readers.n, view.creators.n) == (7, 3, 1)
    assert state.view(NOW + 0.02 * DAY_S).live_start == 3
    assert state.view(0.0).live_start == 0


def test_views_are_read_only_and_not_copied(state):
    view = state.view(NOW)
    for record in (view.notes, view.readers, view.creators):
        for name in record.__slots__:
            column = getattr(record, name)
            if isinstance(column, np.ndarray):
                assert not column.flags.writeable, name
                with pytest.raises(ValueError, match="read-only"):
                    column[:] = 0
    state.notes["totals"][3, Kind.CLICK] = 5
    assert view.notes.totals[3, Kind.CLICK] == 5
    assert not hasattr(view.readers, "profile_clicks")


def test_new_rows_appear_in_new_views(state):
    before = state.view(NOW)
    state.notes.append(1, {"published_t": NOW + 5})
    assert state.view(NOW + 10).notes.n == 7
    state.changed()
    assert state.view(NOW + 10).notes.n == 8
    assert before.notes.n == 7


def test_windows_forget_by_their_time_constants(state):
    """Ten events at time 0, three at six hours: what a window holds is Σ exp(-age / window)."""
    state.epoch_t = 0.0
    events = [(0.0, 10.0), (6.0 * HOUR_S, 3.0)]
    for t, amount in events:
        state.notes["decayed"][1, :, Kind.CLICK] += amount * state.growth(t)
    for now in (6.0 * HOUR_S, 24.0 * HOUR_S, 60.0 * HOUR_S):
        state.rebase(now)
        assert state.epoch_t == now
        view = state.view(now + HOUR_S)
        for window in Window:
            ages = np.array([now + HOUR_S - t for t, _ in events])
            amounts = np.array([amount for _, amount in events])
            expected = (amounts * np.exp(-ages / WINDOW_S[window])).sum()
            found = view.notes.windowed(window, now + HOUR_S, slice(1, 2))[0]
            assert found.shape == (N_KINDS,)
            assert found[Kind.CLICK] == pytest.approx(expected, rel=1e-4)


def test_moving_the_epoch_changes_no_count(state):
    state.notes["decayed"][:] = np.random.default_rng(1).random((7, 3, N_KINDS))
    before = state.view(DAY_S).notes.windowed(Window.WEEK, DAY_S, slice(None))
    state.rebase(DAY_S / 2)
    after = state.view(DAY_S).notes.windowed(Window.WEEK, DAY_S, slice(None))
    np.testing.assert_allclose(after, before, rtol=1e-5)


def test_a_checkpoint_holds_everything(state):
    rng = np.random.default_rng(2)
    for table in (state.notes, state.readers, state.creators):
        for name in table._layout:
            column = table[name]
            column[...] = rng.integers(0, 100, column.shape)
    state.seen.reserve(4)
    state.epoch_t = 123.5
    arrays = state.state_arrays()
    copy = PlatformState(make_spec())
    copy.load_state({name: array.copy() for name, array in arrays.items()})
    assert copy.epoch_t == 123.5
    again = copy.state_arrays()
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype, name
        np.testing.assert_array_equal(again[name], array, err_msg=name)


def test_a_checkpoint_is_no_view(state):
    arrays = state.state_arrays()
    state.notes["totals"][:] = 7
    assert not arrays["notes/totals"].any()


def test_bytes_are_counted_by_table(state):
    counted = state.nbytes()
    assert counted.keys() == {"notes", "readers", "creators", "seen"}
    assert counted["notes"] >= state.notes["embedding"].nbytes + state.notes["decayed"].nbytes
    assert all(n > 0 for n in counted.values())
