"""Small worlds of a scenario, and paired differences of previews."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dashboard.frames.tune import HEADLINES, chart_frame, rows, verdict
from simulator.app import api
from simulator.app.preview import Size, metrics_of, small_world
from simulator.app.trial import TINY
from simulator.engine.replication import InterruptedRunError
from simulator.metrics.families import metrics

KNOWN = {metric.name: metric for metric in metrics()}


def test_a_small_world_keeps_what_is_tuned_and_shrinks_the_rest() -> None:
    full = api.resolve("standard", {"policies": [{"type": "boost"}]})
    small = small_world(full, 7, Size(200, 1, 2))
    assert (small.world.readers.n, small.seed, small.horizon_s // 86_400) == (200, 7, 2)
    assert small.serving_window_s == 600
    assert (small.policies, small.thresholds, small.recall) == (
        full.policies,
        full.thresholds,
        full.recall,
    )


def test_shocks_after_the_end_are_left_out() -> None:
    shocks = [{"type": "publishing", "at": at, "factor": 3} for at in ("1d", "4d")]
    full = api.resolve("quickstart", {"shocks": shocks})
    assert [shock.at for shock in small_world(full, 1).shocks] == [86_400]


def test_metrics_are_those_of_a_run_when_windows_are_short(tmp_path: Path) -> None:
    scenario = api.resolve({**TINY, "policies": [{"type": "boost"}]})
    run = api.run(scenario, out=tmp_path)
    found = metrics_of(scenario)
    for name, value in run.metrics.items():
        other = found[str(name)]
        assert (other is None and math.isnan(value)) or other == value, name


def test_a_small_world_can_be_stopped() -> None:
    with pytest.raises(InterruptedRunError):
        metrics_of(api.resolve(TINY), lambda: True)


def test_differences_are_paired_by_seed() -> None:
    pairs = [({"ctr": 0.1 * i}, {"ctr": 0.1 * i + 0.01}) for i in (1, 2, 5)]
    row = rows(pairs, ("ctr",))[0]
    assert row.n == 3
    assert row.difference == pytest.approx(0.01)
    assert row.low == pytest.approx(0.01)  # what seeds share is gone
    assert row.verdict == "good"


def test_what_is_not_defined_is_left_out_of_the_chart() -> None:
    pairs = [({"ctr": 0.1, "hide_rate": None}, {"ctr": 0.2, "hide_rate": 0.1})] * 2
    frame = chart_frame(rows(pairs), {"ctr": "CTR"})
    assert list(frame["metric"]) == ["CTR"]
    assert chart_frame(rows([], HEADLINES), {}).empty


def test_a_verdict_needs_an_interval_without_zero_and_a_direction() -> None:
    assert verdict(KNOWN["ctr"], -1.0, 1.0) == "unclear"
    assert verdict(KNOWN["ctr"], math.nan, math.nan) == "unclear"
    assert verdict(KNOWN["ctr"], -2.0, -1.0) == "bad"
    assert verdict(KNOWN["hide_rate"], -2.0, -1.0) == "good"
    assert verdict(KNOWN["new_note_impression_share"], 1.0, 2.0) == "changed"
