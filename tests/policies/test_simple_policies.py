import dataclasses

import numpy as np
import pytest

from policies.boost import Boost, BoostConfig
from policies.forced_insertion import ForcedInsertion, ForcedInsertionConfig
from policies.none import NoSupport, NoSupportConfig
from simulator.contracts.events import HOUR_S, Kind
from simulator.contracts.support import UNLIMITED
from tests.support.platform import make_view

VIEW = make_view(2_000, 50, seed=2)


def build(policy, config):
    built = policy(config)
    built.setup(VIEW.spec)
    return built


def boost(**config):
    return build(Boost, BoostConfig(**config)).support(VIEW)


def insertion(**config):
    return build(ForcedInsertion, ForcedInsertionConfig(**config)).support(VIEW)


def rows_younger_than(age_s):
    return np.flatnonzero(VIEW.now - VIEW.notes.published_t < age_s).tolist()


def test_boost_supports_every_new_note_alike_and_without_end():
    support = boost()
    assert support.note_idx.tolist() == rows_younger_than(24 * HOUR_S)
    assert (support.rank == 2).all()
    assert (support.pre_rank == 2).all()
    assert (support.remaining == UNLIMITED).all()
    assert not support.insert.any()
    assert not support.price.any()


def test_boost_can_differ_at_pre_rank():
    support = boost(coefficient=1, pre_rank_coefficient=3)
    assert (support.rank == 1).all()
    assert (support.pre_rank == 3).all()


def test_boost_ends_at_its_age():
    assert boost(max_age="3h").note_idx.tolist() == rows_younger_than(3 * HOUR_S)


@pytest.mark.parametrize("of", [boost, insertion])
def test_support_ends_with_impressions(of):
    support = of(until_impressions=12)
    shown = VIEW.notes.totals[:, Kind.IMPRESSION]
    young = [i for i in rows_younger_than(24 * HOUR_S) if shown[i] < 12]
    assert support.note_idx.tolist() == young
    np.testing.assert_array_equal(support.remaining, 12 - shown[young])
    assert (support.remaining > 0).all()


def test_coefficient_one_is_no_support():
    assert boost(coefficient=1) is None


def test_forced_insertion_changes_no_value():
    support = insertion(every=2)
    assert support.note_idx.tolist() == rows_younger_than(24 * HOUR_S)
    assert (support.insert == 1).all()
    for neutral in (support.rank, support.pre_rank):
        assert (neutral == 1).all()
    assert build(ForcedInsertion, ForcedInsertionConfig(every=2)).insert_every == 2
    assert build(Boost, BoostConfig()).insert_every == 0


def test_none_supports_nothing():
    assert build(NoSupport, NoSupportConfig()).support(VIEW) is None


@pytest.mark.parametrize("of", [boost, insertion])
def test_no_young_note_is_no_support(of):
    assert of(max_age="1min", until_impressions=1) is None
    assert of(max_age="1min") is None


def test_notes_that_are_no_longer_distributed_get_nothing():
    late = dataclasses.replace(VIEW, live_start=VIEW.notes.n - 3)
    support = build(Boost, BoostConfig(max_age="30d")).support(late)
    assert support.note_idx.tolist() == [VIEW.notes.n - 3, VIEW.notes.n - 2, VIEW.notes.n - 1]
