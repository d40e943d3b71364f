"""The benchmark: what it counts, and one real measurement of a very small world."""

import json
import sys
from dataclasses import asdict

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator.app import bench, bench_worker
from simulator.app.bench import Plan, SizeCost, growth, stage_table
from simulator.app.cli.application import app
from simulator.app.memory import deep_bytes, process_memory


def make_cost(readers: int, **changes: object) -> SizeCost:
    values = {
        "readers": readers,
        "live_notes": readers // 2,
        "impressions": 10 * readers,
        "requests": readers,
        "cpu_s": readers / 1_000,
        "wall_s": readers / 500,
        "create_s": 0.5,
        "measure_s": 0.25,
        "stages": {"rank": readers / 1_000, "recall.a": 1e-6 * readers, "recall.b": 1e-6 * readers},
        "reader_bytes": 5_000 + 600 * readers,
        "note_bytes": 7_000 + 1_000 * readers,
        "rss_bytes": 10**8 + 2_000 * readers,
        "peak_rss_bytes": 2 * 10**8,
        "peak_rss_with_metrics_bytes": 3 * 10**8,
    }
    return SizeCost(**{**values, **changes})


def test_growth_leaves_out_the_fixed_base():
    found = growth([make_cost(1_000), make_cost(100_000), make_cost(10_000)])
    assert (found.smaller, found.larger) == (10_000, 100_000)
    assert found.bytes_per_reader == pytest.approx(600)
    assert found.bytes_per_live_note == pytest.approx(2_000)
    assert found.rss_bytes_per_reader == pytest.approx(2_000)
    assert found.held_bytes_per_reader == pytest.approx(1_600)


def test_growth_needs_two_sizes():
    assert growth([make_cost(1_000)]) is None


def test_speeds_are_per_second_of_serving():
    value = make_cost(1_000).as_json()
    assert value["impressions_per_cpu_s"] == 10_000
    assert value["impressions_per_wall_s"] == 5_000
    assert value["us_per_impression"] == pytest.approx(100)


def test_small_stages_of_a_kind_are_added_up_and_nothing_is_lost():
    costs = [make_cost(1_000), make_cost(2_000, stages={"rank": 2.0, "recall.c": 0.004})]
    rows = dict(stage_table(costs))
    assert list(rows) == ["rank", "recall.(others)"]
    assert rows["rank"] == [1.0, 2.0]
    assert rows["recall.(others)"] == pytest.approx([0.002, 0.004])


def test_sizes_count_shared_arrays_once_and_views_by_their_base():
    array = np.zeros(10_000)
    whole = deep_bytes([array], set())
    assert whole == array.nbytes
    assert deep_bytes([[array[:10], array[5:]], {"again": array}], set()) < whole + 1_000
    seen: set[int] = set()
    deep_bytes([array], seen)
    assert deep_bytes([array], seen) == 0


def test_the_peak_is_no_less_than_what_is_held():
    now, peak = process_memory()
    assert 10**7 < now <= peak


def test_a_small_world_is_measured():
    plan = Plan(readers=100, from_h=1, until_h=9)
    cost = bench_worker.main(json.dumps(asdict(plan)))
    assert cost.readers == 100
    assert cost.live_notes > 0
    assert 0 < cost.requests < cost.impressions
    assert cost.measure_s is None
    assert 0 < sum(cost.stages.values()) <= cost.wall_s
    assert cost.reader_bytes > 100 * 4 * 30
    assert cost.note_bytes > cost.live_notes * 4 * 32
    assert cost.stages["rank"] > 0


def test_a_time_without_requests_is_refused():
    with pytest.raises(ValueError, match="too short"):
        bench_worker.main(json.dumps(asdict(Plan(readers=60, from_h=23, until_h=1))))


def test_a_failed_measurement_is_an_error(monkeypatch):
    from simulator.contracts.errors import RunError

    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RunError, match="measuring 150 readers failed"):
        bench.measure_apart(Plan(readers=150))


@pytest.fixture
def measured(monkeypatch) -> list[Plan]:
    plans: list[Plan] = []

    def measure_apart(plan: Plan) -> SizeCost:
        plans.append(plan)
        return make_cost(plan.readers)

    monkeypatch.setattr(bench, "measure_apart", measure_apart)
    return plans


def test_bench_prints_speed_stages_and_memory(measured):
    result = CliRunner().invoke(app, ["bench", "--readers", "1_000,10000", "--quick"])
    assert result.exit_code == 0, result.output
    assert [plan.readers for plan in measured] == [1_000, 10_000]
    assert {plan.until_h for plan in measured} == {bench.QUICK_UNTIL_H}
    assert ["10,000", "5,000", "100,000", "10,000"] in [
        line.split()[:4] for line in result.stdout.splitlines()
    ]
    assert "rank" in result.stdout
    assert "600 B a reader, 1.95 KB a live note" in result.stdout
    assert "measuring a world of 1,000 readers" in result.stderr


def test_bench_as_json(measured):
    result = CliRunner().invoke(app, ["bench", "--readers", "10000", "--days", "2", "--json"])
    value = json.loads(result.stdout)
    assert measured == [Plan(10_000, 2)]
    assert value["sizes"][0]["impressions_per_cpu_s"] == 10_000
    assert value["growth"] is None
    assert value["measured"].startswith("hours 6 to 48")


@pytest.mark.parametrize("sizes", ["", "many", "10"])
def test_bench_refuses_sizes_that_are_none(sizes, measured):
    result = CliRunner().invoke(app, ["bench", "--readers", sizes])
    assert result.exit_code == 2
    assert measured == []


@pytest.mark.slow
def test_a_world_is_measured_in_a_process_of_its_own():
    cost = bench.measure_apart(Plan(readers=150, from_h=1, until_h=12))
    assert cost.impressions > 0
    assert cost.rss_bytes <= cost.peak_rss_bytes
