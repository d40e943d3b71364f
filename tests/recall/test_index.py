import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recall.index import VectorIndex, nearest_centroid, train_centroids
from recall.index_kernels import select
from simulator.contracts.events import DAY_S


def unit_vectors(n, dim=32, seed=0, n_topics=30):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((n_topics, dim))
    vectors = centres[rng.integers(0, n_topics, n)] + 0.8 * rng.standard_normal((n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def index_of(vectors, scan=2_000, first_id=0, now=0.0):
    index = VectorIndex(seed=4, scan=scan)
    index.build(vectors, np.arange(first_id, first_id + len(vectors), dtype=np.int32), now)
    return index


def exact_ids(vectors, queries, k):
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    return flat.search(queries, k)[1]


@pytest.mark.parametrize(("n", "dim"), [(1, 32), (63, 32), (64, 10), (65, 7), (1_000, 33)])
def test_small_index_finds_what_faiss_finds(n, dim):
    vectors, queries = unit_vectors(n, dim), unit_vectors(20, dim, seed=1)
    k = min(n, 50)
    found = index_of(vectors, first_id=5_000).search(queries, k)
    exact = exact_ids(vectors, queries, k)
    scores = np.take_along_axis(queries @ vectors.T, found - 5_000, axis=1)
    best = np.take_along_axis(queries @ vectors.T, exact, axis=1)
    np.testing.assert_allclose(scores, best, atol=1e-5)
    assert (found - 5_000 == exact).mean() > 0.99


def test_missing_places_hold_minus_one():
    found = index_of(unit_vectors(3)).search(unit_vectors(2, seed=1), 5)
    assert (found[:, 3:] == -1).all()
    assert (np.sort(found[:, :3]) == [0, 1, 2]).all()


def test_large_index_compares_few_vectors_and_misses_little():
    vectors, queries = unit_vectors(20_000), unit_vectors(50, seed=1)
    index = index_of(vectors)
    assert index.n_lists == 141
    found, exact = index.search(queries, 100), exact_ids(vectors, queries, 100)
    shares = [np.isin(exact[i], found[i]).mean() for i in range(50)]
    assert np.mean(shares) > 0.95


@pytest.mark.parametrize("n", [500, 6_000])
def test_one_by_one_equals_batch(n):
    index, queries = index_of(unit_vectors(n), scan=1_000), unit_vectors(33, seed=1)
    together = index.search(queries, 40)
    alone = np.concatenate([index.search(queries[i : i + 1], 40) for i in range(33)])
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("n", [500, 6_000])
def test_unknown_reader_finds_nothing(n):
    found = index_of(unit_vectors(n), scan=1_000).search(np.zeros((2, 32), np.float32), 10)
    assert (found == -1).all()


def test_identical_vectors_are_all_found_in_row_order():
    vectors = np.repeat(unit_vectors(1), 300, axis=0)
    found = index_of(vectors).search(unit_vectors(1, seed=2), 200)
    assert np.array_equal(found[0], np.arange(200))


def test_training_is_deterministic():
    vectors = unit_vectors(5_000)
    first, second = (train_centroids(vectors, 64, seed=11) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, train_centroids(vectors, 64, seed=12))
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)


def test_nearest_centroid_is_the_largest_inner_product():
    vectors, centroids = unit_vectors(300), unit_vectors(20, seed=5)
    assert np.array_equal(
        nearest_centroid(vectors, centroids), np.argmax(vectors @ centroids.T, axis=1)
    )
    assert nearest_centroid(vectors[:0], centroids).shape == (0,)


def centroids_after(index, vectors, first, end, now, version=0):
    index.build(vectors[first:end], np.arange(first, end, dtype=np.int32), now, version)
    return index.state_arrays()["centroids"]


def test_centroids_are_kept_until_a_day_or_a_third_has_passed():
    vectors = unit_vectors(9_000)
    index = VectorIndex(seed=4, scan=1_000)
    first = centroids_after(index, vectors, 0, 5_000, 0.0)
    assert np.array_equal(centroids_after(index, vectors, 100, 5_200, 3_600.0), first)
    assert not np.array_equal(centroids_after(index, vectors, 100, 5_200, float(DAY_S)), first)

    index = VectorIndex(seed=4, scan=1_000)
    first = centroids_after(index, vectors, 0, 5_000, 0.0)
    assert centroids_after(index, vectors, 0, 6_600, 60.0).shape != first.shape

    index = VectorIndex(seed=4, scan=1_000)
    first = centroids_after(index, vectors, 0, 5_000, 0.0)
    changed = unit_vectors(9_000, seed=8)
    assert not np.array_equal(centroids_after(index, changed, 0, 5_000, 60.0, version=1), first)


def test_a_kept_assignment_equals_a_new_one():
    vectors = unit_vectors(6_000)
    index = VectorIndex(seed=4, scan=1_000)
    centroids_after(index, vectors, 0, 5_000, 0.0)
    state_centroids = centroids_after(index, vectors, 400, 5_500, 60.0)
    assigned = index.state_arrays()["assigned"]
    assert np.array_equal(assigned, nearest_centroid(vectors[400:5_500], state_centroids))


@pytest.mark.parametrize("n", [0, 300, 6_000])
def test_state_round_trip(n):
    index = index_of(unit_vectors(n), scan=1_000)
    other = VectorIndex(seed=4, scan=1_000)
    other.load_state(index.state_arrays())
    queries = unit_vectors(20, seed=1)
    assert np.array_equal(other.search(queries, 30), index.search(queries, 30))
    assert other.n == n


@settings(max_examples=150, deadline=None)
@given(
    scores=st.lists(
        st.one_of(
            st.floats(-1, 1, width=32), st.sampled_from([0.0, 0.5, -1.0, 1.0]), st.just(0.25)
        ),
        max_size=200,
    ),
    k=st.integers(0, 60),
    bound=st.sampled_from([1.0, 0.01, 100.0]),
)
def test_select_is_a_stable_sort_cut_at_k(scores, k, bound):
    values = np.array(scores, np.float32)
    order = np.empty(values.size, np.int32)
    scratch = np.empty(values.size, np.int32)
    n = select(values, values.size, np.float32(bound), k, scratch, order)
    assert n == min(k, values.size)
    assert np.array_equal(order[:n], np.argsort(-values, kind="stable")[:n])
