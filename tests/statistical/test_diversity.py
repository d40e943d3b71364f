"""What diversity in the rerank does to slates and to sessions, on paired seeds.

With its tables: `python -m pytest -m statistical tests/statistical/test_diversity.py -s`
"""

import sys
from collections.abc import Callable, Mapping

import pandas as pd
import pytest
from scipy import stats

import simulator
from simulator.app.scenario import DEFAULT_RECALL
from tests.support.small_runs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.statistical]

QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"
SEEDS = range(1, 6)
SMALL = {"policies": [], "world.readers.n": 600, "horizon": "3d", "warm_up": "1d"}
SCATTER = {"same_category_gap": 5, "same_cluster_gap": 10}
ARMS: dict[str, dict[str, object]] = {
    "mmr 1.0": {"rerank": {"type": "mmr", "theta": 1.0}},
    "mmr 0.8": {"rerank": {"type": "mmr", "theta": 0.8}},
    "mmr 0.5": {"rerank": {"type": "mmr", "theta": 0.5}},
    "dpp 0.8": {"rerank": {"type": "dpp", "theta": 0.8}},
    "dpp 0.5": {"rerank": {"type": "dpp", "theta": 0.5}},
    "scatter": {"rerank": {"type": "mmr", "theta": 1.0, "rules": SCATTER}},
    "explore": {
        "rerank": {"type": "mmr", "theta": 1.0},
        "recall": [*DEFAULT_RECALL, {"type": "curated"}],
        "exploration.share": 0.02,
    },
}
TIRED = {"world.behavior.fatigue_max": 2.0, "world.behavior.fatigue_impressions": 3.0}


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Callable[..., pd.DataFrame]:
    """Return a function that gives a metric by seed (rows) and arm (columns)."""
    out = tmp_path_factory.mktemp("diversity")

    def run_all(
        metric: str, arms: tuple[str, ...] = tuple(ARMS), world: Mapping[str, object] | None = None
    ) -> pd.DataFrame:
        table = pd.DataFrame(index=list(SEEDS), columns=list(arms), dtype=float)
        for seed in SEEDS:
            for arm in arms:
                overrides = {**SMALL, **(world or {}), **ARMS[arm], "seed": seed}
                options = {"out": out, "resume": True, "keep_events": False}
                table.loc[seed, arm] = simulator.run(QUICKSTART, overrides, **options).metrics[
                    metric
                ]
        show(metric, table)
        return table

    return run_all


def show(title: str, table: pd.DataFrame) -> None:
    """Print means, and paired differences from the first arm with 95 % intervals."""
    change = table.sub(table.iloc[:, 0], axis=0) / table.iloc[:, 0].mean()
    half = stats.t.ppf(0.975, len(table) - 1) * change.sem()
    rows = {"mean": table.mean(), "change": change.mean(), "half width": half}
    sys.stdout.write(f"\n{title}\n{pd.DataFrame(rows).round(4).to_string()}\n")


def test_less_theta_makes_slates_less_alike(measured):
    table = measured("intra_list_similarity")
    for kind in ("mmr", "dpp"):
        falling = table[["mmr 1.0", f"{kind} 0.8", f"{kind} 0.5"]].diff(axis=1).iloc[:, 1:]
        assert (falling < 0).all(axis=None)
    assert (table["scatter"] < table["mmr 1.0"]).all()


def test_less_theta_puts_more_categories_into_a_slate(measured):
    table = measured("distinct_categories_per_slate")
    rising = table[["mmr 1.0", "mmr 0.8", "mmr 0.5"]].diff(axis=1).iloc[:, 1:]
    assert (rising > 0).all(axis=None)
    assert (table["scatter"] > table["mmr 0.8"]).all()


def test_sessions_hardly_notice(measured):
    """Less repetition and less value nearly cancel: no arm moves session length by 5 %."""
    for metric in ("requests_per_session", "time_spent_min_per_dau"):
        table = measured(metric)
        change = table.mean() / table["mmr 1.0"].mean() - 1
        assert change.abs().max() < 0.05


def test_readers_who_tire_quickly_stay_longer_for_variety(measured):
    """The path from repetition to session length is there, and shows where fatigue is strong."""
    table = measured("requests_per_session", ("mmr 1.0", "mmr 0.8", "dpp 0.8"), TIRED)
    gain = table.sub(table["mmr 1.0"], axis=0).iloc[:, 1:]
    assert (gain.mean() > 0).all()


def test_two_percent_explore(measured):
    share = measured("exploration_impression_share", ("explore",))["explore"]
    assert share.between(0.017, 0.023).all()
    ctr = measured("ctr", ("mmr 1.0", "explore"))
    assert (ctr["explore"] - ctr["mmr 1.0"]).mean() < 0.002
