import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.batches import Candidates
from simulator.contracts.events import SlotKind
from simulator.contracts.support import NoteSupport, SupportTable
from simulator.engine.selection import apply_support, insertable, slot_kinds, truncate
from tests.support.platform import make_requests, make_spec, make_view

SEEDS = st.integers(0, 10_000)


def draw(seed, n_rows=4, width=40, levels=None):
    """Random rows; with few `levels`, many values are equal."""
    rng = np.random.default_rng(seed)
    note_idx = np.stack([rng.permutation(200)[:width] for _ in range(n_rows)]).astype(np.int32)
    n = rng.integers(0, width + 1, n_rows).astype(np.int32)
    values = rng.lognormal(0, 3, (n_rows, width))
    if levels:
        values = rng.integers(1, levels + 1, (n_rows, width)) / levels
    note_idx[np.arange(width) >= n[:, None]] = -1
    candidates = Candidates(note_idx, np.zeros(note_idx.shape, np.uint32), n)
    return values.astype(np.float32), candidates


def best_first(values, candidates, b):
    """Columns of a row by falling value, then rising note: the slow way."""
    n = candidates.n[b]
    return np.lexsort((candidates.note_idx[b, :n], -values[b, :n])).tolist()


def kept(columns, n, b):
    assert (columns[b, n[b] :] == -1).all()
    return columns[b, : n[b]].tolist()


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, keep=st.integers(1, 50), levels=st.sampled_from([None, 1, 3, 50]))
def test_truncate_agrees_with_a_full_sort(seed, keep, levels):
    values, candidates = draw(seed, levels=levels)
    columns, n = truncate(values, candidates, keep)
    for b in range(4):
        assert kept(columns, n, b) == best_first(values, candidates, b)[:keep]


def test_truncate_orders_any_finite_float():
    values = np.float32([[0.0, -1.5, 3e38, 1e-40, -0.25, 2.0, 1e-40]])
    note_idx = np.int32([[5, 4, 3, 2, 1, 0, 1_000_000]])
    candidates = Candidates(note_idx, np.zeros((1, 7), np.uint32), np.int32([7]))
    columns, _ = truncate(values, candidates, 7)
    assert columns[0].tolist() == [2, 5, 3, 6, 0, 4, 1]


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, keep=st.integers(1, 40), share=st.floats(0, 1))
def test_separate_queues_never_compete(seed, keep, share):
    values, candidates = draw(seed)
    new_keep = int(share * keep)
    columns, n = truncate(values, candidates, keep, 120, new_keep)
    for b in range(4):
        order = best_first(values, candidates, b)
        new = [k for k in order if candidates.note_idx[b, k] >= 120][:new_keep]
        old = [k for k in order if candidates.note_idx[b, k] < 120][: keep - new_keep]
        assert kept(columns, n, b) == [k for k in order if k in {*new, *old}]


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, keep=st.integers(1, 40), n_reserved=st.integers(0, 45))
def test_reserved_candidates_are_kept_whatever_their_value(seed, keep, n_reserved):
    values, candidates = draw(seed)
    reserved = (candidates.note_idx % 5 == 0).astype(np.uint8)
    columns, n = truncate(values, candidates, keep, reserved=reserved, n_reserved=n_reserved)
    for b in range(4):
        order = best_first(values, candidates, b)
        sure = [k for k in order if reserved[b, k]][: min(n_reserved, keep)]
        rest = [k for k in order if k not in sure][: keep - len(sure)]
        assert kept(columns, n, b) == [k for k in order if k in {*sure, *rest}]


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_truncate_ignores_the_order_of_columns(seed):
    values, candidates = draw(seed, levels=4)
    candidates.n[:] = 30
    candidates.note_idx[:, :30] = np.arange(30)
    order = np.random.default_rng(seed).permutation(30)
    shuffled = dataclasses.replace(
        candidates, note_idx=np.ascontiguousarray(candidates.note_idx[:, order])
    )
    columns, _ = truncate(values, candidates, 12)
    moved, _ = truncate(np.ascontiguousarray(values[:, order]), shuffled, 12)
    for b in range(4):
        assert (
            candidates.note_idx[b, columns[b]].tolist() == shuffled.note_idx[b, moved[b]].tolist()
        )


def table_of(*supports):
    table = SupportTable.empty(200)
    table.fill(list(supports), 200, 3)
    return table


def support_of(notes, **columns):
    support = NoteSupport.of(np.array(notes, np.int32))
    for name, values in columns.items():
        getattr(support, name)[:] = values
    return support


def test_support_multiplies_and_adds_while_any_remains():
    candidates = Candidates(np.int32([[10, 11, 12, 13, -1]]), np.zeros((1, 5), np.uint32),
                            np.int32([4]))  # fmt: skip
    values = np.float32([[1, 1, 1, 1, 0]])
    table = table_of(
        support_of([10, 11, 12], pre_rank=2, rank=3, price=0.5, remaining=[1, 0, 7]),
        support_of([10, 13], pre_rank=5, rank=7, price=0.25),
    )
    allowed = np.uint8([[255, 255, 0, 255, 255]])
    pre = apply_support(values, candidates, allowed, table, "pre_rank")
    assert pre[0].tolist() == [10, 1, 1, 5, 0]
    rank = apply_support(values, candidates, allowed, table, "rank")
    assert rank[0].tolist() == [21.75, 1, 1, 7.25, 0]
    assert table.remaining.max() == 2**31 - 1


def test_without_supported_notes_values_are_handed_through():
    values, candidates = draw(0)
    allowed = np.full(values.shape, 255, np.uint8)
    for table in (SupportTable.empty(200), table_of(), table_of(support_of([]))):
        assert apply_support(values, candidates, allowed, table, "rank") is values


def test_coefficient_one_changes_no_bit():
    values, candidates = draw(3)
    table = table_of(support_of(range(0, 200, 2)))
    allowed = np.full(values.shape, 255, np.uint8)
    for stage in ("pre_rank", "rank"):
        out = apply_support(values, candidates, allowed, table, stage)
        assert out.tobytes() == values.tobytes()


def test_insertable_needs_remaining_and_an_open_pair():
    candidates = Candidates(np.int32([[10, 11, 12, 13, -1]]), np.zeros((1, 5), np.uint32),
                            np.int32([4]))  # fmt: skip
    table = table_of(support_of([10, 11, 12], insert=1, remaining=[1, 0, 7]), support_of([13]))
    found = insertable(candidates, np.uint8([[255, 255, 0, 255, 255]]), table)
    assert found[0].tolist() == [1, 0, 0, 0, 0]


@pytest.fixture(scope="module")
def requests():
    return make_requests(make_view(50, 300), 4_000)


def test_free_competition_asks_for_nothing(requests):
    assert not slot_kinds(make_spec(), requests, 0).any()


@pytest.mark.parametrize(("every", "places"), [(3, [3, 7]), (1, [1, 3, 5, 7, 9]), (10, [])])
def test_insertion_slots_follow_organic_ones(requests, every, places):
    kinds = slot_kinds(make_spec(), requests, every)
    expected = np.zeros(10, np.uint8)
    expected[places] = SlotKind.INSERT
    assert (kinds == expected).all()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 1.0])
def test_separate_queues_give_new_notes_their_share(requests, share):
    spec = make_spec(separate_queues=True, new_share=share)
    kinds = slot_kinds(spec, requests, 3)
    assert set(np.unique(kinds)) <= {SlotKind.OLD, SlotKind.NEW}
    per_slate = (kinds == SlotKind.NEW).sum(axis=1)
    assert set(per_slate.tolist()) <= {int(share * 10), int(np.ceil(share * 10))}
    assert per_slate.mean() == pytest.approx(share * 10, abs=0.05)
    by_slot = (kinds == SlotKind.NEW).mean(axis=0)
    np.testing.assert_allclose(by_slot, share, atol=0.04)


def test_slots_of_a_request_do_not_depend_on_the_batch(requests):
    spec = make_spec(separate_queues=True, new_share=0.25)
    whole = slot_kinds(spec, requests, 0)
    one = dataclasses.replace(requests, t=requests.t[7:8], reader_idx=requests.reader_idx[7:8])
    np.testing.assert_array_equal(slot_kinds(spec, one, 0), whole[7:8])
    other = slot_kinds(make_spec(1, separate_queues=True, new_share=0.25), requests, 0)
    assert (other != whole).any()
