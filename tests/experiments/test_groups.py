"""Designs that draw whole groups: how groups are made, drawn, kept and read."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contracts.events import Arm
from simulator.experiments.designs.grouping import clusters
from simulator.experiments.estimators import hajek
from simulator.experiments.outcomes import in_arms, reader_table
from simulator.experiments.reading import read
from tests.experiments.hand_runs import N_READERS, design, run_of

N, C = 600, 4


def profiles(seed=0, purity=0.9):
    """Readers of four interests, and the interest of each."""
    interest = np.random.default_rng(seed).integers(0, C, N)
    share = np.full((N, C), (1 - purity) / (C - 1))
    share[np.arange(N), interest] = purity
    return share, interest


def platform(share):
    writers = np.arange(50, dtype=np.int32)
    readers = SimpleNamespace(n=N, category_profile=share.astype(np.float32))
    creators = SimpleNamespace(reader_idx=writers)
    row = np.repeat(np.arange(40), 3)
    notes = SimpleNamespace(creator_idx=row, category=(row % C).astype(np.int16))
    spec = SimpleNamespace(n_categories=C)
    return SimpleNamespace(readers=readers, creators=creators, notes=notes, spec=spec)


def started(name, **knobs):
    found = design(name, **knobs)
    found.start(platform(profiles()[0]))
    return found


def test_like_readers_share_a_group():
    share, interest = profiles()
    label = clusters(share, 30, seed=1)
    assert len(set(label)) == C
    for i in range(C):
        assert len(set(label[interest == i])) == 1


@given(seed=st.integers(0, 30), k=st.integers(4, 12))
@settings(max_examples=15, deadline=None)
def test_groups_are_numbered_without_gaps_and_do_not_depend_on_luck(seed, k):
    points = np.random.default_rng(seed).dirichlet(np.ones(5), 90)
    label = clusters(points, k, seed=3)
    assert set(label) == set(range(label.max() + 1))
    assert label.max() < k
    np.testing.assert_array_equal(label, clusters(points, k, seed=3))


@given(n=st.integers(4, 60), share=st.floats(0.05, 0.95), salt=st.sampled_from("abcd"))
@settings(max_examples=30, deadline=None)
def test_the_number_of_treated_groups_is_fixed(n, share, salt):
    arm = design("reader_clusters", share=share, salt=salt).arms_of_groups(n)
    assert (arm == Arm.TREATMENT).sum() == min(max(round(share * n), 1), n - 1)


def test_a_group_has_one_arm_and_strangers_are_outside():
    found = started("reader_clusters")
    arms = found.reader_arms(np.arange(N + 5, dtype=np.int32))
    assert (arms[N:] == Arm.OUTSIDE).all()
    drawn = found.groups()
    assert drawn.side == "reader"
    assert len(drawn.unit) == N
    table = pd.DataFrame({"cluster": drawn.cluster, "arm": drawn.arm})
    assert len(table.drop_duplicates()) == table["cluster"].nunique()
    assert set(table["arm"]) == {0, 1}


def test_creators_are_grouped_by_what_they_published():
    found = started("creator_clusters")
    drawn = found.groups()
    assert drawn.side == "creator"
    np.testing.assert_array_equal(drawn.unit, np.arange(40))
    assert pd.Series(drawn.cluster).groupby(drawn.unit % C).nunique().max() == 1
    writers = np.array([3, 7, 45], np.int32)
    none = np.zeros(3, np.int32)
    arms = found.note_arms(none, writers, none.astype(np.int16), np.array([True, False, True]))
    assert arms[0] in {0, 1}
    assert arms[1] == Arm.OUTSIDE
    assert arms[2] == Arm.OUTSIDE


def test_groups_survive_a_checkpoint():
    found, again = started("reader_clusters"), design("reader_clusters")
    again.load_state(found.state_arrays())
    readers = np.arange(N, dtype=np.int32)
    np.testing.assert_array_equal(found.reader_arms(readers), again.reader_arms(readers))


def grouped_run(salt="a", seed=1):
    """A hand-made run whose readers belong to 20 groups that differ."""
    found = design("reader_clusters", salt=salt)
    found.label = (np.arange(N_READERS) % 20).astype(np.int32)
    run = run_of(found, seed=seed)
    mood = np.random.default_rng(99).normal(0, 0.3, 20)[run.readers["reader_id"] % 20]
    run.readers["clicks"] = (run.readers["clicks"] * (1 + mood)).astype(int)
    drawn = found.groups()
    run.clusters = pd.DataFrame(
        {"side": 0, "unit_id": drawn.unit, "cluster": drawn.cluster, "arm": drawn.arm}
    )
    return run, found


def test_the_reading_is_the_difference_of_hajek():
    run, found = grouped_run()
    effect = read(run, found).effects["active_days_per_reader"]
    assert effect.n_clusters_control + effect.n_clusters_treatment == 20
    effect = read(run, found).effects["new_note_share"]
    table = in_arms(reader_table(run))
    sums = table.groupby("cluster").agg(
        y=("new_impressions", "sum"), n=("impressions", "sum"), arm=("arm", "first")
    )
    expected = hajek(sums["y"], sums["n"], sums["arm"] == 1)
    assert effect.difference == pytest.approx(expected.value)
    assert effect.se == pytest.approx(expected.se, rel=0.1)


@pytest.mark.statistical
def test_groups_that_differ_do_not_make_effects():
    """200 draws without effect, groups 30 % apart: 1 to 11 % reject at 5 %."""
    n = sum(read(*grouped_run(salt=f"s{k}", seed=5)).effects["ctr"].p < 0.05 for k in range(200))
    assert 2 <= n <= 22
