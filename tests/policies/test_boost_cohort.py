"""A boost for a cohort: which notes it reaches, and that the same notes are reached everywhere."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.boost import Boost, BoostConfig
from policies.cohort import CohortConfig, in_cohort
from simulator.contracts.support import UNLIMITED
from tests.support.platform import make_spec, make_view

VIEW = make_view(6_000, 200, seed=5, spec=make_spec(seed=5))


def boost(view=VIEW, **config):
    built = Boost(BoostConfig(**config))
    built.setup(view.spec)
    return built.support(view)


def cohort_of(share=0.3, by="note", salt=0):
    return CohortConfig(share=share, by=by, salt=salt)


def creators_of(rows):
    return VIEW.creators.reader_idx[VIEW.notes.creator_idx[rows]]


def test_it_supports_the_young_notes_of_the_cohort_and_no_other():
    everyone = boost(coefficient=3, until_impressions=40)
    support = boost(coefficient=3, until_impressions=40, cohort=cohort_of())
    young = everyone.note_idx
    chosen = in_cohort(cohort_of(), 5, creators_of(young), VIEW.notes.published_t[young])
    assert 0 < chosen.sum() < young.size
    assert support.note_idx.tolist() == young[chosen].tolist()
    np.testing.assert_array_equal(support.remaining, everyone.remaining[chosen])
    for column in (support.rank, support.pre_rank):
        assert (column == 3).all()
    assert not support.insert.any()
    assert not support.price.any()


def test_without_a_cohort_nothing_is_different():
    assert BoostConfig().cohort is None
    assert (boost().remaining == UNLIMITED).all()
    whole = boost(cohort=cohort_of(share=1))
    assert whole.note_idx.tolist() == boost().note_idx.tolist()


def test_an_empty_cohort_is_no_support():
    assert boost(cohort=cohort_of(share=0)) is None


def test_creators_come_with_all_their_notes():
    rows = np.arange(VIEW.notes.n)
    creator = creators_of(rows)
    chosen = in_cohort(cohort_of(by="creator"), 5, creator, VIEW.notes.published_t)
    inside, outside = set(creator[chosen]), set(creator[~chosen])
    assert inside
    assert outside
    assert not inside & outside


def test_a_note_stays_in_the_cohort_when_rows_shift():
    """Another world: creators publish more, so every row moves; cohort notes are the same."""
    notes = VIEW.notes
    keep = np.flatnonzero(np.arange(notes.n) % 3 > 0)
    columns = {
        field.name: getattr(notes, field.name)[keep]
        for field in dataclasses.fields(notes)
        if isinstance(getattr(notes, field.name), np.ndarray)
    }
    fewer = dataclasses.replace(VIEW, notes=dataclasses.replace(notes, **columns))
    there = boost(cohort=cohort_of()).note_idx
    here = keep[boost(fewer, cohort=cohort_of()).note_idx]
    assert here.tolist() == [row for row in there if row in set(keep.tolist())]
    assert here.size < there.size


@given(share=st.floats(0, 1), salt=st.integers(0, 2**31 - 1), seed=st.integers(0, 2**40))
def test_a_larger_share_keeps_the_notes_of_a_smaller(share, salt, seed):
    creator = np.arange(400, dtype=np.int32)
    t = np.linspace(-2e6, 1e6, 400)
    small, large = (
        in_cohort(cohort_of(share=s, salt=salt), seed, creator, t) for s in (share / 2, share)
    )
    assert not (small & ~large).any()


@pytest.mark.parametrize("by", ["note", "creator"])
def test_its_share_is_as_asked_and_salts_and_seeds_draw_anew(by):
    rng = np.random.default_rng(1)
    creator, t = np.arange(20_000, dtype=np.int32), rng.uniform(0, 1e6, 20_000)
    first = in_cohort(cohort_of(share=0.2, by=by), 1, creator, t)
    assert abs(first.mean() - 0.2) < 5 * np.sqrt(0.16 / 20_000)
    for other in (
        in_cohort(cohort_of(share=0.2, by=by, salt=1), 1, creator, t),
        in_cohort(cohort_of(share=0.2, by=by), 2, creator, t),
    ):
        both = (first & other).mean()
        assert abs(both - 0.04) < 5 * np.sqrt(0.04 * 0.96 / 20_000)


def test_notes_published_within_one_second_share_their_fate():
    creator = np.full(50, 3)
    chosen = in_cohort(cohort_of(share=0.5), 1, creator, 100.0 + np.arange(50) / 50)
    assert chosen.all() or not chosen.any()
