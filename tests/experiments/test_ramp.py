"""Ramps: who is reached when, what is refused, and which days are read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.events import DAY_S, Arm
from simulator.experiments.outcomes import in_arms, note_table, reader_table
from simulator.experiments.reading import read
from tests.experiments.hand_runs import design, run_of

IDS = np.arange(20_000, dtype=np.int32)
NONE = np.zeros(IDS.size, np.int16)
RAMP = {"0d": 0.05, "1d": 0.2, "3d": 0.5}
SHARES = [0.05, 0.2, 0.2, 0.5, 0.5]


@pytest.mark.parametrize("name", ["user_side", "plan2", "plan4", "two_sided"])
def test_the_share_rises_and_whoever_is_reached_stays(name):
    found, whole = design(name, ramp=RAMP), design(name)
    if "reader" in found.sides:
        before = np.zeros(IDS.size, bool)
        for day, share in enumerate(SHARES):
            there = found.ramped_readers(day, IDS)
            assert abs(there.mean() - share) < 5 * np.sqrt(0.25 / IDS.size)
            assert not (before & ~there).any()
            before = there
        np.testing.assert_array_equal(there, found.reader_arms(IDS) == Arm.TREATMENT)
    np.testing.assert_array_equal(found.reader_arms(IDS), whole.reader_arms(IDS))
    assert found.first_read_day == 3
    assert whole.ramped_readers(0, IDS) is None
    assert whole.first_read_day == 0


@pytest.mark.parametrize("unit", ["creator", "note", "category"])
def test_notes_are_reached_by_the_day_of_their_publication(unit):
    found = design("author_side", unit=unit, ramp=RAMP)
    category = (IDS % 400).astype(np.int16)
    by_day = [
        found.ramped_notes(np.full(IDS.size, day), IDS, IDS[::-1].copy(), category)
        for day in range(4)
    ]
    mixed = found.ramped_notes(IDS % 4, IDS, IDS[::-1].copy(), category)
    for day in range(4):
        np.testing.assert_array_equal(mixed[day == IDS % 4], by_day[day][day == IDS % 4])
        assert abs(by_day[day].mean() - SHARES[day]) < 0.1
    treated = found.note_arms(IDS, IDS[::-1].copy(), category, np.ones(IDS.size, bool)) == 1
    np.testing.assert_array_equal(by_day[3], treated)


def test_before_the_first_step_nobody_is_reached():
    found = design("user_side", ramp={"1d": 0.05, "2d": 0.5})
    assert not found.ramped_readers(0, IDS).any()
    assert found.ramped_readers(1, IDS).any()


@given(
    k=st.integers(4, 40), shares=st.lists(st.floats(0.05, 0.9), min_size=2, max_size=4, unique=True)
)
@settings(max_examples=25, deadline=None)
def test_groups_that_are_reached_stay(k, shares):
    steps = sorted(shares)
    ramp = {f"{day}d": share for day, share in enumerate(steps)}
    found = design("reader_clusters", share=steps[-1], ramp=ramp)
    found.label = (IDS[:400] % k).astype(np.int32)
    before = np.zeros(400, bool)
    for day in range(len(steps)):
        there = found.ramped_readers(day, IDS[:400])
        assert not (before & ~there).any()
        before = there
    np.testing.assert_array_equal(there, found.reader_arms(IDS[:400]) == Arm.TREATMENT)


@pytest.mark.parametrize(("name", "ramp", "words"), [
    ("user_side", {"0d": 0.2, "1d": 0.1, "2d": 0.5}, "rise from step to step"),
    ("user_side", {"0d": 0.2, "1d": 0.4}, "ends at the share of the test, 0.5"),
    ("user_side", {"0d": 0.2, "90min": 0.5}, "whole days"),
    ("user_side", {"soon": 0.5}, "a duration is a whole number and a unit"),
    ("switchback", {"0d": 0.5}, "no ramp"),
    ("quota_split", {"0d": 0.5}, "no ramp"),
    ("interleaving", {"0d": 0.5}, "no ramp"),
])  # fmt: skip
def test_ramps_that_cannot_be_are_refused(name, ramp, words):
    with pytest.raises(ValueError, match=words):
        design(name, ramp=ramp)


def test_days_of_the_ramp_are_not_read():
    found = design("plan2", ramp={"0d": 0.1, "1d": 0.5})
    run = run_of(found, gain=0.05)
    readers = reader_table(run, from_day=1)
    later = run.readers[run.readers["day"] >= 1]
    assert readers["impressions"].sum() == later["impressions"].sum()
    assert readers["pre_impressions"].sum() > 0
    new = note_table(run, from_day=1)
    published = run.notes["published_t"]
    assert set(new["note_id"]) == set(
        run.notes.loc[published.between(3 * DAY_S, 4 * DAY_S), "note_id"]
    )
    test = read(run, found)
    assert any("first 1 days are not read" in remark for remark in test.remarks)
    effect = test.effects["active_days_per_reader"]
    assert effect.control == pytest.approx(2.0)
    assert effect.n_units_treatment == (in_arms(readers)["arm"] == 1).sum()
