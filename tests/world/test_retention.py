"""Who comes back, who leaves, who arrives."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S
from simulator.world.retention import active_readers, count_arrivals, leave_for_good, settle_day
from tests.world.driving import START_DAY, day_end, live_day, make_config, make_world


def make_day(world, surplus, impressions=100.0):
    n = world.readers.n
    world.readers.day_impressions[:n] = impressions
    world.readers.day_surplus[:n] = surplus * impressions * world.readers.expected[:n]


def test_satisfaction_moves_towards_experience_and_sums_start_anew():
    world = make_world(100, backlog=False)
    make_day(world, 0.5)
    world.readers.day_impressions[0] = 0
    settle_day(world.readers, world.config.retention)
    gained = world.readers.satisfaction[1:100]
    np.testing.assert_allclose(gained, 0.5 * 0.15 * 100 / 130, rtol=1e-5)
    assert world.readers.satisfaction[0] == 0
    assert not world.readers.day_impressions.any()
    assert not world.readers.day_surplus[1:].any()


def test_short_days_weigh_little():
    world = make_world(10, backlog=False)
    make_day(world, 1.0, impressions=10.0)
    settle_day(world.readers, world.config.retention)
    np.testing.assert_allclose(world.readers.satisfaction[:10], 0.15 * 10 / 40, rtol=1e-5)


@pytest.mark.statistical
def test_satisfied_readers_come_more_often_and_stay():
    config = make_config(20_000)
    world = make_world(20_000, backlog=False)
    base = active_readers(world.readers, config.retention, 0, 5)
    world.readers.satisfaction[:] = 0.3
    happy = active_readers(world.readers, config.retention, 0, 5)
    assert (happy >= base).all()
    assert 1.01 < happy.sum() / base.sum() < 1.15
    leave_for_good(world.readers, config.retention, 0, 5)
    happy_left = (world.readers.alive[:20_000] == 0).sum()
    world.readers.alive[:20_000] = 1
    world.readers.satisfaction[:] = -0.5
    leave_for_good(world.readers, config.retention, 0, 5)
    assert (world.readers.alive[:20_000] == 0).sum() > 1.5 * happy_left > 0


@pytest.mark.statistical
def test_population_is_stationary():
    world = make_world(5_000, seed=4, backlog=False)
    for day in range(START_DAY, 60):
        world.end_of_day(day, day_end(day))
    alive = int(world.readers.alive[: world.readers.n].sum())
    assert alive == pytest.approx(5_000, abs=4 * np.sqrt(2 * 62 * 10))
    assert 400 < world.readers.n - 5_000 < 850


def test_arrivals_are_the_same_in_every_world():
    config = make_config(10_000).retention
    counts = [count_arrivals(10_000, config, 8, day) for day in range(200)]
    assert counts == [count_arrivals(10_000, config, 8, day) for day in range(200)]
    assert np.mean(counts) == pytest.approx(20, abs=1.3)
    assert np.var(counts) == pytest.approx(20, rel=0.4)


def test_the_dead_never_come():
    world = make_world(300, backlog=False)
    world.readers.alive[::3] = 0
    assert (world.plan_sessions(0).reader_idx % 3 != 0).all()


def test_new_readers_come_on_their_first_day():
    world = make_world(2_000, seed=1, retention={"arrivals_per_day": 40})
    end = world.end_of_day(0, 3.0 * DAY_S)
    assert end.new_readers.n > 20
    new = np.arange(2_000, 2_000 + end.new_readers.n)
    assert np.isin(new, world.plan_sessions(1).reader_idx).all()
    assert (end.new_readers.joined_t == 3 * DAY_S).all()
    assert end.new_readers.declared.shape == (new.size, 20)
    assert not np.isin(new, world.plan_sessions(5).reader_idx).all()


@pytest.mark.statistical
def test_a_better_feed_brings_readers_back():
    dau = {}
    for best_of in (10, 40):
        world = make_world(600, seed=6, retention={"return_sensitivity": 3.0})
        rng = np.random.default_rng(6)
        for day in (START_DAY, START_DAY + 1):
            live_day(world, day, rng, best_of=best_of)
            world.end_of_day(day, day_end(day))
        dau[best_of] = sum(
            np.unique(world.plan_sessions(day).reader_idx).size for day in range(5, 12)
        )
    assert dau[40] > 1.03 * dau[10]
