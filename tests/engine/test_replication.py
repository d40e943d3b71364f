"""A run is a function of scenario and seed: not of batches, checkpoints, files or company."""

import json
from pathlib import Path

import numpy as np
import pytest

from simulator.engine.request import CHUNK
from tests.support.small_runs import RUSH, logged, simulate, start, write_tiny

BUSY = {
    **RUSH,
    "world.readers.n": 600,
    "policies": [
        {"type": "forced_insertion", "every": 4, "until_impressions": 6},
        {"type": "boost", "coefficient": 3.0, "until_impressions": 4},
    ],
}
"""Windows of more requests than a chunk, which compete for the same few grants."""

DAYS = {"horizon": "2d", "policies": [{"type": "boost", "until_impressions": 5}]}


@pytest.fixture(scope="module")
def busy_digest(tmp_path_factory) -> str:
    """Return the digest of the busy hour at the default chunk size."""
    folder = tmp_path_factory.mktemp("busy")
    digest = simulate(folder, BUSY)
    events = logged(folder, "events")
    assert events.groupby(events["t"] // 600)["request_id"].nunique().max() > CHUNK
    assert (events.groupby("note_id")["granted_by"].sum() > 0).sum() > 20
    return digest


@pytest.fixture(scope="module")
def days_digest(tmp_path_factory) -> str:
    """Return the digest of two days without checkpoints, in one part."""
    return simulate(tmp_path_factory.mktemp("days"), DAYS)


@pytest.mark.parametrize("chunk", [1, 7, 1_000])
def test_chunks_of_any_size_give_the_same_run(tmp_path, busy_digest, chunk):
    assert simulate(tmp_path, BUSY, chunk=chunk) == busy_digest


@pytest.mark.parametrize(
    ("every_s", "rows_per_part"), [(0, 100), (21_600, 500_000), (86_400, 1_000)]
)
def test_checkpoints_and_parts_leave_no_trace(tmp_path, days_digest, every_s, rows_per_part):
    options = {"checkpoint_every_s": every_s, "rows_per_part": rows_per_part}
    assert simulate(tmp_path, DAYS, **options) == days_digest
    n_parts = len(list((tmp_path / "events").iterdir()))
    assert n_parts > 1
    assert (tmp_path / "checkpoints" / "state.npz").exists() == (every_s > 0)


def test_another_seed_is_another_run(tmp_path, days_digest):
    assert simulate(tmp_path, {**DAYS, "seed": 2}) != days_digest


def test_two_processes_at_once_find_the_same(tmp_path):
    scenario = write_tiny(tmp_path / "tiny.yaml")
    started = [start("run", scenario, "--json", "--out", tmp_path / name) for name in ("a", "b")]
    found = [json.loads(process.communicate(timeout=120)[0]) for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert found[0]["digest"] == found[1]["digest"]
    assert found[0]["metrics"] == found[1]["metrics"]
    simulate(tmp_path / "here")
    there = logged(Path(found[0]["run"]), "events")
    assert there.equals(logged(tmp_path / "here", "events"))


@pytest.mark.parametrize("window_s", [0, 77, 120, 599])
def test_sessions_start_when_planned_and_days_end_at_midnight(tmp_path, window_s):
    """A window that does not divide a day must not carry requests over midnight."""
    late_evening = {
        **RUSH,
        "serving_window_s": window_s,
        "horizon": "2d",
        "world.readers.n": 150,
        "world.sessions.mean_per_active_day": 3,
        "world.sessions.hourly_weights": [1] + [0] * 22 + [1],
    }
    planned, served, spans = [], [], []

    def watch(replication):
        plan_day, serve = replication._arrivals.plan_day, replication._serving.serve

        def spy_on_plans(t, reader_idx, session_no):
            planned.extend(zip(reader_idx, session_no, t, strict=True))
            plan_day(t, reader_idx, session_no)

        def spy_on_requests(requests, view, table):
            first = requests.request_no == 0
            columns = (requests.reader_idx, requests.session_no, requests.t)
            served.extend(zip(*(column[first] for column in columns), strict=True))
            spans.append((view.now, requests.t[-1]))
            return serve(requests, view, table)

        replication._arrivals.plan_day = spy_on_plans
        replication._serving.serve = spy_on_requests

    simulate(tmp_path, late_evening, watch=watch)
    assert len(served) > 100
    assert set(served) <= set(planned)
    starts, ends = np.array(spans).T
    assert (ends - starts <= window_s).all()
    assert (starts // 86_400 == ends // 86_400).all()
    days = logged(tmp_path, "events").groupby(["day", "reader_id"]).size()
    activity = logged(tmp_path, "activity")
    assert days.index.get_level_values("day").unique().tolist() == [0, 1]
    assert set(days.index) <= set(zip(activity["day"], activity["reader_id"], strict=True))
    assert activity["requests"].sum() >= logged(tmp_path, "events")["request_id"].nunique()
