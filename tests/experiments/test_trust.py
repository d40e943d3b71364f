"""Checks that come before the numbers of a test: known answers on small tables."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.experiments.analysis import Mean, Ratio, peeking_rate
from simulator.experiments.errors import AnalysisError
from simulator.experiments.trust import LIMITS, Record, trust_checks
from simulator.experiments.trust.units import drift, leverage, rows_of

RECORD = Record(primary="y", control="control")


def table_of(control, treatment, **columns):
    arm = ["control"] * len(control) + ["treatment"] * len(treatment)
    y = [*control, *treatment]
    return pd.DataFrame({"unit": range(len(y)), "arm": arm, "y": y, **columns})


def checks(table, record=RECORD, metrics=("y",), limits=LIMITS):
    found = trust_checks(table, metrics, "unit", "arm", record, limits)
    return {check.name: check for check in found}


def test_one_unit_of_a_hundred_holds_what_it_holds():
    table = table_of([0.0, 2.0, 0.0, 2.0], [1.0, 1.0, 1.0, 9.0])
    rows = rows_of(table, Mean("y"), "unit", "arm", "control", None)
    share, worst = leverage(rows)
    # Squares about the means: 1 each in control; 4, 4, 4 and 36 in treatment.
    assert share == pytest.approx(36 / 52)
    assert worst == 7
    found = checks(table)["outliers"]
    assert found.flagged
    assert found.value == pytest.approx(36 / 52)


def test_leverage_of_a_ratio_is_that_of_what_a_unit_adds_to_it():
    table = table_of([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], n=[1.0, 2.0, 3.0, 1.0, 2.0, 3.0])
    share, _ = leverage(rows_of(table, Ratio("y", "n"), "unit", "arm", "control", None))
    assert share == 0.0, "every unit has the ratio of all"


@given(st.floats(-2, 2), st.floats(-5, 5))
def test_the_slope_of_the_effect_is_the_planted_one(slope, level):
    days = np.tile(np.arange(4.0), 20)
    unit = np.repeat(np.arange(20), 4)
    treated = unit >= 10
    own = 0.1 * (unit % 10)
    y = own + treated * (level + slope * days)
    table = pd.DataFrame({"unit": unit, "arm": treated.astype(int), "day": days, "y": y})
    found, effect, _ = drift(rows_of(table, Mean("y"), "unit", "arm", 0, "day"))
    assert found == pytest.approx(slope, abs=1e-9)
    assert effect == pytest.approx(level + 1.5 * slope, abs=1e-9)


def test_an_effect_that_fades_is_told_from_one_that_grows():
    rng = np.random.default_rng(3)
    unit, day = np.repeat(np.arange(200), 5), np.tile(np.arange(5), 200)
    treated = unit >= 100
    noise = rng.normal(0, 0.3, unit.size)
    record = replace(RECORD, control=0, day="day")
    for effect, word in ((2.0 - 0.4 * day, "fades"), (0.4 * day, "grows"), (1.0, "no trend")):
        table = pd.DataFrame(
            {"unit": unit, "arm": treated * 1, "day": day, "y": noise + treated * effect}
        )
        found = checks(table, record)["novelty"]
        assert word in found.finding
        assert found.flagged == (word != "no trend")


def test_looks_without_correction_have_their_known_price():
    assert peeking_rate([1.0]) == pytest.approx(0.05, abs=1e-9)
    # Table 2 of Armitage, McPherson and Rowe (1969): 2, 5 and 10 looks at the 5 % level.
    for n, rate in ((2, 0.083), (5, 0.142), (10, 0.193)):
        assert peeking_rate(np.arange(1, n + 1) / n) == pytest.approx(rate, abs=6e-4)
    with pytest.raises(AnalysisError, match="must rise"):
        peeking_rate([0.5, 0.5])
    table = table_of(range(9), range(9))
    often = replace(RECORD, looks=(0.2, 0.4, 0.6, 0.8, 1.0))
    assert checks(table, often)["peeking"].flagged
    assert not checks(table, replace(often, sequential=True))["peeking"].flagged
    assert not checks(table)["peeking"].flagged


def test_a_metric_that_was_not_agreed_on_must_stand_among_all():
    rng = np.random.default_rng(1)
    noise = {f"m{k}": rng.normal(size=400) for k in range(20)}
    halves = noise["m0"].reshape(2, 200)
    halves = (halves - halves.mean(axis=1, keepdims=True)) / halves.std(axis=1, keepdims=True)
    noise["m0"] = np.add(halves, [[0.0], [0.3]]).ravel()  # three standard errors: p = 0.003
    table = table_of(rng.normal(size=200), rng.normal(size=200), **noise)
    names = ["y", *noise]
    claimed = replace(RECORD, claimed="m0")
    assert checks(table, claimed, names)["metric_fishing"].flagged
    assert not checks(table, claimed, ["y", "m0"])["metric_fishing"].flagged
    assert not checks(table, RECORD, names)["metric_fishing"].flagged


def test_pools_and_ledgers_are_read_where_they_are_given():
    table = table_of(range(9), range(9))
    pools = pd.DataFrame({"arm": ["a", "b"], "new_share": [0.5, 0.5], "old_share": [1.0, 1.0]})
    ledger = pd.DataFrame({"promised": [20.0] * 30, "treatment": [18.0, 19.0, 20.0] * 10})
    bad = checks(table, replace(RECORD, pools=pools, ledger=ledger))
    assert bad["thin_pool"].flagged
    assert bad["shared_quota"].flagged
    assert bad["shared_quota"].value == pytest.approx(1.9)
    split = replace(RECORD, ledger=ledger.assign(treatment=[9.0, 10.0, 8.0] * 10))
    assert not checks(table, split)["shared_quota"].flagged
    for name in ("thin_pool", "shared_quota", "novelty"):
        unmade = checks(table)[name]
        assert not unmade.flagged
        assert math.isnan(unmade.value)
        assert "not checked" in unmade.finding


def test_units_in_both_arms_are_counted_and_left_out():
    table = table_of(range(9), range(9))
    table.loc[10, "unit"] = 0
    found = checks(table)
    assert found["contamination"].flagged
    assert found["contamination"].value == 1
    assert found["sample_ratio"].finding.startswith("8 and 8 units")


def test_what_cannot_be_checked_is_refused():
    table = table_of(range(9), range(9))
    with pytest.raises(AnalysisError, match="no metric 'z'"):
        checks(table, replace(RECORD, claimed="z"))
    three = pd.concat([table, table.assign(arm="other", unit=table["unit"] + 99)])
    with pytest.raises(AnalysisError, match="two arms"):
        checks(three)
    with pytest.raises(AnalysisError, match="share"):
        Record(primary="y", share=1.0)
