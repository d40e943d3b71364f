"""Knobs are drawn from the models of blocks, with ends that make sense."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.knobs import BLOCKS, Knob, groups, nice, plain_block, types_of
from simulator.app import api
from simulator.app.files import bundled_scenarios


def knobs_of(name: str, block: str, **overrides: object) -> dict[str, Knob]:
    scenario = api.resolve(name, overrides)
    return {knob.path: knob for group in groups(scenario, block) for knob in group.knobs}


@pytest.mark.parametrize("name", ["standard_learned", "quota", "separate_queues"])
def test_every_knob_can_be_laid_back_without_a_change(name: str) -> None:
    scenario = api.resolve(bundled_scenarios()[name])
    for block in BLOCKS:
        values = {k.path: k.value for g in groups(scenario, block) for k in g.knobs}
        kept = {path: value for path, value in values.items() if value is not None}
        assert api.resolve(scenario, kept) == scenario


def test_a_knob_tells_its_range_unit_help_and_default() -> None:
    knob = knobs_of("quickstart", "policies")["policies[0].coefficient"]
    assert (knob.kind, knob.low, knob.high, knob.default) == ("float", 0.1, 100, 2.0)
    assert knob.slider == (0.1, 10.0)  # cut: 100 is far from what matters
    assert "Coefficient" in knob.help
    age = knobs_of("quickstart", "policies")["policies[0].max_age"]
    assert (age.kind, age.value) == ("duration", "1d")
    assert {"6h", "1d", "30d"} <= set(age.spans)
    stages = knobs_of("quota", "policies")["policies[0].later_stages"]
    assert (stages.kind, stages.columns) == ("rows", ("target", "window"))
    assert knobs_of("quickstart", "queues")["queues.type"].choices == ("free", "separate")


def test_the_table_is_there_under_its_rule_alone() -> None:
    path = "policies[0].table"
    assert path not in knobs_of("quota", "policies")
    grid = knobs_of("quota", "policies", **{"policies[0].rule": "table"})[path]
    assert grid.kind == "grid"
    assert grid.value[3] == [1.3, 1.2, 1.1, 1.0]


def test_the_table_of_the_step_and_the_same_cells_give_the_same_policy() -> None:
    import numpy as np

    from policies.pacing import lookup_boost, table_boost

    grid = knobs_of("quota", "policies", **{"policies[0].rule": "table"})["policies[0].table"]
    t, x = np.meshgrid(np.linspace(0, 1.5, 61), np.linspace(0, 1.5, 61))
    np.testing.assert_allclose(lookup_boost(t, x, grid.value), table_boost(t, x))


def test_sliders_hold_the_value_within_the_allowed_range() -> None:
    for name in ("quickstart", "quota", "standard_learned"):
        for block in BLOCKS:
            for knob in knobs_of(name, block).values():
                if knob.slider is not None and isinstance(knob.value, int | float):
                    low, high = knob.slider
                    assert low <= knob.value <= high, knob.path
                    assert knob.low is None or knob.low <= low
                    assert knob.high is None or high <= knob.high


@given(st.floats(1e-6, 1e9))
def test_nice_numbers_are_at_least_the_value_and_not_far(value: float) -> None:
    found = nice(value)
    assert value <= found * (1 + 1e-6)
    assert found <= 2.51 * value
    assert math.isfinite(found)


def test_policies_name_what_they_are_and_are_written_short() -> None:
    assert types_of("policies")["boost"].startswith("Value × coefficient")
    policy = api.resolve("quickstart").policies[0]
    assert plain_block(policy) == {"type": "boost", "coefficient": 1.5, "until_impressions": 20}
