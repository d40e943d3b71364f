"""Differences between runs: direction, paired days, and what JSON and the table say."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from simulator.app.cli import tables
from simulator.app.cli.console import jsonable, stdout
from simulator.app.compare import compare, daily_interval, verdict
from simulator.metrics.families import metrics

METRICS = {metric.name: metric for metric in metrics()}


def make_run(name: str, totals: dict, daily: dict | None = None, seed: int = 1):
    return SimpleNamespace(
        folder=Path("runs") / name,
        manifest=SimpleNamespace(name=name, seed=seed, policies=()),
        digest=f"digest of {name}",
        metrics=pd.Series({metric: totals.get(metric, np.nan) for metric in METRICS}),
        daily=pd.DataFrame(daily or {metric: [np.nan] for metric in METRICS}),
    )


@pytest.mark.parametrize(
    ("name", "difference", "expected"),
    [
        ("ctr", 0.01, "better"),
        ("ctr", -0.01, "worse"),
        ("hide_rate", -0.01, "better"),
        ("hide_rate", 0.01, "worse"),
        ("calibration", 0.3, "neutral"),
        ("ctr", 0.0, "same"),
        ("ctr", None, "unknown"),
    ],
)
def test_the_verdict_follows_the_direction_of_the_metric(name, difference, expected):
    assert verdict(METRICS[name], difference) == expected


def test_differences_are_to_the_first_run():
    runs = [
        make_run("a", {"ctr": 0.04, "dau": 100.0, "high_heat_share": 0.0}),
        make_run("b", {"ctr": 0.05, "high_heat_share": 0.1}, seed=2),
        make_run("c", {"ctr": 0.03, "dau": 110.0}, seed=2),
    ]
    found = compare(runs, ["ctr", "dau", "high_heat_share"])
    assert [metric.name for metric in found.metrics] == ["ctr", "dau", "high_heat_share"]
    ctr = found.of("ctr", 1)
    assert ctr.difference == pytest.approx(0.01)
    assert ctr.relative == pytest.approx(0.25)
    assert found.of("ctr", 2).verdict == "worse"
    assert found.of("dau", 1).difference is None
    assert found.of("dau", 2).relative == pytest.approx(0.1)
    assert found.of("high_heat_share", 1).difference == pytest.approx(0.1)
    assert found.of("high_heat_share", 1).relative is None
    assert not found.is_paired


def test_json_names_runs_by_folder_and_has_no_nan():
    runs = [make_run("a", {"ctr": 0.04}), make_run("b", {"ctr": 0.05}, seed=2)]
    value = json.loads(json.dumps(jsonable(compare(runs).as_json()), allow_nan=False))
    assert [run["run"] for run in value["runs"]] == ["runs/a", "runs/b"]
    assert value["runs"][0]["metrics"]["ctr"] == 0.04
    assert value["runs"][0]["metrics"]["dau"] is None
    assert set(value["runs"][0]) == {"run", "name", "digest", "metrics"}
    assert len(value["differences"]) == len(METRICS)
    assert {d["run"] for d in value["differences"]} == {"runs/b"}


def test_the_daily_interval_is_a_paired_t_interval():
    a = [0.031, 0.034, 0.029, 0.036, math.nan, 0.033]
    b = [0.035, 0.033, 0.033, 0.039, 0.040, 0.036]
    found = daily_interval(dict(enumerate(a)), dict(enumerate(b)))
    kept = [i for i in range(6) if i != 4]
    expected = ttest_rel([b[i] for i in kept], [a[i] for i in kept]).confidence_interval(0.95)
    assert found.days == 5
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    assert found.mean == pytest.approx(np.mean([b[i] - a[i] for i in kept]))


def test_two_days_are_too_few_for_an_interval():
    assert daily_interval({0: 1.0, 1: 2.0, 2: math.nan}, {0: 1.5, 1: 2.5, 2: 3.0}) is None
    assert daily_interval({0: 1.0, 1: 2.0}, {5: 1.0}) is None


def test_the_table_shows_arrows_by_sign_and_words_by_direction(capsys):
    runs = [
        make_run("a", {"ctr": 0.04, "hide_rate": 0.01, "calibration": 1.0}),
        make_run("b", {"ctr": 0.05, "hide_rate": 0.02, "calibration": 0.9}, seed=2),
    ]
    tables.print_comparison(stdout(), compare(runs, ["ctr", "hide_rate", "calibration", "lt7"]))
    rows = {words[0]: words[1:] for words in map(str.split, capsys.readouterr().out.splitlines())}
    assert rows["ctr"] == ["4.00", "%", "5.00", "%", "+1.00", "pp", "+25.0", "%", "▲", "better"]
    assert rows["hide_rate"] == ["1.00", "%", "2.00", "%", "+1.00", "pp", "+100", "%", "▲", "worse"]
    assert rows["calibration"] == ["1.00", "0.900", "−0.100", "−10.0", "%", "▼"]
    assert rows["lt7"] == ["–"] * 4


def test_colours_follow_the_verdict(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    runs = [make_run("a", {"hide_rate": 0.02}), make_run("b", {"hide_rate": 0.01}, seed=2)]
    comparison = compare(runs, ["hide_rate"])
    tables.print_comparison(stdout(), comparison)
    assert "\x1b[32m▼ better" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    tables.print_comparison(stdout(), comparison)
    out = capsys.readouterr().out
    assert "▼ better" in out
    assert "\x1b[32m" not in out


def test_daily_intervals_are_listed_by_run(capsys):
    days = {metric: [np.nan] * 4 for metric in METRICS}
    a = make_run("a", {"ctr": 0.04}, {**days, "ctr": [0.04, 0.05, 0.03, 0.04]})
    b = make_run("b", {"ctr": 0.05}, {**days, "ctr": [0.05, 0.06, 0.04, 0.05]}, seed=2)
    tables.print_daily_intervals(stdout(), compare([a, b]))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].split()[:4] == ["ctr", "2", "+1.00", "pp"]
