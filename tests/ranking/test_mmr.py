import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.errors import InvariantError
from simulator.contracts.events import SlotKind
from simulator.contracts.support import UNLIMITED, NoteSupport, SupportTable
from simulator.ranking.content_clusters import ContentClusters
from simulator.ranking.mmr import Mmr, MmrConfig
from simulator.ranking.rules import SlateRules
from tests.ranking import reference
from tests.ranking.scenes import (
    copy_table,
    make_picks,
    make_scored,
    make_table,
    rich_view,
    slice_scored,
)

VIEW = rich_view()
SEEDS = st.integers(0, 10_000)
FIELDS = ("column", "note_idx", "final", "granted_by")


def build(view=VIEW, **config):
    reranker = Mmr(MmrConfig(**config))
    reranker.setup(view.spec)
    return reranker


def kinds(n_requests, seed, n_slots=10):
    return (
        np.random.default_rng([seed, 41])
        .integers(0, len(SlotKind), (n_requests, n_slots))
        .astype(np.uint8)
    )


def any_kind(n_requests, n_slots=10):
    return np.zeros((n_requests, n_slots), np.uint8)


def single(note_idx, organic):
    """A scored batch of one request."""
    scored = make_scored(VIEW, 1, len(note_idx), gated=0)
    return dataclasses.replace(
        scored,
        note_idx=np.array([note_idx], np.int32),
        n=np.array([len(note_idx)], np.int32),
        organic=np.array([organic], np.float32),
        supported=np.full((1, len(note_idx)), 255, np.uint8),
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=SEEDS,
    theta=st.sampled_from([0.0, 0.3, 0.8, 1.0]),
    window=st.sampled_from([1, 3, 10]),
    run=st.integers(0, 3),
    gap=st.integers(0, 3),
    wide=st.sampled_from([0, 2, 6]),
)
def test_agrees_with_plain_python(seed, theta, window, run, gap, wide):
    rules = SlateRules(
        longest_type_run=run, same_category_gap=gap, supported_gap=wide, same_cluster_gap=wide,
        n_clusters=9,
    )  # fmt: skip
    scored, table = make_picks(make_scored(VIEW, 4, 18, seed), seed), make_table(VIEW, seed)
    expected_table, kind = copy_table(table), kinds(4, seed)
    slate = build(theta=theta, window=window, rules=rules).assemble(scored, table, kind, VIEW)
    labels = ContentClusters(9, VIEW.spec.seed).labels(VIEW)
    expected = reference.assemble(scored, expected_table, kind, VIEW, theta, window, rules, labels)
    for name, column in zip(FIELDS, expected, strict=True):
        np.testing.assert_array_equal(getattr(slate, name), column, err_msg=name)
    np.testing.assert_array_equal(table.remaining, expected_table.remaining)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, k=st.integers(1, 40))
def test_a_slate_repeats_no_note_and_is_as_full_as_can_be(seed, k):
    scored = make_scored(VIEW, 5, k, seed)
    slate = build().assemble(scored, make_table(VIEW, seed), kinds(5, seed), VIEW)
    for b in range(5):
        shown = slate.note_idx[b][slate.note_idx[b] >= 0]
        assert len(set(shown.tolist())) == shown.size == min(10, scored.n[b])
        columns = slate.column[b][slate.column[b] >= 0]
        np.testing.assert_array_equal(scored.note_idx[b, columns], shown)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_grants_are_what_remaining_loses_and_never_exceed_it(seed):
    scored, table = make_scored(VIEW, 30, 25, seed, gated=0), make_table(VIEW, seed, 3)
    before = table.remaining.copy()
    slate = build().assemble(scored, table, kinds(30, seed), VIEW)
    row = table.row[np.maximum(slate.note_idx, 0)]
    for p in range(3):
        acted = (slate.granted_by >> p) & 1 == 1
        assert (row[acted] >= 0).all()
        grants = np.bincount(row[acted], minlength=before.shape[1])
        counted = before[p] != UNLIMITED
        np.testing.assert_array_equal((before[p] - table.remaining[p])[counted], grants[counted])
        assert (table.remaining[p] >= 0).all()
        assert (table.remaining[p][~counted] == UNLIMITED).all()


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, factor=st.floats(1.01, 50), theta=st.sampled_from([0.2, 0.6, 0.9]))
def test_a_larger_boost_never_moves_a_note_back(seed, factor, theta):
    scored, table = make_scored(VIEW, 1, 20, seed, gated=0), make_table(VIEW, seed, 1)
    note = int(scored.note_idx[0, seed % scored.n[0]])
    support = NoteSupport.of(np.arange(VIEW.live_start, VIEW.notes.n, dtype=np.int32))
    table.fill([support], VIEW.notes.n, 0)
    kind, reranker = kinds(1, seed), build(theta=theta)
    places = []
    for coefficient in (1.1, 1.1 * factor):
        table.rank[0, table.row[note]] = coefficient
        slate = reranker.assemble(scored, table, kind, VIEW)
        found = np.flatnonzero(slate.note_idx[0] == note)
        places.append(int(found[0]) if found.size else 99)
    assert places[1] <= places[0]


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_coefficient_one_is_no_support_at_all(seed):
    scored = make_scored(VIEW, 6, 25, seed)
    neutral = NoteSupport.of(np.arange(VIEW.live_start, VIEW.notes.n, dtype=np.int32))
    table = SupportTable.empty(VIEW.notes.n)
    table.fill([neutral, neutral], VIEW.notes.n, 0)
    with_ones = build().assemble(scored, table, any_kind(6), VIEW)
    empty = SupportTable.empty(VIEW.notes.n)
    without = build().assemble(scored, empty, any_kind(6), VIEW)
    for name in FIELDS:
        assert getattr(with_ones, name).tobytes() == getattr(without, name).tobytes()
    assert (table.remaining == UNLIMITED).all()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, cut=st.integers(0, 12))
def test_cutting_a_batch_changes_nothing(seed, cut):
    scored, whole_table = make_scored(VIEW, 12, 25, seed), make_table(VIEW, seed)
    cut_table, kind, reranker = copy_table(whole_table), kinds(12, seed), build()
    whole = reranker.assemble(scored, whole_table, kind, VIEW)
    parts = [
        reranker.assemble(slice_scored(scored, rows), cut_table, kind[rows], VIEW)
        for rows in (slice(0, cut), slice(cut, 12))
    ]
    for name in FIELDS:
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(getattr(whole, name), joined)
    np.testing.assert_array_equal(whole_table.remaining, cut_table.remaining)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_order_of_candidates_does_not_matter(seed):
    scored = single(list(range(500, 530)), np.random.default_rng(seed).integers(1, 4, 30))
    order = np.random.default_rng(seed).permutation(30)
    shuffled = dataclasses.replace(
        scored,
        note_idx=np.ascontiguousarray(scored.note_idx[:, order]),
        organic=np.ascontiguousarray(scored.organic[:, order]),
    )
    a, b = (
        build().assemble(item, make_table(VIEW, seed), kinds(1, seed), VIEW)
        for item in (scored, shuffled)
    )
    for name in ("note_idx", "final", "granted_by"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_rules_hold_when_enough_plain_notes_are_there(seed):
    scored = make_scored(VIEW, 3, 200, seed)
    slate = build(rules=SlateRules(same_category_gap=2)).assemble(
        scored, make_table(VIEW, seed), any_kind(3), VIEW
    )
    notes = VIEW.notes
    for shown in slate.note_idx:
        video = notes.is_video[shown]
        assert max(len(run) for run in np.split(video, np.flatnonzero(np.diff(video)) + 1)) <= 5
        promoted = notes.is_promoted[shown]
        assert max(promoted[s : s + 9].sum() for s in range(2)) <= 1
        card = notes.has_card[shown]
        assert card[0] == 0
        assert card[:4].sum() <= 1
        category = notes.category[shown]
        assert not (category[1:] == category[:-1]).any()
        assert not (category[2:] == category[:-2]).any()


def test_rules_are_given_up_rather_than_a_slot():
    cards = np.flatnonzero(VIEW.notes.has_card & VIEW.notes.is_promoted)[:12].tolist()
    slate = build().assemble(
        single(cards, [1.0] * 12), SupportTable.empty(VIEW.notes.n), any_kind(1), VIEW
    )
    assert (slate.note_idx >= 0).all()


def test_a_card_is_a_last_resort_and_a_category_the_first():
    notes = VIEW.notes
    plain = (notes.is_promoted == 0) & (notes.has_card == 0)
    category = notes.category[np.flatnonzero(plain)[0]]
    first, second = np.flatnonzero(plain & (notes.category == category))[:2]
    promoted = np.flatnonzero(notes.is_promoted & (notes.category != category))[0]
    card = np.flatnonzero(notes.has_card & (notes.is_promoted == 0))[0]
    rules = SlateRules(slots_without_card=3, same_category_gap=5)
    slate = build(theta=1.0, rules=rules).assemble(
        single([first, second, promoted, card], [0.2, 0.1, 0.5, 0.9]),
        SupportTable.empty(notes.n),
        any_kind(1, 4),
        VIEW,
    )
    assert slate.note_idx[0].tolist() == [promoted, first, second, card]


def test_theta_one_orders_by_value_and_diversity_lowers_near_duplicates():
    loose = SlateRules(
        longest_type_run=0, promoted_gap=0, slots_without_card=0, cards_on_first_screen=4
    )
    category = VIEW.notes.category
    alike = np.flatnonzero(category == category[0])[:3]
    other = np.flatnonzero(category != category[0])[0]
    scored, table = single([*alike, other], [1, 0.95, 0.9, 0.8]), SupportTable.empty(VIEW.notes.n)
    by_value = build(theta=1.0, rules=loose).assemble(scored, table, any_kind(1, 4), VIEW)
    assert by_value.note_idx[0].tolist() == [*alike, other]
    diverse = build(theta=0.5, rules=loose).assemble(scored, table, any_kind(1, 4), VIEW)
    assert diverse.note_idx[0, 1] == other


def test_slots_take_their_kind_and_fall_back_to_any():
    old, new = VIEW.new_start - 3, VIEW.new_start + 1
    table = SupportTable.empty(VIEW.notes.n)
    support = NoteSupport.of(np.array([new], np.int32))
    support.insert[:] = 1
    support.remaining[:] = 1
    table.fill([support], VIEW.notes.n, 3)
    scored = single([old - 1, old, new, new + 1], [4, 3, 2, 1])
    reranker = build(theta=1.0, rules=SlateRules(promoted_gap=0, first_screen=0,
                                                 slots_without_card=0))  # fmt: skip
    wanted = [SlotKind.INSERT, SlotKind.NEW, SlotKind.NEW, SlotKind.OLD]
    slate = reranker.assemble(scored, table, np.array([wanted], np.uint8), VIEW)
    assert slate.note_idx[0].tolist() == [new, new + 1, old - 1, old]
    assert slate.granted_by[0].tolist() == [1, 0, 0, 0]
    assert table.remaining[0, 0] == 0
    again = reranker.assemble(scored, table, np.array([wanted], np.uint8), VIEW)
    assert again.note_idx[0, 0] == old - 1
    assert not again.granted_by.any()


def test_an_inserted_note_in_an_organic_slot_costs_nothing():
    new = VIEW.new_start + 1
    support = NoteSupport.of(np.array([new], np.int32))
    support.insert[:] = 1
    support.remaining[:] = 5
    table = SupportTable.empty(VIEW.notes.n)
    table.fill([support], VIEW.notes.n, 3)
    slate = build().assemble(single([new], [1]), table, any_kind(1, 2), VIEW)
    assert slate.note_idx[0].tolist() == [new, -1]
    assert not slate.granted_by.any()
    assert table.remaining[0, 0] == 5


def test_quota_is_spent_in_request_order():
    strong, weak = VIEW.new_start + 1, VIEW.new_start - 3
    support = NoteSupport.of(np.array([strong], np.int32))
    support.rank[:] = 10
    support.remaining[:] = 2
    table = SupportTable.empty(VIEW.notes.n)
    table.fill([support], VIEW.notes.n, 0)
    one = single([weak, strong], [1.0, 0.5])
    batch = slice_scored(one, [0, 0, 0, 0])
    rules = SlateRules(promoted_gap=0, slots_without_card=0, first_screen=0)
    slate = build(theta=1.0, rules=rules).assemble(batch, table, any_kind(4, 1), VIEW)
    assert slate.note_idx[:, 0].tolist() == [strong, strong, weak, weak]
    assert slate.granted_by[:, 0].tolist() == [1, 1, 0, 0]
    np.testing.assert_array_equal(slate.final[:, 0], np.float32([5, 5, 1, 1]))


def test_more_than_eight_policies_are_refused():
    table = make_table(VIEW, 0, 9)
    with pytest.raises(InvariantError, match="8 policies"):
        build().assemble(make_scored(VIEW, 1, 5), table, any_kind(1), VIEW)
