"""Differences-in-Q on sessions whose exact answers are known."""

import numpy as np
import pytest

from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import differences_in_q, reward_to_go
from simulator.experiments.session_reads import (
    REWARDS,
    effects_or_none,
    read_sessions,
    session_effects,
    session_levels,
)
from tests.experiments.hand_runs import design
from tests.experiments.logs import log_of

LENGTH, P0, P1 = 12, 0.15, 0.25


def clicks_until_first(p_click):
    """Return the expected clicks of a session that ends at its first click."""
    return 1.0 - (1.0 - p_click) ** LENGTH


def log_of_sessions(n_sessions, seed):
    """Draw sessions that end at the first click, half of the exposures treated."""
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, (n_sessions, LENGTH))
    click = rng.random(arm.shape) < np.where(arm == 1, P1, P0)
    alive = np.cumsum(click, axis=1) - click == 0
    session = np.broadcast_to(np.arange(n_sessions)[:, None], arm.shape)
    return session[alive], arm[alive], click[alive].astype(float)


def test_reward_to_go_by_hand():
    found = reward_to_go([7, 7, 7, 3, 3], [1, 2, 3, 10, 20])
    assert found.tolist() == [6, 5, 3, 30, 20]


def test_matches_the_closed_form_and_beats_the_naive_reading():
    truth = clicks_until_first(P1) - clicks_until_first(P0)
    mixed = (P0 + P1) / 2
    alive = (1 - mixed) ** np.arange(LENGTH)
    later = 1 - (1 - mixed) ** np.arange(LENGTH - 1, -1, -1)
    exact = (P1 - P0) * (alive * (1 - later)).sum()
    found = differences_in_q(*log_of_sessions(60_000, 5))
    assert abs(found.value - exact) < 4 * found.se
    assert abs(found.naive - (P1 - P0) * alive.sum()) < 4 * found.naive_se
    assert abs(exact - truth) < abs((P1 - P0) * alive.sum() - truth) / 3
    assert abs(found.value - truth) < abs(found.naive - truth) / 3


@pytest.mark.statistical
def test_the_standard_error_is_the_spread_over_replicates():
    runs = [differences_in_q(*log_of_sessions(800, seed)) for seed in range(200)]
    spread = np.std([run.value for run in runs], ddof=1)
    assert np.mean([run.se for run in runs]) == pytest.approx(spread, rel=0.15)


def test_states_with_one_arm_are_left_out_and_counted():
    found = differences_in_q([0, 0, 1, 1], [1, 1, 0, 1], [1.0, 1.0, 0.0, 1.0])
    assert found.n_dropped == 2
    assert found.naive == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("session", "arm", "message"),
    [
        ([0, 1, 0], [0, 1, 0], "lie together"),
        ([0, 0, 1], [0, 0, 0], "both arms"),
        ([0, 0], [0, 1, 0], "one length"),
    ],
)
def test_refuses(session, arm, message):
    with pytest.raises(AnalysisError, match=message):
        differences_in_q(session, arm, [1.0, 0.0, 1.0])


def test_what_was_not_randomised_counts_only_in_what_follows():
    """A treated note is followed by a click on an old note, a control one is not."""
    session = np.repeat(np.arange(40), 2)
    arm = np.tile([1, 2, 0, 2], 20)
    reward = np.tile([1.0, 5.0, 1.0, 2.0], 20)
    found = differences_in_q(session, arm, reward)
    assert found.naive == 0.0
    assert found.value == pytest.approx(3.0)
    assert found.n_dropped == 0


def test_errors_of_two_crossed_units_are_those_of_one_where_it_nests_the_other():
    rng = np.random.default_rng(3)
    session, arm, reward = log_of_sessions(400, 3)
    reader = session // 4
    note = rng.integers(0, 50, session.size)
    by_reader = differences_in_q(session, arm, reward, cluster=reader)
    assert differences_in_q(session, arm, reward, None, reader, session).se == pytest.approx(
        by_reader.se, rel=1e-6
    )
    both = differences_in_q(session, arm, reward, None, reader, note)
    assert both.value == by_reader.value
    assert both.se > 0.0
    assert both.se != by_reader.se


def test_the_log_of_an_author_side_test():
    found = design("author_side")
    run = log_of(found, lift=0.5)
    events = run._events
    events["view_s"], events["dwell_s"] = 60.0, 0.0
    run.readers = run.readers.assign(sessions=2, clicks=1, time_spent_s=240.0, new_clicks=1)
    effects = session_effects(run, found)
    level = session_levels(run)
    assert level == {"clicks": 0.5, "time_min": 2.0, "new_clicks": 0.5}
    twice = {name: 2 * value for name, value in level.items()}
    readings = {r.reward: r for r in read_sessions(effects, level, twice)}
    assert set(readings) == set(REWARDS)
    of_test = events[events["day"] >= 0]
    n = len(of_test.drop_duplicates(["day", "reader_id"]))
    assert {r.n_sessions for r in readings.values()} == {n}
    assert readings["clicks"].truth == 0.5
    assert readings["time_min"].naive == pytest.approx(0.0, abs=1e-12)
    assert readings["clicks"].low < readings["clicks"].value < readings["clicks"].high
    by_note = session_effects(run, design("author_side", unit="note"))
    assert by_note[0, 0] == effects[0, 0]
    assert by_note[0, 1] != effects[0, 1]
    assert effects_or_none(run, design("plan2")) is None
