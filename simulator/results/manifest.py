"""What a run folder says about itself."""

from __future__ import annotations

import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from simulator.contracts.config import Config
from simulator.results.params import MetricParams

FORMAT: Final = "notesim-run"
VERSION: Final = 1
_PACKAGES: Final = (
    "notesim",
    "duckdb",
    "faiss-cpu",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy",
    "simpy",
)

Status = Literal["running", "done", "failed", "interrupted"]


class Manifest(Config):
    """Facts about a run: what was asked for, with what, and how it went.

    Times of day are ISO 8601 in UTC; `wall_s` and `cpu_s` are seconds over all attempts.
    """

    format: Literal["notesim-run"] = FORMAT
    version: Literal[1] = VERSION
    name: str
    hash: str
    seed: int
    params: MetricParams
    status: Status = "running"
    stage: str = ""
    message: str = ""
    resume_command: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    commit: str | None = None
    started: str = ""
    finished: str | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mb: float = 0.0
    impressions: int = 0
    channels: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    digest: str | None = None
    remarks: dict[str, str] = Field(default_factory=dict)


def utc_now() -> str:
    """Return the time of day in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that shape results."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def git_commit() -> str | None:
    """Return the commit of the checkout this code runs from; None outside of one."""
    root = Path(__file__).resolve().parents[2]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    try:
        asked = subprocess.run(  # noqa: S603  (fixed arguments)
            [git, "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() or None
