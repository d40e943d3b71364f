import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.events import DAY_S, SlotKind
from simulator.contracts.support import NoteSupport, SupportTable
from simulator.ranking.content_clusters import ContentClusters
from simulator.ranking.dpp import Dpp, DppConfig
from simulator.ranking.mmr import Mmr, MmrConfig
from simulator.ranking.rules import SlateRules
from simulator.ranking.slot_kernels import CARD, FALLBACK, PROMOTED, SUPPORTED, VIDEO, rule_level
from tests.ranking.scenes import make_picks, make_scored, make_table, rich_view
from tests.support.platform import freeze

VIEW = rich_view(2_000)
SEEDS = st.integers(0, 10_000)
OFF = {
    "longest_type_run": 0,
    "promoted_gap": 0,
    "slots_without_card": 0,
    "cards_on_first_screen": 1_000,
}

both = pytest.mark.parametrize(("kind", "config"), [(Mmr, MmrConfig), (Dpp, DppConfig)])


def build(kind, config, view=VIEW, **knobs):
    reranker = kind(config(**knobs))
    reranker.setup(view.spec)
    return reranker


def any_kind(n_requests, n_slots=10):
    return np.zeros((n_requests, n_slots), np.uint8)


def support_all(view, **changes):
    support = NoteSupport.of(np.arange(view.live_start, view.notes.n, dtype=np.int32))
    for name, value in changes.items():
        getattr(support, name)[:] = value
    table = SupportTable.empty(view.notes.n)
    table.fill([support], view.notes.n, 3)
    return table


def gaps(values, shown):
    """Smallest distance between two slots of one slate that hold the same value."""
    places = {}
    smallest = 99
    for slot, note in enumerate(shown):
        value = int(values[note])
        smallest = min(smallest, slot - places.get(value, -99))
        places[value] = slot
    return smallest


@both
def test_the_scatter_rules_of_the_slides(kind, config):
    """The next 5 slots repeat no category, the next 10 no cluster."""
    rules = SlateRules(**OFF, same_category_gap=5, same_cluster_gap=10, n_clusters=80)
    slate = build(kind, config, rules=rules).assemble(
        make_scored(VIEW, 20, 300), SupportTable.empty(VIEW.notes.n), any_kind(20), VIEW
    )
    labels = ContentClusters(80, VIEW.spec.seed).labels(VIEW)
    for shown in slate.note_idx:
        assert gaps(VIEW.notes.category, shown) > 5
        assert gaps(labels, shown) == 99


@both
@pytest.mark.parametrize("gap", [0, 3, 9])
def test_one_supported_note_in_any_n_slots(kind, config, gap):
    """Every second candidate has so much support that it would be first."""
    scored = make_scored(VIEW, 30, 100, gated=0.5)
    rules = SlateRules(**OFF, supported_gap=gap)
    slate = build(kind, config, theta=1.0, rules=rules).assemble(
        scored, support_all(VIEW, rank=1_000), any_kind(30), VIEW
    )
    is_by_support = slate.granted_by > 0
    windows = np.lib.stride_tricks.sliding_window_view(is_by_support, max(gap, 1), axis=1)
    if gap:
        assert windows.sum(axis=-1).max() == 1
        assert is_by_support[:, ::gap].all()
    else:
        assert is_by_support.all()


@both
def test_the_supported_gap_is_given_up_rather_than_a_slot(kind, config):
    scored = make_scored(VIEW, 5, 40, gated=0)
    rules = SlateRules(**OFF, supported_gap=9)
    slate = build(kind, config, rules=rules).assemble(
        scored, support_all(VIEW, price=0.1), any_kind(5), VIEW
    )
    assert (slate.note_idx >= 0).all()
    assert (slate.granted_by == 1).all()


def test_an_insertion_slot_comes_before_the_supported_gap_and_counts_in_it():
    """A note that support inserts is a supported note; one that merely could be is none."""
    scored = make_scored(VIEW, 10, 40, gated=0.5)
    kinds = any_kind(10)
    kinds[:, 3] = kinds[:, 7] = SlotKind.INSERT
    table = support_all(VIEW, insert=1)
    rules = SlateRules(**OFF, supported_gap=4)
    slate = build(Mmr, MmrConfig, rules=rules).assemble(scored, table, kinds, VIEW)
    assert (slate.granted_by[:, [3, 7]] == 1).all()
    assert not np.delete(slate.granted_by, [3, 7], axis=1).any()
    table.rank[:] = 1_000
    slate = build(Mmr, MmrConfig, theta=1.0, rules=rules).assemble(scored, table, kinds, VIEW)
    assert (slate.granted_by > 0).tolist() == [[s in {0, 3, 7} for s in range(10)]] * 10


def one(notes, organic):
    scored = make_scored(VIEW, 1, len(notes), gated=0)
    return dataclasses.replace(
        scored,
        note_idx=np.array([notes], np.int32),
        n=np.array([len(notes)], np.int32),
        organic=np.array([organic], np.float32),
        supported=np.full((1, len(notes)), 255, np.uint8),
    )


def test_rules_are_given_up_in_the_stated_order():
    """Each level stands for the rules up to it, whatever less important ones are broken too."""
    rules = SlateRules(longest_type_run=2, promoted_gap=9, supported_gap=9, slots_without_card=0)
    state = np.array([VIDEO, 2, 0, 1, 1])

    def level(flags, category_free=0, cluster_free=0):
        return rule_level(flags, 2, category_free, cluster_free, state, rules.as_array())

    assert [level(0), level(0, 0, 9), level(0, 9, 9), level(VIDEO, 9, 9)] == [0, 1, 2, 3]
    assert level(SUPPORTED | VIDEO, 9, 9) == 4
    assert level(PROMOTED | SUPPORTED | VIDEO, 9, 9) == 5
    assert level(CARD | PROMOTED | SUPPORTED | VIDEO, 9, 9) == 6 < FALLBACK
    off = SlateRules(**OFF).as_array()
    assert rule_level(CARD | PROMOTED | SUPPORTED | VIDEO, 2, 0, 0, state, off) == 0


def test_a_cluster_is_given_up_before_a_category():
    rng = np.random.default_rng(0)
    category = rng.permutation(VIEW.notes.category)
    view = dataclasses.replace(
        VIEW, notes=freeze(dataclasses.replace(VIEW.notes, category=category))
    )
    live = np.arange(VIEW.live_start, VIEW.notes.n)
    labels = ContentClusters(15, VIEW.spec.seed).labels(view)
    first = live[0]
    cluster, alike = labels[live] == labels[first], category[live] == category[first]
    same_cluster = int(live[cluster & ~alike][0])
    same_category = int(live[alike & ~cluster][0])
    rules = SlateRules(**OFF, same_category_gap=5, same_cluster_gap=10, n_clusters=15)
    slate = build(Mmr, MmrConfig, view, theta=1.0, rules=rules).assemble(
        one([first, same_category, same_cluster], [3.0, 2.0, 1.0]),
        SupportTable.empty(view.notes.n),
        any_kind(1, 3),
        view,
    )
    assert slate.note_idx[0].tolist() == [first, same_cluster, same_category]


@both
def test_picks_fill_exploration_slots_in_order_and_no_other(kind, config):
    scored = make_scored(VIEW, 40, 40, 2)
    scored = make_picks(dataclasses.replace(scored, organic=scored.organic * 1), 2)
    kinds = any_kind(40)
    kinds[:, 2] = kinds[:, 6] = SlotKind.EXPLORE
    rules = SlateRules(**OFF)
    slate = build(kind, config, rules=rules).assemble(scored, make_table(VIEW, 2), kinds, VIEW)
    rows = np.arange(40)[:, None]
    place = scored.explore[rows, slate.column]
    n_picks = scored.explore.max(axis=1)
    assert set(n_picks.tolist()) >= {0, 1, 2}
    np.testing.assert_array_equal(place[:, 2], np.minimum(n_picks, 1))
    np.testing.assert_array_equal(place[:, 6], np.where(n_picks >= 2, 2, 0))
    assert not np.delete(place, [2, 6], axis=1).any()
    explored = place > 0
    assert not slate.granted_by[explored].any()
    np.testing.assert_array_equal(
        slate.final[explored], scored.organic[rows, slate.column][explored]
    )


@both
def test_rules_come_before_the_order_of_picks(kind, config):
    cards = np.flatnonzero(VIEW.notes.has_card)[-2:].tolist()
    plain = np.flatnonzero(VIEW.notes.has_card == 0)[-3:].tolist()
    scored = one([cards[0], plain[0], plain[1]], [1.0, 1.0, 1.0])
    scored = dataclasses.replace(scored, explore=np.array([[1, 2, 0]], np.uint8))
    kinds = np.full((1, 1), SlotKind.EXPLORE, np.uint8)
    slate = build(kind, config).assemble(scored, SupportTable.empty(VIEW.notes.n), kinds, VIEW)
    assert slate.note_idx[0].tolist() == [plain[0]]


def test_a_pick_fills_another_slot_only_when_nothing_else_is_left():
    notes = list(range(VIEW.live_start, VIEW.live_start + 3))
    scored = dataclasses.replace(
        one(notes, [9.0, 1.0, 1.0]), explore=np.array([[1, 0, 0]], np.uint8)
    )
    slate = build(Mmr, MmrConfig, rules=SlateRules(**OFF)).assemble(
        scored, SupportTable.empty(VIEW.notes.n), any_kind(1, 4), VIEW
    )
    assert slate.note_idx[0, 2:].tolist() == [notes[0], -1]


def later(view, now):
    return dataclasses.replace(view, now=now)


def test_clusters_hold_similar_notes():
    labels = ContentClusters(40, 3).labels(VIEW)[: VIEW.notes.n]
    live = np.arange(VIEW.live_start, VIEW.notes.n)
    assert (labels[live] >= 0).all()
    assert np.unique(labels[live]).size > 20
    vectors = VIEW.notes.embedding[live].astype(np.float64)
    gram = vectors @ vectors.T
    i, j = np.triu_indices(live.size, 1)
    same = labels[live][i] == labels[live][j]
    assert gram[i, j][same].mean() > gram[i, j][~same].mean() + 0.3


def test_clusters_do_not_depend_on_when_they_are_asked_for():
    """The same day gives the same clusters to a process that starts late; another day may not."""
    noon, evening = (VIEW.now // DAY_S + h / 24 for h in (12, 20))
    early = ContentClusters(40, 3)
    first = early.labels(later(VIEW, noon * DAY_S))[: VIEW.notes.n].copy()
    again = early.labels(later(VIEW, evening * DAY_S))[: VIEW.notes.n]
    late = ContentClusters(40, 3).labels(later(VIEW, evening * DAY_S))[: VIEW.notes.n]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, late)
    other = ContentClusters(40, 4).labels(later(VIEW, noon * DAY_S))[: VIEW.notes.n]
    assert (other != first).any()


def test_notes_published_later_get_a_cluster_as_they_come():
    whole, few = ContentClusters(40, 3), ContentClusters(40, 3)
    n = int(np.searchsorted(VIEW.notes.published_t, VIEW.now - 3_600))
    arrays = {
        f.name: getattr(VIEW.notes, f.name)[:n]
        for f in dataclasses.fields(VIEW.notes)
        if f.name != "epoch_t"
    }
    before = dataclasses.replace(VIEW, notes=dataclasses.replace(VIEW.notes, **arrays))
    assert n < VIEW.notes.n
    some = few.labels(before)[:n].copy()
    np.testing.assert_array_equal(few.labels(VIEW)[:n], some)
    np.testing.assert_array_equal(few.labels(VIEW)[: VIEW.notes.n],
                                  whole.labels(VIEW)[: VIEW.notes.n])  # fmt: skip


def test_a_platform_without_notes_has_no_clusters():
    empty = rich_view(0)
    assert not (ContentClusters(40, 3).labels(empty) >= 0).any()
    young = rich_view(30, span_s=3_600)
    labels = ContentClusters(40, 3).labels(later(young, young.now))
    assert (labels[:30] == -1).all()
    few = rich_view(7)
    assert set(ContentClusters(40, 3).labels(few)[few.live_start : 7].tolist()) <= set(range(7))


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, window=st.integers(1, 10))
def test_both_rerankers_count_support_alike(seed, window):
    """Grants are what remaining loses, whichever objective fills the slots."""
    for kind, config in ((Mmr, MmrConfig), (Dpp, DppConfig)):
        scored, table = make_scored(VIEW, 20, 25, seed, gated=0), make_table(VIEW, seed, 3)
        before = table.remaining.copy()
        kinds = np.random.default_rng(seed).integers(0, len(SlotKind), (20, 10)).astype(np.uint8)
        slate = build(kind, config, window=window).assemble(scored, table, kinds, VIEW)
        row = table.row[np.maximum(slate.note_idx, 0)]
        for p in range(3):
            acted = (slate.granted_by >> p) & 1 == 1
            grants = np.bincount(row[acted], minlength=before.shape[1])
            counted = before[p] < 1_000
            lost = (before[p] - table.remaining[p])[counted]
            np.testing.assert_array_equal(lost, grants[counted])
