import numpy as np
import pytest

from recall.cluster import Cluster, ClusterConfig
from recall.index import nearest_centroid
from simulator.contracts.events import DAY_S
from tests.support.platform import NOW, make_requests, make_view


@pytest.fixture(scope="module")
def view():
    return make_view(3_000, 100, seed=8)


def build(view, **knobs):
    channel = Cluster(ClusterConfig(**knobs))
    channel.setup(view.spec)
    channel.refresh(view)
    return channel


def test_results_come_from_the_clusters_of_the_seeds(view):
    channel = build(view, n_last=3, n_clusters=12)
    state = channel.state_arrays()
    labels = nearest_centroid(view.notes.embedding, state["centroids"])
    assert np.array_equal(state["labels"][:, 0], labels)
    requests = make_requests(view, 30)
    for reader, row in zip(requests.reader_idx, channel.recall(requests, view), strict=True):
        seeds = view.readers.recent[reader, :3]
        assert np.isin(labels[row[row >= 0]], labels[seeds[seeds >= 0]]).all()
        assert (row >= 0).any() == (seeds >= 0).any()


def test_near_duplicates_of_seeds_are_passed_over(view):
    channel = build(view, n_last=3, n_clusters=12, max_similarity=0.6)
    labels = channel.state_arrays()["labels"][:, 0]
    requests = make_requests(view, 30)
    compared = 0
    for reader, row in zip(requests.reader_idx, channel.recall(requests, view), strict=True):
        seeds = view.readers.recent[reader, :3]
        seeds, found = seeds[seeds >= 0], row[row >= 0]
        cosine = view.notes.embedding[found] @ view.notes.embedding[seeds].T
        same = labels[found][:, None] == labels[seeds][None, :]
        assert (cosine[same] <= 0.6 + 1e-6).all()
        compared += same.sum()
    assert compared > 100


def test_a_seed_itself_is_a_near_duplicate(view):
    row = build(view, n_last=30).recall(make_requests(view, 50), view)
    recent = view.readers.recent[make_requests(view, 50).reader_idx]
    for found, seeds in zip(row, recent, strict=True):
        assert not np.isin(found[found >= 0], seeds).any()


def test_clusters_are_as_many_as_the_data_bear():
    assert build(make_view(10, 5, span_s=DAY_S)).state_arrays()["centroids"].shape[0] == 1
    few = make_view(39 * 5, 5, span_s=DAY_S)
    assert build(few).state_arrays()["centroids"].shape[0] == 5


def test_more_clusters_are_trained_early_when_the_data_bear_twice_as_many():
    channel = build(make_view(39 * 5, 5, span_s=DAY_S))
    channel.refresh(make_view(39 * 9, 5, span_s=DAY_S))
    assert channel.state_arrays()["centroids"].shape[0] == 5
    channel.refresh(make_view(39 * 10, 5, span_s=DAY_S))
    assert channel.state_arrays()["centroids"].shape[0] == 10


def test_centres_are_trained_anew_when_due_and_notes_assigned_again(view):
    channel = build(view, train_every="6h")
    first = channel.state_arrays()["centroids"]
    later = make_view(3_100, 100, seed=8, now=NOW + 3_600)
    channel.refresh(later)
    assert np.array_equal(channel.state_arrays()["centroids"], first)
    later = make_view(3_200, 100, seed=9, now=NOW + 6 * 3_600)
    channel.refresh(later)
    state = channel.state_arrays()
    assert not np.array_equal(state["centroids"], first)
    labels = nearest_centroid(later.notes.embedding, state["centroids"])
    assert np.array_equal(state["labels"][:, 0], labels)
