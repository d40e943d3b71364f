"""What must hold in the log of every run, whatever the world, the funnel and the policies."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simulator.contracts.columns import EVENTS
from simulator.contracts.events import DAY_S, Kind, SlotKind
from tests.support.recording import Recording, record
from tests.support.small_runs import RUSH

POLICIES = (
    [],
    [{"type": "none"}, {"type": "boost", "coefficient": 4.0, "until_impressions": 3}],
    [{"type": "boost", "coefficient": 2.0}],
    [
        {"type": "forced_insertion", "every": 2, "until_impressions": 4},
        {"type": "boost", "coefficient": 1.5, "until_impressions": 8},
    ],
    [{"type": "forced_insertion", "every": 5, "max_age": "6h"}],
)


@st.composite
def scenarios(draw) -> dict[str, object]:
    """Draw changes of the tiny scenario."""
    out: dict[str, object] = {
        "seed": draw(st.integers(0, 1_000)),
        "serving_window_s": draw(st.sampled_from([0, 60, 77, 300, 600])),
        "world.readers.n": draw(st.integers(20, 160)),
        "world.history.enabled": draw(st.booleans()),
        "warm_up": draw(st.sampled_from(["0d", "0d", "1d"])),
        "policies": draw(st.sampled_from(POLICIES)),
    }
    if draw(st.booleans()):
        hours = [0] * 24
        for hour in draw(st.lists(st.integers(0, 23), min_size=1, max_size=3)):
            hours[hour] = 1
        out["world.sessions.hourly_weights"] = hours
    if not out["policies"]:
        out["queues.type"] = draw(st.sampled_from(["free", "separate"]))
    return out


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(scenarios())
def test_every_log(scenario):
    check_all(scenario)


def test_the_log_of_a_rush_hour_around_midnight():
    late = {"world.sessions.hourly_weights": [1] + [0] * 22 + [1], "serving_window_s": 431}
    check_all({**RUSH, **late, "warm_up": "1d", "policies": POLICIES[3]})


def check_all(scenario: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = record(Path(folder), scenario)
    for check in CHECKS:
        check(run)


def one_row_an_examined_slot(run: Recording) -> None:
    seen = run.slots[run.slots["examined"] > 0]
    assert (seen["note_idx"] >= 0).all()
    for logged, truth in {
        "request_id": "request_id",
        "reader_id": "reader_idx",
        "note_id": "note_idx",
        "position": "position",
        "granted_by": "granted_by",
        "final_value": "final",
        "organic_value": "organic",
        "click": "click",
        "t": "t",
    }.items():
        np.testing.assert_array_equal(run.events[logged], seen[truth], err_msg=logged)


def what_is_not_examined_has_no_consequence(run: Recording) -> None:
    assert not run.slots.loc[run.slots["examined"] == 0, "click"].any()


def no_reader_sees_a_note_twice(run: Recording) -> None:
    assert not run.events.duplicated(["reader_id", "note_id"]).any()
    filled = run.slots[run.slots["note_idx"] >= 0]
    assert not filled.duplicated(["request_id", "note_idx"]).any()


def notes_are_shown_from_publication_for_thirty_days(run: Recording) -> None:
    filled = run.slots[run.slots["note_idx"] >= 0]
    age = filled["t"] - run.notes["published_t"].loc[filled["note_idx"]].to_numpy()
    assert (age >= 0).all()
    assert (age < 30 * DAY_S).all()
    age = run.events["t"] - run.notes["published_t"].loc[run.events["note_id"]].to_numpy()
    np.testing.assert_array_equal(run.events["note_age_s"], age.astype(np.float32))
    creator = run.notes["creator_id"].loc[run.events["note_id"]]
    np.testing.assert_array_equal(run.events["creator_id"], creator)


def one_note_a_position(run: Recording) -> None:
    assert not run.events.duplicated(["request_id", "position"]).any()
    assert run.events["position"].between(0, run.replication.state.spec.n_slots - 1).all()
    assert not run.requests.duplicated("request_id").any()


def actions_follow_a_click(run: Recording) -> None:
    events = run.events
    for action in ("like", "collect", "comment", "share", "follow"):
        assert (events[action] <= events["click"]).all(), action
    assert ((events["dwell_s"] > 0) == (events["click"] > 0)).all()
    assert (events["view_s"] > 0).all()


def counters_run_behind_by_less_than_a_window(run: Recording) -> None:
    window = run.requests.set_index("request_id")["window"].loc[run.events["request_id"]]
    window = window.to_numpy()
    note = run.events["note_id"].to_numpy()
    np.testing.assert_array_equal(run.events["note_impressions"], run.impressions[window, note])
    shown = np.zeros(run.impressions.shape)
    np.add.at(shown, (window, note), 1)
    before = np.cumsum(shown, axis=0) - shown
    known = ~np.isnan(run.impressions)
    past = np.where(known, run.impressions - before, np.inf).min(axis=0)
    expected = np.where(known, past + before, np.nan)
    np.testing.assert_array_equal(run.impressions, expected)
    new = run.notes["published_t"].to_numpy()[: past.size] >= 0
    assert (past[new & known.any(axis=0)] == 0).all()
    if not run.replication.world.config.history.enabled:
        assert (past[known.any(axis=0)] == 0).all()


def totals_are_the_past_and_the_log(run: Recording) -> None:
    state = run.replication.state
    events = run.events
    for table, ids in (("notes", events["note_id"]), ("readers", events["reader_id"])):
        logged = np.bincount(ids, minlength=getattr(state, table).n)
        past = getattr(state, table)["totals"][:, Kind.IMPRESSION] - logged
        assert (past >= 0).all()
        if not run.replication.world.config.history.enabled:
            assert not past.any()
        clicks = np.bincount(ids, events["click"], minlength=getattr(state, table).n)
        assert (clicks <= getattr(state, table)["totals"][:, Kind.CLICK]).all()
    per_note = state.notes["totals"]
    per_creator = np.zeros_like(state.creators["totals"])
    np.add.at(per_creator, state.notes["creator_idx"], per_note)
    counts = slice(0, Kind.DWELL)
    np.testing.assert_array_equal(per_creator[:, counts], state.creators["totals"][:, counts])
    np.testing.assert_array_equal(
        per_note[:, counts].sum(axis=0), state.readers["totals"][:, counts].sum(axis=0)
    )


def every_impression_knows_who_found_it_and_who_helped(run: Recording) -> None:
    funnel = run.replication._funnel
    assert run.events["channels"].between(1, 2 ** len(funnel.channels) - 1).all()
    helpers = sum(
        1 << p for p, policy in enumerate(funnel.policies) if policy.config.type != "none"
    )
    assert not (run.events["granted_by"] & ~np.uint8(helpers)).any()
    alone = run.events["granted_by"] == 0
    logged = run.events.loc[alone]
    np.testing.assert_array_equal(logged["final_value"], logged["organic_value"])
    helped = run.events.loc[~alone]
    assert (helped["final_value"] >= helped["organic_value"]).all()
    assert (helped["note_age_s"] < DAY_S + 600).all()


def places_and_probabilities_make_sense(run: Recording) -> None:
    funnel, events = run.replication._funnel, run.events
    assert events["organic_rank"].between(0, funnel.pre_ranker.config.keep - 1).all()
    assert (events["pre_rank_position"] >= 0).all()
    assert events["p_click"].between(0, 1, inclusive="neither").all()
    assert (events["organic_value"] > 0).all()
    numbers = [c.name for c in EVENTS if c.dtype.startswith("float")]
    assert np.isfinite(events[numbers].to_numpy()).all()


def time_goes_on_and_days_are_whole(run: Recording) -> None:
    warm_up_days = run.replication._times.warm_up_days
    assert run.requests["t"].is_monotonic_increasing
    assert run.requests["request_id"].is_monotonic_increasing
    assert (run.requests.groupby("window")["reader_idx"].value_counts() == 1).all()
    assert run.events["t"].between(0, run.replication._times.end_s, inclusive="left").all()
    day = run.events["t"] // DAY_S - warm_up_days
    np.testing.assert_array_equal(run.events["day"], day)
    assert run.ticks["day"].tolist() == list(
        range(-warm_up_days, run.replication._times.end_s // DAY_S - warm_up_days)
    )


def activity_counts_requests(run: Recording) -> None:
    day = (run.requests["t"] // DAY_S).astype(int) - run.replication._times.warm_up_days
    counted = run.requests.groupby([day, run.requests["reader_idx"]]).size()
    logged = run.activity.set_index(["day", "reader_id"])["requests"]
    assert logged.to_dict() == counted.to_dict()
    assert (run.activity["sessions"] <= run.activity["requests"]).all()


def granted(frame: pd.DataFrame, policy: int) -> np.ndarray:
    return frame["granted_by"].to_numpy() >> policy & 1 > 0


def limits_of_support_hold(run: Recording) -> None:
    for p, policy in enumerate(run.replication._funnel.policies):
        limit = getattr(policy.config, "until_impressions", None)
        if limit is None:
            continue
        helped = run.events[granted(run.events, p)]
        assert (helped.groupby("note_id").size() <= limit).all()
        assert (helped["note_impressions"] < limit).all()
        left = run.remaining[run.remaining["policy"] == p]
        impressions = run.impressions[left["window"], left["note_idx"]]
        np.testing.assert_array_equal(left["before"], limit - impressions)
        assert (left["after"] >= 0).all()
        placed = run.slots[granted(run.slots, p)]
        spent = placed.groupby(["window", "note_idx"]).size()
        used = left.set_index(["window", "note_idx"])
        used = (used["before"] - used["after"]).loc[lambda n: n > 0]
        assert used.to_dict() == spent.to_dict()


def insertion_slots_hold_notes_to_be_inserted(run: Recording) -> None:
    slots = run.slots[run.slots["kind"] == SlotKind.INSERT]
    if slots.empty:
        return
    inserting = [
        (p, policy.config)
        for p, policy in enumerate(run.replication._funnel.policies)
        if policy.config.type == "forced_insertion"
    ]
    ((p, config),) = inserting
    is_inserted = granted(slots, p)
    age = slots["window_t"] - run.notes["published_t"].reindex(slots["note_idx"]).to_numpy()
    assert (age[is_inserted] < config.max_age).all()
    limited = config.until_impressions is not None
    assert is_inserted[slots["could_insert"]].all() or limited
    assert not is_inserted[~slots["could_insert"]].any()
    assert (slots["position"] % (config.every + 1) == config.every).all()


CHECKS = (
    one_row_an_examined_slot,
    what_is_not_examined_has_no_consequence,
    no_reader_sees_a_note_twice,
    notes_are_shown_from_publication_for_thirty_days,
    one_note_a_position,
    actions_follow_a_click,
    counters_run_behind_by_less_than_a_window,
    totals_are_the_past_and_the_log,
    every_impression_knows_who_found_it_and_who_helped,
    places_and_probabilities_make_sense,
    time_goes_on_and_days_are_whole,
    activity_counts_requests,
    limits_of_support_hold,
    insertion_slots_hold_notes_to_be_inserted,
)
