"""Facts about the platform as a whole, on the quickstart world, over several seeds.

With its tables: `python -m pytest -m statistical tests/statistical/test_funnel_facts.py -s`
"""

import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import simulator
from simulator.results.result import Result
from tests.support.small_runs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.statistical]

QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"
SEEDS = range(1, 6)
COEFFICIENTS = (1.0, 1.5, 2.0, 4.0)
ERROR_RATE = 1e-3


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Callable[[int, float], Result]:
    """Return a function that runs the quickstart world once for each seed and coefficient."""
    out = tmp_path_factory.mktemp("funnel")

    def run_once(seed: int, coefficient: float = 1.0) -> Result:
        policies = [{"type": "boost", "coefficient": coefficient}] if coefficient != 1 else []
        overrides = {"seed": seed, "policies": policies}
        return simulator.run(QUICKSTART, overrides, out=out, resume=True, keep_events=False)

    return run_once


def show(title: str, table: pd.DataFrame) -> None:
    sys.stdout.write(f"\n{title}\n{table.round(5).to_string()}\n")


def test_new_notes_get_their_natural_share(run):
    share = pd.Series({seed: run(seed).metrics["new_note_impression_share"] for seed in SEEDS})
    show("natural share of new notes", share.to_frame().T)
    assert share.between(0.01, 0.05).all()


def by_coefficient(run: Callable[[int, float], Result], metric: str) -> pd.DataFrame:
    """Return a metric by seed (rows) and coefficient (columns)."""
    table = pd.DataFrame(
        {c: {seed: run(seed, c).metrics[metric] for seed in SEEDS} for c in COEFFICIENTS}
    )
    show(f"{metric} by seed and coefficient", pd.concat([table, table.mean().to_frame("mean").T]))
    return table


def test_a_boost_buys_exposure(run):
    steps = by_coefficient(run, "new_note_impression_share").diff(axis=1).iloc[:, 1:]
    assert (steps > 0).all(axis=None)


def test_a_boost_is_paid_for_with_clicks(run):
    """A step of a half moves the rate by less than its error; doublings show."""
    table = by_coefficient(run, "new_note_ctr")
    doublings = table[[1.0, 2.0, 4.0]].diff(axis=1).iloc[:, 1:]
    assert (doublings.mean() < 0).all()
    assert (table[4.0] < table[1.0]).all()
    steps = table.diff(axis=1).iloc[:, 1:]
    assert (steps.mean() < 2 * steps.sem()).all()


def test_after_the_warm_up_the_platform_stands_still(run):
    for metric in ("dau", "ctr", "impressions_per_dau"):
        check_trend(metric, pd.DataFrame({seed: run(seed).daily[metric] for seed in SEEDS}))


def test_new_notes_need_a_week_of_warm_up(tmp_path):
    """Their share rises until what readers were shown before the start has been replaced."""
    metric = "new_note_impression_share"
    daily = {}
    for seed in SEEDS:
        overrides = {"seed": seed, "policies": [], "warm_up": "7d"}
        options = {"out": tmp_path, "keep_events": False}
        daily[seed] = simulator.run(QUICKSTART, overrides, **options).daily[metric]
    check_trend(metric, pd.DataFrame(daily))


def check_trend(metric: str, daily: pd.DataFrame) -> None:
    """Test the slopes over the measured days, one a seed, for a mean of 0.

    Args:
        metric: name of the metric.
        daily: one row a day, one column a seed.
    """
    slopes = np.polyfit(daily.index, daily / daily.mean(), 1)[0]
    t, p = stats.ttest_1samp(slopes, 0.0)
    show(f"{metric} by day and seed", daily)
    sys.stdout.write(f"slope a day {slopes.mean():+.3%} (t {t:.2f}, p {p:.4f})\n")
    assert p > ERROR_RATE
    assert abs(slopes.mean()) < 0.05
