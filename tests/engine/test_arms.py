"""Arms inside a run: who sees what, whose policies act, and what a null treatment changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from simulator.contracts.errors import ScenarioError
from simulator.contracts.events import DAY_S, Arm
from simulator.engine.arm_kernels import trim
from tests.support.recording import record
from tests.support.small_runs import RUSH, logged, simulate, tiny

DAYS = {"warm_up": "1d", "horizon": "1d", "world.readers.n": 150}
BOOST = [{"type": "boost", "coefficient": 6.0}]
QUOTA = [{"type": "quota"}]


def events_of(folder, experiment, **changes):
    settings = {**DAYS, "experiment": experiment, "treatment": BOOST, **changes}
    simulate(folder, settings)
    events = logged(folder, "events")
    return events[events["day"] < 0], events[events["day"] >= 0]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Return the log of the same world without an experiment."""
    folder = tmp_path_factory.mktemp("plain")
    simulate(folder, DAYS)
    return logged(folder, "events")


WHAT_HAPPENED = ["t", "reader_id", "note_id", "position", "click", "granted_by", "final_value"]


def test_a_null_treatment_changes_nothing_but_labels(tmp_path):
    """The same policies in both arms, twice listed: every impression is as without a test."""
    boost = [{"type": "boost", "coefficient": 2.0}]
    simulate(tmp_path / "plain", {**RUSH, "policies": boost})
    experiment = {"experiment": {"type": "user_side"}, "policies": boost, "treatment": boost}
    simulate(tmp_path / "test", {**RUSH, **experiment})
    a, b = (logged(tmp_path / name, "events") for name in ("plain", "test"))
    same = [name for name in WHAT_HAPPENED if name != "granted_by"]
    assert a[same].equals(b[same])
    assert ((a["granted_by"] > 0) == (b["granted_by"] > 0)).all()
    assert set(b["reader_arm"]) == {0, 1}
    by = b[b["granted_by"] > 0].groupby("reader_arm")["granted_by"].unique()
    assert by[0].tolist() == [1]
    assert by[1].tolist() == [2]


@pytest.mark.parametrize("rule", ["consistent", "equal_probability"])
def test_merging_two_equal_rankings_changes_nothing(tmp_path, rule):
    """The same policies in both lists: the merged slate is the slate of a plain run."""
    boost = [{"type": "boost", "coefficient": 2.0}]
    simulate(tmp_path / "plain", {**RUSH, "policies": boost})
    test = {"experiment": {"type": "interleaving", "rule": rule}, "treatment": boost}
    simulate(tmp_path / "test", {**RUSH, **test, "policies": boost})
    a, b = (logged(tmp_path / name, "events") for name in ("plain", "test"))
    same = [name for name in WHAT_HAPPENED if name != "granted_by"]
    assert a[same].equals(b[same])
    assert ((a["granted_by"] > 0) == (b["granted_by"] > 0)).all()
    by = b[b["granted_by"] > 0].groupby("note_arm")["granted_by"].unique()
    assert by[0].tolist() == [1]
    assert by[1].tolist() == [2]


def test_interleaving_helps_treated_notes_alone(tmp_path):
    _, after = events_of(tmp_path, {"type": "interleaving"})
    helped = after[after["granted_by"] > 0]
    assert len(helped)
    assert (helped["note_arm"] == Arm.TREATMENT).all()
    new = after[after["note_age_s"] < DAY_S]
    assert new.groupby("note_arm").size()[1] > new.groupby("note_arm").size()[0]


@pytest.mark.parametrize("name", [
    "user_side", "author_side", "two_sided", "launch", "switchback", "reader_clusters",
    "creator_clusters", "interleaving",
])  # fmt: skip
def test_before_the_start_nobody_is_treated(tmp_path, plain, name):
    before, _ = events_of(tmp_path, {"type": name})
    expected = plain[plain["day"] < 0].reset_index(drop=True)
    assert before[WHAT_HAPPENED].equals(expected[WHAT_HAPPENED])


def test_user_side_treats_treated_readers_alone(tmp_path):
    _, after = events_of(tmp_path, {"type": "user_side"})
    is_treated = after["reader_arm"] == Arm.TREATMENT
    assert (after.loc[is_treated, "granted_by"] > 0).any()
    assert not (after.loc[~is_treated, "granted_by"] > 0).any()


def test_author_side_treats_new_notes_of_treated_authors_alone(tmp_path):
    _, after = events_of(tmp_path, {"type": "author_side"})
    helped = after[after["granted_by"] > 0]
    assert len(helped)
    assert (helped["note_arm"] == Arm.TREATMENT).all()
    notes = logged(tmp_path, "notes")
    assert (notes.loc[notes["published_t"] < DAY_S, "note_arm"] == Arm.OUTSIDE).all()
    new = notes[notes["published_t"] >= DAY_S]
    assert new.groupby("creator_id")["note_arm"].nunique().max() == 1
    assert set(new["note_arm"]) == {0, 1}


@pytest.mark.parametrize(("name", "allowed"), [
    ("plan2", {(0, 0), (1, 1), (0, 2), (1, 2)}),
    ("plan3", {(0, 0), (1, 1)}),
    ("plan4", {(0, 0), (1, 1), (0, 2), (1, 2)}),
])  # fmt: skip
def test_arms_see_their_own_notes(tmp_path, name, allowed):
    before, after = events_of(tmp_path, {"type": name})
    seen = set(zip(after["reader_arm"], after["note_arm"], strict=True))
    assert {(0, 0)} < seen <= allowed
    assert not (after.loc[after["reader_arm"] == 0, "granted_by"] > 0).any()
    assert len(before)


@given(seed=st.integers(0, 200), most=st.integers(0, 6))
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_trimmed_channel_keeps_its_first_visible_finds(seed, most):
    rng = np.random.default_rng(seed)
    found = rng.integers(-1, 30, (5, 9)).astype(np.int32)
    visible, note_arm = rng.random((3, 3)) < 0.6, rng.integers(0, 3, 25).astype(np.uint8)
    reader_arm = rng.integers(0, 3, 5).astype(np.uint8)
    places = np.array([[0, 4, 2], [4, 5, most]], np.int64)
    expected = np.full_like(found, -1)
    for b in range(5):
        for start, width, k in places:
            shown = [x for x in found[b, start : start + width]
                     if 0 <= x < 25 and visible[reader_arm[b], note_arm[x]]][:k]  # fmt: skip
            expected[b, start : start + len(shown)] = shown
    trim(visible, reader_arm, note_arm, places, found)
    np.testing.assert_array_equal(found, expected)


def test_a_full_pool_gives_new_notes_what_a_thin_one_takes(tmp_path):
    """Half of the notes for half of the readers: dropping after recall starves new notes."""
    share = {}
    size = {"warm_up": "1d", "horizon": "2d", "world.readers.n": 300}
    for pool in ("", "thin", "full"):
        test = {"experiment": {"type": "plan2", "pool": pool}} if pool else {}
        simulate(tmp_path / pool / "run", {**size, **test})
        events = logged(tmp_path / pool / "run", "events")
        share[pool] = (events.loc[events["day"] >= 0, "note_age_s"] < DAY_S).mean()
    assert share["thin"] < 0.7 * share[""]
    assert abs(share["full"] - share[""]) < 0.75 * abs(share["thin"] - share[""])


LEARNING = {"rank": {"type": "online_logistic"}}


def test_learners_of_arms_go_apart_at_the_start(tmp_path):
    """Until then both stacks learn from all, after it from their own readers alone."""
    runs = {}

    def watch(replication):
        runs["funnel"] = replication._funnel

    settings = {**DAYS, **LEARNING, "horizon": "2d", "treatment": BOOST}
    test = {"experiment": {"type": "user_side", "learning": "separate"}}
    simulate(tmp_path / "apart", {**settings, **test}, watch=watch)
    simulate(tmp_path / "shared", {**settings, "experiment": {"type": "user_side"}})
    apart, shared = (logged(tmp_path / name, "events") for name in ("apart", "shared"))
    a, b = (e.loc[e["day"] < 0, WHAT_HAPPENED] for e in (apart, shared))
    assert a.equals(b)
    assert len(apart) > len(a)
    funnel = runs["funnel"]
    names = [name for name, _ in funnel.plugins()]
    assert len(set(names)) == len(names)
    assert {"rank", "treatment.rank"} <= set(names)
    assert "treatment.experiment" not in names
    one, two = (stack.ranker.state_arrays() for stack in funnel.stacks())
    assert any(not np.array_equal(one[name], two[name]) for name in one)
    after = apart[apart["day"] >= 0]
    assert (after.loc[after["reader_arm"] == 0, "granted_by"] == 0).all()
    assert (after.loc[after["reader_arm"] == 1, "granted_by"] > 0).any()


def test_counters_of_arms_are_those_of_their_readers(tmp_path):
    """What a stack sees of a note is its past, and what its own readers did since."""
    found = {}

    def watch(replication):
        found["run"] = replication

    test = {"experiment": {"type": "user_side", "learning": "separate"}, "treatment": BOOST}
    simulate(tmp_path, {**DAYS, **test}, watch=watch)
    run = found["run"]
    view = run.state.view(2.0 * DAY_S)
    own = [run._arms.own_view(i, view).notes for i in range(2)]
    events = logged(tmp_path, "events")
    since = events[events["day"] >= 0].groupby(["reader_arm", "note_id"]).size()
    total = view.notes.impressions
    for arm in (0, 1):
        theirs = since[1 - arm].reindex(range(view.notes.n), fill_value=0).to_numpy()
        np.testing.assert_allclose(own[arm].impressions, total - theirs, atol=1e-3)
    both = own[0].decayed + own[1].decayed
    assert (both >= view.notes.decayed - 1e-3).all()


def test_a_ramp_reaches_more_readers_every_day(tmp_path):
    test = {"type": "two_sided", "share": 0.8, "ramp": {"0d": 0.1, "1d": 0.4, "2d": 0.8}}
    _, after = events_of(tmp_path, test, horizon="3d")
    arm = after.groupby(["reader_id", "day"])["reader_arm"].first().unstack()
    for day in (0, 1):
        both = arm[[day, day + 1]].dropna()
        assert not ((both[day] == 1) & (both[day + 1] == 0)).any()
        assert (both[day + 1] > both[day]).any()
    shares = arm.mean()
    assert shares[0] < shares[1] < shares[2]
    helped = after[after["granted_by"] > 0]
    assert (helped["reader_arm"] == 1).all()
    assert (helped["note_arm"] == 1).all()
    notes = logged(tmp_path, "notes").query("published_t >= 86400")
    by_day = (notes["note_arm"] == 1).groupby(notes["published_day"]).mean()
    assert by_day[0] < by_day[2]
    label = logged(tmp_path, "activity").groupby("reader_id")["reader_arm"].nunique()
    assert (label == 1).all()


def test_a_switchback_treats_whole_days(tmp_path):
    settings = {**DAYS, "horizon": "2d", "experiment": {"type": "switchback"}, "treatment": BOOST}
    simulate(tmp_path, settings)
    events = logged(tmp_path, "events")
    helped = (events["granted_by"] > 0).groupby(events["day"]).any()
    assert not helped[-1]
    assert sorted([helped[0], helped[1]]) == [False, True]


def test_insertion_slots_are_those_of_treated_readers(tmp_path):
    treatment = [{"type": "forced_insertion", "every": 2}]
    _, after = events_of(tmp_path, {"type": "user_side"}, treatment=treatment)
    by_arm = after.groupby("reader_arm")["slot_kind"].unique() if "slot_kind" in after else None
    share = (after["note_age_s"] < DAY_S).groupby(after["reader_arm"]).mean()
    assert share[1] > 1.5 * share[0]
    assert by_arm is None or 3 not in by_arm[0]


def test_groups_of_readers_are_treated_whole(tmp_path):
    test = {"type": "reader_clusters", "n_clusters": 8}
    _, after = events_of(tmp_path, test, horizon="2d")
    helped = (after["granted_by"] > 0).groupby(after["reader_arm"]).any()
    assert helped[1]
    assert not helped[0]
    assert (after.groupby("reader_id")["reader_arm"].nunique() == 1).all()


def test_groups_of_creators_are_treated_whole(tmp_path):
    _, after = events_of(tmp_path, {"type": "creator_clusters", "n_clusters": 6})
    helped = after[after["granted_by"] > 0]
    assert len(helped)
    assert (helped["note_arm"] == Arm.TREATMENT).all()
    new = logged(tmp_path, "notes").query("published_t >= 86400")
    assert new.groupby("creator_id")["note_arm"].nunique().max() == 1
    assert {0, 1} <= set(new["note_arm"])


@pytest.mark.parametrize("name", ["plan2", "quota_split", "reader_clusters", "creator_clusters",
                                  "interleaving", "apart"])  # fmt: skip
def test_a_test_survives_a_stop_and_other_chunks(tmp_path, name):
    from simulator.engine.replication import Hooks

    test = {"type": "plan2", "learning": "separate"} if name == "apart" else {"type": name}
    settings = {**DAYS, **LEARNING, "experiment": test, "treatment": QUOTA}
    whole = simulate(tmp_path / "whole", settings)
    assert simulate(tmp_path / "chunks", settings, chunk=3) == whole
    stops = iter([False] * 100 + [True] * 10_000)
    with pytest.raises(Exception, match="stopped"):
        simulate(tmp_path / "part", settings, hooks=Hooks(should_stop=lambda: next(stops)))
    assert simulate(tmp_path / "part", settings, resume=True) == whole


def test_a_split_quota_counts_the_readers_of_its_arm(tmp_path):
    """No note gets more help from a list than the list's share of the target."""
    scale = {"thresholds.scale": 0.1, "horizon": "2d"}
    both = {"policies": QUOTA, "treatment": QUOTA}
    found = {}
    for name in ("user_side", "quota_split"):
        _, after = events_of(tmp_path / name, {"type": name}, **both, **scale)
        new = after[after["granted_by"] > 0]
        found[name] = new.groupby(["note_id", "reader_arm"]).size()
    assert found["quota_split"].max() <= 5
    assert found["user_side"].max() > 5


@pytest.mark.parametrize(("changes", "words"), [
    ({"treatment": BOOST}, "a treatment needs an experiment"),
    ({"experiment": {"type": "user_sid"}}, "Did you mean 'user_side'"),
    ({"experiment": {"type": "user_side", "share": 1.5}}, "share"),
    ({"experiment": {"type": "plan2"}, "policies": BOOST * 5, "treatment": BOOST * 4},
     "together at most 8"),
    ({"experiment": {"type": "user_side", "ramp": {"0d": 0.1, "1d": 0.5}}},
     "the ramp ends at 1d, not before the horizon's end"),
])  # fmt: skip
def test_bad_experiments_are_refused(changes, words):
    with pytest.raises(ScenarioError, match=words):
        tiny(changes)


def test_hashes_of_plain_scenarios_do_not_know_of_treatments():
    assert "treatment" in tiny().to_mapping()
    assert tiny({"experiment": {"type": "user_side"}}).hash8 != tiny().hash8
    with_treatment = tiny({"experiment": {"type": "user_side"}, "treatment": BOOST})
    assert with_treatment.hash8 != tiny({"experiment": {"type": "user_side"}}).hash8


def test_labels_of_arms_are_those_of_the_design(tmp_path):
    run = record(tmp_path, {**DAYS, "experiment": {"type": "user_side", "buckets": [0.0, 0.5]}})
    arm = run.replication.state.readers["arm"]
    assert set(np.unique(arm)) == {0, 1, 2}
    logged_arm = run.events.groupby("reader_id")["reader_arm"].first()
    np.testing.assert_array_equal(logged_arm, arm[logged_arm.index])
