"""Whole runs with a multi-task ranker: the same bits, however requests are cut or runs stopped."""

import itertools

import pytest

from simulator.engine.replication import Hooks, InterruptedRunError
from tests.support.small_runs import logged, simulate

WORLD = {
    "horizon": "2d",
    "rank": {"type": "mmoe", "incremental_every": "6h", "full_delay": "8h", "negative_rate": 0.5},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run folder and its digest."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, simulate(folder, WORLD)


def test_networks_train_in_simulated_time(whole):
    table = logged(whole[0], "trainings").query("learner == 'rank'")
    done = table[table.status == "ok"]
    assert set(done.job) == {"full", "incremental"}
    assert (done.rows > 0).all()
    delays = (done.serves_t - done.t).groupby(done.job).unique()
    assert [float(delay) for delay in delays["full"]] == [28_800]
    assert [float(delay) for delay in delays["incremental"]] == [600]


def test_the_size_of_chunks_changes_nothing(whole, tmp_path):
    assert simulate(tmp_path, WORLD, chunk=1) == whole[1]


def test_a_run_stopped_while_a_network_waits_to_serve_goes_on(whole, tmp_path):
    """What is trained at midnight serves at eight o'clock; the run stops in between."""
    seen = itertools.count()
    at = []
    stop = Hooks(
        progress=lambda t, _: at.append(t),
        should_stop=lambda: bool(at) and at[-1] > 86_400 and next(seen) == 0,
    )
    with pytest.raises(InterruptedRunError):
        simulate(tmp_path, WORLD, hooks=stop)
    assert 86_400 < at[-1] < 86_400 + 28_800
    assert simulate(tmp_path, WORLD, resume=True) == whole[1]
