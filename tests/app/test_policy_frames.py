"""Recovery after a shock and drift of a long run, on series whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from simulator.app.policy_frames import _recovery, _trend
from simulator.reports.policies import ShockMark


def table(series, metric="quota_fulfilment", variant="p"):
    rows = [
        {"variant": variant, "seed": seed, "metric": metric, "day": float(day), "value": value}
        for seed, values in enumerate(series)
        for day, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("after", "days"),
    [
        ([0.8, 0.8, 0.8, 0.8], 0.0),
        ([0.4, 0.6, 0.79, 0.8], 2.0),
        ([0.4, 0.4, 0.8, 0.4, 0.8, 0.8], 4.0),
        ([0.4, 0.4, 0.4, 0.4], np.inf),
    ],
)
def test_days_until_a_policy_is_back(after, days):
    metrics = table([[0.8] * 5 + after] * 3)
    row = _recovery(metrics, (ShockMark("traffic", 5.0),)).iloc[0]
    assert row["median_days"] == days
    assert row["never"] == float(np.isinf(days))
    assert row["before"] == pytest.approx(0.8)
    assert row["lowest"] == pytest.approx(min(after))


def test_without_a_shock_there_is_nothing_to_recover_from():
    assert _recovery(table([[0.8] * 5]), ()).empty


def test_drift_is_relative_and_per_thirty_days():
    rng = np.random.default_rng(1)
    days = np.arange(60)
    growing = [1 + 0.002 * (days - 50) + rng.normal(0, 0.002, 60) for _ in range(6)]
    found = _trend(table(growing, "dau")).iloc[0]
    assert found["drift"] == pytest.approx(0.06, abs=0.01)
    assert found["drift_low"] < found["drift"] < found["drift_high"]
    still = [np.where(days < 30, 0.5, 1.0) + rng.normal(0, 0.01, 60) for _ in range(6)]
    found = _trend(table(still, "dau")).iloc[0]
    assert found["level"] == pytest.approx(1, abs=0.01)
    assert found["drift_low"] < 0 < found["drift_high"]


def test_short_runs_have_no_drift():
    assert _trend(table([[1.0] * 20], "dau")).empty
