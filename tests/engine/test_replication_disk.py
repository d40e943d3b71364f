"""A full disk stops a run with one sentence, harms nothing, and does not end the run for good."""

import json
import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

import simulator
from simulator.results.digest import run_digest
from simulator.results.result import Result
from tests.support.small_runs import TINY, start, write_tiny

CHANGES = {"name": "full", "horizon": "2d"}
SIZES_KB = (8, 24, 60, 200, 700, 900, 1_200, 4_000)
"""Sizes at which the disk is full at the scenario, a part, a table, the first or the second
checkpoint; with the last a run fits."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Result:
    """Return the run on a disk with room."""
    return simulator.run({**TINY, **CHANGES}, out=tmp_path_factory.mktemp("whole"))


def attempt(scenario: Path, out: Path, every: str, **options: object) -> tuple[int, str]:
    """Run the scenario in a process of its own; return its exit code and what it said."""
    arguments = ["--out", out, "--checkpoint-every", every, "--quiet"]
    process = start("run", scenario, *arguments, **options)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def only_line(said: str) -> str:
    """Return the one line that was said, an error message without traces of the machinery."""
    (line,) = said.splitlines()
    assert line.startswith("error: ")
    assert "should not happen" not in line
    assert "{" not in line
    return line


def resumed(out: Path) -> str:
    """Go on with the run in this process and return its digest."""
    return simulator.run({**TINY, **CHANGES}, out=out, resume=True).digest


def test_a_file_that_cannot_grow(tmp_path, whole):
    earlier = simulator.run({**TINY, "name": "earlier"}, out=tmp_path / "runs")
    shutil.copytree(whole.folder, tmp_path / "runs" / whole.folder.name)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    scenario = write_tiny(tmp_path / "tiny.yaml", **CHANGES)
    exit_code, said = attempt(scenario, tmp_path / "runs", "6h", preexec_fn=limit)
    assert exit_code == 1
    said = only_line(said)
    assert "cannot write the checkpoint" in said
    assert "free some space and continue with --resume" in said
    manifest = json.loads((tmp_path / "runs" / whole.folder.name / "manifest.json").read_text())
    assert (manifest["status"], manifest["stage"]) == ("failed", "checkpoint")
    assert run_digest(earlier.folder) == earlier.digest
    set_aside = tmp_path / "runs" / f"{whole.folder.name}.replaced"
    assert run_digest(set_aside) == whole.digest
    assert resumed(tmp_path / "runs") == whole.digest
    assert not set_aside.exists()


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a disk of some kB, or gives a mounted one another size."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip("mounting is not allowed here")

    yield disk, mount
    if os.path.ismount(disk):
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("every", ["0s", "6h"])
@pytest.mark.parametrize("size_kb", SIZES_KB)
def test_a_disk_of_any_size(whole, small_disk, tmp_path, size_kb, every):
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root mounts disks")
    disk, mount = small_disk
    mount(f"size={size_kb}k")
    scenario = write_tiny(tmp_path / "tiny.yaml", **CHANGES)
    exit_code, said = attempt(scenario, disk, every)
    assert exit_code == {min(SIZES_KB): 1, max(SIZES_KB): 0}.get(size_kb, exit_code)
    if exit_code:
        assert exit_code == 1
        line = only_line(said)
        assert "disk is full" in line or "No space left on device; free some space" in line
    mount("remount,size=64m")
    assert resumed(disk) == whole.digest
