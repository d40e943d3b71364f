import numpy as np

from recall.popular import Popular, PopularConfig
from simulator.contracts.events import Kind, Window
from tests.support.platform import make_requests, make_view


def build(view, **knobs):
    channel = Popular(PopularConfig(**knobs))
    channel.setup(view.spec)
    channel.refresh(view)
    return channel


def test_everyone_gets_the_most_clicked_notes_of_the_day():
    view = make_view(2_000, 50, seed=1)
    found = build(view, k=30).recall(make_requests(view, 4), view)
    assert (found == found[0]).all()
    clicks = view.notes.windowed(Window.DAY, view.now, slice(0, None))[:, Kind.CLICK]
    clicks[: view.live_start] = -1
    np.testing.assert_allclose(clicks[found[0]], np.sort(clicks)[::-1][:30], rtol=1e-5)


def test_notes_without_clicks_are_not_popular():
    view = make_view(40, 50, seed=1, span_s=86_400.0)
    found = build(view).recall(make_requests(view, 1), view)[0]
    clicked = np.flatnonzero(view.notes.totals[:, Kind.CLICK] > 0)
    assert 0 < clicked.size < 40
    assert np.array_equal(np.sort(found[found >= 0]), clicked)


def test_the_newer_of_two_equals_comes_first():
    view = make_view(10, 5, seed=1, span_s=86_400.0)
    decayed = np.zeros_like(view.notes.decayed)
    decayed[[2, 5, 7], Window.DAY, Kind.CLICK] = 1, 3, 1
    view.notes.decayed = decayed
    found = build(view, k=4).recall(make_requests(view, 1), view)
    assert found.tolist() == [[5, 7, 2, -1]]
