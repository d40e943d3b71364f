"""Pre-rank diversity: the best go through, the others pass for score and unlikeness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.batches import Candidates
from simulator.engine.selection import truncate
from simulator.ranking.diversity import PreRankDiversityConfig, diversified
from simulator.ranking.light import Light, LightConfig
from tests.support.platform import make_candidates, make_requests, make_view

VIEW = make_view(700, 60, seed=8)


def scene(n_requests, k, seed=0, ties=False):
    candidates = make_candidates(VIEW, n_requests, k, seed)
    rng = np.random.default_rng([seed, 3])
    scores = rng.lognormal(-2, 0.6, candidates.note_idx.shape).astype(np.float32)
    if ties:
        scores = np.round(scores, 2) + np.float32(0.01)
    return scores, candidates


def expected(config, scores, supported, candidates):
    keys = supported.astype(np.float64)
    for b, n in enumerate(candidates.n):
        if n <= config.direct:
            continue
        notes = candidates.note_idx[b, :n]
        last = np.sort(scores[b, :n])[-config.direct]
        direct = scores[b, :n] >= last
        if config.by == "category":
            category = VIEW.notes.category[notes]
            share = [(category[direct] == c).mean() for c in category]
            d = 1 - np.array(share)
        else:
            centre = VIEW.notes.embedding[notes[direct]].sum(axis=0)
            cosine = VIEW.notes.embedding[notes] @ centre / np.linalg.norm(centre)
            d = 1 - np.clip(cosine, 0, 1)
        d[direct] = 1
        keys[b, :n] += config.weight * last * d
    return keys


@pytest.mark.parametrize("by", ["category", "content"])
@pytest.mark.parametrize("ties", [False, True])
def test_keys_are_score_plus_weighted_diversity(by, ties):
    config = PreRankDiversityConfig(weight=0.7, direct=12, by=by)
    scores, candidates = scene(6, 60, ties=ties)
    supported = scores * np.float32(1.5)
    keys = diversified(config, scores, supported, candidates, VIEW)
    assert keys.dtype == np.float32
    np.testing.assert_allclose(keys, expected(config, scores, supported, candidates), rtol=1e-5)


def test_no_weight_changes_nothing():
    scores, candidates = scene(3, 30)
    config = PreRankDiversityConfig()
    assert diversified(config, scores, scores, candidates, VIEW) is scores


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["category", "content"]), st.floats(0.01, 5))
def test_the_best_go_through_and_a_request_does_not_see_its_neighbours(seed, by, weight):
    config = PreRankDiversityConfig(weight=weight, direct=10, by=by)
    scores, candidates = scene(4, 50, seed)
    keys = diversified(config, scores, scores, candidates, VIEW)
    columns, n_kept = truncate(keys, candidates, 25)
    for b in range(4):
        best = np.argsort(-scores[b, : candidates.n[b]])[:10]
        assert set(best.tolist()) <= set(columns[b, : n_kept[b]].tolist())
        row = slice(b, b + 1)
        one = Candidates(candidates.note_idx[row], candidates.channels[row], candidates.n[row])
        alone = diversified(config, scores[row], scores[row], one, VIEW)
        assert alone.tobytes() == keys[row].tobytes()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 20), st.floats(1, 10), st.booleans())
def test_more_support_moves_one_note_and_no_other(seed, coefficient, factor, by_content):
    config = PreRankDiversityConfig(
        weight=1.0, direct=10, by="content" if by_content else "category"
    )
    scores, candidates = scene(1, 50, seed)
    column = seed % int(candidates.n[0])

    def passed(c):
        supported = scores.copy()
        supported[0, column] *= np.float32(c)
        keys = diversified(config, scores, supported, candidates, VIEW)
        columns, n_kept = truncate(keys, candidates, 25)
        return set(columns[0, : n_kept[0]].tolist())

    less, more = passed(coefficient), passed(coefficient * factor)
    if column in less:
        assert more == less
    else:
        assert more - {column} <= less


def test_diversity_lets_rarer_categories_pass():
    scores, candidates = scene(40, 200, seed=4)
    favourite = VIEW.notes.category[candidates.note_idx] == 3
    scores = np.where(favourite, scores * 3, scores).astype(np.float32)
    counts = []
    for weight in (0.0, 1.0):
        config = PreRankDiversityConfig(weight=weight, direct=20)
        keys = diversified(config, scores, scores, candidates, VIEW)
        columns, _ = truncate(keys, candidates, 60)
        notes = np.take_along_axis(candidates.note_idx, columns.astype(np.int64), axis=1)
        counts.append((VIEW.notes.category[notes] == 3).sum())
    assert counts[1] < 0.9 * counts[0]


def test_light_orders_by_its_diversity():
    requests, candidates = make_requests(VIEW, 5), make_candidates(VIEW, 5, 60)
    ranker = Light(LightConfig(diversity={"weight": 0.5, "direct": 8}))
    ranker.setup(VIEW.spec)
    scores = ranker.score(requests, candidates, VIEW)
    keys = ranker.order(scores, scores, candidates, VIEW)
    wanted = expected(ranker.config.diversity, scores, scores, candidates)
    np.testing.assert_allclose(keys, wanted, rtol=1e-5)


def test_more_direct_places_than_places_are_refused():
    with pytest.raises(ValueError, match=r"diversity\.direct \(30\) is above keep \(20\)"):
        LightConfig(keep=20, diversity={"weight": 1, "direct": 30})
    assert LightConfig(keep=20).diversity.direct > 20
