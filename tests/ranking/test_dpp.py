import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.events import SlotKind
from simulator.contracts.support import SupportTable
from simulator.ranking.dpp import Dpp, DppConfig
from simulator.ranking.dpp_kernels import JITTER, forget_oldest, orthogonalise
from simulator.ranking.mmr import Mmr, MmrConfig
from simulator.ranking.rules import SlateRules
from tests.ranking.scenes import make_scored, make_table, rich_view
from tests.support.platform import freeze

VIEW = rich_view()
NO_RULES = SlateRules(
    longest_type_run=0, promoted_gap=0, slots_without_card=0, cards_on_first_screen=1_000
)
SEEDS = st.integers(0, 10_000)
THETAS = st.sampled_from([0.0, 0.3, 0.8, 0.95])


def build(view=VIEW, **config):
    reranker = Dpp(DppConfig(**{"rules": NO_RULES, **config}))
    reranker.setup(view.spec)
    return reranker


def any_kind(n_requests, n_slots=10):
    return np.zeros((n_requests, n_slots), np.uint8)


def with_embeddings(vectors):
    """The platform with other embeddings, one for each of the first notes."""
    embedding = VIEW.notes.embedding.copy()
    embedding[: len(vectors)] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return dataclasses.replace(
        VIEW, notes=freeze(dataclasses.replace(VIEW.notes, embedding=embedding))
    )


def scored_of(values):
    """One request for the first notes."""
    scored = make_scored(VIEW, 1, len(values), gated=0)
    return dataclasses.replace(
        scored,
        note_idx=np.arange(len(values), dtype=np.int32)[None],
        n=np.array([len(values)], np.int32),
        organic=np.array([values], np.float32),
        supported=np.full((1, len(values)), 255, np.uint8),
    )


def log_det(gram, chosen):
    """Log determinant of a part of the regularised Gram matrix, from scratch."""
    part = gram[np.ix_(chosen, chosen)] + JITTER * np.eye(len(chosen))
    return np.linalg.slogdet(part)[1] if chosen else 0.0


def check_greedy(scored, slate, view, theta, window, tolerance=2e-4):
    """Each slot holds a note of the largest objective, each determinant computed from scratch."""
    for b, n in enumerate(scored.n):
        if n == 0:
            continue
        vectors = view.notes.embedding[scored.note_idx[b, :n]].astype(np.float64)
        gram = vectors @ vectors.T
        np.fill_diagonal(gram, 1.0)
        reward = scored.organic[b, :n] / scored.organic[b, :n].max()
        shown = slate.column[b][slate.column[b] >= 0].tolist()
        assert len(set(shown)) == len(shown) == min(slate.column.shape[1], n)
        for s, choice in enumerate(shown):
            recent = shown[max(0, s - window) : s]
            score = {
                k: theta * reward[k]
                + (1 - theta) * (log_det(gram, [*recent, k]) - log_det(gram, recent))
                for k in range(n)
                if k not in shown[:s]
            }
            assert score[choice] >= max(score.values()) - tolerance


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, theta=THETAS, window=st.integers(1, 12), k=st.integers(1, 20))
def test_agrees_with_determinants_from_scratch(seed, theta, window, k):
    scored = make_scored(VIEW, 3, k, seed)
    slate = build(theta=theta, window=window).assemble(
        scored, SupportTable.empty(VIEW.notes.n), any_kind(3), VIEW
    )
    check_greedy(scored, slate, VIEW, theta, window)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, window=st.integers(1, 6), rank=st.integers(1, 4))
def test_more_notes_than_dimensions_and_duplicates(seed, window, rank):
    rng = np.random.default_rng(seed)
    vectors = np.zeros((12, VIEW.spec.embedding_dim))
    vectors[:, :rank] = rng.integers(-1, 2, (12, rank)) + 1e-3
    view, scored = with_embeddings(vectors), scored_of(rng.uniform(0.1, 1, 12))
    slate = build(view, theta=0.6, window=window).assemble(
        scored, SupportTable.empty(VIEW.notes.n), any_kind(1), view
    )
    check_greedy(scored, slate, view, 0.6, window, tolerance=0.05)


def test_a_duplicate_comes_last_and_is_shown_when_nothing_else_is_left():
    vectors = np.eye(VIEW.spec.embedding_dim)[[0, 0, 1, 2]]
    view, scored = with_embeddings(vectors), scored_of([1.0, 0.99, 0.2, 0.1])
    slate = build(view, theta=0.8).assemble(
        scored, SupportTable.empty(VIEW.notes.n), any_kind(1, 5), view
    )
    assert slate.note_idx[0].tolist() == [0, 2, 3, 1, -1]


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 30), width=st.integers(1, 8), steps=st.integers(1, 40))
def test_squared_distances_stay_right_while_the_window_slides(seed, n, width, steps):
    """The factor and every d² agree with a fresh factorisation, however often notes leave."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gram = (vectors @ vectors.T).astype(np.float32).astype(np.float64)
    np.fill_diagonal(gram, 1 + JITTER)
    factor, diagonal, at = np.empty((width, n)), np.empty(width), np.empty(width, np.int64)
    volume, filled, recent = np.full(n, 1 + JITTER), 0, []
    order = rng.permutation(n)[:steps].tolist()
    for step, best in enumerate(order):
        if filled == width:
            filled = forget_oldest(factor, diagonal, at, filled, n, volume)
        orthogonalise(gram[best].astype(np.float32), best, n, factor, diagonal, at, filled, volume)
        filled += 1
        recent = [*recent, best][-width:]
        assert at[:filled].tolist() == recent
        assert (volume >= JITTER).all()
        lower = np.linalg.cholesky(gram[np.ix_(recent, recent)])
        np.testing.assert_allclose(diagonal[:filled] ** 2, np.diag(lower) ** 2, atol=1e-6)
        left = [k for k in range(n) if k not in order[: step + 1]]
        rows = np.linalg.solve(lower, gram[np.ix_(recent, left)])
        expected = 1 + JITTER - np.square(rows).sum(axis=0)
        np.testing.assert_allclose(volume[left], expected, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, theta=THETAS, longer=st.integers(9, 1_000))
def test_a_window_of_the_slate_is_the_full_process(seed, theta, longer):
    scored, table = make_scored(VIEW, 4, 25, seed), SupportTable.empty(VIEW.notes.n)
    full, windowed = (
        build(theta=theta, window=w).assemble(scored, table, any_kind(4), VIEW)
        for w in (10, longer)
    )
    np.testing.assert_array_equal(full.note_idx, windowed.note_idx)


def test_windows_matter():
    scored, table = make_scored(VIEW, 40, 40), SupportTable.empty(VIEW.notes.n)
    narrow, wide = (
        build(theta=0.5, window=w).assemble(scored, table, any_kind(40), VIEW) for w in (1, 10)
    )
    assert (narrow.note_idx != wide.note_idx).any(axis=1).mean() > 0.5


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_with_theta_one_it_is_the_same_as_mmr(seed):
    scored = make_scored(VIEW, 6, 25, seed)
    mmr = Mmr(MmrConfig(theta=1.0))
    mmr.setup(VIEW.spec)
    kind = np.random.default_rng(seed).integers(0, len(SlotKind), (6, 10)).astype(np.uint8)
    slates = [
        reranker.assemble(scored, make_table(VIEW, seed), kind, VIEW)
        for reranker in (build(theta=1.0, rules=SlateRules()), mmr)
    ]
    for name in ("column", "note_idx", "final", "granted_by"):
        np.testing.assert_array_equal(getattr(slates[0], name), getattr(slates[1], name))


def similarity(slate, view):
    """Mean cosine over all pairs of a slate, by slate."""
    vectors = view.notes.embedding[slate.note_idx]
    gram = np.einsum("bid,bjd->bij", vectors, vectors)
    i, j = np.triu_indices(slate.note_idx.shape[1], 1)
    return gram[:, i, j].mean(axis=1)


@pytest.mark.parametrize(("kind", "config"), [(Dpp, DppConfig), (Mmr, MmrConfig)])
def test_less_theta_is_less_similarity(kind, config):
    scored, table = make_scored(VIEW, 200, 60), SupportTable.empty(VIEW.notes.n)
    means = []
    for theta in (1.0, 0.8, 0.5, 0.1):
        reranker = kind(config(theta=theta, rules=NO_RULES))
        reranker.setup(VIEW.spec)
        slate = reranker.assemble(scored, table, any_kind(200), VIEW)
        full = slate.note_idx.min(axis=1) >= 0
        slate = dataclasses.replace(slate, note_idx=slate.note_idx[full])
        means.append(similarity(slate, VIEW).mean())
    assert (np.diff(means) < -0.001).all()


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, factor=st.floats(1.01, 50), theta=st.sampled_from([0.2, 0.6, 0.9]))
def test_a_larger_boost_never_moves_a_note_back(seed, factor, theta):
    scored, table = make_scored(VIEW, 1, 20, seed, gated=0), make_table(VIEW, seed, 1)
    supported = [n for n in scored.note_idx[0, : scored.n[0]] if table.row[n] >= 0]
    if not supported:
        return
    note = int(supported[seed % len(supported)])
    table.remaining[:] = 100
    kind = np.random.default_rng(seed).integers(0, len(SlotKind), (1, 10)).astype(np.uint8)
    places = []
    for coefficient in (1.1, 1.1 * factor):
        table.rank[0, table.row[note]] = coefficient
        slate = build(theta=theta, rules=SlateRules()).assemble(scored, table, kind, VIEW)
        found = np.flatnonzero(slate.note_idx[0] == note)
        places.append(int(found[0]) if found.size else 99)
    assert places[1] <= places[0]


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_order_of_candidates_does_not_matter(seed):
    scored = make_scored(VIEW, 1, 30, seed)
    n = int(scored.n[0])
    order = np.concatenate([np.random.default_rng(seed).permutation(n), np.arange(n, 30)])
    shuffled = dataclasses.replace(
        scored,
        note_idx=np.ascontiguousarray(scored.note_idx[:, order]),
        organic=np.ascontiguousarray(scored.organic[:, order]),
        supported=np.ascontiguousarray(scored.supported[:, order]),
    )
    a, b = (
        build(theta=0.6, window=4).assemble(item, make_table(VIEW, seed), any_kind(1), VIEW)
        for item in (scored, shuffled)
    )
    for name in ("note_idx", "final", "granted_by"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
