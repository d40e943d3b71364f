import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recall import kernels
from recall.category import Category, CategoryConfig
from recall.keywords import Keyword, KeywordConfig
from recall.lists import frozen
from tests.support.platform import make_requests, make_view

small_keys = hnp.arrays(np.int32, st.tuples(st.integers(0, 30), st.integers(1, 3)),
                        elements=st.integers(-1, 5))  # fmt: skip
wanted_lists = hnp.arrays(np.int32, st.tuples(st.integers(0, 5), st.integers(0, 8)),
                          elements=st.integers(-1, 5))  # fmt: skip


def newest_by_hand(keys, first_row, n_lists, length):
    lists = np.full((n_lists, length), -1, np.int32)
    for key in range(n_lists):
        rows = np.flatnonzero((keys == key).any(axis=1))[::-1][:length] + first_row
        lists[key, : rows.size] = rows
    return lists


@settings(max_examples=100, deadline=None)
@given(keys=small_keys, first_row=st.integers(0, 9), length=st.integers(1, 6))
def test_lists_hold_the_newest_notes_of_each_key(keys, first_row, length):
    lists = kernels.newest_lists(frozen(keys), first_row, 6, length)
    assert np.array_equal(lists, newest_by_hand(keys, first_row, 6, length))


def gather(lists, wanted, k, **limit):
    n = wanted.shape[0]
    reader_idx = frozen(np.arange(n, dtype=np.int32))
    recent = limit.get("recent", np.full((n, wanted.shape[1]), -1, np.int32))
    vectors = limit.get("vectors", np.zeros((1, 4), np.float32))
    return kernels.gather(
        lists, wanted, k, reader_idx, frozen(recent), frozen(vectors), limit.get("most", 1.0)
    )


def gathered_by_hand(lists, wanted, k):
    distinct = [key for i, key in enumerate(wanted) if key >= 0 and key not in wanted[:i]]
    notes = []
    for place in range(lists.shape[1]):
        for key in distinct:
            note = lists[key, place]
            if note >= 0 and note not in notes:
                notes.append(note)
    return [*notes[:k], *[-1] * (k - len(notes))]


@settings(max_examples=100, deadline=None)
@given(keys=small_keys, wanted=wanted_lists, length=st.integers(1, 6), k=st.integers(1, 20))
def test_lists_are_read_in_turn_without_repeats(keys, wanted, length, k):
    lists = newest_by_hand(keys, 0, 6, length)
    found = gather(lists, wanted, k)
    expected = [gathered_by_hand(lists, row.tolist(), k) for row in wanted]
    assert found.shape == (wanted.shape[0], k)
    assert found.tolist() == expected


def test_near_duplicates_of_a_seed_in_the_same_list_are_passed_over():
    vectors = np.array([[1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0.6, 0.8, 0, 0, 0]], np.float32)
    lists = np.array([[2, 1, 0], [1, -1, -1]], np.int32)
    seeds = np.array([[0, -1]], np.int32)
    limit = {"recent": seeds, "vectors": vectors, "most": 0.9}
    assert gather(lists, np.array([[0, -1]], np.int32), 3, **limit).tolist() == [[2, -1, -1]]
    limit["most"] = 0.5
    assert gather(lists, np.array([[0, -1]], np.int32), 3, **limit).tolist() == [[-1, -1, -1]]
    other = np.array([[1, -1]], np.int32)
    limit["recent"] = np.array([[2, -1]], np.int32)
    limit["most"] = 0.7
    assert gather(lists, other, 3, **limit).tolist() == [[1, -1, -1]]


def test_similarity_is_the_inner_product():
    rng = np.random.default_rng(0)
    for dim in (1, 4, 7, 32):
        a, b = rng.standard_normal((2, dim)).astype(np.float32)
        assert np.isclose(kernels.similarity(a, b), a @ b, atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(
    profile=hnp.arrays(
        np.float32, st.tuples(st.integers(1, 6), st.integers(1, 9)),
        elements=st.sampled_from([0.0, 0.125, 0.25, 0.5]),
    ),
    n=st.integers(1, 12),
)  # fmt: skip
def test_top_interests_are_the_largest_shares(profile, n):
    n_readers, n_categories = profile.shape
    readers = np.arange(n_readers, dtype=np.int32)
    found = kernels.top_interests(frozen(profile), frozen(readers), np.uint64(5), n)
    kept = min(n, n_categories)
    assert (found[:, kept:] == -1).all()
    for row, shares in zip(found[:, :kept], profile, strict=True):
        assert np.unique(row).size == kept
        assert np.array_equal(shares[row], np.sort(shares)[::-1][:kept])


def test_readers_of_whom_nothing_is_known_get_different_categories():
    profile = np.full((200, 10), 0.1, np.float32)
    readers = np.arange(200, dtype=np.int32)
    found = kernels.top_interests(frozen(profile), frozen(readers), np.uint64(5), 1)
    assert (np.bincount(found[:, 0], minlength=10) > 5).all()


def test_category_returns_the_newest_notes_of_the_best_liked_categories():
    view = make_view(2_000, 100, seed=3)
    channel = Category(CategoryConfig(n_interests=2, per_category=5, k=10))
    channel.setup(view.spec)
    channel.refresh(view)
    requests = make_requests(view, 30)
    for reader, row in zip(requests.reader_idx, channel.recall(requests, view), strict=True):
        shares = view.readers.category_profile[reader]
        if shares.max() == shares.min():
            continue
        best = np.argsort(-shares)[:2]
        expected = [np.flatnonzero(view.notes.category == c)[::-1][:5] for c in best]
        assert np.array_equal(row[0::2], expected[0])
        assert np.array_equal(row[1::2], expected[1])


def test_keyword_returns_only_notes_that_share_a_keyword_with_recent_ones():
    view = make_view(2_000, 100, seed=3)
    channel = Keyword(KeywordConfig(n_last=2, per_keyword=4))
    channel.setup(view.spec)
    channel.refresh(view)
    requests = make_requests(view, 30)
    for reader, row in zip(requests.reader_idx, channel.recall(requests, view), strict=True):
        recent = view.readers.recent[reader, :2]
        seeds = view.notes.keywords[recent[recent >= 0]]
        shared = np.isin(view.notes.keywords[row[row >= 0]], seeds[seeds >= 0])
        assert shared.any(axis=1).all()
        assert (row >= 0).any() == (seeds >= 0).any()


def test_a_full_list_pushes_the_oldest_note_off():
    view = make_view(1_000, 10, seed=3)
    channel = Category(CategoryConfig(per_category=5))
    channel.setup(view.spec)
    channel.refresh(view)
    before = channel.state_arrays()["lists"]
    later = make_view(1_000, 10, seed=3)
    later.notes.category = np.append(view.notes.category, np.int16(4))
    channel.refresh(later)
    after = channel.state_arrays()["lists"]
    assert after[4].tolist() == [1_000, *before[4, :4]]
    assert np.array_equal(np.delete(after, 4, axis=0), np.delete(before, 4, axis=0))
