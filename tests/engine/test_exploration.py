"""Slots that explore: who fills them, what that changes, and what the log says of slates."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.app.loading import load_scenario
from simulator.app.scenario import DEFAULT_RECALL
from simulator.contracts.batches import Candidates
from simulator.contracts.errors import ScenarioError
from simulator.contracts.events import SlotKind
from simulator.engine.selection import picks, slot_kinds, truncate
from simulator.engine.slate_kernels import describe_redundancy
from tests.support.platform import make_requests, make_spec, make_view
from tests.support.recording import record
from tests.support.small_runs import RUSH, TINY, logged, simulate

CURATED = [*DEFAULT_RECALL, {"type": "curated", "min_clicks": 5, "k": 40}]
POOL = np.uint32(1 << len(DEFAULT_RECALL))
EXPLORING = {"recall": CURATED, "exploration.share": 0.1, "world.readers.n": 300}


def explored(share, seed=0, n=6_000, **changes):
    requests = make_requests(make_view(50, 300), n)
    requests = dataclasses.replace(requests, session_no=np.arange(n, dtype=np.int32))
    spec = make_spec(seed, explore_share=share, **changes)
    return slot_kinds(spec, requests, 3) == SlotKind.EXPLORE, requests, spec


@pytest.mark.parametrize("share", [0.02, 0.2, 1.0])
def test_a_share_of_all_slots_explores(share):
    is_explored, *_ = explored(share)
    assert is_explored.mean() == pytest.approx(share, abs=5 * (share * (1 - share) / 6e4) ** 0.5)
    np.testing.assert_allclose(is_explored.mean(axis=0), share, atol=0.02)


def test_slots_explore_by_reader_session_and_request_alone():
    is_explored, requests, spec = explored(0.2)
    part = requests.where(slice(100, 130))
    part.t = part.t + 1_000
    kinds = slot_kinds(spec, part, 0)
    np.testing.assert_array_equal(kinds == SlotKind.EXPLORE, is_explored[100:130])
    other, *_ = explored(0.2, seed=1)
    assert (other != is_explored).any()


def test_slots_that_do_not_explore_ask_for_what_they_did():
    kinds = slot_kinds(*explored(0.3)[:0:-1], 3)
    plain = slot_kinds(*explored(0.0)[:0:-1], 3)
    same = kinds != SlotKind.EXPLORE
    np.testing.assert_array_equal(kinds[same], plain[same])
    assert (plain[~same] == SlotKind.INSERT).any()


def test_picks_are_the_first_unseen_finds_of_the_pool():
    # Channel 0 found 5 and 6, the pool (channel 1) found 9, 5, 7, 8; note 9 has been seen.
    found = np.int32([[6, 5, 9, 5, 7, 8]] * 3)
    note_idx = np.int32([[6, 5, 7, 8, -1, -1]] * 3)
    channels = np.uint32([[1, 3, 2, 2, 0, 0]] * 3)
    candidates = Candidates(note_idx, channels, np.int32([4, 4, 4]))
    kinds = np.zeros((3, 4), np.uint8)
    kinds[1, 2] = SlotKind.EXPLORE
    kinds[2, :3] = SlotKind.EXPLORE
    places = picks(found, slice(2, 6), np.uint32(2), kinds, candidates)
    assert candidates.n.tolist() == [2, 3, 4]
    assert candidates.note_idx.tolist() == [
        [6, 5, -1, -1, -1, -1], [6, 5, 7, -1, -1, -1], [6, 5, 7, 8, -1, -1],
    ]  # fmt: skip
    assert places.tolist() == [[0] * 6, [0, 1, 2, 0, 0, 0], [0, 1, 2, 3, 0, 0]]
    assert candidates.channels[1, :3].tolist() == [1, 3, 2]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    keep=st.integers(1, 30),
    n_sure=st.integers(0, 12),
    queue=st.sampled_from(["free", "split", "reserved"]),
)
def test_a_cut_keeps_picks_and_otherwise_the_best(seed, keep, n_sure, queue):
    rng = np.random.default_rng(seed)
    note_idx = rng.permutation(200)[:40].astype(np.int32)[None]
    values = rng.lognormal(size=(1, 40)).astype(np.float32)
    candidates = Candidates(note_idx, np.zeros((1, 40), np.uint32), np.int32([35]))
    sure = np.zeros((1, 40), np.uint8)
    sure[0, rng.permutation(35)[:n_sure]] = np.arange(1, n_sure + 1)
    reserved = (note_idx % 5 == 0).astype(np.uint8)
    options = {
        "free": {},
        "split": {"new_start": 100, "new_keep": keep // 3},
        "reserved": {"reserved": reserved, "n_reserved": 3},
    }[queue]
    columns, n = truncate(values, candidates, keep, sure=sure, **options)
    kept = columns[0, : n[0]].tolist()
    assert (columns[0, n[0] :] == -1).all()
    assert len(set(kept)) == len(kept) <= keep
    assert [values[0, k] for k in kept] == sorted((values[0, k] for k in kept), reverse=True)
    assert sum(sure[0, k] > 0 for k in kept) == min(n_sure, keep)
    others = [k for k in kept if not sure[0, k]]
    rest = keep - min(n_sure, keep)
    plain = dataclasses.replace(candidates, n=np.int32([35 - n_sure]))
    order = [k for k in range(35) if not sure[0, k]] + [
        k for k in range(40) if sure[0, k] or k > 34
    ]
    plain.note_idx = note_idx[:, order]
    if rest == 0:
        assert others == []
        return
    options = {k: v[:, order] if k == "reserved" else v for k, v in options.items()}
    if queue == "split":
        options["new_keep"] = min(keep // 3, rest)
    best, n_best = truncate(np.ascontiguousarray(values[:, order]), plain, rest, **options)
    assert others == [order[k] for k in best[0, : n_best[0]]]


@pytest.fixture(scope="module", params=["mmr", "dpp"])
def run(tmp_path_factory, request):
    changes = {**EXPLORING, "rerank": {"type": request.param}}
    return record(tmp_path_factory.mktemp("explore"), changes)


def test_exploration_slots_hold_notes_of_the_pool(run):
    slots = run.slots[run.slots["note_idx"] >= 0]
    explores = slots["kind"] == SlotKind.EXPLORE
    assert explores.mean() == pytest.approx(0.1, abs=0.02)
    events = run.events
    explores = events["slot_kind"] == SlotKind.EXPLORE
    of_pool = events["channels"] & POOL > 0
    assert of_pool[explores].mean() > 0.95
    # Where a reader has seen all that the other channels find, picks fill what is left.
    assert (events["channels"] == POOL)[~explores].mean() < 0.02


def test_explored_notes_skip_ranking_and_have_predictions(run):
    shown = run.events[run.events["slot_kind"] == SlotKind.EXPLORE]
    alone = shown[shown["channels"] == POOL]
    assert len(alone) > 30
    assert (alone["organic_rank"] >= 40).mean() > 0.5
    assert alone["p_click"].between(0, 1, inclusive="neither").all()
    assert not shown["granted_by"].any()
    assert not run.events.duplicated(["reader_id", "note_id"]).any()


def test_explored_notes_are_not_personal(run):
    """Every category has its share, whatever readers like."""
    shown = run.events[run.events["slot_kind"] == SlotKind.EXPLORE]
    category = run.notes["category"].loc[shown["note_id"]]
    assert category.value_counts(normalize=True).max() < 0.2


def test_what_a_slot_asked_for_is_logged(run):
    seen = run.slots[run.slots["examined"] > 0]
    np.testing.assert_array_equal(run.events["slot_kind"], seen["kind"])


def test_the_log_says_how_alike_slates_are(run):
    notes = run.replication.state.notes
    events = run.events.sort_values(["request_id", "position"])
    for _, slate in list(events.groupby("request_id"))[:40]:
        note = slate["note_id"].to_numpy()
        vectors = notes["embedding"][note].astype(np.float64)
        gram, category = vectors @ vectors.T, notes["category"][note]
        for s in range(note.size):
            expected = gram[s, :s].mean() if s else 0.0
            assert slate["slate_similarity"].iloc[s] == pytest.approx(expected, abs=1e-5)
            assert slate["category_repeats"].iloc[s] == (category[:s] == category[s]).sum()


def test_redundancy_of_slates_with_gaps():
    embedding = np.float32([[1, 0], [0, 1], [1, 0]])
    category = np.int16([4, 4, 5])
    slates = np.int32([[0, -1, 2, 1], [-1, -1, -1, -1]])
    similarity, repeats = np.empty((2, 4), np.float32), np.empty((2, 4), np.uint8)
    describe_redundancy(slates, embedding, category, similarity, repeats)
    assert similarity.tolist() == [[0, 0, 1, 0], [0, 0, 0, 0]]
    assert repeats.tolist() == [[0, 0, 0, 1], [0, 0, 0, 0]]


def test_without_a_share_the_pool_changes_nothing(tmp_path):
    """Neither channel bits nor slates: the pool is not even asked."""
    assert simulate(tmp_path / "with", {"recall": CURATED}) == simulate(tmp_path / "without")


def test_chunks_change_nothing(tmp_path):
    changes = {**RUSH, **EXPLORING, "policies": [{"type": "forced_insertion", "every": 3}]}
    digests = {simulate(tmp_path / str(c), changes, chunk=c) for c in (7, 64)}
    assert len(digests) == 1


def test_exploration_goes_with_insertion_and_separate_queues(tmp_path):
    changes = {**EXPLORING, "exploration.share": 0.3}
    for name, more in {
        "insertion": {"policies": [{"type": "forced_insertion", "every": 3}]},
        "queues": {"queues": {"type": "separate", "new_share": 0.2}},
    }.items():
        simulate(tmp_path / name, {**changes, **more})
        events = logged(tmp_path / name, "events")
        kinds = pd.Series(events["slot_kind"]).value_counts(normalize=True)
        assert kinds[SlotKind.EXPLORE] == pytest.approx(0.3, abs=0.05)
        assert len(kinds) > 1


def test_a_share_needs_its_pool():
    with pytest.raises(ScenarioError) as caught:
        load_scenario(dict(TINY), {"exploration.share": 0.02})
    text = str(caught.value)
    assert "exploration.share" in text
    assert "no channel 'curated'" in text
    with pytest.raises(ScenarioError, match="did you mean 'curated'"):
        load_scenario(
            dict(TINY),
            {"exploration": {"share": 0.02, "channel": "currated"}, "recall": CURATED},
        )
    assert load_scenario(dict(TINY)).exploration.share == 0
