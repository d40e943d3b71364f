"""Serving in windows and one by one must agree.

The whole comparison, with its table:
`python -m pytest -m statistical tests/statistical/test_serving_window.py -s`
"""

import sys

import numpy as np
import pandas as pd
import pytest

from tests.statistical.serving_window import compare_windows, paired_tests
from tests.support.small_runs import ROOT

SMOKE = ROOT / "scenarios" / "smoke.yaml"
ERROR_RATE = 1e-3
"""Probability of a false alarm over all metrics together (Holm)."""


def assert_equal(table: pd.DataFrame) -> None:
    sys.stdout.write(f"\n{table.sort_values('p').round(5).to_string()}\n")
    different = table.index[table["p_holm"] < ERROR_RATE].tolist()
    assert not different, table.loc[different].to_string()


@pytest.mark.statistical
def test_small_worlds_agree(tmp_path):
    changes = {"horizon": "1d", "warm_up": "0d", "world.readers.n": 100}
    table = compare_windows(SMOKE, (0, 120), range(1, 7), tmp_path, changes)
    assert {"ctr", "new_note_impression_share", "impressions_per_dau"} <= set(table.index)
    assert (table["a"] != table["b"]).sum() > 10
    assert_equal(table)


@pytest.mark.slow
@pytest.mark.statistical
def test_twenty_smoke_worlds_agree(tmp_path):
    table = compare_windows(SMOKE, (0, 120), range(1, 21), tmp_path)
    assert len(table) > 30
    assert_equal(table)


def test_a_difference_would_be_found():
    rng = np.random.default_rng(1)
    names, seeds = [f"metric_{i}" for i in range(35)], range(20)
    a = pd.DataFrame(rng.normal(1.0, 0.1, (35, 20)), names, seeds)
    b = a + rng.normal(0.0, 0.01, (35, 20))
    assert (paired_tests(a, b)["p_holm"] > ERROR_RATE).all()
    b.loc["metric_7"] += 0.02
    a.loc["metric_9", :16] = np.nan
    table = paired_tests(a, b)
    assert table.index[table["p_holm"] < ERROR_RATE].tolist() == ["metric_7"]
    assert "metric_9" not in table.index
    assert table.loc["metric_7", "difference"] == pytest.approx(0.02, abs=0.01)


def test_false_alarms_are_as_rare_as_stated():
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(200):
        a = pd.DataFrame(rng.normal(size=(20, 6)))
        b = a + rng.standard_normal((20, 6))
        alarms += (paired_tests(a, b)["p_holm"] < 0.2).any()
    assert 15 <= alarms <= 62
