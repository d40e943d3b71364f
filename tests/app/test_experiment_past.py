"""Worlds that share their past are the same, bit for bit, as worlds that do not."""

import pytest

from simulator.app import api
from simulator.app.experiment_past import Past, begin, can_share, fork, has_begun
from simulator.app.experiments import CONTROL, LAUNCH, Options, plan, run_study
from simulator.contracts.errors import RunError
from simulator.results.digest import run_digest
from tests.support.small_runs import tiny

WORLD = {
    "warm_up": "1d",
    "horizon": "1d",
    "policies": [{"type": "quota"}],
    "treatment": [{"type": "boost", "coefficient": 6}, {"type": "quota", "target": 200}],
}
PLAIN = {**WORLD, "treatment": []}


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    shared = Past.of(tiny(PLAIN), tmp_path_factory.mktemp("study"))
    assert not shared.is_ready
    shared.run()
    return shared


@pytest.mark.parametrize("design", [None, "launch", "plan3", "plan4", "two_sided", "switchback"])
def test_a_world_with_a_shared_past_is_the_same(past, design, tmp_path):
    changes = PLAIN if design is None else {**WORLD, "experiment": {"type": design}}
    scenario = tiny(changes)
    alone = api.run(scenario, out=tmp_path / "alone")
    begin(scenario, past, tmp_path / "shared")
    assert has_begun(scenario, tmp_path / "shared")
    assert not api.is_finished(api.run_path(scenario, tmp_path / "shared"))
    shared = api.run(scenario, out=tmp_path / "shared", resume=True)
    assert shared.digest == alone.digest == run_digest(shared.folder)
    assert shared.manifest.impressions == alone.manifest.impressions


def test_the_past_stops_in_time_and_is_run_once(past):
    assert past.is_ready
    assert 23 * 3600 <= past._time() < 86_400
    stamp = (past.folder / "checkpoints/state.npz").stat().st_mtime_ns
    past.run()
    assert (past.folder / "checkpoints/state.npz").stat().st_mtime_ns == stamp


def test_split_counters_change_the_past(past, tmp_path):
    scenario = tiny({**WORLD, "experiment": {"type": "quota_split"}})
    assert not can_share(scenario)
    begin(scenario, past, tmp_path)
    assert not has_begun(scenario, tmp_path)


def test_another_world_is_refused(past, tmp_path):
    other = tiny({**PLAIN, "seed": 9})
    with pytest.raises(RunError, match="another scenario"):
        fork(other, Past(other, past.folder), tmp_path)


def test_a_study_runs_the_past_once_and_keeps_none(tmp_path):
    source = {
        "name": "tiny", "horizon": "1d", "warm_up": "1d", "serving_window_s": 300,
        "world": {"readers": {"n": 100}}, "experiment": {"type": "plan2"},
        "treatment": [{"type": "boost", "coefficient": 6}],
    }  # fmt: skip
    study = plan(source, {}, ("plan2", "user_side"))
    found = run_study(study, tmp_path, Options())
    assert {run["world"] for run in found.runs} == {CONTROL, LAUNCH, "plan2", "user_side"}
    folder = study.folder(tmp_path)
    assert not any((folder / "past").glob("*"))
    alone = api.run(source, {**study.worlds[LAUNCH]}, out=tmp_path / "alone")
    launched = next(run for run in found.runs if run["world"] == LAUNCH)
    assert launched["digest"] == alone.digest
