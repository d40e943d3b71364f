"""Jobs run in the background, one after another; they can be stopped and outlive their worker."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard import jobs
from dashboard.jobs import Job
from dashboard.workspace import Workspace
from simulator.app import api
from simulator.app.trial import TINY

_SHORT = "{name: short, horizon: 1d, warm_up: 0d, world: {readers: {n: 60}}}"
_LONG = "{name: long, horizon: 30d, warm_up: 0d, world: {readers: {n: 300}}}"
_PATIENCE_S = 120.0


def _wait(place: Workspace, name: str, until: Callable[[Job], bool]) -> Job:
    """Return a job once it is as wanted; the limit only keeps a broken test from hanging."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        jobs.ensure_worker(place)
        job = jobs.read_job(place.jobs / name)
        if until(job):
            return job
        time.sleep(0.1)
    raise AssertionError(jobs.read_job(place.jobs / name))


@pytest.fixture(autouse=True)
def _no_worker_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    started: dict[Path, subprocess.Popen[bytes]] = {}
    monkeypatch.setattr(jobs, "_workers", started)
    yield
    for worker in started.values():
        worker.wait(_PATIENCE_S)


def test_jobs_are_done_in_order_and_give_the_numbers_of_the_command_line(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "workspace")
    first = jobs.submit(place, "run", "first", _SHORT)
    broken = jobs.submit(place, "run", "broken", "{name: broken, horizon: no}")
    done = _wait(place, first.id, lambda job: not job.is_open)
    failed = _wait(place, broken.id, lambda job: not job.is_open)
    assert (done.state, done.share) == ("done", 1.0)
    assert failed.state == "failed"
    assert "horizon" in failed.message
    direct = api.run({**TINY, "name": "short"}, out=tmp_path / "direct")
    assert place.open_run(done.result).digest == direct.digest
    assert [job.title for job in jobs.jobs(place)] == ["broken", "first"]


def test_a_running_job_is_cancelled_and_goes_on_later(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    long = jobs.submit(place, "run", "long", _LONG)
    waiting = jobs.submit(place, "run", "waiting", _SHORT)
    jobs.cancel(waiting)
    running = _wait(place, long.id, lambda job: job.share > 0)
    assert running.state == "running"
    jobs.cancel(running)
    assert _wait(place, long.id, lambda job: not job.is_open).state == "cancelled"
    assert _wait(place, waiting.id, lambda job: not job.is_open).state == "cancelled"
    assert place.run_cards() == []
    jobs.forget(jobs.read_job(waiting.folder))
    assert [job.title for job in jobs.jobs(place)] == ["long"]
    jobs.again(place, jobs.read_job(long.folder))
    again = _wait(place, long.id, lambda job: job.share > running.share)
    jobs.cancel(again)
    _wait(place, long.id, lambda job: not job.is_open)


def test_a_job_outlives_a_killed_worker(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    job = jobs.submit(place, "run", "long", _LONG.replace("30d", "4d"))
    _wait(place, job.id, lambda found: found.share > 0.2)
    pid = int((place.jobs / ".lock").read_text().split()[0])
    for child in _children(pid):
        os.kill(child, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    done = _wait(place, job.id, lambda found: not found.is_open)
    if done.state == "failed":  # the worker had a moment to see its child die
        jobs.again(place, done)
        done = _wait(place, job.id, lambda found: not found.is_open)
    assert done.state == "done"
    assert place.open_run(done.result).manifest.status == "done"


def test_a_job_that_is_no_job_is_left_out(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    (place.jobs / "x").mkdir(parents=True)
    (place.jobs / "x" / "job.json").write_text("[]", encoding="utf-8")
    assert jobs.jobs(place) == []


@pytest.mark.parametrize("state", ["done", "failed"])
def test_a_finished_job_cannot_be_cancelled(tmp_path: Path, state: str) -> None:
    job = Job("x", "run", "x", "", state=state, folder=tmp_path)  # type: ignore[arg-type]
    jobs.cancel(job)
    assert list(tmp_path.iterdir()) == []


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]
