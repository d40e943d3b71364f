"""Tables of the comparison, against hand-made notes and a tiny run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard.frames import compare as frames
from dashboard.frames.compare_table import long_table
from simulator.contracts.events import HOUR_S
from simulator.results.params import MetricParams
from simulator.results.result import Result


def _run(notes: pd.DataFrame) -> Any:
    params = MetricParams(warm_up_days=0, measured_days=3, threshold_scale=0.1)
    return SimpleNamespace(notes=notes, manifest=SimpleNamespace(params=params))


def _notes(impressions: list[int], reached_h: list[float], creators: list[int]) -> pd.DataFrame:
    n = len(impressions)
    return pd.DataFrame(
        {
            "creator_id": creators,
            "published_day": np.zeros(n, int),
            "published_t": np.zeros(n),
            "impressions_24h": impressions,
            "reached_target_t": np.array(reached_h) * HOUR_S,
        }
    )


def test_lorenz_of_equal_notes_is_the_diagonal() -> None:
    curve, gini = frames.lorenz(_run(_notes([5, 5, 5, 5], [np.nan] * 4, [0, 1, 2, 3])))
    assert gini == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(curve["impressions"], curve["notes"])


def test_lorenz_of_one_note_with_everything() -> None:
    curve, gini = frames.lorenz(_run(_notes([0, 0, 0, 8], [np.nan] * 4, [0, 1, 2, 3])))
    assert gini == pytest.approx(0.75)
    assert curve.loc[curve["notes"] <= 0.75, "impressions"].max() == pytest.approx(0)


def test_lorenz_without_impressions_has_no_gini() -> None:
    curve, gini = frames.lorenz(_run(_notes([0, 0], [np.nan] * 2, [0, 1])))
    assert curve.empty
    assert np.isnan(gini)


def test_fulfilment_counts_notes_that_have_reached_the_target() -> None:
    curve = frames.fulfilment(_run(_notes([1] * 4, [1.0, 2.5, 24.0, np.nan], [0, 1, 2, 3])))
    by_hour = curve.set_index("hour")["share"]
    assert by_hour[[0, 1, 2, 3, 24]].tolist() == [0, 0.25, 0.25, 0.5, 0.75]
    assert (curve["low"] <= curve["share"] + 1e-12).all()
    assert (curve["share"] <= curve["high"] + 1e-12).all()


def test_notes_without_a_whole_window_are_left_out() -> None:
    late = _notes([1], [1.0], [0]).assign(published_t=2.5 * 24 * HOUR_S, published_day=2)
    assert frames.fulfilment(_run(late)).empty


def test_gini_is_that_of_the_metric(full_workspace: Path) -> None:
    for run in _results(full_workspace):
        assert frames.lorenz(run)[1] == pytest.approx(run.metrics["impression_gini_new"])


def test_last_hour_is_the_metric(full_workspace: Path) -> None:
    for run in _results(full_workspace):
        last = frames.fulfilment(run)["share"].iloc[-1]
        assert last == pytest.approx(run.metrics["quota_fulfilment"])


def test_the_same_world_is_paired_and_another_seed_is_not(
    full_workspace: Path, other_seed: Result
) -> None:
    natural, boosted = _results(full_workspace)
    assert frames.is_paired(natural, boosted)
    assert not frames.is_paired(natural, other_seed)
    found = frames.comparison((natural, boosted, other_seed))
    paired = {run.folder.name: frames.is_paired(natural, run) for run in found.runs[1:]}
    table = long_table(found, paired)
    assert len(table) == 2 * len(found.metrics)
    gaps = table.dropna(subset=["difference"])
    np.testing.assert_allclose(gaps["value"] - gaps["baseline"], gaps["difference"])
    assert set(table.loc[table["run"] == other_seed.folder.name, "paired"]) == {False}


def test_differences_are_against_the_same_day_of_the_baseline(full_workspace: Path) -> None:
    runs = tuple(_results(full_workspace))
    found = frames.comparison(runs)
    days = frames.daily(found, "ctr").set_index(["run", "day"])
    first, second = (run.folder.name for run in runs)
    assert (days.loc[first, "difference"] == 0).all()
    gap = days.loc[second, "value"] - days.loc[first, "value"]
    np.testing.assert_allclose(gap, days.loc[second, "difference"])


def test_the_diff_names_what_was_changed(full_workspace: Path) -> None:
    natural, boosted = _results(full_workspace)
    text = frames.scenario_changes(natural, boosted)
    assert "+- type: boost" in text.replace("  ", "") or "boost" in text
    assert not frames.scenario_changes(natural, natural)


def _results(root: Path) -> list[Result]:
    found = [Result.open(path) for path in sorted((root / "runs").iterdir())]
    return sorted(found, key=lambda run: run.manifest.name, reverse=True)
