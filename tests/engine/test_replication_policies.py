"""What policies and queues change in a run, and what they leave alone."""

import numpy as np
import pandas as pd
import pytest

from simulator.contracts.events import DAY_S, SlotKind
from tests.support.recording import record
from tests.support.small_runs import RUSH, logged, simulate, tiny

MILD = {"type": "boost", "coefficient": 1.5}
NOTHING = (
    [{"type": "none"}],
    [{"type": "boost", "coefficient": 1.0}],
    [{"type": "boost", "coefficient": 1.0, "until_impressions": 3}, {"type": "none"}],
)
KEY = ["reader_idx", "day", "session_no"]


@pytest.fixture(scope="module")
def natural(tmp_path_factory) -> str:
    """Return the digest of a busy hour without policies."""
    return simulate(tmp_path_factory.mktemp("natural"), RUSH)


@pytest.mark.parametrize("policies", NOTHING)
def test_doing_nothing_is_no_policy_bit_for_bit(tmp_path, natural, policies):
    assert simulate(tmp_path, {**RUSH, "policies": policies}) == natural


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """Return two recordings of the same world: without help for new notes, and with some."""
    days = {"horizon": "2d", "world.readers.n": 150}
    out = []
    for name, policies in (("natural", []), ("boosted", [MILD])):
        run = record(tmp_path_factory.mktemp(name), {**days, "policies": policies})
        run.slots["day"] = (run.slots["t"] // DAY_S).astype(int)
        out.append(run)
    return out


def test_twins_differ_in_what_is_shown(twins):
    natural, boosted = (run.slots["is_new"].mean() for run in twins)
    assert boosted > 1.2 * natural


def test_twins_have_the_same_people_and_notes(twins):
    a, b = twins
    world_a, world_b = a.replication.world, b.replication.world
    n = world_a.config.readers.n
    for column in ("taste", "activity", "patience", "joined_day"):
        left, right = (getattr(world.readers, column)[:n] for world in (world_a, world_b))
        np.testing.assert_array_equal(left, right)
    first_day = [run.notes[run.notes["published_t"] < DAY_S] for run in twins]
    assert (first_day[0]["published_t"] >= 0).sum() > 10
    pd.testing.assert_frame_equal(*first_day)
    assert a.ticks["registered_readers"].tolist() == b.ticks["registered_readers"].tolist()


def test_twins_come_at_the_same_times(twins):
    """Sessions of the first day are the same; later ones depend on what readers were shown."""
    starts = []
    for run in twins:
        first = run.requests[run.requests["request_no"] == 0]
        starts.append(set(zip(first["reader_idx"], first["session_no"], first["t"], strict=True)))
    early = [{key for key in keys if key[1] < 100} for keys in starts]
    assert early[0] == early[1]
    assert len(early[0]) > 50
    shared = len(starts[0] & starts[1])
    assert 0.8 * len(starts[0]) < shared <= len(starts[0])


def test_twins_have_the_same_luck(twins):
    """Slates of a first request get the same answers down to the first slot that differs."""
    key = ["reader_idx", "session_no", "position"]
    columns = ["note_idx", "examined", "click"]
    first = []
    for run in twins:
        rows = run.slots[(run.slots["request_no"] == 0) & (run.slots["session_no"] == 0)]
        first.append(rows.set_index(key)[columns])
    both = first[0].add_suffix("_a").join(first[1].add_suffix("_b"), how="inner")
    same = both["note_idx_a"] == both["note_idx_b"]
    both = both[same.groupby(key[:2]).cumprod().astype(bool)]
    assert len(both) > 50
    assert both["click_a"].sum() > 2
    np.testing.assert_array_equal(both["examined_a"], both["examined_b"])
    np.testing.assert_array_equal(both["click_a"], both["click_b"])


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_separate_queues_keep_their_shares(tmp_path, share):
    plenty = {
        "recall": [
            {"type": "vector_pool", "max_age": "24h", "k": 100},
            {"type": "vector_pool", "max_age": "30d", "min_age": "24h", "k": 200},
        ],
        "world.creators.monthly_share": 0.8,
        "world.publishing.extra_notes": 3.0,
        "world.sessions.max_requests": 4,
    }
    run = record(tmp_path, {**RUSH, **plenty, "queues": {"type": "separate", "new_share": share}})
    slots = run.slots
    of_new, of_old = (slots[slots["kind"] == kind] for kind in (SlotKind.NEW, SlotKind.OLD))
    assert len(of_new) + len(of_old) == len(slots)
    per_slate = (slots["kind"] == SlotKind.NEW).groupby(slots["request_id"]).sum()
    assert per_slate.isin([np.floor(10 * share), np.ceil(10 * share)]).all()
    error = max(per_slate.std() / len(per_slate) ** 0.5, 1e-9)
    assert abs(per_slate.mean() - 10 * share) < 4 * error
    assert of_new["is_new"].astype(bool).equals(of_new["could_be_new"])
    assert (of_old["is_new"] == 0).equals(of_old["could_be_old"] | (of_old["note_idx"] < 0))
    assert of_new["is_new"].mean() > 0.98
    assert abs(slots["is_new"].mean() - share) < 0.015 + 4 * error / 10
    places = slots.loc[slots["kind"] == SlotKind.NEW, "position"].value_counts(normalize=True)
    assert places.max() < 0.15


def test_with_separate_queues_a_boost_of_all_new_notes_changes_nothing(tmp_path):
    """Order by value alone: diversity weighs support against likeness, and so may notice it."""
    queues = {**RUSH, "queues.type": "separate", "rerank": {"type": "mmr", "theta": 1.0}}
    simulate(tmp_path / "natural", queues)
    simulate(tmp_path / "boosted", {**queues, "policies": [{"type": "boost"}]})
    natural, boosted = (logged(tmp_path / name, "events") for name in ("natural", "boosted"))
    assert (boosted["granted_by"] > 0).sum() > 100
    support = ["granted_by", "final_value"]
    pd.testing.assert_frame_equal(
        natural.drop(columns=support), boosted.drop(columns=support), check_exact=True
    )
    helped = boosted["granted_by"] > 0
    np.testing.assert_array_equal(
        boosted["final_value"], natural["final_value"].where(~helped, 2 * natural["final_value"])
    )


def test_channels_may_be_listed_in_any_order(tmp_path):
    """What is shown does not depend on the order; the bits of provenance follow it."""
    blocks = tiny(RUSH).to_mapping()["recall"]
    simulate(tmp_path / "listed", {**RUSH, "recall": blocks})
    simulate(tmp_path / "reversed", {**RUSH, "recall": blocks[::-1]})
    listed, turned = (logged(tmp_path / name, "events") for name in ("listed", "reversed"))
    n = len(blocks)
    bits = listed["channels"].to_numpy()[:, None] >> np.arange(n) & 1
    mirrored = (bits << np.arange(n)[::-1]).sum(axis=1)
    np.testing.assert_array_equal(turned["channels"], mirrored)
    pd.testing.assert_frame_equal(
        listed.drop(columns="channels"), turned.drop(columns="channels"), check_exact=True
    )
