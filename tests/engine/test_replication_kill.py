"""A run that is killed without warning and resumed ends with the digest of one that was not."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

import simulator
from tests.support.small_runs import TINY, start, write_tiny

CHANGES = {
    "name": "killed",
    "horizon": "2d",
    "policies": [{"type": "boost", "until_impressions": 5}],
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the run that nobody kills."""
    return simulator.run({**TINY, **CHANGES}, out=tmp_path_factory.mktemp("whole"))


def command(folder: Path, *more: str) -> list[object]:
    scenario = write_tiny(folder / "tiny.yaml", **CHANGES)
    options = ["--out", folder, "--checkpoint-every", "1h", "--json", *more]
    return ["run", scenario, *options]


def kill(process: subprocess.Popen[str], delay_s: float) -> None:
    """Kill a process after a while; it need not be alive any more."""
    time.sleep(delay_s)
    process.kill()
    process.communicate()


def wait_for_a_checkpoint(folder: Path, since: float, process: subprocess.Popen[str]) -> None:
    """Wait until the run has saved a checkpoint after a time of day."""
    patience = time.perf_counter() + 60
    while not any(p.stat().st_mtime > since for p in folder.glob("killed-*/checkpoints/*.npz")):
        assert process.poll() is None, process.communicate()
        assert time.perf_counter() < patience
        time.sleep(0.005)


def finish(folder: Path) -> dict[str, object]:
    """Resume a run and return what it says about itself."""
    process = start(*command(folder, "--resume"))
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return json.loads(out)


def test_killed_three_times_in_a_row(tmp_path, whole):
    rng = random.Random("three kills")
    for i in range(3):
        since = time.time()
        process = start(*command(tmp_path, *(["--resume"] if i else [])))
        wait_for_a_checkpoint(tmp_path, since, process)
        kill(process, rng.uniform(0.0, 0.1))
        assert process.returncode == -signal.SIGKILL
    last = finish(tmp_path)
    assert last["digest"] == whole.digest
    assert last["impressions"] == whole.manifest.impressions
    (folder,) = tmp_path.glob("killed-*")
    assert not [path for path in folder.rglob("*") if path.suffix == ".tmp"]
    assert not (folder / "checkpoints").exists()


@pytest.mark.slow
@pytest.mark.parametrize("i", range(20))
def test_killed_at_a_random_moment(tmp_path, whole, i):
    """Moments are spread evenly from the start of the process to a little after its end."""
    delay_s = (i + random.Random(i).random()) / 20 * (2.5 + 1.5 * whole.manifest.wall_s)
    kill(start(*command(tmp_path)), delay_s)
    assert finish(tmp_path)["digest"] == whole.digest
