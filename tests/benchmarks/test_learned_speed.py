"""Cost of the funnel that learns, beside the default one, in one run.

`python -m pytest -m benchmark tests/benchmarks/test_learned_speed.py -s`
"""

import sys

import pytest

from simulator.app.bench import Plan, measure_apart

pytestmark = pytest.mark.benchmark

READERS, FROM_H, UNTIL_H = 10_000, 30, 36
"""The second morning: models have been trained in the night before."""

MOST_TRAINING = 0.30
"""Share of the time that training may take in the standard world, nights included."""

MOST_COST_RATIO = 4.0
"""Serving an impression with everything on, beside the linear funnel; a floor against faults."""


def test_learning_costs_a_small_multiple_of_the_linear_funnel():
    cost = {}
    for scenario in (None, "learned"):
        plan = Plan(READERS, days=2, from_h=FROM_H, until_h=UNTIL_H, scenario=scenario)
        found = measure_apart(plan)
        training = sum(s for name, s in found.stages.items() if name.startswith("train"))
        cost[scenario] = (found.cpu_s - training) / found.impressions
        sys.stdout.write(
            f"\n{scenario or 'default'}: {1 / cost[scenario]:,.0f} impressions per CPU second of "
            f"serving, training {training / found.cpu_s:.0%} of the time\n"
        )
    assert cost["learned"] <= MOST_COST_RATIO * cost[None]


def test_training_takes_less_than_a_third_of_the_standard_world():
    plan = Plan(20_000, days=3, from_h=FROM_H, until_h=72, scenario="standard_learned")
    found = measure_apart(plan)
    training = sum(s for name, s in found.stages.items() if name.startswith("train"))
    sys.stdout.write(f"\nstandard_learned: training {training / found.cpu_s:.0%} of the time\n")
    assert training / found.cpu_s <= MOST_TRAINING
