"""A run that was stopped and resumed, however often, is the run that was never stopped."""

import random

import pytest

from simulator.app.scenario import DEFAULT_RECALL
from simulator.contracts.errors import RunError
from simulator.contracts.events import DAY_S
from simulator.engine.replication import Hooks, InterruptedRunError
from tests.support.small_runs import RUSH, logged, logged_digest, simulate

FREE = {"horizon": "2d", "policies": [{"type": "boost", "until_impressions": 5}]}
WORLDS = {
    "boosted": FREE,
    "one_by_one": {**FREE, "serving_window_s": 0},
    "odd_windows": {**FREE, "serving_window_s": 77},
    "rush": {**RUSH, "warm_up": "1d", "policies": [{"type": "forced_insertion"}]},
    "two_queues": {"queues.type": "separate", "horizon": "2d"},
    "exploring": {
        "horizon": "2d",
        "recall": [*DEFAULT_RECALL, {"type": "curated", "min_clicks": 5}],
        "exploration.share": 0.2,
        "rerank": {"type": "dpp", "rules": {"same_cluster_gap": 5, "n_clusters": 20}},
    },
}


class CutError(Exception):
    """The process ends here."""


def stop_after(n_windows: int) -> Hooks:
    """Return hooks that ask the run to stop before a window."""
    windows = iter(range(n_windows))
    return Hooks(should_stop=lambda: next(windows, None) is None)


def cut_at(t: float) -> Hooks:
    """Return hooks that end the run without any goodbye at a simulated time."""

    def progress(now: float, _impressions: int) -> None:
        if now > t:
            raise CutError

    return Hooks(progress=progress)


@pytest.mark.parametrize("name", WORLDS)
def test_stopped_at_random_windows(tmp_path, name):
    windows = []
    hooks = Hooks(should_stop=lambda: windows.append(None))
    expected = simulate(tmp_path / "whole", WORLDS[name], hooks=hooks)
    rng = random.Random(name)
    stops = sorted(rng.sample(range(len(windows)), 3))
    for i, (before, stop) in enumerate(zip([0, *stops], stops, strict=False)):
        with pytest.raises(InterruptedRunError, match="stopped at day"):
            simulate(tmp_path / "cut", WORLDS[name], hooks=stop_after(stop - before), resume=i > 0)
    assert simulate(tmp_path / "cut", WORLDS[name], resume=True) == expected


@pytest.mark.parametrize("window_s", [120, 431])
def test_cut_off_after_the_checkpoint_of_a_quiet_midnight(tmp_path, window_s):
    """The window of a daily checkpoint starts at midnight, when there may be no request."""
    noon = {**RUSH, "horizon": "2d", "world.readers.n": 60, "serving_window_s": window_s}
    expected = simulate(tmp_path / "whole", noon)
    options = {"checkpoint_every_s": DAY_S}
    with pytest.raises(CutError):
        simulate(tmp_path / "cut", noon, hooks=cut_at(1.52 * DAY_S), **options)
    assert simulate(tmp_path / "cut", noon, resume=True, **options) == expected


def test_rows_after_the_last_checkpoint_are_dropped(tmp_path):
    options = {"checkpoint_every_s": 21_600, "rows_per_part": 50}
    expected = simulate(tmp_path / "whole", FREE)
    with pytest.raises(CutError):
        simulate(tmp_path / "cut", FREE, hooks=cut_at(1.4 * DAY_S), **options)
    assert logged(tmp_path / "cut", "events")["t"].max() > 1.3 * DAY_S
    assert simulate(tmp_path / "cut", FREE, resume=True, **options) == expected


def test_without_a_checkpoint_the_run_starts_again(tmp_path):
    with pytest.raises(CutError):
        simulate(tmp_path, hooks=cut_at(0.7 * DAY_S), rows_per_part=20)
    assert logged(tmp_path, "events").shape[0] > 100
    digest = simulate(tmp_path, resume=True)
    assert digest == simulate(tmp_path / "whole")
    assert digest == logged_digest(tmp_path)


def test_a_missing_part_is_no_shorter_run(tmp_path):
    options = {"checkpoint_every_s": 21_600, "rows_per_part": 50}
    with pytest.raises(CutError):
        simulate(tmp_path, FREE, hooks=cut_at(1.4 * DAY_S), **options)
    (tmp_path / "events" / "part-00001.parquet").unlink()
    with pytest.raises(RunError, match=r"part-00001\.parquet is missing"):
        simulate(tmp_path, FREE, resume=True, **options)


def test_checkpoints_say_what_the_run_has_cost(tmp_path):
    with pytest.raises(InterruptedRunError):
        simulate(tmp_path, hooks=stop_after(40))
    spent = []

    def watch(replication):
        spent.append(replication)

    simulate(tmp_path, resume=True, watch=watch)
    (replication,) = spent
    assert replication.wall_s > replication._before[0] > 0
    assert replication.cpu_s > replication._before[1] > 0
    assert replication.commit.tally.impressions == logged(tmp_path, "events").shape[0]
