"""Creators: motivation, sensitivity presets, stopping and joining."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contracts.events import N_KINDS, Kind
from simulator.world.creators import (
    MEAN_EFFECT,
    absorb_feedback,
    exposure_signal,
    feedback_signal,
    intensity_factor,
)
from simulator.world.publishing import publish_probability
from tests.world.driving import START_DAY, day_end, make_config, make_world


def creator_knobs(**knobs):
    return make_config(creators=knobs).creators


def totals_of(impressions, **counts):
    totals = np.zeros((1, N_KINDS), np.float32)
    totals[0, Kind.IMPRESSION] = impressions
    for name, count in counts.items():
        totals[0, Kind[name.upper()]] = count
    return totals


def test_signal_is_zero_for_nothing_and_one_at_the_reference():
    for saturation in (0.0, 0.25, 1.0):
        knobs = creator_knobs(saturation=saturation, reference_impressions=40.0)
        signal = exposure_signal(np.array([0.0, 40.0]), knobs)
        np.testing.assert_allclose(signal, [0, 1])


def test_signal_without_saturation_is_logarithmic():
    knobs = creator_knobs(saturation=0.0)
    signal = exposure_signal(np.array([20.0, 380.0]), knobs)
    np.testing.assert_allclose(signal, np.log([2, 20]) / np.log(6))


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=10), st.floats(0, 2))
def test_signal_grows_with_impressions(impressions, saturation):
    knobs = creator_knobs(saturation=saturation)
    assert (np.diff(exposure_signal(np.sort(impressions), knobs)) >= 0).all()


def test_the_first_hundred_impressions_matter_most():
    e = np.array([20.0, 100.0, 10_000.0, 20_000.0])
    signal = exposure_signal(e, creator_knobs())
    assert signal[1] - signal[0] > 5 * (signal[3] - signal[2])


def test_likes_and_comments_add_a_little():
    knobs = creator_knobs()
    plain = feedback_signal(totals_of(50), knobs)
    warm = feedback_signal(totals_of(50, like=10, comment=10), knobs)
    np.testing.assert_allclose(warm - plain, 0.2, rtol=1e-6)


@pytest.mark.statistical
@pytest.mark.parametrize("sensitivity", MEAN_EFFECT)
def test_presets_move_publishing_by_their_mean_effect(sensitivity):
    world = make_world(40_000, backlog=False, creators={"sensitivity": sensitivity})
    creators, knobs = world.creators, world.config.creators
    small = np.flatnonzero(creators.publish_rate[: creators.n] < 0.3)
    reaction = creators.reaction[small]
    signal = exposure_signal(np.array([0.0, 100.0]), knobs)
    none, full = (intensity_factor(reaction, np.full(small.size, s), knobs) for s in signal)
    gain = full / none - 1
    assert gain.mean() == pytest.approx(MEAN_EFFECT[sensitivity], rel=0.06)
    moved = gain > 1e-9
    assert moved.mean() == pytest.approx(0.3, abs=0.02)
    np.testing.assert_allclose(gain[moved], MEAN_EFFECT[sensitivity] / 0.3, rtol=1e-5)


@pytest.mark.statistical
def test_a_week_of_publishing_responds_to_exposure():
    published = {}
    for impressions in (0.0, 100.0):
        world = make_world(30_000, seed=2, creators={"sensitivity": "high", "decay_per_day": 0})
        note_idx = np.arange(world.notes.n, dtype=np.int32)
        totals = np.repeat(totals_of(impressions), note_idx.size, axis=0)
        for _ in range(3):
            world.creator_feedback(0.0, note_idx, totals)
        fed = np.unique(world.notes.creator_idx[: world.notes.n])
        plans = [world.plan_publishes(day) for day in range(7)]
        published[impressions] = sum(np.isin(plan.creator_idx, fed).sum() for plan in plans)
    assert 1.08 < published[100.0] / published[0.0] < 1.2


def test_feedback_is_absorbed_in_order():
    world = make_world(400, backlog=False)
    creators = world.creators
    creators.motivation[:3] = 1.0
    absorb_feedback(
        creators, np.array([2, 0, 2], np.int32), np.array([0.0, 2.0, 4.0]), learning_rate=0.5
    )
    np.testing.assert_allclose(creators.motivation[:3], [1.5, 1.0, 2.25])


def test_no_feedback_is_fine(world):
    before = world.creators.motivation.copy()
    world.creator_feedback(0.0, np.empty(0, np.int32), np.empty((0, N_KINDS), np.float32))
    assert (world.creators.motivation == before).all()


def test_motivation_fades_and_drives_publishing():
    world = make_world(3_000, seed=1, backlog=False)
    creators = world.creators
    base = publish_probability(creators, world.config)
    np.testing.assert_allclose(base, np.minimum(creators.publish_rate[: creators.n], 0.95))
    creators.motivation[: creators.n] = 2.0
    more = publish_probability(creators, world.config)
    assert (more >= base).all()
    assert more.sum() > base.sum()
    world.end_of_day(0, day_end(0))
    np.testing.assert_allclose(creators.motivation[:50], 1.98, rtol=1e-6)


@pytest.mark.statistical
def test_creators_are_a_minority_of_monthly_readers(world):
    share = world.creators.n / 0.87 / world.readers.n
    assert 0.15 <= share <= 0.3
    rows = world.creator_rows()
    joined = world.registered().joined_t[rows.reader_idx]
    assert (rows.joined_t >= joined).all()
    assert (rows.joined_t <= -30 * 86_400).all()
    assert np.unique(rows.reader_idx).size == rows.n


@pytest.mark.statistical
def test_stops_and_joins_balance():
    world = make_world(8_000, seed=5, backlog=False, creators={"decay_per_day": 0})
    before = world.creators.n

    def creating():
        alive = world.readers.alive[world.creators.reader_idx[: world.creators.n]]
        return int((alive & world.creators.creating[: world.creators.n]).sum())

    joined = 0
    for day in range(START_DAY, 40):
        joined += world.end_of_day(day, day_end(day)).new_creators.n
    assert joined > 150
    assert world.creators.n == before + joined
    assert creating() == pytest.approx(before, abs=4 * np.sqrt(2 * joined))


def test_low_motivation_makes_creators_stop():
    stopped = []
    for motivation in (0.9, 0.0):
        world = make_world(
            4_000, backlog=False, creators={"stop_per_day": 0.05, "stop_sensitivity": 2.0}
        )
        world.creators.motivation[:] = motivation
        world.end_of_day(0, day_end(0))
        stopped.append((world.creators.creating[: world.creators.n] == 0).sum())
    assert stopped[1] > 2 * stopped[0] > 0
