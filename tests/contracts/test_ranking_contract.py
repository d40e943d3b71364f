"""What every pre-ranker, ranker and reranker that is found must keep to."""

import dataclasses
import io
import pickle

import numpy as np
import pytest

from simulator.app.registry import registry
from simulator.contracts.batches import Candidates, Feedback, Interactions, Slate
from simulator.contracts.events import N_HEADS, N_KINDS, Head, SlotKind
from simulator.contracts.support import SupportTable
from tests.ranking.scenes import (
    copy_table,
    make_feedback,
    make_scored,
    make_table,
    rich_view,
    slice_scored,
)
from tests.support.platform import (
    freeze,
    make_candidates,
    make_interactions,
    make_requests,
    make_trail,
    make_view,
    slice_requests,
)

KINDS = ("pre_rank", "rank", "rerank")
FOUND = {(kind, name): cls for kind in KINDS for name, cls in registry().plugins(kind).items()}
VARIANTS = {("rank", "online_logistic"): [{}, {"fusion": {"rule": "weighted_sum"}}],
            ("rerank", "mmr"): [{}, {"theta": 0.3, "window": 2}],
            ("rerank", "dpp"): [{}, {"theta": 0.3, "window": 2, "rules": {"same_cluster_gap": 4}}],
            }  # fmt: skip


def every(*kinds):
    """Parametrise over all plug-ins of some kinds, with variants of their knobs."""
    cases = [
        pytest.param(cls, knobs, id=f"{kind}-{name}-{i}")
        for (kind, name), cls in FOUND.items()
        if kind in kinds
        for i, knobs in enumerate(VARIANTS.get((kind, name), [{}]))
    ]
    return pytest.mark.parametrize(("cls", "knobs"), cases)


def build(cls, knobs, view):
    plugin = cls(cls.Config(**knobs))
    plugin.setup(view.spec)
    return plugin


def outputs(plugin, requests, candidates, view):
    """All arrays that scoring returns."""
    if plugin.kind == "pre_rank":
        return (plugin.score(requests, candidates, view),)
    p, value = plugin.predict(requests, candidates, view)
    return value, p


def same(a, b):
    return all(x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def part(candidates, rows):
    return Candidates(candidates.note_idx[rows], candidates.channels[rows], candidates.n[rows])


def later(view, seconds=700):
    """The platform some minutes on, with every counter a little higher."""
    notes = freeze(dataclasses.replace(view.notes, totals=view.notes.totals + 1))
    return dataclasses.replace(view, now=view.now + seconds, notes=notes)


def slate_of(candidates):
    note_idx = np.ascontiguousarray(candidates.note_idx[:, :10])
    column = np.where(note_idx >= 0, np.arange(10), -1).astype(np.int16)
    return Slate(
        column, note_idx, np.zeros(column.shape, np.float32), np.zeros_like(column, np.uint8)
    )


@pytest.fixture(scope="module")
def view():
    return rich_view(900, 80, seed=5)


@pytest.fixture(scope="module")
def requests(view):
    return make_requests(view, 12)


@pytest.fixture(scope="module")
def candidates(view):
    return make_candidates(view, 12, 30)


def test_each_stage_has_a_plugin():
    assert {kind for kind, _ in FOUND} == set(KINDS)


@every(*KINDS)
def test_config_round_trip_and_documentation(cls, knobs, view):
    config = cls.Config(**knobs)
    assert cls.Config.model_validate_json(config.model_dump_json()) == config
    assert pickle.loads(pickle.dumps(config)) == config
    assert cls.__doc__
    models = [cls.Config]
    for model in models:
        assert model.__doc__
        for name, field in model.model_fields.items():
            nested = field.annotation
            if isinstance(nested, type) and hasattr(nested, "model_fields"):
                models.append(nested)
            elif name != "type":
                assert field.description, f"{model.__name__}.{name}"
    with pytest.raises(ValueError, match="unheard_of"):
        cls.Config(unheard_of=1)


@every("pre_rank", "rank")
def test_scores_have_the_shape_and_are_positive(cls, knobs, view, requests, candidates):
    plugin = build(cls, knobs, view)
    assert plugin.config.keep >= 1
    plugin.nearline(make_interactions(view, 20), view)
    value, *p = outputs(plugin, requests, candidates, view)
    valid = candidates.note_idx >= 0
    assert value.dtype == np.float32
    assert value.shape == valid.shape
    assert np.isfinite(value).all()
    assert (value[valid] > 0).all()
    if p:
        assert p[0].dtype == np.float32
        assert p[0].shape == (*valid.shape, N_HEADS)
        assert np.isfinite(p[0]).all()
        assert (p[0] >= 0).all()
        assert (p[0][..., : Head.DWELL] <= 1).all()


@every("pre_rank", "rank")
def test_scores_before_any_update_make_sense(cls, knobs, view, requests, candidates):
    value = outputs(build(cls, knobs, view), requests, candidates, view)[0]
    valid = candidates.note_idx >= 0
    assert (value[valid] > 0).all()
    assert np.unique(value[valid]).size > valid.sum() / 2


@every("pre_rank", "rank")
def test_a_request_scores_the_same_alone(cls, knobs, view, requests, candidates):
    plugin = build(cls, knobs, view)
    whole = outputs(plugin, requests, candidates, view)
    for b in range(requests.n):
        row = slice(b, b + 1)
        alone = outputs(plugin, slice_requests(requests, row), part(candidates, row), view)
        assert same(alone, [array[row] for array in whole])


@every("pre_rank", "rank")
def test_a_note_scores_the_same_beside_other_candidates(cls, knobs, view, requests, candidates):
    plugin = build(cls, knobs, view)
    whole = outputs(plugin, requests, candidates, view)
    narrow = Candidates(
        np.ascontiguousarray(candidates.note_idx[:, :7]),
        np.ascontiguousarray(candidates.channels[:, :7]),
        np.minimum(candidates.n, 7),
    )
    few = outputs(plugin, requests, narrow, view)
    assert same(few, [array[:, :7] for array in whole])


@every("pre_rank", "rank")
def test_empty_batches_and_empty_rows(cls, knobs, view, requests, candidates):
    plugin = build(cls, knobs, view)
    nobody = slice_requests(requests, slice(0, 0))
    for array in outputs(plugin, nobody, part(candidates, slice(0, 0)), view):
        assert array.shape[0] == 0
    nothing = Candidates(
        np.full((12, 4), -1, np.int32), np.zeros((12, 4), np.uint32), np.zeros(12, np.int32)
    )
    for array in outputs(plugin, requests, nothing, view):
        assert array.shape[:2] == (12, 4)


@every("pre_rank", "rank")
def test_an_empty_platform_is_served(cls, knobs):
    empty = make_view(0, 10, seed=1)
    plugin = build(cls, knobs, empty)
    none = Interactions(np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32),
                        np.empty((0, N_KINDS), np.float32))  # fmt: skip
    plugin.nearline(none, empty)
    nothing = Candidates(
        np.full((3, 4), -1, np.int32), np.zeros((3, 4), np.uint32), np.zeros(3, np.int32)
    )
    for array in outputs(plugin, make_requests(empty, 3), nothing, empty):
        assert array.shape[:2] == (3, 4)


@every("pre_rank", "rank")
def test_two_plugins_of_one_config_agree(cls, knobs, view, requests, candidates):
    a, b = (live(build(cls, knobs, view), view, requests, candidates) for _ in range(2))
    after = later(view)
    assert same(outputs(a, requests, candidates, after), outputs(b, requests, candidates, after))


@every("pre_rank", "rank")
def test_a_checkpoint_continues_bit_for_bit(cls, knobs, view, requests, candidates):
    original = live(build(cls, knobs, view), view, requests, candidates)
    stream = io.BytesIO()
    np.savez(stream, **original.state_arrays())
    stream.seek(0)
    copy = build(cls, knobs, view)
    with np.load(stream, allow_pickle=False) as arrays:
        copy.load_state(dict(arrays))
    after = later(view)
    assert same(
        outputs(copy, requests, candidates, view), outputs(original, requests, candidates, view)
    )
    for plugin in (original, copy):
        live(plugin, after, requests, candidates)
    assert same(
        outputs(copy, requests, candidates, after), outputs(original, requests, candidates, after)
    )


def train(plugin, view):
    """Run every job of a learner and let its result serve."""
    for job in plugin.jobs:
        if plugin.train(job, view).status == "ok":
            plugin.publish(job, view)


def live(plugin, view, requests, candidates):
    """Let a plug-in go through everything that a run does to it."""
    plugin.nearline(make_interactions(view, 20), view)
    outputs(plugin, requests, candidates, view)
    if plugin.kind == "rank":
        slate = slate_of(candidates)
        plugin.observe(requests, slate, make_feedback(slate), make_trail(candidates), view)
        train(plugin, view)
    return plugin


@every("pre_rank", "rank")
def test_notes_published_after_the_last_update_are_scored(cls, knobs, view, requests):
    fields = {
        field.name: getattr(view.notes, field.name)[:-40]
        for field in dataclasses.fields(view.notes)
        if field.name != "epoch_t"
    }
    before = dataclasses.replace(view, notes=freeze(dataclasses.replace(view.notes, **fields)))
    plugin = build(cls, knobs, view)
    plugin.nearline(make_interactions(before, 20), before)
    latest = np.tile(np.arange(view.notes.n - 40, view.notes.n, dtype=np.int32), (12, 1))
    fresh = Candidates(latest, np.zeros(latest.shape, np.uint32), np.full(12, 40, np.int32))
    assert (outputs(plugin, requests, fresh, view)[0] > 0).all()


@every("rank")
def test_training_learns_from_observed_clicks_alone(cls, knobs, view, requests, candidates):
    plugin = build(cls, knobs, view)
    assert plugin.jobs
    slate = slate_of(candidates)
    ignored = make_feedback(slate, click=1.0)
    unseen = Feedback(
        np.zeros_like(ignored.examined), ignored.actions, ignored.view_s, ignored.next_t
    )
    before = outputs(plugin, requests, candidates, view)
    plugin.observe(requests, slate, unseen, make_trail(candidates), view)
    train(plugin, view)
    assert same(outputs(plugin, requests, candidates, view), before)
    for seed in range(4):
        feedback = make_feedback(slate, seed, click=0.8)
        plugin.observe(requests, slate, feedback, make_trail(candidates), view)
    train(plugin, view)
    after = outputs(plugin, requests, candidates, view)
    valid = candidates.note_idx >= 0
    assert after[1][valid, Head.CLICK].mean() > before[1][valid, Head.CLICK].mean()


def assembled(plugin, view, seed=0, table=None, kind=SlotKind.ANY, k=30):
    scored = make_scored(view, 8, k, seed)
    table = SupportTable.empty(view.notes.n) if table is None else table
    kinds = np.full((8, 10), kind, np.uint8)
    return scored, plugin.assemble(scored, table, kinds, view)


@every("rerank")
@pytest.mark.parametrize("kind", SlotKind)
def test_slates_are_well_formed(cls, knobs, view, kind):
    scored, slate = assembled(build(cls, knobs, view), view, 3, make_table(view, 3), kind)
    assert slate.column.dtype == np.int16
    assert slate.note_idx.dtype == np.int32
    assert slate.final.dtype == np.float32
    assert slate.granted_by.dtype == np.uint8
    for b in range(8):
        shown = slate.note_idx[b][slate.note_idx[b] >= 0]
        assert shown.size == min(10, scored.n[b])
        assert np.unique(shown).size == shown.size
        np.testing.assert_array_equal(scored.note_idx[b, slate.column[b, : shown.size]], shown)
    assert (slate.final[slate.note_idx >= 0] > 0).all()


@every("rerank")
def test_without_support_values_are_organic(cls, knobs, view):
    scored, slate = assembled(build(cls, knobs, view), view)
    row = np.arange(8)[:, None]
    np.testing.assert_array_equal(slate.final, scored.organic[row, slate.column])
    assert not slate.granted_by.any()


@every("rerank")
def test_grants_never_exceed_what_remains(cls, knobs, view):
    plugin, table = build(cls, knobs, view), make_table(view, 9)
    before = table.remaining.copy()
    _, slate = assembled(plugin, view, 9, table, SlotKind.INSERT)
    assert (table.remaining >= 0).all()
    row = table.row[np.maximum(slate.note_idx, 0)]
    for p in range(table.remaining.shape[0]):
        acted = (slate.granted_by >> p) & 1 == 1
        grants = np.bincount(row[acted], minlength=before.shape[1])
        assert (grants <= before[p]).all()


@every("rerank")
def test_cutting_a_batch_of_slates_changes_nothing(cls, knobs, view):
    plugin, scored, table = (
        build(cls, knobs, view),
        make_scored(view, 8, 30, 1),
        make_table(view, 1),
    )
    again, kinds = copy_table(table), np.zeros((8, 10), np.uint8)
    whole = plugin.assemble(scored, table, kinds, view)
    rows = [slice(0, 3), slice(3, 8)]
    parts = [plugin.assemble(slice_scored(scored, r), again, kinds[r], view) for r in rows]
    for name in ("column", "note_idx", "final", "granted_by"):
        joined = np.concatenate([getattr(piece, name) for piece in parts])
        np.testing.assert_array_equal(getattr(whole, name), joined)
    np.testing.assert_array_equal(table.remaining, again.remaining)


@every("rerank")
def test_no_request_and_no_candidate(cls, knobs, view):
    plugin, table = build(cls, knobs, view), SupportTable.empty(view.notes.n)
    scored = make_scored(view, 8, 30)
    nobody = plugin.assemble(
        slice_scored(scored, slice(0, 0)), table, np.zeros((0, 10), np.uint8), view
    )
    assert nobody.note_idx.shape == (0, 10)
    bare = dataclasses.replace(scored, n=np.zeros(8, np.int32))
    nothing = plugin.assemble(bare, table, np.zeros((8, 10), np.uint8), view)
    assert (nothing.note_idx == -1).all()
    assert (nothing.column == -1).all()
    assert not nothing.granted_by.any()
