"""From sweep files to cells."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulator.sweeps.config import SweepConfig
from simulator.sweeps.plan import baseline_of, cells, variants


def config(**fields):
    fields = {"name": "s", "scenario": "smoke", "seeds": 2, **fields}
    return SweepConfig.model_validate_json(json.dumps(fields), strict=True)


def test_cases_grid_and_zip_multiply():
    sweep = config(
        cases=[{"name": "a"}, {"name": "b", "set": {"x": 1}}],
        grid={"g": [1, 2], "h": ["u"]},
        zip={"p": [1, 2, 3], "q": [4, 5, 6]},
        set={"always": True},
    )
    found = variants(sweep)
    assert len(found) == 2 * 2 * 3
    assert len({variant.label for variant in found}) == len(found)
    assert all(variant.settings["always"] for variant in found)
    assert {(v.settings["p"], v.settings["q"]) for v in found} == {(1, 4), (2, 5), (3, 6)}
    assert found[0].label == "a g=1 h=u p=1 q=4"
    assert [("x" in v.settings) for v in found] == [False] * 6 + [True] * 6


def test_all_variants_of_a_seed_come_together():
    every = cells(config(grid={"g": [1, 2]}), first_seed=7)
    assert [(c.index, c.seed, c.settings["g"]) for c in every] == [
        (0, 7, 1), (1, 7, 2), (2, 8, 1), (3, 8, 2),
    ]  # fmt: skip
    assert [c.seed for c in cells(config(seeds=[5, 3]), 1)] == [5, 3]
    assert every[3].settings == {"g": 2, "seed": 8}


def test_the_first_case_is_the_baseline_unless_one_is_named():
    cases = [{"name": "a"}, {"name": "b"}]
    assert baseline_of(config(cases=cases)) == "a"
    assert baseline_of(config(cases=cases, baseline="b")) == "b"
    assert baseline_of(config(grid={"world.readers.n": [5]})) == "n=5"


@given(
    st.integers(1, 40),
    st.floats(0.01, 10),
    st.floats(0.1, 100),
    st.sampled_from(["linear", "log"]),
)
def test_samples_fill_their_ranges(n, low, width, scale):
    space = {"a": {"low": low, "high": low + width, "scale": scale}}
    found = [v.settings["a"] for v in variants(config(sample={"n": n, "space": space}))]
    assert len(found) == n
    assert all(low * (1 - 1e-5) <= x <= (low + width) * (1 + 1e-5) for x in found)


def test_samples_are_spread_evenly_and_repeat():
    space = {"a": {"low": 0, "high": 1}, "b": {"low": 1, "high": 100, "scale": "log"}}
    sweep = config(sample={"n": 64, "space": space})
    found = np.array([[v.settings["a"], v.settings["b"]] for v in variants(sweep)])
    counts = np.histogram(found[:, 0], bins=8, range=(0, 1))[0]
    assert counts.tolist() == [8] * 8
    assert np.median(found[:, 1]) == pytest.approx(10, rel=0.1)
    again = np.array([[v.settings["a"], v.settings["b"]] for v in variants(sweep)])
    np.testing.assert_array_equal(found, again)
    whole = config(sample={"n": 4, "space": {"a": {"low": 1, "high": 9, "whole": True}}})
    assert all(isinstance(v.settings["a"], int) for v in variants(whole))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cases": [{"name": "a"}, {"name": "a"}]}, "name of its own"),
        ({"cases": [{"name": "a"}], "baseline": "b"}, "no case 'b'"),
        ({"zip": {"a": [1], "b": [1, 2]}}, "same length"),
        ({"grid": {"a": []}}, "value or more"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": [1, 1]}, "only once"),
        ({"sample": {"n": 2, "space": {"a": {"low": 2, "high": 1}}}}, "at most high"),
        ({"name": "No Spaces"}, "lower-case"),
        ({"sed": 3}, "sed"),
    ],
)
def test_mistakes_are_refused(fields, words):
    with pytest.raises(ValidationError, match=words):
        config(**fields)
