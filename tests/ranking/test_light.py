import numpy as np
import pytest

from simulator.contracts.events import Kind
from simulator.ranking.light import Light, LightConfig
from simulator.ranking.vector_kernels import dot_rows
from tests.support.platform import make_candidates, make_requests, make_view, slice_requests


def build(view, **config):
    ranker = Light(LightConfig(**config))
    ranker.setup(view.spec)
    ranker.nearline(None, view)
    return ranker


@pytest.fixture(scope="module")
def view():
    return make_view(800, 60, seed=3)


@pytest.mark.parametrize("width", [1, 7, 8, 12, 32, 35])
def test_dot_rows_at_any_width(width):
    rng = np.random.default_rng(width)
    a, b = (rng.standard_normal((3, width)).astype(np.float32) for _ in range(2))
    assert dot_rows(a, 2, b, 1, width) == pytest.approx(float(a[2] @ b[1]), abs=1e-5)


def test_score_is_the_sigmoid_of_the_documented_sum(view):
    requests, candidates = make_requests(view, 4), make_candidates(view, 4, 30)
    score = build(view).score(requests, candidates, view)
    notes, readers = view.notes, view.readers
    b, k = 2, 5
    note, reader = candidates.note_idx[b, k], requests.reader_idx[b]
    plain = build(view, affinity_weight=0, category_weight=0).score(requests, candidates, view)
    z = np.log(plain[b, k] / (1 - plain[b, k]))
    z += 2.0 * readers.vector[reader] @ notes.embedding[note]
    z += 1.0 * readers.category_profile[reader, notes.category[note]]
    assert score[b, k] == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-4)


def test_without_weights_every_note_scores_the_platform_rate(view):
    names = ("affinity", "category", "ctr", "creator", "evidence", "interaction")
    ranker = build(view, **{f"{name}_weight": 0 for name in names})
    candidates = make_candidates(view, 4, 30)
    score = ranker.score(make_requests(view, 4), candidates, view)
    live = view.notes.decayed[view.live_start :, 2].sum(axis=0)
    assert np.unique(score[candidates.note_idx >= 0]).size == 1
    assert score[0, 0] == pytest.approx(live[Kind.CLICK] / live[Kind.IMPRESSION], rel=0.05)


def test_score_of_a_request_does_not_depend_on_the_batch(view):
    ranker, requests = build(view), make_requests(view, 9)
    candidates = make_candidates(view, 9, 40)
    whole = ranker.score(requests, candidates, view)
    for b in range(9):
        row = slice(b, b + 1)
        one = type(candidates)(
            candidates.note_idx[row], candidates.channels[row], candidates.n[row]
        )
        alone = ranker.score(slice_requests(requests, row), one, view)
        assert alone.tobytes() == whole[row].tobytes()
