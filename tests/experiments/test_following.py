"""A test day by day, and what arms do to each other, from hand-made runs."""

import numpy as np
import pytest

from simulator.experiments.following import cumulative, displacement
from simulator.experiments.reading import both_levels, read
from tests.experiments.hand_runs import design, run_of


@pytest.fixture(scope="module")
def worlds():
    """Return a test whose treated readers click more, and the worlds of nobody and everybody."""
    found = design("plan2")
    test, control, launch = (run_of(found, gain=gain, seed=4) for gain in (0.05, 0.0, 0.0))
    after = launch.readers["day"] >= 0
    launch.readers.loc[after, "clicks"] += 2
    return found, test, control, launch


def test_the_last_day_is_the_whole_test(worlds):
    found, test, control, launch = worlds
    days = cumulative(test, control, launch, "ctr")
    assert days["day"].tolist() == [0, 1, 2]
    effect = read(test, found).effects["ctr"]
    last = days.iloc[-1]
    assert last["value"] == pytest.approx(effect.difference)
    assert last["low"] == pytest.approx(effect.difference_low)
    before, after = both_levels(control, launch, found)["ctr"]
    assert last["truth"] == pytest.approx(after - before)


def test_intervals_narrow_and_those_of_many_looks_are_wider(worlds):
    _, test, control, launch = worlds
    days = cumulative(test, control, launch, "ctr")
    width = days["high"] - days["low"]
    assert (np.diff(width) < 0).all()
    assert ((days["valid_high"] - days["valid_low"]) > width).all()


def test_what_cannot_be_read_yet_is_left_out(worlds):
    _, test, control, launch = worlds
    days = cumulative(test, control, launch, "impressions_24h")
    assert days["day"].iloc[-1] == 2
    assert np.isfinite(days[["value", "low", "high", "truth"]].to_numpy()).all()


def test_gaps_add_up_to_the_bias_of_plain_means(worlds):
    found, test, control, launch = worlds
    table = displacement(test, control, launch, found).set_index("metric")
    row = table.loc["ctr"]
    gaps = (row["treated_arm"] - row["launch_world"]) - (row["control_arm"] - row["control_world"])
    effect = read(test, found).effects["ctr"]
    before, after = both_levels(control, launch, found)["ctr"]
    assert gaps == pytest.approx(effect.unadjusted - (after - before))
    assert {"ctr", "fulfilled"} <= set(table.index)


def test_only_randomised_sides_are_compared(worlds):
    _, test, control, launch = worlds
    sides = displacement(test, control, launch, design("author_side"))
    assert "ctr" not in set(sides["metric"])
    assert displacement(test, control, launch, design("switchback")).empty
