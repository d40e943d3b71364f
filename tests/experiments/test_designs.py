"""Designs: who is in which arm, what layers promise, and what pairs are treated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.app.registry import registry
from simulator.contracts.events import Arm
from simulator.contracts.spec import PlatformSpec

SPEC = PlatformSpec(7, n_categories=5, n_keywords=50, keywords_per_note=3, embedding_dim=8)
IDS = np.arange(20_000, dtype=np.int32)
DESIGNS = registry().plugins("experiment")
every_design = pytest.mark.parametrize("name", sorted(DESIGNS))


def design(name, **knobs):
    cls = DESIGNS[name]
    out = cls(cls.Config(**knobs))
    out.setup(SPEC)
    return out


def note_arms(found, is_new=True):
    category = (IDS % 5).astype(np.int16)
    return found.note_arms(IDS, IDS[::-1].copy(), category, np.full(IDS.size, is_new))


def test_the_designs_are_there():
    expected = {"user_side", "author_side", "plan2", "plan3", "plan4", "two_sided", "switchback"}
    assert expected | {"quota_split", "launch"} <= set(DESIGNS)
    assert {"reader_clusters", "creator_clusters"} <= set(DESIGNS)


@every_design
def test_a_design_says_what_it_is(name):
    found = design(name)
    assert found.pitfalls
    assert type(found).__doc__
    assert 0 < found.treated_share <= 1
    for day in range(4):
        treated = found.treated(day)
        assert treated.shape == (3, 3)
        assert treated.dtype == bool
    arms = found.reader_arms(IDS)
    assert arms.dtype == np.uint8
    assert note_arms(found).dtype == np.uint8
    assert set(np.unique(arms)) <= {int(arm) for arm in Arm}


@every_design
def test_arms_do_not_depend_on_the_order_of_asking(name):
    found, again = design(name), design(name)
    some = IDS[[5, 3, 19_999]]
    np.testing.assert_array_equal(found.reader_arms(IDS)[some], again.reader_arms(some))


@given(share=st.floats(0.05, 0.95), low=st.floats(0, 0.7), width=st.floats(0.1, 0.3))
@settings(max_examples=25, deadline=None)
def test_shares_are_kept(share, low, width):
    found = design("user_side", share=share, buckets=(low, low + width))
    arms = found.reader_arms(IDS)
    inside = arms != Arm.OUTSIDE
    assert abs(inside.mean() - width) < 5 * np.sqrt(width / IDS.size)
    n = inside.sum()
    assert abs((arms[inside] == Arm.TREATMENT).mean() - share) < 5 * np.sqrt(0.25 / n)


def test_buckets_of_one_layer_exclude_each_other_and_layers_are_independent():
    first = design("user_side", buckets=(0.0, 0.5), salt="a").reader_arms(IDS) != Arm.OUTSIDE
    second = design("user_side", buckets=(0.5, 1.0), salt="b").reader_arms(IDS) != Arm.OUTSIDE
    other = design("user_side", buckets=(0.0, 0.5), layer="rank").reader_arms(IDS) != Arm.OUTSIDE
    assert (first ^ second).all()
    both = (first & other).mean()
    assert abs(both - 0.25) < 5 * np.sqrt(0.25 * 0.75 / IDS.size)


def test_another_salt_is_another_randomisation():
    one, two = (design("user_side", salt=salt).reader_arms(IDS) for salt in "xy")
    assert abs((one == two).mean() - 0.5) < 5 * np.sqrt(0.25 / IDS.size)


def test_more_buckets_only_add_units():
    few, many = (design("user_side", buckets=(0.0, top)).reader_arms(IDS) for top in (0.1, 0.6))
    inside = few != Arm.OUTSIDE
    np.testing.assert_array_equal(few[inside], many[inside])


@pytest.mark.parametrize("buckets", [(0.5, 0.5), (0.4, 0.2), (-0.1, 0.5), (0.5, 1.2)])
def test_buckets_that_cannot_be_are_refused(buckets):
    with pytest.raises(ValueError, match="ascend within 0 and 1"):
        design("user_side", buckets=buckets)


@pytest.mark.parametrize("name", ["author_side", "plan2", "plan4", "two_sided"])
def test_notes_from_before_the_start_are_outside(name):
    assert (note_arms(design(name), is_new=False) == Arm.OUTSIDE).all()


def test_author_side_by_unit():
    by_creator, by_note, by_category = (
        note_arms(design("author_side", unit=unit)) for unit in ("creator", "note", "category")
    )
    assert abs((by_creator == by_note).mean() - 0.5) < 0.03
    for category in range(5):
        assert len(set(by_category[category == IDS % 5])) == 1


def test_all_notes_of_a_creator_share_an_arm():
    found = design("plan2")
    creator = (IDS // 7).astype(np.int32)
    arm = found.note_arms(IDS, creator, np.zeros(IDS.size, np.int16), np.ones(IDS.size, bool))
    for c in range(20):
        assert len(set(arm[creator == c])) == 1


def test_what_arms_see():
    control, treatment, outside = (int(arm) for arm in Arm)
    plan2, plan3, plan4 = (design(f"plan{i}").visible() for i in (2, 3, 4))
    for table in (plan2, plan3, plan4):
        assert table[control, control]
        assert table[treatment, treatment]
        assert not table[control, treatment]
        assert not table[treatment, control]
    assert plan2[control, outside]
    assert plan4[treatment, outside]
    assert not plan3[control, outside]
    assert design("user_side").visible() is None


def test_plan_4_leaves_half_of_the_authors_to_both():
    arms = note_arms(design("plan4"))
    shares = np.bincount(arms, minlength=3) / arms.size
    np.testing.assert_allclose(shares, [0.25, 0.25, 0.5], atol=0.02)


def test_two_sided_treats_the_treated_pair_alone():
    treated = design("two_sided").treated(0)
    assert treated[Arm.TREATMENT, Arm.TREATMENT]
    assert treated.sum() == 1


@given(period=st.integers(1, 5), salt=st.sampled_from("abcdef"))
@settings(max_examples=20, deadline=None)
def test_periods_of_a_switchback_come_in_pairs(period, salt):
    found = design("switchback", period_days=period, salt=salt)
    days = np.array([found.is_treated(day) for day in range(20 * period)])
    periods = days.reshape(-1, period)
    assert (periods == periods[:, :1]).all()
    pairs = periods[:, 0].reshape(-1, 2)
    assert (pairs.sum(axis=1) == 1).all()
    for day in range(20 * period):
        assert (found.treated(day) == days[day]).all()


def test_washout_days_are_not_read():
    found = design("switchback", period_days=3, washout_days=1)
    assert [found.is_read(day) for day in range(6)] == [False, True, True] * 2


@given(
    k=st.integers(1, 1_000), share=st.floats(0.05, 0.95), name=st.sampled_from(["plan2", "plan4"])
)
@settings(max_examples=40, deadline=None)
def test_a_full_pool_fetches_what_the_rarer_arm_needs(k, share, name):
    thin, full = (design(name, share=share, pool=pool) for pool in ("thin", "full"))
    assert thin.fetched(k) == k
    visible = min(share, 1 - share) if name == "plan2" else 0.5 + min(share, 1 - share) / 2
    assert full.fetched(k) * visible >= k + 2 * np.sqrt(k) + 1.9
    assert full.fetched(k) <= (k + 2 * np.sqrt(k) + 2) / visible + 1
