"""Long work as files: a queue that survives reloads, restarts and crashes.

A job is a folder. What is asked for stands in `job.json` and `scenario.yaml` and never changes;
how it goes stands in `status.json`, which only the worker writes; a file `cancel` asks the worker
to stop it. One worker at a time serves a workspace and ends when nothing waits.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from dashboard.workspace import Workspace, WorkspaceError, inside
from simulator.contracts.errors import RunError
from simulator.results.atomic import write_json, write_text
from simulator.results.lock import FolderLock

Kind = Literal["run", "experiment"]
State = Literal["queued", "running", "done", "failed", "cancelled"]

JOB: Final = "job.json"
STATUS: Final = "status.json"
SCENARIO: Final = "scenario.yaml"
CANCEL: Final = "cancel"
OPEN: Final = frozenset({"queued", "running"})
"""States of jobs that are not over."""

_workers: Final[dict[Path, subprocess.Popen[bytes]]] = {}
"""The last worker started from here for each workspace: it needs a moment to take the lock."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work.

    Attributes:
        id: name of its folder; later jobs sort after earlier ones.
        kind: what is to be done.
        title: what lists call it.
        created: time of day in UTC, ISO 8601.
        options: what the kind needs besides the scenario.
        state: where it is in its life.
        share: share of the work that is done, 0 to 1.
        message: what happens, or why it failed, a sentence.
        result: name of the folder of its result, "" while there is none.
        folder: its folder.
    """

    id: str
    kind: Kind
    title: str
    created: str
    options: Mapping[str, Any] = field(default_factory=dict)
    state: State = "queued"
    share: float = 0.0
    message: str = ""
    result: str = ""
    folder: Path = Path()

    @property
    def is_open(self) -> bool:
        """Tell whether it waits or runs."""
        return self.state in OPEN


def submit(
    place: Workspace,
    kind: Kind,
    title: str,
    scenario: str,
    options: Mapping[str, Any] | None = None,
) -> Job:
    """Queue a job and see to it that a worker is there.

    Args:
        place: the workspace.
        kind: what is to be done.
        title: what lists call it.
        scenario: YAML text.
        options: for an experiment, `designs`, `seeds`, and what was agreed.

    Raises:
        RunError: the job cannot be written.
    """
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:6]}"
    folder = place.jobs / name
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise RunError(f"Cannot write {folder}: {error.strerror}.", "write") from error
    write_text(folder / SCENARIO, scenario)
    write_json(
        folder / JOB,
        {
            "kind": kind,
            "title": title,
            "created": now.isoformat(timespec="seconds"),
            "options": dict(options or {}),
        },
    )
    ensure_worker(place)
    return read_job(folder)


def read_job(folder: Path) -> Job:
    """Read a job's folder.

    Raises:
        WorkspaceError: it is no job.
    """
    try:
        asked = json.loads((folder / JOB).read_text(encoding="utf-8"))
        status = {}
        if (folder / STATUS).is_file():
            status = json.loads((folder / STATUS).read_text(encoding="utf-8"))
        elif (folder / CANCEL).is_file():
            status = {"state": "cancelled"}
        return Job(id=folder.name, folder=folder, **asked, **status)
    except (OSError, ValueError, TypeError) as error:
        raise WorkspaceError(f"{folder.name} is no job of this workspace.") from error


def jobs(place: Workspace) -> list[Job]:
    """Return the jobs of a workspace, newest first; damaged ones are left out."""
    found: list[Job] = []
    for path in sorted(place.jobs.glob(f"*/{JOB}"), reverse=True):
        try:
            found.append(read_job(inside(place.jobs, path.parent.name)))
        except WorkspaceError:
            continue
    return found


def cancel(job: Job) -> None:
    """Ask for the end of a job; work up to its last checkpoint is kept."""
    if job.is_open:
        (job.folder / CANCEL).touch()


def again(place: Workspace, job: Job) -> None:
    """Queue a failed or cancelled job again; it goes on from its last checkpoint."""
    (job.folder / CANCEL).unlink(missing_ok=True)
    (job.folder / STATUS).unlink(missing_ok=True)
    ensure_worker(place)


def forget(job: Job) -> None:
    """Drop a job that is over from the list; its result stays."""
    if not job.is_open:
        shutil.rmtree(job.folder, ignore_errors=True)


def ensure_worker(place: Workspace) -> None:
    """Start a worker when jobs wait and none is at work."""
    if not any(job.is_open for job in jobs(place)):
        return
    last = _workers.get(place.root)
    if (last is not None and last.poll() is None) or has_worker(place):
        return
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    _workers[place.root] = subprocess.Popen(  # noqa: S603  (our own module, no shell)
        [sys.executable, "-m", "dashboard.worker", str(place.root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, **quiet},
    )


def has_worker(place: Workspace) -> bool:
    """Tell whether a process serves the queue."""
    try:
        FolderLock(place.jobs).release()
    except RunError:
        return True
    return False
