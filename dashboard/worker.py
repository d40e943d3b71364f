"""The process that works through the queue: `python -m dashboard.worker WORKSPACE`.

Each job runs in a process of its own, so that it can be stopped at once and takes nothing down with
it. Jobs that a killed worker left behind as running are taken up again from their checkpoints.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from dashboard.jobs import CANCEL, STATUS, Job, jobs, read_job
from dashboard.workspace import Workspace
from simulator.contracts.errors import RunError
from simulator.results.atomic import write_json
from simulator.results.lock import FolderLock

_PERIOD_S: Final = 0.1
_PATIENCE_S: Final = 10.0


def serve(place: Workspace) -> None:
    """Work until nothing waits; do nothing if another worker is there."""
    while True:
        try:
            lock = FolderLock(place.jobs)
        except RunError:
            return
        try:
            while job := _next(place):
                run_job(place, job)
        finally:
            lock.release()
        if _next(place) is None:  # else one came in between, and its submitter saw our lock
            return


def _next(place: Workspace) -> Job | None:
    return next((job for job in reversed(jobs(place)) if job.is_open), None)


def run_job(place: Workspace, job: Job) -> None:
    """Run one job to its end, or until somebody asks to cancel it."""
    if (job.folder / CANCEL).is_file():
        settle(job, state="cancelled", share=job.share, message="", result=job.result)
        return
    settle(job, state="running", share=job.share, message="", result="")
    with (job.folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  (our own module, no shell)
            [sys.executable, "-m", "dashboard.task", str(place.root), job.id],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        while process.poll() is None:
            if (job.folder / CANCEL).is_file():
                _stop(process)
                break
            time.sleep(_PERIOD_S)
    now = read_job(job.folder)
    if now.state == "running" and (job.folder / CANCEL).is_file():
        settle(job, state="cancelled", share=now.share, message="", result="")
    elif now.state == "running":  # it died without a word
        text = f"The process ended with code {process.returncode}; log.txt of the job may say why."
        settle(job, state="failed", share=now.share, message=text, result="")


def settle(job: Job, **status: object) -> None:
    """Write how a job goes."""
    write_json(job.folder / STATUS, status)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for name in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, name)
        except ProcessLookupError:
            return
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    serve(Workspace(Path(sys.argv[1])))
